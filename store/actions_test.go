package store_test

import (
	"slices"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestCorrectiveActionsAreFoundOverAllIncidents(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		who := tagout.User{ID: "U0IC"}
		add := func(id tagout.IncidentID, draft, title string, owner tagout.UserID, due time.Duration, tracker string) {
			mustUpdate(t, s, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				return i.AddAction(tagout.ActionDraft{ID: draft, Title: title, Detail: "nul \x00 inside", Owner: owner, Due: now.Add(due), Layer: tagout.LayerTools, Tracker: tracker}, who, now)
			})
		}
		first, second := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer")).ID, mustJoin(t, s, tagout.Match{}, stopping("h2", "researcher")).ID
		add(first, "a1", "late", "U0ENG", 72*time.Hour, "")
		add(first, "a2", "soon", "U0MOPS", time.Hour, "github")
		add(second, "a3", "next", "U0ENG", 48*time.Hour, "")
		mustUpdate(t, s, first, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.TicketMade(2, tagout.Ticket{Key: "42"}, time.Minute, now), nil
		})
		mustUpdate(t, s, second, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.DropAction(1, "no", tagout.User{ID: "U0ENG"}, now)
		})
		again := open(t, url, store.Options{Clock: c})
		now := mustRead(t, s, first).Actions[0].At
		for name, q := range map[string]struct {
			query tagout.ActionQuery
			want  []string
		}{
			"all":         {tagout.ActionQuery{}, []string{"soon", "next", "late"}},
			"open":        {tagout.ActionQuery{Open: true}, []string{"soon", "late"}},
			"somebody's":  {tagout.ActionQuery{Owner: "U0ENG"}, []string{"next", "late"}},
			"of one":      {tagout.ActionQuery{Incident: first}, []string{"soon", "late"}},
			"due":         {tagout.ActionQuery{DueBefore: now.Add(49 * time.Hour)}, []string{"soon", "next"}},
			"of a ticket": {tagout.ActionQuery{Tracker: "github", Ticket: "42"}, []string{"soon"}},
			"not there":   {tagout.ActionQuery{Tracker: "jira", Ticket: "42"}, nil},
			"a few":       {tagout.ActionQuery{Limit: 1}, []string{"soon"}},
		} {
			found, err := again.Actions(t.Context(), q.query)
			var got []string
			for _, a := range found {
				got = append(got, a.Title)
			}
			if err != nil || !slices.Equal(got, q.want) {
				t.Errorf("%s: %v, %v, want %v", name, got, err, q.want)
			}
		}
		mustVerify(t, s, first)
		i := mustRead(t, s, first)
		events, err := s.Timeline(t.Context(), first)
		if err != nil {
			t.Fatal(err)
		}
		if err := i.Audit(events); err != nil {
			t.Error(err)
		}
	})
}
