package store_test

import (
	"fmt"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// tampered has a statement change the holds behind the back of everybody.
func tampered(t *testing.T, url, statement string) {
	t.Helper()
	db := rawDB(t, url)
	for _, s := range []string{"ALTER TABLE holds DISABLE TRIGGER ALL", statement} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// looking changes nothing, so that the incident is kept in mind.
func looking(see func(i *tagout.Incident)) tagout.Transition {
	return func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		see(i)
		return tagout.Change{}, nil
	}
}

func TestAHoldThatTheDatabaseLostIsRecordedAgainAlthoughItIsKeptInMind(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	s := open(t, url, store.Options{})
	i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
	mustUpdate(t, s, i.ID, looking(func(*tagout.Incident) {}))
	tampered(t, url, "DELETE FROM holds")
	mustUpdate(t, s, i.ID, stopping("h1", "mailer"))
	if n := count(t, rawDB(t, url), "SELECT count(*) FROM holds WHERE lifted_at IS NULL"); n != 1 {
		t.Errorf("%d holds stand in the database", n)
	}
}

func TestAHoldThatIsLiftedInTheDatabaseIsNotTakenForStanding(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	s := open(t, url, store.Options{})
	i := mustJoin(t, s, tagout.Match{}, opening("mailer", "tool_misuse"))
	mustUpdate(t, s, i.ID, stopping("h1", "mailer"))
	for n := range 12 {
		storm(t, 1, fmt.Sprint("before", n), s)
	}
	again := stormy("again", 0, 0, "mailer")
	for range 5 { // also when alerts only come again
		mustFold(t, s, again, again)
	}
	if taken, _ := s.Foreseen(); taken < 6 {
		t.Fatalf("only %d batches were foreseen", taken)
	}
	tampered(t, url, "UPDATE holds SET lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1'")
	for _, f := range append(mustFold(t, s, again, again), mustFold(t, s, stormy("after", 0, 0, "mailer"))...) {
		if standing := f.Incident.ActiveHolds(); len(standing) > 0 {
			t.Errorf("an alert sees %v", standing)
		}
	}
	mustUpdate(t, s, i.ID, looking(func(i *tagout.Incident) {
		if standing := i.ActiveHolds(); len(standing) > 0 {
			t.Errorf("a transition sees %v", standing)
		}
	}))
}

func TestWhatIsForeseenHappensAfterWhatIsKnown(t *testing.T) {
	t.Parallel()
	s := open(t, freshPostgres(t), store.Options{})
	storm(t, 12, "before", s)
	mustUpdate(t, s, 1, note("x"))
	s.Slow(time.Second)
	storm(t, 1, "after", s)
	events, err := s.Timeline(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < len(events); n++ {
		if events[n].At.Before(events[n-1].At) {
			t.Errorf("%s happened %s before what stands above it", events[n].Kind, events[n-1].At.Sub(events[n].At))
		}
	}
}
