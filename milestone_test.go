package tagout_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// commanded is an incident that began a minute before noon and was acknowledged six minutes
// after it, one too late, by who leads it.
func commanded(t *testing.T) *tagout.Incident {
	t.Helper()
	i := opened(t, dueRow("sev1", 30*time.Minute, 72*hour, report))
	seal(t, i, i.PassDeadlines(clerks, noon.Add(5*time.Minute)))
	c, err := i.Acknowledge(requester.Actor(), noon.Add(6*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	return i
}

func correcting(m tagout.Milestone, to time.Time) tagout.MilestoneOrder {
	return tagout.MilestoneOrder{Milestone: m, To: to, Why: "by phone", By: requester}
}

func TestAMilestoneIsCorrectedWithATrace(t *testing.T) {
	t.Parallel()
	i := commanded(t)
	at := noon.Add(hour)
	c, err := i.CorrectMilestone(correcting(tagout.Acknowledged, noon.Add(4*time.Minute)), at)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Events[0]; got.Kind != tagout.EventMilestone || got.Actor != requester.Actor() ||
		got.Data != `{"milestone":"acknowledged","from":"2026-11-21T12:06:00Z","to":"2026-11-21T12:04:00Z","reason":"by phone"}` {
		t.Errorf("%s by %s: %s", got.Kind, got.Actor, got.Data)
	}
	if !i.When(tagout.Acknowledged).Equal(noon.Add(4*time.Minute)) || !i.At(tagout.Acknowledged).Equal(noon.Add(6*time.Minute)) || !i.Answered() {
		t.Errorf("it counts as %s, by fact %s", i.When(tagout.Acknowledged), i.At(tagout.Acknowledged))
	}
	due := dueOf(t, i, "acknowledge")
	if due.State(at) != tagout.DeadlineMet || due.Missed.IsZero() {
		t.Errorf("the deadline follows the fact, and its miss stays: %+v", due)
	}
	if m := i.Measures(); m.At(tagout.Acknowledged) != noon.Add(4*time.Minute) {
		t.Errorf("the figures take %s", m.At(tagout.Acknowledged))
	}
	// and back to what the fact was
	if _, err := i.CorrectMilestone(correcting(tagout.Acknowledged, noon.Add(6*time.Minute)), at); err != nil || !i.When(tagout.Acknowledged).Equal(noon.Add(6*time.Minute)) {
		t.Error(err)
	}
	if len(i.Corrections) != 2 || !i.Corrections[1].From.Equal(noon.Add(4*time.Minute)) {
		t.Errorf("%+v", i.Corrections)
	}
}

func TestWhatCannotBeIsNotCorrected(t *testing.T) {
	t.Parallel()
	order := func(change func(o *tagout.MilestoneOrder)) tagout.MilestoneOrder {
		o := correcting(tagout.Acknowledged, noon.Add(time.Minute))
		change(&o)
		return o
	}
	at := noon.Add(hour)
	for name, c := range map[string]struct {
		order tagout.MilestoneOrder
		code  tagout.Code
		says  string
	}{
		"no reason":             {order(func(o *tagout.MilestoneOrder) { o.Why = " \n" }), tagout.Invalid, "Say why"},
		"in the future":         {order(func(o *tagout.MilestoneOrder) { o.To = at.Add(time.Second) }), tagout.Invalid, "future"},
		"before the detection":  {order(func(o *tagout.MilestoneOrder) { o.To = noon.Add(-time.Second) }), tagout.Invalid, "cannot be before detected, which was at 2026-11-21 12:00:00 UTC"},
		"after what came later": {correcting(tagout.Detected, noon.Add(7*time.Minute)), tagout.Invalid, "cannot be after acknowledged"},
		"before the onset":      {correcting(tagout.Detected, noon.Add(-2*time.Minute)), tagout.Invalid, "cannot be before onset"},
		"onset after detection": {correcting(tagout.Onset, noon.Add(time.Second)), tagout.Invalid, "cannot be after detected"},
		"onset of another year": {correcting(tagout.Onset, noon.AddDate(-2, 0, 0)), tagout.Invalid, "Check the year"},
		"as it is":              {correcting(tagout.Onset, noon.Add(-time.Minute)), tagout.Conflict, "already"},
		"not reached":           {correcting(tagout.Contained, noon.Add(time.Minute)), tagout.Conflict, "not contained yet"},
		"not mitigated":         {correcting(tagout.Mitigated, noon.Add(time.Minute)), tagout.Conflict, "not by words"},
		"not resumed":           {correcting(tagout.Resumed, noon.Add(time.Minute)), tagout.Conflict, "not resumed yet"},
		"no milestone":          {correcting("finished", noon.Add(time.Minute)), tagout.Invalid, "onset, detected"},
		"a stranger":            {order(func(o *tagout.MilestoneOrder) { o.By = legal }), tagout.Forbidden, "incident commander"},
		"a guest":               {order(func(o *tagout.MilestoneOrder) { o.By.Guest = true }), tagout.Forbidden, "guests"},
		"a bot":                 {order(func(o *tagout.MilestoneOrder) { o.By.Bot = true }), tagout.Forbidden, "tokens"},
		"a token":               {order(func(o *tagout.MilestoneOrder) { o.By = tagout.User{} }), tagout.Forbidden, "tokens"},
	} {
		i := commanded(t)
		before := *i
		if _, err := i.CorrectMilestone(c.order, at); tagout.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(before, *i) {
			t.Errorf("%s: refused, but it changed something", name)
		}
	}
	i := commanded(t)
	if _, err := i.CorrectMilestone(order(func(o *tagout.MilestoneOrder) { o.By, o.Platform = legal, []tagout.UserID{legal.ID} }), at); err != nil {
		t.Errorf("a platform owner of the configuration: %v", err)
	}
	i.State = tagout.StateCancelled
	if _, err := i.CorrectMilestone(correcting(tagout.Onset, noon.Add(-2*time.Minute)), at); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("of a false alarm: %v", err)
	}
}

func TestACorrectionNeverGivesMoreTimeAndHidesNoMiss(t *testing.T) {
	t.Parallel()
	at := noon.Add(hour)
	i := commanded(t)
	if _, err := i.CorrectMilestone(correcting(tagout.Detected, noon.Add(5*time.Minute)), at); err != nil {
		t.Fatal(err)
	}
	if due := dueOf(t, i, "clock:art. 73 report"); !due.Due.Equal(noon.Add(360 * hour)) {
		t.Errorf("a later detection moved a duty to an authority to %s", due.Due)
	}
	if due := dueOf(t, i, "acknowledge"); due.State(at) != tagout.DeadlineLate {
		t.Errorf("and made late what was %s", due.State(at))
	}
	if m := i.Measures(); m.Missed[tagout.DueAcknowledge] != 0 || !m.AnswerDue.Equal(noon.Add(5*time.Minute)) {
		t.Errorf("%+v", m)
	}

	i = opened(t, dueRow("sev1", 30*time.Minute, 72*hour))
	c, err := i.Acknowledge(requester.Actor(), noon.Add(4*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	c, err = i.CorrectMilestone(correcting(tagout.Detected, noon.Add(-50*time.Second)), at)
	if err != nil || slices.ContainsFunc(c.Events, func(e tagout.Event) bool { return e.Kind == tagout.EventDeadlineMissed }) {
		t.Errorf("still in time by ten seconds: %v", err)
	}
	o := correcting(tagout.Onset, noon.Add(-5*time.Minute))
	if _, err := i.CorrectMilestone(o, at); err != nil {
		t.Fatal(err)
	}
	c, err = i.CorrectMilestone(correcting(tagout.Detected, noon.Add(-2*time.Minute)), at)
	missed := slices.IndexFunc(c.Events, func(e tagout.Event) bool { return e.Kind == tagout.EventDeadlineMissed })
	if err != nil || missed < 0 || !strings.Contains(c.Events[missed].Data, `"by_correction":true`) || !strings.Contains(c.Events[missed].Data, `"kind":"acknowledge"`) {
		t.Errorf("an earlier detection makes the answer late, which is told: %v %+v", err, c.Events)
	}
	if slices.ContainsFunc(c.Effects, func(e tagout.Effect) bool { return e.Kind == tagout.EffectPage }) {
		t.Error("somebody is paged for what is over")
	}
}

// Whatever is corrected, the incident holds, waits for and allows what it did.
func TestNoCorrectionTouchesWhatIsHeldOrWhoMustSign(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		i, events := audited(t)
		i.Roles = map[string]tagout.UserID{tagout.IncidentCommander: requester.ID}
		before := *i
		for range 1 + random.IntN(6) {
			m := tagout.Milestones()[random.IntN(7)]
			c, err := i.CorrectMilestone(correcting(m, noon.Add(time.Duration(random.IntN(7200)-3600)*time.Second)), noon.Add(hour))
			if err != nil {
				continue
			}
			for _, e := range c.Events {
				i.Head = e.Seal(i.ID, i.Head)
				events = append(events, e)
			}
			for _, e := range c.Effects {
				if e.Kind != tagout.EffectPost && e.Kind != tagout.EffectDeadline {
					t.Fatalf("seed %d: a correction has the effect %s", seed, e.Kind)
				}
			}
		}
		if err := i.Audit(events); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		after := *i
		after.Corrections, after.Marks, after.Head = before.Corrections, before.Marks, before.Head
		if !reflect.DeepEqual(before, after) {
			t.Fatalf("seed %d: a correction changed\n%+v\nto\n%+v", seed, before, after)
		}
		last := noon.AddDate(-2, 0, 0)
		for _, m := range []tagout.Milestone{tagout.Onset, tagout.Detected, tagout.Resumed} {
			if at := i.When(m); !at.IsZero() && at.Before(last) {
				t.Fatalf("seed %d: %s is out of order", seed, m)
			} else if !at.IsZero() {
				last = at
			}
		}
	}
}

func TestMilestonesThatTheTimelineDoesNotTellOfAreFound(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*tagout.Incident){
		"detected at":       func(i *tagout.Incident) { i.Milestones[tagout.Detected] = noon.Add(time.Second) },
		"mitigated at":      func(i *tagout.Incident) { delete(i.Milestones, tagout.Mitigated) },
		"acknowledged at":   func(i *tagout.Incident) { i.Milestones[tagout.Acknowledged] = noon },
		"it began at":       func(i *tagout.Incident) { i.Milestones[tagout.Onset] = noon.Add(-hour) },
		"other corrections": func(i *tagout.Incident) { i.Corrections = []tagout.Correction{{Milestone: tagout.Onset, To: noon}} },
	} {
		i, events := audited(t)
		if change(i); i.Audit(events) == nil || !strings.Contains(i.Audit(events).Error(), says) {
			t.Errorf("%s: %v", says, i.Audit(events))
		}
	}
}

func TestTheOnsetIsTheEarliestOfWhatOpenedTheIncident(t *testing.T) {
	t.Parallel()
	taking := func(i *tagout.Incident, starts, at time.Time) {
		i.TakeAlert(tagout.Incoming{Alert: tagout.Alert{Name: "x", Status: tagout.Firing, StartsAt: starts}}, nil, at)
	}
	i := opened(t, sev1) // by an alert of a minute ago
	taking(i, noon.Add(-3*time.Minute), noon)
	taking(i, noon.Add(-2*time.Minute), noon)
	taking(i, time.Time{}, noon)
	taking(i, time.Unix(0, 0), noon)
	i.TakeAlert(tagout.Incoming{Alert: tagout.Alert{Name: "x", StartsAt: noon.Add(-4 * time.Minute), Undated: true}}, nil, noon)
	taking(i, noon.Add(-hour), noon.Add(time.Minute)) // another one, which came later
	if got := i.At(tagout.Onset); !got.Equal(noon.Add(-3 * time.Minute)) {
		t.Errorf("the onset is %s", got)
	}
}
