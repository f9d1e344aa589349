package tagout_test

import (
	"testing"
	"time"

	"tagout"
)

func TestTheRulesThresholdWinsAndTheGravestWaitsForNoClass(t *testing.T) {
	t.Parallel()
	three, nine := tagout.Threshold{Count: 3, Within: time.Minute}, tagout.Threshold{Count: 9, Within: time.Hour}
	p := &tagout.Policy{
		Severities: map[tagout.Severity]*tagout.SeverityPolicy{"sev1": {Severity: "sev1"}, "sev2": {Severity: "sev2"}},
		Classes:    map[string]*tagout.FailureClass{"noisy": {Threshold: nine}, "plain": {}, "one": {Threshold: tagout.Threshold{Count: 1, Within: time.Hour}}},
	}
	for name, c := range map[string]struct {
		route    tagout.Threshold
		severity tagout.Severity
		class    string
		want     tagout.Threshold
		by       tagout.ThresholdBy
	}{
		"the class's":                            {tagout.Threshold{}, "sev2", "noisy", nine, tagout.ThresholdClass},
		"the rule's, smaller":                    {three, "sev2", "noisy", three, tagout.ThresholdRoute},
		"the rule says none":                     {tagout.Threshold{Count: 1, Within: time.Minute}, "sev2", "noisy", tagout.Threshold{Count: 1, Within: time.Minute}, tagout.ThresholdRoute},
		"neither has one":                        {tagout.Threshold{}, "sev2", "plain", tagout.Threshold{}, tagout.ThresholdNone},
		"a class that waits for one":             {tagout.Threshold{}, "sev2", "one", tagout.Threshold{}, tagout.ThresholdNone},
		"a class that is not there":              {tagout.Threshold{}, "sev2", "nonsense", tagout.Threshold{}, tagout.ThresholdNone},
		"SEV-1 does not wait for a class":        {tagout.Threshold{}, "sev1", "noisy", tagout.Threshold{}, tagout.ThresholdGrave},
		"SEV-1 waits where its rule says so":     {three, "sev1", "noisy", three, tagout.ThresholdRoute},
		"what nobody knows counts as gravest":    {tagout.Threshold{}, "sev7", "noisy", tagout.Threshold{}, tagout.ThresholdGrave},
		"no severity at all is the gravest, too": {tagout.Threshold{}, "", "noisy", tagout.Threshold{}, tagout.ThresholdGrave},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, by := p.Threshold(c.route, c.severity, c.class); got != c.want || by != c.by {
				t.Errorf("got %+v by %q, want %+v by %q", got, by, c.want, c.by)
			}
		})
	}
	alone := &tagout.Policy{Severities: map[tagout.Severity]*tagout.SeverityPolicy{"sev2": {Severity: "sev2"}}, Classes: p.Classes}
	if _, by := alone.Threshold(tagout.Threshold{}, "sev2", "noisy"); by != tagout.ThresholdGrave {
		t.Errorf("where sev2 is the worst there is, it waits by %q", by)
	}
}
