package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestWhatIsExpectedOfAlertsDecidesNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		used := open(t, url, store.Options{Clock: newClock()})
		twin := url + "-twin"
		if isPostgres(url) {
			twin = freshPostgres(t)
		}
		rng := rand.New(rand.NewPCG(1, 7))
		for step := range 40 {
			batch := make([]tagout.Incoming, 1+rng.IntN(4))
			for n := range batch {
				status := []tagout.AlertStatus{tagout.Firing, tagout.Firing, tagout.Resolved, tagout.Momentary}[rng.IntN(4)]
				batch[n] = alert(fmt.Sprint("a", rng.IntN(80)), fmt.Sprint("agent", rng.IntN(3)), status)
				batch[n].Alert.StartsAt = noon
				if rng.IntN(2) == 0 {
					batch[n].Alert.CorrelationID = fmt.Sprint("run", rng.IntN(2))
				}
			}
			fresh := open(t, twin, store.Options{Clock: newClock()}) // has seen nothing yet
			got, want := told(mustFold(t, used, batch...)), told(mustFold(t, fresh, batch...))
			if got != want {
				t.Fatalf("step %d: %s, but a store that expects nothing says %s", step, got, want)
			}
			list, err := used.Incidents(t.Context(), tagout.IncidentQuery{Open: true})
			if err != nil {
				t.Fatal(err)
			}
			if len(list) > 0 && rng.IntN(8) == 0 {
				ending := list[rng.IntN(len(list))].ID
				for _, s := range []*store.Store{used, fresh} {
					mustUpdate(t, s, ending, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
						i.State = tagout.StateClosed
						return i.AddNote("over", ic, now)
					})
				}
			}
		}
	})
}

// told is what became of alerts, in words.
func told(out []tagout.Folded) (words string) {
	for _, f := range out {
		if f.Incident != nil {
			words += fmt.Sprint(f.Incident.ID, f.Incident.Alerts.Distinct, f.Incident.Alerts.Firing)
		}
		words += fmt.Sprint(f.Fresh, f.Repeat, f.Err, " ")
	}
	return words
}
