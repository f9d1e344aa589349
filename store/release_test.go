package store_test

import (
	"testing"

	"tagout"
	"tagout/store"
)

func TestIncidentsAreReadOnBehindAList(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		for range 3 {
			mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
			mustJoin(t, s, tagout.Match{}, opening("researcher", "a"))
		}
		var seen []tagout.IncidentID
		q := tagout.IncidentQuery{Agent: "mailer", Limit: 2}
		for range 3 {
			page, err := s.Incidents(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, i := range page {
				seen, q.Before = append(seen, i.ID), i.ID
			}
		}
		if len(seen) != 3 || seen[0] <= seen[1] || seen[1] <= seen[2] {
			t.Errorf("read %v", seen)
		}
	})
}
