package store_test

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// practises begins a kill drill of the mailer on one replica.
func practises(t *testing.T, s *store.Store, id string, locked func()) error {
	canary := tagout.MustScope("mailer/sms/us")
	facts := tagout.DrillFacts{Agents: tagout.Registry{"mailer": {Name: "mailer", Channels: []string{"sms"}, Regions: []string{"us"}, Canary: canary}}}
	d := tagout.Drill{ID: id, Action: tagout.DrillKill, Agent: "mailer", Scope: canary, By: ic, Severity: "sev2", Within: time.Minute}
	_, fresh, err := s.Practise(t.Context(), d, func(i *tagout.Incident, others []*tagout.Incident, now time.Time) (tagout.Change, error) {
		locked()
		if i.State != "" {
			return tagout.Change{}, nil
		}
		return i.BeginDrill(d, tagout.DrillTerms{Row: &tagout.SeverityPolicy{Severity: "sev2"}, Class: "integration_failure"}, facts.Beside(others, nil), now)
	})
	if err == nil && !fresh {
		t.Errorf("%s joined another drill", id)
	}
	return err
}

// TestOfDrillsThatBeginAtOnceOneDoes: two replicas, many orders for one agent in the same
// instant; the others are told why not, and nothing of them is left.
func TestOfDrillsThatBeginAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	replicas := []*store.Store{open(t, url, store.Options{}), open(t, url, store.Options{})}
	const orders = 12
	var all sync.WaitGroup
	errs := make(chan error, orders)
	start := make(chan struct{})
	for n := range orders {
		all.Go(func() {
			<-start
			errs <- practises(t, replicas[n%2], "d"+strconv.Itoa(n), func() {})
		})
	}
	close(start)
	all.Wait()
	close(errs)
	begun := 0
	for err := range errs {
		switch {
		case err == nil:
			begun++
		case tagout.CodeOf(err) != tagout.Conflict:
			t.Error(err)
		}
	}
	list, err := replicas[0].Drills(t.Context(), tagout.DrillQuery{})
	if begun != 1 || err != nil || len(list) != 1 {
		t.Errorf("%d have begun, %d are kept, %v", begun, len(list), err)
	}
}

// TestWhatIsRealOpensBeforeOrAfterADrillBegins, never beside: whichever comes first, the other
// one knows of it.
func TestWhatIsRealOpensBeforeOrAfterADrillBegins(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		match tagout.Match
		scope string
	}{
		"an alert on the agent": {tagout.Match{Agent: "mailer", Class: "c"}, "mailer/sms"},
		"a stop of everything":  {tagout.Match{Overlaps: new(tagout.Scope)}, "*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			s, other := open(t, url, store.Options{}), open(t, url, store.Options{})
			opening, open := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				_, _, err := s.Join(t.Context(), c.match, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
					close(opening)
					<-open
					return i.Open(tagout.Opening{Title: "real", Scope: tagout.MustScope(c.scope), Class: "c", By: ic, Row: &tagout.SeverityPolicy{Severity: "sev2"}}, now)
				})
				if err != nil {
					t.Error(err)
				}
			})
			<-opening
			locked := make(chan struct{})
			var refusal error
			all.Go(func() { refusal = practises(t, other, "d1", func() { close(locked) }) })
			if looksAtOnce(t, url, locked) {
				t.Error("it looks while the other one is being opened")
			}
			close(open)
			all.Wait()
			if tagout.CodeOf(refusal) != tagout.Conflict {
				t.Errorf("the drill: %v", refusal)
			}
		})
	}
}

// looksAtOnce waits until a drill waits for another opening, or looks without that.
func looksAtOnce(t *testing.T, url string, locked <-chan struct{}) bool {
	t.Helper()
	db := rawDB(t, url)
	for count(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 0 {
		select {
		case <-locked:
			return true
		default:
		}
	}
	return false
}
