package tagout_test

import (
	"context"
	"testing"

	"tagout"
)

// scripted is a control that keeps what it was asked for last.
type scripted struct{ wanted []tagout.Hold }

func (s *scripted) Name() string { return "webhook" }
func (s *scripted) Apply(_ context.Context, w tagout.Wanted) error {
	s.wanted = w.Holds
	return nil
}
func (s *scripted) Read(context.Context, string) (tagout.Observed, error) {
	return tagout.Observed{}, nil
}

func TestWhatADrillBreaksEndsWithAnythingReal(t *testing.T) {
	t.Parallel()
	drill := func(tag tagout.DrillTag) tagout.Hold {
		return tagout.Hold{ID: "d", Scope: tagout.MustScope("mailer/sms/us"), Mode: tagout.Halted, Drill: tag}
	}
	real := tagout.Hold{ID: "h", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Paused}
	for name, c := range map[string]struct {
		holds    []tagout.Hold
		versions map[string]string
		reach    int
		fails    bool
	}{
		"it hangs":                    {[]tagout.Hold{drill("control_hangs webhook")}, nil, 0, true},
		"it ignores the stop":         {[]tagout.Hold{drill("stop_ignored webhook")}, nil, 0, false},
		"another control is broken":   {[]tagout.Hold{drill("control_hangs kubernetes")}, nil, 1, false},
		"nothing is broken":           {[]tagout.Hold{drill("drill")}, nil, 1, false},
		"something real is held":      {[]tagout.Hold{drill("control_hangs webhook"), real}, nil, 2, false},
		"it became real":              {[]tagout.Hold{drill("stop_ignored webhook"), real}, nil, 2, false},
		"versions are to be run":      {[]tagout.Hold{drill("control_hangs webhook")}, map[string]string{"prompt": "v41"}, 1, false},
		"only something real is held": {[]tagout.Hold{real}, nil, 1, false},
		"nothing is held":             {nil, nil, 0, false},
	} {
		inner := &scripted{wanted: []tagout.Hold{{}, {}, {}}}
		err := tagout.Breakable(inner).Apply(t.Context(), tagout.Wanted{Agent: "mailer", Holds: c.holds, Versions: c.versions})
		if len(inner.wanted) != c.reach || (err != nil) != c.fails {
			t.Errorf("%s: %d holds reach the control, %v", name, len(inner.wanted), err)
		}
	}
}
