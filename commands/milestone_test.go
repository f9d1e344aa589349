package commands_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// led is an incident that ic leads and that was acknowledged after two minutes.
func led(b bench) *tagout.Incident {
	i := incident7(halted("mailer/email"))
	i.Roles[tagout.IncidentCommander] = ic.ID
	i.Milestones[tagout.Detected] = inForce.Add(-10 * time.Minute)
	i.Milestones[tagout.Acknowledged] = inForce.Add(-8 * time.Minute)
	i.AcknowledgedBy = ic.Actor()
	b.incidents[7] = i
	return i
}

func TestMilestonesAreShownAndCorrected(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	i := led(b)
	reply, err := b.typed(t, "/milestone", inChannelOf(7))
	golden(t, "testdata/milestones.txt", shown(must(t, reply, err)))
	reply, err = b.typed(t, "/milestone INC-7 Acknowledged: 9m ago by phone first")
	golden(t, "testdata/milestone-corrected.txt", shown(must(t, reply, err)))
	reply, err = b.pressed(t, ic, "milestone", "INC-7")
	golden(t, "testdata/milestone-form.txt", shown(must(t, reply, err)))
	at := inForce.Add(-15 * time.Minute).Truncate(time.Minute)
	reply, err = b.sent(t, ic, "milestone", "INC-7", map[string]string{"milestone": "onset", "at": at.Format(time.RFC3339), "why": "the first complaint"})
	must(t, reply, err)
	if c, ok := i.Corrected(tagout.Onset); !ok || !c.To.Equal(at) || c.Why != "the first complaint" || c.By != ic.Actor() {
		t.Errorf("%+v", c)
	}
	reply, err = b.typed(t, "/status INC-7")
	golden(t, "testdata/status-corrected.txt", shown(must(t, reply, err)))
}

func TestAMilestoneIsNotCorrectedByWhoeverOrAnyhow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	i := led(b)
	for text, want := range map[string]string{
		"/milestone INC-7 done 14:05 because":               "not a milestone",
		"/milestone INC-7 onset":                            "Say when",
		"/milestone INC-7 onset yesterday because":          "not a time",
		"/milestone INC-7 onset 20m ago":                    "Say why",
		"/milestone INC-7 contained 1m ago because":         "not contained yet",
		"/milestone INC-7 onset 14:05 Mars/Olympus because": "time zone Mars/Olympus",
		"/milestone INC-7 onset 5m ago because":             "cannot be after detected",
	} {
		if _, err := b.typed(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	_, err := b.typed(t, "/milestone INC-7 onset 20m ago because", as(legal))
	wantCode(t, err, tagout.Forbidden, "incident commander")
	_, err = b.pressed(t, legal, "milestone", "INC-7")
	wantCode(t, err, tagout.Forbidden, "incident commander")
	for key, values := range map[string]map[string]string{
		"at":        {"milestone": "onset", "at": "", "why": "x"},
		"why":       {"milestone": "onset", "at": inForce.Format(time.RFC3339), "why": " "},
		"milestone": {"milestone": "odd", "at": inForce.Format(time.RFC3339), "why": "x"},
	} {
		reply, err := b.sent(t, ic, "milestone", "INC-7", values)
		if got := keys(must(t, reply, err).Outcome.Problems); got != key {
			t.Errorf("the form complains about %q, want %q", got, key)
		}
	}
	if len(i.Corrections) > 0 {
		t.Error("a refused correction was kept")
	}
}
