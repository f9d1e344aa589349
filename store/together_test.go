package store_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// noting puts words on the timeline.
func noting(text string) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.AddNote(text, ic, now) }
}

func TestUpdatesAtTheSameTimeDoNotHarmEachOther(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		var log safeBuffer
		s := open(t, url, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		mustJoin(t, s, tagout.Match{}, stopping("taken", "elsewhere"))
		var ids []tagout.IncidentID
		for n := range 24 {
			ids = append(ids, mustJoin(t, s, tagout.Match{}, stopping(fmt.Sprint("hold", n), fmt.Sprint("agent", n))).ID)
		}
		refusal := errors.New("no")
		does := []struct {
			fn   tagout.Transition
			is   func(err error) bool
			adds bool
		}{
			{noting("one of many"), func(err error) bool { return err == nil }, true},
			{func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				i.Title = "half done"
				return tagout.Change{}, refusal
			}, func(err error) bool { return errors.Is(err, refusal) }, false},
			{func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				c, err := i.AddNote("never", ic, now)
				i.Holds = append(i.Holds, tagout.Hold{ID: "taken", Scope: i.Scope, Mode: tagout.Halted, By: ic, At: now}) // the database refuses it
				return c, err
			}, func(err error) bool { return tagout.CodeOf(err) == tagout.Conflict }, false},
			{func(*tagout.Incident, time.Time) (tagout.Change, error) { panic("oops") },
				func(err error) bool { return tagout.CodeOf(err) == tagout.Internal }, false},
		}
		var wait sync.WaitGroup
		for n, id := range ids {
			for range 3 { // of each incident several at once, too
				wait.Go(func() {
					do := does[n%len(does)]
					if i, err := s.Update(soon(t), id, do.fn); !do.is(err) || (i == nil) == (err == nil) {
						t.Error(n, i, err)
					}
				})
			}
		}
		wait.Wait()
		for n, id := range ids {
			events, err := s.Timeline(t.Context(), id)
			notes := 0
			for _, e := range events {
				if e.Kind == tagout.EventNote {
					notes++
				}
			}
			want := map[bool]int{true: 3, false: 0}[does[n%len(does)].adds]
			if i, err2 := s.Incident(t.Context(), id); err != nil || err2 != nil || notes != want || i.Title != "stop" || len(i.Holds) != 1 {
				t.Errorf("%s: %d notes, want %d; %v %v %+v", id, notes, want, err, err2, i)
			}
			mustVerify(t, s, id)
		}
		if _, err := s.Update(t.Context(), 999, noting("x")); tagout.CodeOf(err) != tagout.NotFound {
			t.Error(err)
		}
		if !strings.Contains(log.String(), "panicked") {
			t.Error("the panic was not logged")
		}
	})
}

func TestALockedIncidentKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	s := open(t, freshPostgres(t), store.Options{})
	held := mustJoin(t, s, tagout.Match{}, stopping("h0", "a0")).ID
	var others []tagout.IncidentID
	for n := range 12 {
		others = append(others, mustJoin(t, s, tagout.Match{}, stopping(fmt.Sprint("x", n), fmt.Sprint("b", n))).ID)
	}
	inside, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 2)
	go func() {
		_, err := s.Update(context.Background(), held, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			close(inside)
			<-release
			return i.AddNote("first", ic, now)
		})
		first <- err
	}()
	receive(t, inside)
	var rest sync.WaitGroup
	rest.Go(func() {
		if _, err := s.Update(soon(t), held, noting("second")); err != nil {
			t.Error(err)
		}
	})
	var free sync.WaitGroup
	for _, id := range others {
		for range 4 {
			free.Go(func() {
				if _, err := s.Update(soon(t), id, noting("meanwhile")); err != nil {
					t.Error(err)
				}
			})
		}
	}
	free.Wait() // although the first one stands
	close(release)
	if err := receive(t, first); err != nil {
		t.Fatal(err)
	}
	rest.Wait()
	mustVerify(t, s, held)
}

func TestAnUpdateGivesUpWhenItsCallerDoes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		id := mustJoin(t, s, tagout.Match{}, stopping("h0", "a0")).ID
		inside, release := make(chan struct{}), make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() {
			_, err := s.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				close(inside)
				<-release
				return i.AddNote("all the same", ic, now)
			})
			gone <- err
		}()
		receive(t, inside)
		cancel()
		wantCode(t, receive(t, gone), tagout.Unavailable)
		close(release)
		mustUpdate(t, s, id, noting("after")) // it waits for the lock, so the first is over
		mustVerify(t, s, id)
		if _, err := s.Update(ctx, id, noting("never")); tagout.CodeOf(err) != tagout.Unavailable {
			t.Error(err)
		}
	})
}

func TestIncidentsThatOpenTogetherAreNumberedWithoutGaps(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		var in []tagout.Incoming
		for n := range 12 {
			in = append(in, alert(fmt.Sprint("a", n), fmt.Sprint("agent", n/2), tagout.Firing)) // two of each agent
		}
		correlated := alert("c", "other", tagout.Firing)
		correlated.Alert.CorrelationID = "run-1"
		in = append(in, alert("gone", "nobody", tagout.Resolved), correlated)
		for round := range 2 {
			out, err := s.Fold(t.Context(), in, taking)
			if err != nil || out[0].Incident.ID != 1 || out[10].Incident.ID != 6 || out[13].Incident.ID != 7 {
				t.Fatal(round, out, err)
			}
		}
		if i := mustJoin(t, s, tagout.Match{}, stopping("h", "last")); i.ID != 8 {
			t.Errorf("the next one is %s", i.ID)
		}
	})
}

func TestJobsAreNotIndexedByWhatNobodyLooksFor(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	open(t, url, store.Options{})
	if n := count(t, rawDB(t, url), "SELECT count(*) FROM pg_indexes WHERE tablename = 'river_job' AND (indexdef ILIKE '%USING gin%' OR indexname = 'river_job_kind')"); n != 0 {
		t.Errorf("%d indexes cost more than the jobs", n)
	}
}

// holding locks incidents as another process would, until it is released.
func holding(t *testing.T, url string, ids ...tagout.IncidentID) (release func()) {
	t.Helper()
	other, err := rawDB(t, url).Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := other.Exec("SELECT FROM incidents WHERE id = $1 FOR UPDATE", int64(id)); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := other.Rollback(); err != nil {
			t.Error(err)
		}
	}
}

// waiters waits until so many transactions wait for a lock.
func waiters(t *testing.T, url string, n int) {
	t.Helper()
	db := rawDB(t, url)
	for count(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") < n {
		if t.Context().Err() != nil {
			t.Fatal("nobody waits")
		}
	}
}

func TestManyLockedIncidentsKeepNoOtherWaiting(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	s := open(t, url, store.Options{})
	var ids []tagout.IncidentID
	for n := range 31 {
		ids = append(ids, mustJoin(t, s, tagout.Match{}, stopping(fmt.Sprint("h", n), fmt.Sprint("a", n))).ID)
	}
	locked, free := ids[:30], ids[30] // more of them than there are connections
	release := holding(t, url, locked...)
	var wait sync.WaitGroup
	for _, id := range locked {
		for range 2 {
			wait.Go(func() {
				if _, err := s.Update(soon(t), id, noting("once it is free")); err != nil {
					t.Error(id, err)
				}
			})
		}
	}
	waiters(t, url, 4)
	mustUpdate(t, s, free, noting("meanwhile")) // although others stand
	release()
	wait.Wait()
	for _, id := range locked {
		if i := mustRead(t, s, id); i.Head.Seq != 4 {
			t.Errorf("%s has %d events", id, i.Head.Seq)
		}
		mustVerify(t, s, id)
	}
}

func TestAPanicOfWhoListensHarmsNoUpdate(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		var log safeBuffer
		var hears atomic.Bool
		s := open(t, url, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), OnCommit: func(*tagout.Incident) {
			if hears.Load() {
				panic("oops")
			}
		}})
		id := mustJoin(t, s, tagout.Match{}, stopping("h", "a")).ID
		hears.Store(true)
		mustUpdate(t, s, id, noting("first"))
		mustUpdate(t, s, id, noting("second"))
		if !strings.Contains(log.String(), "telling of a commit panicked") {
			t.Error("the panic was not logged")
		}
		mustVerify(t, s, id)
	})
}
