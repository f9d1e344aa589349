package tagout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// ticketed is an incident whose action has a ticket.
func ticketed(t *testing.T, change func(*tagout.ActionDraft)) *tagout.Incident {
	t.Helper()
	i, c := acting(t, func(d *tagout.ActionDraft) {
		d.Tracker = "github"
		if change != nil {
			change(d)
		}
	})
	if due := dueEffect(t, c, tagout.EffectTicket); !due.IsZero() {
		t.Errorf("the ticket waits until %s", due)
	}
	c = i.TicketMade(1, tagout.Ticket{Key: "42", URL: "https://x.example/42"}, 5*time.Minute, noon)
	if due := dueEffect(t, c, tagout.EffectTicketCheck); !due.Equal(noon.Add(5 * time.Minute)) {
		t.Errorf("it is looked at %s", due)
	}
	if again := i.TicketMade(1, tagout.Ticket{Key: "43"}, time.Minute, noon); !again.IsEmpty() || i.Action(1).Ticket.Key != "42" {
		t.Error("another ticket took its place")
	}
	return i
}

func withTest(d *tagout.ActionDraft) { d.Test = "TestOptOut" }

func TestATicketThatIsClosedEndsTheActionOnceAndOneOpenedAgainOpensIt(t *testing.T) {
	t.Parallel()
	i := ticketed(t, withTest)
	closed := tagout.Ticket{Key: "42", Done: true, ClosedBy: "octocat", ClosedAt: noon.Add(hour)}
	c := i.TicketSeen(1, closed, noon.Add(2*hour))
	a := i.Action(1)
	if a.State != tagout.ActionDone || !a.EndedAt.Equal(noon.Add(hour)) || a.EndedBy.Kind != tagout.ByTracker || !strings.Contains(said(c), "octocat in github closed") {
		t.Errorf("%+v\n%s", a, said(c))
	}
	if again := i.TicketSeen(1, closed, noon.Add(3*hour)); !again.IsEmpty() {
		t.Errorf("the same again: %+v", again.Events)
	}
	c = i.TicketSeen(1, tagout.Ticket{Key: "42"}, noon.Add(4*hour))
	if a.State != tagout.ActionOpen || !a.EndedAt.IsZero() || happened(c, tagout.EventActionReopened) != 1 || !slices.Contains(toldTo(c), "U0ENG") {
		t.Errorf("opened again: %+v", a)
	}
	if again := i.TicketSeen(1, tagout.Ticket{Key: "42"}, noon.Add(5*hour)); !again.IsEmpty() {
		t.Errorf("the same again: %+v", again.Events)
	}
}

func TestAClosedTicketWithoutATestAsksTheOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*tagout.ActionDraft)
		seen   tagout.Ticket
		says   string
	}{
		"no test":        {nil, tagout.Ticket{Key: "42", Done: true}, "Which regression test"},
		"not to be done": {withTest, tagout.Ticket{Key: "42", Done: true, Refused: true}, "Press Drop"},
	} {
		t.Run(name, func(t *testing.T) {
			i := ticketed(t, c.change)
			change := i.TicketSeen(1, c.seen, noon.Add(hour))
			if i.Action(1).State != tagout.ActionOpen || !slices.Contains(toldTo(change), "U0ENG") || !strings.Contains(said(change), c.says) {
				t.Errorf("%+v\n%s", i.Action(1), said(change))
			}
			if _, err := i.FinishAction(1, "TestOptOut", "", tender, noon.Add(2*hour)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnActionThatIsDoneHereIsNotOpenedByItsOpenTicket(t *testing.T) {
	t.Parallel()
	i := ticketed(t, nil)
	if _, err := i.FinishAction(1, "TestOptOut", "", tender, noon); err != nil {
		t.Fatal(err)
	}
	if c := i.TicketSeen(1, tagout.Ticket{Key: "42"}, noon.Add(hour)); !c.IsEmpty() || i.Action(1).State != tagout.ActionDone {
		t.Errorf("%+v", i.Action(1))
	}
	dropped := ticketed(t, nil)
	if _, err := dropped.DropAction(1, "no", tender, noon); err != nil {
		t.Fatal(err)
	}
	if c := dropped.TicketSeen(1, tagout.Ticket{Key: "42", Done: true}, noon); !c.IsEmpty() || !dropped.FollowTicket(dropped.Action(1), hour, noon).IsEmpty() {
		t.Error("a dropped action is followed")
	}
}

func TestATicketThatIsGoneIsToldOnceAndReplacedByAnother(t *testing.T) {
	t.Parallel()
	i := ticketed(t, nil)
	first := i.Action(1).DraftID()
	c := i.TicketGone(1, "GitHub knows no such issue.", noon)
	if i.Action(1).State != tagout.ActionOpen || !strings.Contains(said(c), "Ticket gone") || !slices.Contains(toldTo(c), "U0ENG") {
		t.Error(said(c))
	}
	if again := i.TicketGone(1, "x", noon); !again.IsEmpty() {
		t.Error("told twice")
	}
	if back := i.TicketSeen(1, tagout.Ticket{Key: "42"}, noon); happened(back, tagout.EventActionTicketBack) != 1 || i.Action(1).Ticket.Gone {
		t.Error("it is not back")
	}
	i.TicketGone(1, "x", noon)
	if _, err := i.RetryTicket(1, tender, noon); err != nil || !i.Action(1).WantsTicket() || i.Action(1).DraftID() == first {
		t.Errorf("another ticket: %v, %+v", err, i.Action(1).Ticket)
	}
}

func TestATicketThatCannotBeMadeIsTriedAgainByHand(t *testing.T) {
	t.Parallel()
	i, _ := acting(t, func(d *tagout.ActionDraft) { d.Tracker = "github" })
	first := i.Action(1).DraftID()
	if c := i.TicketFailed(1, "GitHub answered 502.", false, noon); said(c) != "" || happened(c, tagout.EventActionTicketFailed) != 1 {
		t.Errorf("what is tried again is told: %s", said(c))
	}
	if c := i.TicketFailed(1, "GitHub answered 502.", false, noon.Add(hour)); !c.IsEmpty() {
		t.Error("the same reason is told twice")
	}
	if _, err := i.RetryTicket(1, tender, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("tried by hand while it is tried: %v", err)
	}
	if c := i.TicketFailed(1, "GitHub answered 502.", false, noon.Add(25*hour)); !strings.Contains(said(c), "Try again") || !i.Action(1).Ticket.Final {
		t.Errorf("after a day nobody is asked: %s", said(c))
	}
	if c, err := i.RetryTicket(1, tender, noon); err != nil || dueEffect(t, c, tagout.EffectTicket) != (time.Time{}) || i.Action(1).DraftID() != first {
		t.Errorf("tried again: %v", err)
	}
}

// TestPeopleAreRemindedOnceADay walks the clock hour by hour and looks who is reminded when.
func TestPeopleAreRemindedOnceADay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		due   time.Duration
		quiet tagout.UserID // never reachable before 07:00 of the next day
		ends  func(i *tagout.Incident)
		want  []string
	}{
		"to the end": {due: 2 * day, want: []string{"24h U0ENG", "48h U0ENG", "72h U0ENG", "96h U0ENG", "120h U0ENG", "120h U0LEAD", "144h U0ENG", "144h U0LEAD"}},
		"due soon":   {due: 10 * hour, want: []string{"10h U0ENG", "34h U0ENG", "58h U0ENG", "82h U0ENG", "82h U0LEAD", "106h U0ENG", "106h U0LEAD", "130h U0ENG", "130h U0LEAD"}},
		"the owner sleeps": {due: 2 * day, quiet: "U0ENG",
			want: []string{"43h U0ENG", "67h U0ENG", "91h U0ENG", "115h U0ENG", "120h U0LEAD", "139h U0ENG", "144h U0LEAD"}},
		"the lead sleeps": {due: 2 * day, quiet: "U0LEAD",
			want: []string{"24h U0ENG", "48h U0ENG", "72h U0ENG", "96h U0ENG", "120h U0ENG", "139h U0LEAD", "144h U0ENG"}},
		"dropped": {due: day, ends: func(i *tagout.Incident) { _, _ = i.DropAction(1, "no", tender, noon) }},
		"done":    {due: day, ends: func(i *tagout.Incident) { _, _ = i.FinishAction(1, "T", "", tender, noon) }},
	} {
		t.Run(name, func(t *testing.T) {
			i, c0 := acting(t, func(d *tagout.ActionDraft) { d.Due = noon.Add(c.due) })
			if c.ends != nil {
				c.ends(i)
			}
			n := tagout.Nagging{Leads: []tagout.UserID{"U0LEAD"}}
			var got []string
			for at, wake := noon, dueEffect(t, c0, tagout.EffectActionDue); !at.After(noon.Add(6 * day)); at = at.Add(hour) {
				if wake.IsZero() || wake.After(at) {
					continue
				}
				n.Quiet = func(who tagout.UserID) (time.Time, bool) {
					morning := at.Truncate(day).Add(7 * hour)
					if at.Hour() >= 7 {
						morning = morning.Add(day)
					}
					return morning, who == c.quiet && at.Hour() != 7
				}
				change := i.Nag(n, at)
				for _, who := range toldTo(change) {
					got = append(got, fmt.Sprintf("%.0fh %s", at.Sub(noon).Hours(), who))
				}
				wake = time.Time{}
				for _, e := range change.Effects {
					if e.Kind == tagout.EffectActionDue {
						wake = e.Due
					}
				}
				if again := i.Nag(n, at); len(toldTo(again)) > 0 {
					t.Errorf("reminded twice at %s", at)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("reminded\n%q, want\n%q", got, c.want)
			}
		})
	}
}

func TestOnePersonReadsAllOfTheirActionsInOneReminder(t *testing.T) {
	t.Parallel()
	i, _ := acting(t, func(d *tagout.ActionDraft) { d.Due = noon.Add(hour) })
	if _, err := i.AddAction(actionDraft(func(d *tagout.ActionDraft) { d.ID, d.Title, d.Due = "a2", "Test the opt-out", noon.Add(hour) }), requester, noon); err != nil {
		t.Fatal(err)
	}
	c := i.Nag(tagout.Nagging{}, noon.Add(2*hour))
	if got := toldTo(c); len(got) != 1 || !strings.Contains(said(c), "Narrow the mail tool") || !strings.Contains(said(c), "Test the opt-out") {
		t.Errorf("told %v\n%s", got, said(c))
	}
}
