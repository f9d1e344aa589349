package escalation_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/escalation"
)

// fickle are Slack groups that can become unreadable.
type fickle struct {
	members map[string][]tagout.UserID
	err     error
	asked   int
}

func (f *fickle) GroupMembers(_ context.Context, group string) ([]tagout.UserID, error) {
	f.asked++
	if f.err != nil {
		return nil, f.err
	}
	return f.members[group], nil
}

// withGroups is a world whose groups can become unreadable.
func withGroups(t *testing.T, change ...func(*world)) (*world, *fickle) {
	t.Helper()
	w := newWorld(t, change...)
	g := &fickle{members: map[string][]tagout.UserID{"S0LEGAL": {"U0LAWYER"}, "S0MOPS": {"U0GROUPIE"}}}
	w.desk.Connect(g, func() string { return home })
	return w, g
}

var errSlack = tagout.Errorf(tagout.Unavailable, "Slack does not answer.")

// paged is who is paged for an incident opened now, and what its pages say.
func (w *world) pagedFor(name, severity string) (to []string, says string) {
	w.t.Helper()
	before := len(w.slack.sent)
	w.accept(alert(name, "mailer/email/eu", severity))
	w.ring()
	to = w.slack.to()[before:]
	if len(to) > 0 {
		says = w.slack.sent[before].Message.String()
	}
	return to, says
}

func TestAGroupThatCannotBeReadIsPagedAsLastKnownAndSaidToBeOld(t *testing.T) {
	t.Parallel()
	w, g := withGroups(t)
	if _, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "legal"}); err != nil {
		t.Fatal(err)
	}
	g.err = errSlack
	w.clock.Pass(12 * time.Minute)
	to, says := w.pagedFor("A", "critical")
	same(t, "paged", to, []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER"})
	if !strings.Contains(says, "The Slack group S0LEGAL of Legal could not be read: Slack does not answer. Those known 12 min ago are paged; somebody may be missing.") {
		t.Errorf("the page says %s", says)
	}
	if w.count(1, tagout.EventRosterDoubt) != 1 || !w.posted("could not be read") {
		t.Errorf("not told in the channel: %q", w.store.kinds(1))
	}
	if card, err := w.desk.Card(t.Context(), 1); err != nil || !strings.Contains(card.String(), "Who is paged: not known for sure: /who INC-1") {
		t.Errorf("the card says %s, %v", card, err)
	}
}

func TestWhatIsKnownForTooLongIsNotTrustedAlone(t *testing.T) {
	t.Parallel()
	w, g := withGroups(t)
	if _, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "legal"}); err != nil {
		t.Fatal(err)
	}
	g.err = errSlack
	w.clock.Pass(time.Hour)
	to, says := w.pagedFor("A", "critical")
	same(t, "paged", to, []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER", "U0EXEC"})
	if !strings.Contains(says, "too old to be trusted alone") || !strings.Contains(says, "Therefore Exec sponsor is paged as well") {
		t.Errorf("the page says %s", says)
	}
}

func TestWithoutAnotherRungTheOwnersArePagedForWhoIsNotKnown(t *testing.T) {
	t.Parallel()
	w, g := withGroups(t)
	g.err = errSlack
	to, _ := w.pagedFor("A", "minor") // sev3 pages MOPs, which own the agent
	same(t, "paged", to, []string{"U0MOPS", "U0PLATFORM", "U0IC"})
}

func TestADoubtIsToldOnceInTheChannelAndAgainWhenItIsNews(t *testing.T) {
	t.Parallel()
	w, g := withGroups(t)
	if _, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "legal"}); err != nil {
		t.Fatal(err)
	}
	w.clock.Pass(2 * time.Minute)
	g.err = errSlack
	w.pagedFor("A", "critical")
	w.observe(t, "mailer")
	pass := func() {
		w.clock.Pass(time.Minute)
		w.ring()
	}
	pass()
	pass()
	if n := w.count(1, tagout.EventRosterDoubt); n != 1 {
		t.Fatalf("told %d times", n)
	}
	g.err = nil
	pass()
	g.err = errSlack
	pass()
	pass()
	if n := w.count(1, tagout.EventRosterDoubt); n != 2 {
		t.Errorf("told %d times after it was known again and was not again", n)
	}
}

func TestAStormOfPagesDoesNotAskSlackForEachOfThem(t *testing.T) {
	t.Parallel()
	w, g := withGroups(t)
	for n := range 20 {
		w.pagedFor(fmt.Sprint("good", n), "critical")
	}
	if g.asked > 2 {
		t.Errorf("asked %d times within one moment", g.asked)
	}
	w.clock.Pass(2 * time.Minute)
	g.err, g.asked = errSlack, 0
	for range 20 {
		if _, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "legal"}); err != nil {
			t.Fatal(err)
		}
	}
	if g.asked > 1 {
		t.Errorf("asked %d times although it had just failed", g.asked)
	}
}

func TestAGroupThatChangedIsReadAnew(t *testing.T) {
	t.Parallel()
	w, g := withGroups(t)
	w.pagedFor("A", "critical")
	g.members["S0LEGAL"] = []tagout.UserID{"U0SOLICITOR"}
	w.desk.Reread("S0LEGAL")
	who, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "legal"})
	if err != nil || !slices.ContainsFunc(who.Steps[0].Pages, func(p tagout.PlannedPage) bool { return p.To.ID == "U0SOLICITOR" }) {
		t.Errorf("%+v, %v", who.Steps, err)
	}
}

func TestNobodySignsBecauseTheyArePaged(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]tagout.UserID{"a turn": "U0TURN", "an override": "U0ENG", "a group that does not count": "U0LAWYER", "a schedule": "U0DUTY"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := withGroups(t, func(w *world) {
				w.policy.Roles["legal"].OnCall = "primary"
				w.policy.Roles["legal"].Members = nil
				w.policy.Rotations["primary"].Members = []tagout.UserID{"U0TURN"}
				if who == "U0DUTY" {
					w.policy.Rotations["primary"] = &tagout.Rotation{Key: "primary", Elsewhere: true}
					w.schedules = map[string]tagout.Schedule{"primary": &duty{people: []tagout.OnCallPerson{{ID: "U0DUTY"}}}}
				}
			})
			if who == "U0ENG" {
				w.overrides(t, tagout.OverrideOrder{ID: "o", Person: "U0ENG", Until: noon.Add(time.Hour)})
			}
			answer, err := w.desk.Who(t.Context(), tagout.WhoQuery{Severity: "sev1"})
			if err != nil || !slices.ContainsFunc(answer.Steps[0].Pages, func(p tagout.PlannedPage) bool { return p.To.ID == who }) {
				t.Fatalf("%s is not paged: %+v, %v", who, answer.Steps, err)
			}
			if len(answer.Signers) != 1 || len(answer.Signers[0].People) != 0 {
				t.Errorf("shown to sign: %+v", answer.Signers)
			}
			w.stop(t, "h1", "mailer", tagout.Halted)
			if _, err := w.desk.ChangeSeverity(t.Context(), 1, "sev1", "", responder.Actor()); err != nil {
				t.Fatal(err)
			}
			_, err = w.press(who, w.ask(t, 1), tagout.Go)
			refused(t, err, tagout.Forbidden, "")
		})
	}
}

// duty is a schedule of another service.
type duty struct {
	people []tagout.OnCallPerson
	err    error
}

func (d *duty) Name() string { return "test schedule" }
func (d *duty) OnCall(context.Context, time.Time) ([]tagout.OnCallPerson, error) {
	return slices.Clone(d.people), d.err
}

func TestSomebodyOnCallElsewhereIsPagedByWhateverReachesThem(t *testing.T) {
	t.Parallel()
	jane := &duty{people: []tagout.OnCallPerson{{Name: "Jane Doe", Email: "jane@example.com"}, {Name: "Pat", Email: "Platform@Example.com"}}}
	w := newWorld(t, func(w *world) {
		w.policy.Roles["mops"] = &tagout.Role{Key: "mops", Name: "MOPs", OnCall: "duty"}
		w.policy.Rotations["duty"] = &tagout.Rotation{Key: "duty", Elsewhere: true}
		w.schedules = map[string]tagout.Schedule{"duty": jane}
		w.slack.reaches = func(p tagout.Person) bool { return p.ID != "" }
	})
	_, says := w.pagedFor("A", "minor")
	same(t, "by Slack", w.slack.to(), []string{"U0PLATFORM"})
	if len(w.email.sent) != 2 || w.email.sent[0].To.Email != "jane@example.com" {
		t.Errorf("by e-mail: %+v", w.email.to())
	}
	if !strings.Contains(says, "Jane Doe (jane@example.com) is on call, but nobody in Slack has this address") {
		t.Errorf("the page says %s", says)
	}
	jane.err = tagout.Errorf(tagout.Forbidden, "The token is refused.")
	w.clock.Pass(2 * time.Minute)
	answer, err := w.desk.Who(t.Context(), tagout.WhoQuery{Role: "mops"})
	if err != nil || len(answer.Steps[0].Roster.Doubts) == 0 {
		t.Errorf("%+v, %v", answer.Steps, err)
	}
}

// TestWhoTellsWhatARoundOfPagesDoes compares /who with real rounds, over random policies,
// times, overrides and failures.
func TestWhoTellsWhatARoundOfPagesDoes(t *testing.T) {
	t.Parallel()
	people := []tagout.UserID{"U1", "U2", "U3", "U4", "U5"}
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		some := func(n int) []tagout.UserID {
			list := slices.Clone(people)
			r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
			return list[:r.IntN(n+1)]
		}
		w := newWorld(t, func(w *world) {
			for _, role := range w.policy.Roles {
				role.Members = some(2)
				if role.SlackGroup == "" && r.IntN(3) == 0 {
					role.SlackGroup = "S0OTHER"
				}
				if r.IntN(2) == 0 {
					role.OnCall = []string{"primary", "duty", "nothing"}[r.IntN(3)]
				}
			}
			w.policy.Rotations["primary"].Members = some(4)
			w.policy.Rotations["duty"] = &tagout.Rotation{Key: "duty", Elsewhere: true}
			d := &duty{people: []tagout.OnCallPerson{{ID: "U5"}, {Name: "Jane", Email: "j@example.com"}}[:r.IntN(3)]}
			if r.IntN(4) == 0 {
				d.err = errors.New("no")
			}
			w.schedules = map[string]tagout.Schedule{"duty": d}
			w.slack.reaches = func(p tagout.Person) bool { return p.ID != "" && p.ID != "U3" }
		})
		g := &fickle{members: map[string][]tagout.UserID{"S0LEGAL": some(3), "S0MOPS": some(3), "S0OTHER": some(2)}}
		if r.IntN(3) == 0 {
			g.err = errSlack
		}
		w.desk.Connect(g, func() string { return home })
		w.clock.Pass(time.Duration(r.IntN(400)) * time.Hour)
		if r.IntN(2) == 0 {
			_, _ = w.desk.SetOverride(t.Context(), tagout.OverrideOrder{ID: "o", Rotation: "primary", Person: "U4", Until: w.clock.Now().Add(time.Hour), By: responder})
		}
		severity := []string{"critical", "warning", "minor"}[r.IntN(3)]
		w.accept(alert("A", "mailer/email/eu", severity))
		answer, err := w.desk.Who(t.Context(), tagout.WhoQuery{Incident: 1})
		if err != nil {
			t.Fatal(err)
		}
		w.ring()
		var want, got []string
		for _, p := range answer.Steps[0].Pages {
			want = append(want, string(p.To.ID)+p.To.Stranger()+" by "+p.Pager)
		}
		for _, p := range w.store.pages {
			if !strings.Contains(p.Ladder, ":") { // otherwise it follows a page that reached nobody
				got = append(got, string(p.To.ID)+p.To.Stranger()+" by "+p.Pager)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, %s: paged %q, but /who says %q", seed, severity, got, want)
		}
	}
}

var _ escalation.Groups = (*fickle)(nil)
