package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// since is what a pager was given from the n-th page on.
func (b *box) since(n int) []tagout.Page { return b.sent[n:] }

// TestAGameDayThatFailsCountsAsAnIncidentFromThenOn: its pages, deadlines and figures begin
// anew, and nothing of what was practised is paged any more.
func TestAGameDayThatFailsCountsAsAnIncidentFromThenOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page, o.Severity = true, "sev1" }))
	w.holdsAndLetsGo(t)
	for range 12 { // the whole ladder is climbed, and its deadline missed
		w.clock.Pass(5 * time.Minute)
		w.ring()
	}
	real := w.clock.Now()
	i := w.incident(1)
	if i.Drill || i.Exercise.Result != tagout.DrillFailed || w.count(1, tagout.EventDeadlineMissed) != 1 {
		t.Fatalf("it is %s, %d deadlines missed", i.Exercise.Verdict(), w.count(1, tagout.EventDeadlineMissed))
	}
	w.ring()
	exec := func() (n int) {
		for _, p := range w.slack.sent {
			if p.To.ID == "U0EXEC" && !p.QueuedAt.Before(real) {
				n++
			}
		}
		return n
	}
	if i = w.incident(1); i.ReachedAt.Before(real) || exec() != 0 {
		t.Errorf("reached at %s, real since %s; the exec was paged %d times at once", i.ReachedAt, real, exec())
	}
	for range 4 {
		w.clock.Pass(time.Minute)
		w.ring()
	}
	if w.count(1, tagout.EventDeadlineMissed) != 1 || exec() != 0 {
		t.Errorf("before its time %d deadlines are missed, and the exec was paged %d times", w.count(1, tagout.EventDeadlineMissed), exec())
	}
	w.clock.Pass(time.Minute)
	w.ring()
	if w.count(1, tagout.EventDeadlineMissed) != 2 || exec() != 1 {
		t.Errorf("%d deadlines are missed, and the exec was paged %d times", w.count(1, tagout.EventDeadlineMissed), exec())
	}
	rounds := map[string]bool{}
	for _, p := range w.slack.sent {
		if p.QueuedAt.Before(real) {
			continue
		}
		round := string(p.To.ID) + p.QueuedAt.String()
		if strings.Contains(p.Message.Title+p.Why, "[DRILL]") || rounds[round] && p.To.ID != "U0PLATFORM" {
			t.Errorf("%s is paged at %s, twice: %v: %s", p.To.ID, p.QueuedAt, rounds[round], p.Why)
		}
		rounds[round] = true
	}
	if err := i.Audit(w.store.events[1]); err != nil {
		t.Error(err)
	}
}

// TestAnAnswerToTheDrillIsNoAnswerToTheIncident that it became: the pager's service rings for it
// under another name, and hears that the drill is over.
func TestAnAnswerToTheDrillIsNoAnswerToTheIncident(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "program", drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	drill := duty.sent[0].Dedup
	ack := tagout.Acknowledgement{Dedup: drill, By: "Petra"}
	if err := w.desk.AcknowledgeBy(t.Context(), ack, "duty"); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if !w.incident(1).Answered() {
		t.Fatal("the drill is not answered")
	}
	n := len(duty.sent)
	w.clock.Pass(time.Minute) // its stop is not observed
	w.ring()
	if i := w.incident(1); i.Drill || i.Answered() || i.Roles[tagout.IncidentCommander] != "" {
		t.Fatalf("%s, answered %v, led by %s", i.Exercise.Verdict(), i.Answered(), i.Roles[tagout.IncidentCommander])
	}
	real := duty.since(n)
	if len(real) == 0 || real[0].Dedup == drill {
		t.Fatalf("the service was paged %d times, under the name of the drill, which it does not ring for again", len(real))
	}
	resolved := 0
	for _, news := range duty.news {
		if news.Status == tagout.PageResolved {
			if resolved++; news.Dedup != drill {
				t.Errorf("what is over to the service is %s", news.Dedup)
			}
		}
	}
	if resolved != 1 {
		t.Errorf("the service hears %d times that the drill is over", resolved)
	}
	if err := w.desk.AcknowledgeBy(t.Context(), ack, "duty"); err != nil || w.incident(1).Answered() {
		t.Errorf("whoever presses late for the drill answers for the incident, %v", err)
	}
	if err := w.desk.AcknowledgeBy(t.Context(), tagout.Acknowledgement{Dedup: real[0].Dedup, By: "Petra"}, "duty"); err != nil || !w.incident(1).Answered() {
		t.Errorf("the incident cannot be answered, %v", err)
	}
}

// TestAPageOfTheDrillThatWaitsIsDroppedOnceItIsReal, and those of the incident go out.
func TestAPageOfTheDrillThatWaitsIsDroppedOnceItIsReal(t *testing.T) {
	t.Parallel()
	w, duty := withService(t, "program", drillable)
	duty.err = tagout.Errorf(tagout.Unavailable, "connection refused")
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page = true }))
	if _, err := w.desk.ChangeSeverity(t.Context(), 1, "sev1", "it is real", responder.Actor()); err != nil {
		t.Fatal(err)
	}
	w.ring()
	duty.err = nil
	w.ring()
	for _, p := range duty.sent {
		if strings.Contains(p.Message.Title+p.Why, "[DRILL]") {
			t.Errorf("paged is %s", p.Why)
		}
	}
	if len(duty.sent) == 0 || w.count(1, tagout.EventPageDropped) == 0 {
		t.Errorf("%d pages, %d dropped", len(duty.sent), w.count(1, tagout.EventPageDropped))
	}
}

// TestWhoWasShownADrillDoesNotAcknowledgeWhatItBecame, by the button or the link of its page.
func TestWhoWasShownADrillDoesNotAcknowledgeWhatItBecame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, drillable)
	w.drills(killDrill(func(o *tagout.DrillOrder) { o.Page, o.Severity = true, "sev1" }))
	w.ring()
	page := func() tagout.Page { return w.email.sent[len(w.email.sent)-1] }
	token := func(p tagout.Page) string { return strings.TrimPrefix(p.AckURL, "https://tagout.example.com/ack/") }
	drill := page()
	if !drill.OfDrill() || !strings.HasSuffix(drill.Message.Buttons[0].Value, "INC-1 drill") {
		t.Fatalf("the drill pages %+v", drill.Message.Buttons)
	}
	if link, err := w.desk.ReadLink(t.Context(), token(drill)); err != nil || !link.Drill || link.Became {
		t.Errorf("of a drill the link shows %+v, %v", link, err)
	}
	w.accept(alert("A", "mailer/sms/us", "critical"))
	w.ring()
	if i := w.incident(1); i.Drill || i.AckButton().Value != "INC-1" {
		t.Fatalf("it is %s; its button says %q", i.Exercise.Verdict(), i.AckButton().Value)
	}

	if i, err := w.desk.AcknowledgeDrill(t.Context(), 1, responder); err != nil || i.Drill || i.Answered() {
		t.Errorf("the button: answered %v, %v", i.Answered(), err)
	}
	if link, err := w.desk.ReadLink(t.Context(), token(drill)); err != nil || link.Drill || !link.Became {
		t.Errorf("the link shows %+v, %v", link, err)
	}
	if link, err := w.desk.PressLink(t.Context(), token(drill), false); err != nil || !link.Became || w.incident(1).Answered() {
		t.Errorf("pressed as a drill it shows %+v, %v", link, err)
	}
	real := page()
	if link, err := w.desk.ReadLink(t.Context(), token(real)); real.OfDrill() || err != nil || link.Became {
		t.Errorf("the link of the incident shows %+v, %v", link, err)
	}
	if link, err := w.desk.PressLink(t.Context(), token(drill), true); err != nil || link.Became || !w.incident(1).Answered() {
		t.Errorf("pressed again it shows %+v, %v", link, err)
	}
}
