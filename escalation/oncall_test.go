package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// accounts are people in Slack.
type accounts map[tagout.UserID]tagout.Account

func (a accounts) Account(_ context.Context, id tagout.UserID) (tagout.Account, error) {
	if account, ok := a[id]; ok {
		return account, nil
	}
	return tagout.Account{}, tagout.Errorf(tagout.NotFound, "There is no such person.")
}

func (a accounts) UserByEmail(_ context.Context, email string) (tagout.UserID, error) {
	for id, account := range a {
		if account.Name == email {
			return id, nil
		}
	}
	return "", tagout.Errorf(tagout.NotFound, "There is no such person.")
}

// onCall is who has the only rotation now, by ID, and until when.
func (w *world) onCall(t *testing.T) (string, time.Time) {
	t.Helper()
	duties, err := w.desk.Duties(t.Context())
	if err != nil || len(duties) != 1 || len(duties[0].People) != 1 {
		t.Fatalf("%+v, %v", duties, err)
	}
	return string(duties[0].People[0].ID), duties[0].Until
}

func TestAnOverrideTakesThePageAndEndsByItself(t *testing.T) {
	t.Parallel()
	w, _ := withGroups(t)
	w.overrides(t, tagout.OverrideOrder{ID: "o1", Person: "U0ENG", Until: noon.Add(4 * time.Hour), Why: "dentist"})
	to, _ := w.pagedFor("A", "critical")
	same(t, "paged under the override", to, []string{"U0PLATFORM", "U0ENG", "U0LEGAL", "U0LAWYER"})
	if who, until := w.onCall(t); who != "U0ENG" || !until.Equal(noon.Add(4*time.Hour)) {
		t.Errorf("on call is %s until %s", who, until)
	}
	if !w.posted(`"to":"U0ENG"`) || !w.posted(`"to":"U0IC"`) {
		t.Error("those concerned were not told")
	}
	w.clock.Pass(4 * time.Hour)
	answer, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "platform"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "paged when it is over", ids(answer.Steps[0].Roster), []string{"U0PLATFORM", "U0IC"})
}

func ids(r tagout.Roster) []string {
	var list []string
	for _, p := range r.Persons() {
		list = append(list, string(p.ID)+p.Stranger())
	}
	return list
}

func TestALaterOverrideWinsAndACancelledOneGivesWay(t *testing.T) {
	t.Parallel()
	w, _ := withGroups(t)
	w.overrides(t, tagout.OverrideOrder{ID: "o1", Person: "U0ENG", Until: noon.Add(8 * time.Hour)})
	w.clock.Pass(time.Minute)
	w.overrides(t, tagout.OverrideOrder{ID: "o2", Person: "U0MOPS", From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour)})
	if who, until := w.onCall(t); who != "U0ENG" || !until.Equal(noon.Add(time.Hour)) {
		t.Errorf("now on call is %s until %s", who, until)
	}
	w.clock.Pass(time.Hour)
	if who, until := w.onCall(t); who != "U0MOPS" || !until.Equal(noon.Add(2*time.Hour)) {
		t.Errorf("then on call is %s until %s", who, until)
	}
	_, err := w.desk.CancelOverride(t.Context(), tagout.OverrideEnd{By: responder})
	refused(t, err, tagout.Invalid, "Several overrides could be meant")
	for n, want := range []string{"U0ENG", "U0IC"} {
		if _, err := w.desk.CancelOverride(t.Context(), tagout.OverrideEnd{Person: []tagout.UserID{"U0MOPS", "U0ENG"}[n], By: responder}); err != nil {
			t.Fatal(err)
		}
		if who, _ := w.onCall(t); who != want {
			t.Errorf("on call is %s, want %s", who, want)
		}
	}
	_, err = w.desk.CancelOverride(t.Context(), tagout.OverrideEnd{By: responder})
	refused(t, err, tagout.NotFound, "no such override")
	w.ring()
	if !w.posted("cancelled the override") {
		t.Error("nobody was told")
	}
}

func TestTheSameRequestSetsOneOverride(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, want := range []bool{true, false} {
		r := w.overrides(t, tagout.OverrideOrder{ID: "o1", Person: "U0ENG", Until: noon.Add(time.Hour)})
		if r.Fresh != want || len(w.store.overrides) != 1 || len(r.Instead) != 1 || r.Instead[0].ID != "U0IC" {
			t.Errorf("time %d: %+v, %d overrides", n+1, r, len(w.store.overrides))
		}
	}
}

func TestAnOverrideThatMakesNoSenseIsRefused(t *testing.T) {
	t.Parallel()
	hour := noon.Add(time.Hour)
	for name, c := range map[string]struct {
		order tagout.OverrideOrder
		by    tagout.User
		code  tagout.Code
		words string
	}{
		"by a guest":           {tagout.OverrideOrder{Person: "U0ENG", Until: hour}, tagout.User{ID: "U0GUEST", Guest: true}, tagout.Forbidden, "full members"},
		"by nobody":            {tagout.OverrideOrder{Person: "U0ENG", Until: hour}, tagout.User{}, tagout.Forbidden, "full members"},
		"of another rotation":  {tagout.OverrideOrder{Person: "U0ENG", Until: hour, Rotation: "night"}, responder, tagout.NotFound, "there is primary"},
		"over already":         {tagout.OverrideOrder{Person: "U0ENG", Until: noon}, responder, tagout.Invalid, "over already"},
		"ends before it began": {tagout.OverrideOrder{Person: "U0ENG", From: hour, Until: hour.Add(-time.Minute)}, responder, tagout.Invalid, "before it begins"},
		"for years":            {tagout.OverrideOrder{Person: "U0ENG", Until: noon.AddDate(2, 0, 0)}, responder, tagout.Invalid, "31 days"},
		"a stranger":           {tagout.OverrideOrder{Person: "U0NOBODY", Until: hour}, responder, tagout.NotFound, "nobody with the ID"},
		"deactivated":          {tagout.OverrideOrder{Person: "U0GONE", Until: hour}, responder, tagout.Invalid, "deactivated"},
		"a bot":                {tagout.OverrideOrder{Person: "U0BOT", Until: hour}, responder, tagout.Invalid, "bot"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.desk.Consult(accounts{"U0ENG": {}, "U0GONE": {Gone: true}, "U0BOT": {Bot: true}})
			c.order.ID, c.order.By = "o", c.by
			_, err := w.desk.SetOverride(t.Context(), c.order)
			refused(t, err, c.code, c.words)
			if len(w.store.overrides) > 0 {
				t.Error("it was set all the same")
			}
		})
	}
}

func TestTheNextOneIsTheNextOtherPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.policy.Rotations["primary"].Members = []tagout.UserID{"U0IC", "U0IC", "U0ENG"}
	})
	duties, err := w.desk.Duties(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := duties[0]
	for at := noon; at.Before(d.Until); at = at.Add(time.Hour) {
		w.clock.Pass(time.Hour)
	}
	after, _ := w.onCall(t)
	if len(d.Next) != 1 || string(d.Next[0].ID) != after || d.People[0].ID == d.Next[0].ID {
		t.Errorf("%s is to be followed by %v, and is by %s", d.People[0].ID, d.Next, after)
	}
}

func TestAGapInARotationIsShownAndMadeUpFor(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*world)
		words  string
	}{
		"nobody in it":          {func(w *world) { w.policy.Rotations["primary"].Members = nil }, "Nobody is in this rotation"},
		"a zone that is gone":   {func(w *world) { w.policy.Rotations["primary"].Timezone = "Mars/Olympus" }, "time zone is not known"},
		"an empty schedule":     {elsewhere(&duty{}), "nobody on call now"},
		"somebody unreachable":  {elsewhere(&duty{people: []tagout.OnCallPerson{{Name: "Jane"}}}), "nobody knows how to reach them"},
		"a schedule that fails": {elsewhere(&duty{err: tagout.Errorf(tagout.Forbidden, "The token is refused.")}), "The token is refused. Nobody is known of it."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := withGroups(t, c.change)
			w.slack.reaches = func(p tagout.Person) bool { return p.ID != "" }
			to, says := w.pagedFor("A", "critical")
			same(t, "paged", to, []string{"U0PLATFORM", "U0LEGAL", "U0LAWYER", "U0EXEC"})
			if !strings.Contains(says, c.words) {
				t.Errorf("the page says %s", says)
			}
			duties, err := w.desk.Duties(t.Context())
			if err != nil || !slices.ContainsFunc(duties[0].Doubts, func(d tagout.Doubt) bool {
				return strings.Contains(c.words, strings.TrimSuffix(d.Problem, ".")) || strings.Contains(d.Problem, c.words)
			}) {
				t.Errorf("not shown: %+v, %v", duties, err)
			}
		})
	}
}

func elsewhere(d *duty) func(*world) {
	return func(w *world) {
		w.policy.Rotations["primary"] = &tagout.Rotation{Key: "primary", Elsewhere: true}
		w.schedules = map[string]tagout.Schedule{"primary": d}
	}
}

func TestAHandoffWhileAnIncidentPagesGoesToTheNextOne(t *testing.T) {
	t.Parallel()
	w, _ := withGroups(t, func(w *world) {
		w.policy.Rotations["primary"] = &tagout.Rotation{Key: "primary", Members: []tagout.UserID{"U0A", "U0B"}, Handoff: "2 12 * * *", Timezone: "UTC"} // two minutes past noon
	})
	w.accept(alert("A", "mailer/email/eu", "critical"))
	w.ring()
	w.observe(t, "mailer")
	before, until := w.onCall(t)
	if !until.Equal(noon.Add(2 * time.Minute)) {
		t.Fatalf("the handoff is at %s", until)
	}
	var turns []string
	for range 4 {
		sent := len(w.slack.sent)
		w.clock.Pass(time.Minute)
		w.ring()
		for _, id := range w.slack.to()[sent:] {
			if id == "U0A" || id == "U0B" {
				turns = append(turns, id)
			}
		}
	}
	after := map[string]string{"U0A": "U0B", "U0B": "U0A"}[before]
	same(t, "paged minute by minute", turns, []string{before, after, after, after})
}
