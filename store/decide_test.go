package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// requesting makes a resume request of an incident that holds something.
func requesting(id string) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		by := tagout.User{ID: "U0IC", Team: "T0"}
		return i.RequestResume(tagout.ResumeDraft{ID: id, By: by, Target: tagout.Running}, sev1, agents, nil, now)
	}
}

// news reads what came since the request of an incident was made.
func news(t *testing.T, s *store.Store, i *tagout.Incident) []tagout.NewAlert {
	t.Helper()
	news, err := s.NewAlerts(t.Context(), "mailer", i.Request.At, i.ID)
	if err != nil {
		t.Error(err)
	}
	return news
}

// waits has something begin, and waits until it waits for another transaction, or does it not.
func waits(t *testing.T, s *store.Store, begin func(), does <-chan struct{}) bool {
	t.Helper()
	before := s.Waits(t.Context())
	go begin()
	for s.Waits(t.Context()) <= before {
		select {
		case <-does:
			return false
		default:
		}
	}
	return true
}

func TestWhoeverDecidesReadsWhatIsBeingStoredAndWhatComesLaterFindsItDecided(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		other := s
		if isPostgres(url) {
			other = open(t, url, store.Options{})
		}
		mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		if _, err := s.Decide(t.Context(), 1, requesting("r1")); err != nil {
			t.Fatal(err)
		}

		// An alert is being stored when somebody presses GO.
		storing, store := make(chan struct{}), make(chan struct{})
		begun := sync.OnceFunc(func() { close(storing) })
		stored := make(chan error, 1)
		go func() {
			_, err := s.Fold(soon(t), []tagout.Incoming{came("a", "other", "mailer/sms", tagout.Firing)},
				func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
					begun() // it may be tried again
					<-store
					return taking(i, in, now)
				})
			stored <- err
		}()
		<-storing
		deciding, decide := make(chan struct{}), make(chan struct{})
		looked := sync.OnceFunc(func() { close(deciding) })
		decided := make(chan error, 1)
		if !waits(t, other, func() {
			_, err := other.Decide(soon(t), 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				if got := news(t, other, i); len(got) != 1 {
					t.Errorf("whoever decides reads of %d new alerts", len(got))
				}
				looked()
				<-decide
				return i.AddNote("decided", ic, now)
			})
			decided <- err
		}, deciding) {
			t.Error("it is decided while an alert is being stored")
		}
		close(store)
		if err := <-stored; err != nil {
			t.Fatal(err)
		}
		<-deciding

		// Another alert comes before that is committed.
		folding := make(chan struct{})
		folds := sync.OnceFunc(func() { close(folding) })
		if !waits(t, s, func() {
			_, err := s.Fold(soon(t), []tagout.Incoming{came("b", "third", "mailer/sms", tagout.Firing)},
				func(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
					folds()
					return taking(i, in, now)
				})
			stored <- err
		}, folding) {
			t.Error("an alert is stored while somebody decides")
		}
		close(decide)
		if err := <-decided; err != nil {
			t.Fatal(err)
		}
		if err := <-stored; err != nil {
			t.Fatal(err)
		}
		if got := news(t, s, mustRead(t, s, 1)); len(got) != 2 {
			t.Errorf("%d new alerts", len(got))
		}
		mustVerify(t, s, 1)
	})
}

func TestADecisionThatFailsKeepsNoAlertWaiting(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		_, err := s.Decide(t.Context(), 2, note("x"))
		wantCode(t, err, tagout.NotFound)
		_, err = s.Decide(t.Context(), 1, func(*tagout.Incident, time.Time) (tagout.Change, error) { panic("oops") })
		wantCode(t, err, tagout.Internal)
		mustFold(t, s, came("a", "other", "mailer", tagout.Firing)) // nobody is kept waiting
	})
}

func TestAnAlertIsNewerThanEachRequestThatStandsWhateverTheClockSays(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		i, err := s.Decide(t.Context(), 1, requesting("r1"))
		if err != nil {
			t.Fatal(err)
		}
		c.Pass(-time.Hour)
		mustFold(t, s, came("a", "other", "mailer/sms", tagout.Firing))
		if got := news(t, s, i); len(got) != 1 {
			t.Errorf("%d new alerts", len(got))
		}
		if _, err := s.Update(t.Context(), 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.VoidRequest("x", ic, now), nil
		}); err != nil {
			t.Fatal(err)
		}
		mustFold(t, s, came("b", "third", "mailer/sms", tagout.Firing))
		if at := mustRead(t, s, 3).At(tagout.Detected); !at.Equal(c.Now()) {
			t.Errorf("without a request an alert is dated %s", at)
		}
	})
}

func TestAStormThatIsForeseenWaitsForADecision(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	c := newClock()
	s, other := open(t, url, store.Options{Clock: c}), open(t, url, store.Options{Clock: c})
	mustJoin(t, other, tagout.Match{}, stopping("h1", "mailer"))
	for n := range 12 {
		storm(t, 1, fmt.Sprint("before", n), s)
	}
	stored := make(chan struct{})
	mustDecide := func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if !waits(t, s, func() { storm(t, 1, "after", s); close(stored) }, stored) {
			t.Error("alerts are stored while somebody decides")
		}
		return i.AddNote("decided", ic, now)
	}
	if _, err := other.Decide(soon(t), 1, mustDecide); err != nil {
		t.Fatal(err)
	}
	<-stored
	if taken, surprises := s.Foreseen(); taken < 7 || surprises > 0 {
		t.Errorf("%d batches were foreseen, %d wrongly", taken, surprises)
	}
}

// TestAnAlertWhoseTimeWasForeseenIsNewerThanARequestThatWasMadeMeanwhile lets a store foresee the
// time, as in a storm, and has a request be made later than that.
func TestAnAlertWhoseTimeWasForeseenIsNewerThanARequestThatWasMadeMeanwhile(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	c := newClock()
	s := open(t, url, store.Options{Clock: c})
	later := newClock()
	later.Pass(time.Second)
	other := open(t, url, store.Options{Clock: later})
	mustJoin(t, other, tagout.Match{}, stopping("h1", "mailer"))
	for n := range 12 {
		storm(t, 1, fmt.Sprint("before", n), s)
	}
	if taken, surprises := s.Foreseen(); taken < 6 || surprises > 0 {
		t.Fatalf("%d batches were foreseen, %d wrongly", taken, surprises)
	}
	i, err := other.Decide(t.Context(), 1, requesting("r1"))
	if err != nil {
		t.Fatal(err)
	}
	storm(t, 1, "after", s)
	if _, surprises := s.Foreseen(); surprises != 1 {
		t.Errorf("%d surprises", surprises)
	}
	if got := news(t, s, i); len(got) != 1 || got[0].Incident == 1 {
		t.Errorf("%+v", got)
	}
	for _, id := range []tagout.IncidentID{1, 2, 3} {
		mustVerify(t, s, id)
	}
}
