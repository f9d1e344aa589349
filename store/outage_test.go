package store_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

func TestADatabaseThatIsDownIsUnavailableUntilItReturns(t *testing.T) {
	t.Parallel()
	cluster := pgtest.StartCluster(t)
	url := cluster.NewDatabase()
	url = strings.Replace(url, "postgres@", "postgres:hunter2@", 1)
	cluster.Stop(pgtest.Fast)

	var log safeBuffer
	s := open(t, url, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}) // starts without its database
	refused := func() {
		t.Helper()
		_, _, err := s.Join(t.Context(), tagout.Match{}, opening("mailer", "a"))
		wantCode(t, err, tagout.Unavailable)
		_, errHolds := s.Holds(t.Context())
		_, errWork := s.Work(t.Context(), map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: nil})
		for _, err := range []error{err, errHolds, errWork, s.Ping(t.Context())} {
			wantCode(t, err, tagout.Unavailable)
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "127.0.0.1") {
				t.Error(err)
			}
		}
	}
	refused()
	cluster.Start()
	mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
	cluster.Stop(pgtest.Immediate)
	refused()
	cluster.Start()
	err := s.Ping(t.Context()) // connections that died may still be in the pool
	for try := 0; err != nil && try < 100; try++ {
		err = s.Ping(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), "hunter2") || !strings.Contains(log.String(), "cause=") {
		t.Errorf("the log says\n%s", log.String())
	}
	mustUpdate(t, s, 1, note("it is back"))
	mustVerify(t, s, 1)
}

func TestEachOfManyUpdatesIsAnsweredWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	cluster := pgtest.StartCluster(t)
	s := open(t, cluster.NewDatabase(), store.Options{})
	mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
	cluster.Stop(pgtest.Immediate)
	const many = 64
	answers := make(chan error, many)
	for n := range many {
		go func() {
			_, err := s.Update(context.Background(), tagout.IncidentID(n+1), note("never"))
			answers <- err
		}()
	}
	for range many {
		wantCode(t, receive(t, answers), tagout.Unavailable)
	}
}

func TestACallGivesUpWhenItsCallerDoes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		inside, release := make(chan struct{}), make(chan struct{})
		finished := make(chan error, 1)
		go func() {
			_, err := s.Update(context.Background(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				close(inside)
				<-release
				return i.AddNote("slow", ic, now)
			})
			finished <- err
		}()
		select {
		case <-inside:
		case err := <-finished:
			t.Fatal("it ended early:", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := s.Update(ctx, i.ID, note("waits for the lock"))
		wantCode(t, err, tagout.Unavailable)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		cancelled, cancelNow := context.WithCancel(t.Context())
		cancelNow()
		_, err = s.Incident(cancelled, i.ID)
		wantCode(t, err, tagout.Unavailable)
		close(release)
		if err := receive(t, finished); err != nil {
			t.Fatal(err)
		}
		read := mustRead(t, s, i.ID)
		if more := read.Head.Seq - i.Head.Seq; more != 1 && more != 2 { // the one that nobody waited for may come after all
			t.Fatalf("head %d", read.Head.Seq)
		}
		mustVerify(t, s, i.ID)
	})
}
