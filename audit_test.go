package tagout_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"tagout"
)

// audited is an incident with its whole timeline: stopped, requested, signed and resumed.
func audited(t *testing.T) (*tagout.Incident, []tagout.Event) {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	var events []tagout.Event
	take := func(c tagout.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Events {
			i.Head = e.Seal(i.ID, i.Head)
			events = append(events, e)
		}
	}
	take(i.Open(tagout.Opening{Title: "x", Scope: tagout.MustScope("mailer"), Row: sev3}, noon))
	take(i.ChangeSeverity(sev1, nil, "worse", tagout.Tagout, noon))
	take(i.Hang(hold("h1", "mailer", tagout.Halted, noon), testAgents, noon))
	take(i.Hang(hold("h2", "mailer/sms", tagout.Paused, noon), testAgents, noon))
	email := tagout.MustScope("mailer/email")
	take(i.RequestResume(tagout.ResumeDraft{ID: "r1", By: requester, Scope: &email, Target: tagout.Review, Deliverables: complete}, sev1, testAgents, nil, noon))
	_, c, err := i.Sign(signing(i, legal, "legal"), testAgents, noon.Add(time.Minute))
	take(c, err)
	return i, events
}

func TestAnHonestRecordAgreesWithItsTimeline(t *testing.T) {
	i, events := audited(t)
	if err := i.Audit(events); err != nil {
		t.Error(err)
	}
}

func TestWhatWasDoneBehindTheTimelineIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(i *tagout.Incident, events []tagout.Event)
		says   string
	}{
		"a hold is called lifted": {func(i *tagout.Incident, _ []tagout.Event) {
			n := len(i.Holds) - 1
			i.Holds[n].LiftedAt, i.Holds[n].LiftedBy = noon, "r1"
		}, "nobody signed"},
		"a hold is missing":     {func(i *tagout.Incident, _ []tagout.Event) { i.Holds = i.Holds[1:] }, "missing from the record"},
		"a hold is milder":      {func(i *tagout.Incident, _ []tagout.Event) { i.Holds[1].Mode = tagout.Capped }, "but the timeline says"},
		"a hold is smaller":     {func(i *tagout.Incident, _ []tagout.Event) { i.Holds[1].Scope = tagout.MustScope("mailer/sms/us") }, "but the timeline says"},
		"the severity is lower": {func(i *tagout.Incident, _ []tagout.Event) { i.HighestSeverity = tagout.Sev3 }, "highest severity"},
		"somebody else may sign": {func(i *tagout.Incident, _ []tagout.Event) {
			i.Rule = tagout.SignoffRule{{AnyOf: []string{"mops"}}}
		}, "other sign-offs"},
		"no sign-off was given": {func(_ *tagout.Incident, events []tagout.Event) { forge(events, tagout.EventSigned, "verdict", "NO-GO") }, "without the sign-offs"},
		"the requester signed":  {func(_ *tagout.Incident, events []tagout.Event) { forge(events, tagout.EventSigned, "by", "U0IC") }, "without the sign-offs"},
		"another request was approved": {func(_ *tagout.Incident, events []tagout.Event) {
			forge(events, tagout.EventRequested, "target", "running")
		}, "something else"},
		"another hold was lifted": {func(_ *tagout.Incident, events []tagout.Event) { forge(events, tagout.EventLifted, "hold", "h2") }, "no approved request"},
	} {
		t.Run(name, func(t *testing.T) {
			i, events := audited(t)
			c.change(i, events)
			if err := i.Audit(events); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the audit says %v, want %q", err, c.says)
			}
		})
	}
}

// forge changes one value in the first event of a kind, as its author could.
func forge(events []tagout.Event, kind tagout.EventKind, key string, value any) {
	for n := range events {
		if events[n].Kind != kind {
			continue
		}
		var data map[string]any
		_ = json.Unmarshal([]byte(events[n].Data), &data)
		data[key] = value
		text, _ := json.Marshal(data)
		events[n].Data = string(text)
		return
	}
}
