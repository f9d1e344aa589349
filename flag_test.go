package tagout_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

var flaggedAt = time.Date(2026, 11, 21, 10, 4, 5, 0, time.UTC)

func reported(id string, by tagout.UserID, words string) tagout.FlagReport {
	return tagout.FlagReport{ID: id, By: by, Words: words}
}

func followUps(effects []tagout.Effect) string {
	var kinds []string
	for _, e := range effects {
		kinds = append(kinds, string(e.Kind))
	}
	return strings.Join(kinds, " ")
}

func TestAFlagTakesEachReportOnce(t *testing.T) {
	t.Parallel()
	f := &tagout.Flag{ID: 3}
	quote := tagout.Quote{Channel: "C1", TS: "1.2", Text: "the text"}
	if got := followUps(f.Raise(reported("a", "U1", "odd"), &quote, flaggedAt)); got != "flag" {
		t.Errorf("the first report causes %q", got)
	}
	if got := f.Raise(reported("a", "U1", "odd"), &quote, flaggedAt); got != nil {
		t.Errorf("the same request again causes %v", got)
	}
	f.Raise(reported("b", "U2", "me too"), &tagout.Quote{Channel: "C1", TS: "1.2", Permalink: "https://x", Hidden: true}, flaggedAt)
	f.Raise(reported("c", "U1", "and more"), nil, flaggedAt)
	if people := f.Reporters(); !slices.Equal(people, []tagout.UserID{"U1", "U2"}) || len(f.Reports) != 3 {
		t.Errorf("reporters %v, reports %d", people, len(f.Reports))
	}
	if q := f.Quote; q.Text != "the text" || q.Permalink != "https://x" || !q.Hidden {
		t.Errorf("the message is %+v", q)
	}
	if quote.Permalink != "" {
		t.Error("the caller's own message was changed")
	}
}

func TestAFlagIsDecidedOnceAndItsReportersAreTold(t *testing.T) {
	t.Parallel()
	by := tagout.Actor{Kind: tagout.ByUser, ID: "U9"}
	for name, tt := range map[string]struct {
		outcome tagout.FlagOutcome
		want    string // effects
		code    tagout.Code
	}{
		"stopped":               {tagout.FlagOutcome{State: tagout.FlagStopped, Incident: 7}, "flag flag_link direct direct", ""},
		"stopped without":       {tagout.FlagOutcome{State: tagout.FlagStopped}, "", tagout.Invalid},
		"duplicate":             {tagout.FlagOutcome{State: tagout.FlagDuplicate, Incident: 7}, "flag flag_link direct direct", ""},
		"duplicate of nothing":  {tagout.FlagOutcome{State: tagout.FlagDuplicate}, "", tagout.Invalid},
		"dismissed":             {tagout.FlagOutcome{State: tagout.FlagDismissed, Why: "a test"}, "flag direct direct", ""},
		"dismissed for nothing": {tagout.FlagOutcome{State: tagout.FlagDismissed, Why: "  "}, "", tagout.Invalid},
		"promoted":              {tagout.FlagOutcome{State: tagout.FlagPromoted, Promote: &tagout.Promotion{Title: "x"}}, "flag flag_link", ""},
		"promoted to nothing":   {tagout.FlagOutcome{State: tagout.FlagPromoted}, "", tagout.Invalid},
	} {
		f := &tagout.Flag{ID: 3}
		f.Raise(reported("a", "U1", "odd"), nil, flaggedAt)
		f.Raise(reported("b", "U2", "odd"), nil, flaggedAt)
		tt.outcome.By = by
		effects, err := f.Settle(tt.outcome, flaggedAt)
		if tagout.CodeOf(err) != tt.code && !(err == nil && tt.code == "") || followUps(effects) != tt.want {
			t.Errorf("%s: %q, %v", name, followUps(effects), err)
		}
		if err != nil {
			if f.State != tagout.FlagOpen {
				t.Errorf("%s: a refused decision changed the flag", name)
			}
			continue
		}
		if _, err := f.Settle(tagout.FlagOutcome{State: tagout.FlagDismissed, Why: "x", By: by}, flaggedAt); tagout.CodeOf(err) != tagout.Conflict {
			t.Errorf("%s: a second decision: %v", name, err)
		}
		if tt.outcome.State == tagout.FlagPromoted {
			if got := followUps(f.Opened(7)); got != "flag flag_link direct direct" {
				t.Errorf("%s: once open it causes %q", name, got)
			}
			if got := f.Opened(8); got != nil || f.Outcome.Incident != 7 {
				t.Errorf("%s: it was opened twice", name)
			}
		}
	}
}

func TestAnIncidentTakesEachReportOfAFlagOnce(t *testing.T) {
	t.Parallel()
	i := &tagout.Incident{ID: 7, State: tagout.StateOpen}
	f := &tagout.Flag{ID: 3}
	f.Raise(reported("a", "U1", "odd"), &tagout.Quote{Channel: "C1", TS: "1.2", Text: "what was said"}, flaggedAt)
	count := func(c tagout.Change) (flagged, kept int) {
		for _, e := range c.Events {
			if e.Kind == tagout.EventFlagged {
				flagged++
			}
		}
		return flagged, len(c.Evidence)
	}
	c := i.TakeFlag(f, flaggedAt)
	if flagged, kept := count(c); flagged != 1 || kept != 1 || !strings.Contains(string(c.Evidence[0].Content), "what was said") {
		t.Errorf("%d flagged, %d kept", flagged, kept)
	}
	if again := i.TakeFlag(f, flaggedAt); !again.IsEmpty() {
		t.Errorf("again: %+v", again)
	}
	f.Raise(reported("b", "U2", "me too"), nil, flaggedAt)
	c = i.TakeFlag(f, flaggedAt)
	if flagged, kept := count(c); flagged != 1 || kept != 1 || c.Evidence[0].Name != "flag-3-2.json" || len(i.Flags) != 1 {
		t.Errorf("%d flagged, %d kept, %+v", flagged, kept, i.Flags)
	}
}
