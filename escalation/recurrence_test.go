package escalation_test

import (
	"testing"
	"time"

	"tagout"
)

// TestPrivateIncidentsComeBackForTheirPeopleOnly: for everybody else they neither count nor
// have a name, even where the other one of the pair is public.
func TestPrivateIncidentsComeBackForTheirPeopleOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(private bool) tagout.IncidentID {
		i, _, err := w.store.Join(t.Context(), tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.Scope, i.Class, i.State, i.Severity, i.Private = tagout.MustScope("mailer"), "policy_violation", tagout.StateClosed, "sev1", private
			i.Milestones, i.Roles = map[tagout.Milestone]time.Time{tagout.Detected: now}, map[string]tagout.UserID{tagout.IncidentCommander: "U0IC"}
			return tagout.Change{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Pass(time.Hour)
		return i.ID
	}
	open(false)
	hidden := open(true)
	ask := func(who tagout.UserID) []tagout.Recurring {
		pairs, _, err := w.desk.Recurring(t.Context(), tagout.RecurrenceQuery{}, tagout.Viewer{User: tagout.User{ID: who, Team: home}})
		if err != nil {
			t.Fatal(err)
		}
		return pairs
	}
	for _, who := range []tagout.UserID{"U0MOPS", ""} {
		if pairs := ask(who); len(pairs) != 0 {
			t.Errorf("%q sees %+v", who, pairs)
		}
	}
	if pairs := ask("U0IC"); len(pairs) != 1 || pairs[0].Recurrences != 1 || pairs[0].Known[0].ID != hidden {
		t.Errorf("its commander sees %+v", pairs)
	}
	open(false)
	if pairs := ask(""); len(pairs) != 1 || pairs[0].Incidents != 2 || pairs[0].Recurrences != 1 || len(pairs[0].Last) != 2 || pairs[0].Last[1] == hidden {
		t.Errorf("an API token sees %+v", pairs)
	}
	if pairs, _, err := w.desk.Recurring(t.Context(), tagout.RecurrenceQuery{Since: 30 * time.Minute}, tagout.Viewer{}); err != nil || len(pairs) != 0 {
		t.Errorf("in the last half hour: %+v, %v", pairs, err)
	}
}
