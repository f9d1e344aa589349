package store_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestReplicasKnowEachOther(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		beat := func(r tagout.Replica) []string {
			t.Helper()
			others, err := s.Beat(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			var seen []string
			for _, o := range others {
				name := o.ID + " " + o.Name() + " " + o.Version
				if o.Leads {
					name += " leads"
				}
				if !o.SeenAt.Equal(c.Now()) {
					name += " earlier"
				}
				seen = append(seen, name)
			}
			return seen
		}
		want := func(got []string, want ...string) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("seen %q, want %q", got, want)
			}
		}
		a := tagout.Replica{ID: "a", URL: "http://10.0.0.1:80", Version: "v1", Leads: true}
		b := tagout.Replica{ID: "b", URL: "http://10.0.0.2:80", Version: "v2"}
		want(beat(a))
		want(beat(b), "a 10.0.0.1:80 v1 leads")
		a.Leads = false
		want(beat(a), "b 10.0.0.2:80 v2")
		again := a
		again.ID = "a2"
		want(beat(again), "b 10.0.0.2:80 v2") // started again: its forerunner is gone
		again.SeenAt = c.Now()
		twin := tagout.Replica{ID: "t", URL: again.URL}
		want(beat(twin), "b 10.0.0.2:80 v2")                    // as if it had started again
		want(beat(again), "t 10.0.0.1:80 ", "b 10.0.0.2:80 v2") // but that one lives
		twin.SeenAt = c.Now()
		want(beat(twin), "a2 10.0.0.1:80 v1", "b 10.0.0.2:80 v2")
		if err := s.Leave(t.Context(), "t"); err != nil {
			t.Fatal(err)
		}
		c.Pass(9 * time.Minute)
		want(beat(b), "a2 10.0.0.1:80 v1 earlier")
		c.Pass(2 * time.Minute)
		want(beat(b))
		want(beat(tagout.Replica{ID: "c"}), "b 10.0.0.2:80 v2")
		want(beat(tagout.Replica{ID: "d"}), "c c ", "b 10.0.0.2:80 v2") // without an address nobody replaces anybody
		for _, id := range []string{"b", "c"} {
			if err := s.Leave(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		want(beat(tagout.Replica{ID: "d"}))
	})
}

func TestMarksChangeWithTheirIncidents(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		one := mustJoin(t, s, tagout.Match{}, opening("mailer", "a")).ID
		two := mustJoin(t, s, tagout.Match{}, opening("researcher", "b")).ID
		marks := func(also ...tagout.IncidentID) map[tagout.IncidentID]string {
			t.Helper()
			m, err := s.Marks(t.Context(), also)
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		if m := marks(); len(m) > 0 {
			t.Errorf("nothing shows them, but they have marks: %v", m)
		}
		if m := marks(one); len(m) != 1 || m[one] == "" {
			t.Errorf("the one that was asked about has no mark: %v", m)
		}
		for _, id := range []tagout.IncidentID{one, two} {
			mustUpdate(t, s, id, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
				i.Room.Announced = "1.2"
				return tagout.Change{}, nil
			})
		}
		before := marks()
		if len(before) != 2 || before[one] == "" || before[two] == "" {
			t.Fatalf("marks %v", before)
		}
		_, err := s.Update(t.Context(), one, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.Room.Name = "not on the timeline"
			return tagout.Change{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		after := marks()
		if after[one] == before[one] || after[two] != before[two] {
			t.Errorf("marks went from %v to %v", before, after)
		}
		_, err = s.Update(t.Context(), one, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State = tagout.StateClosed
			return tagout.Change{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if m := marks(); m[one] != "" {
			t.Error("an ended incident that nobody asked about has a mark")
		}
		if m := marks(one); m[one] == after[one] || m[one] == "" {
			t.Error("the end of an incident did not change its mark")
		}
	})
}

// leadership remembers what a candidate was told last.
type leadership struct {
	mu    sync.Mutex
	until time.Time
	told  chan struct{}
}

func (l *leadership) tell(until time.Time) {
	l.mu.Lock()
	l.until = until
	l.mu.Unlock()
	select {
	case l.told <- struct{}{}:
	default:
	}
}

func (l *leadership) leads() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Now().Before(l.until)
}

// resigned reports whether it was told outright, not by time that passed.
func (l *leadership) resigned() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until.IsZero()
}

func campaign(t *testing.T, s *store.Store) (l *leadership, stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	l = &leadership{told: make(chan struct{}, 1)}
	var done sync.WaitGroup
	done.Go(func() { s.Lead(ctx, l.tell) })
	stop = func() { cancel(); done.Wait() }
	t.Cleanup(stop)
	return l, stop
}

func TestOneReplicaLeadsAndAnotherTakesOver(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	first, stop := campaign(t, open(t, url, store.Options{}))
	await(t, "the first leads", first.leads)
	second, _ := campaign(t, open(t, url, store.Options{}))
	<-first.told // a check after the second has tried too, or before: it goes on leading
	<-first.told
	if !first.leads() || second.leads() {
		t.Fatalf("first %v, second %v", first.leads(), second.leads())
	}
	stop()
	if first.leads() {
		t.Error("who resigned believes that it leads")
	}
	await(t, "the second leads", second.leads)
}

func TestALostConnectionEndsTheLead(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	l, _ := campaign(t, open(t, url, store.Options{}))
	await(t, "it leads", l.leads)
	db := rawDB(t, url)
	lock, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	const others = "FROM pg_locks WHERE locktype = 'advisory' AND objid::bigint = (x'6f6c6564')::bit(32)::bigint AND pid <> pg_backend_pid()" +
		" AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	if n := count(t, db, "SELECT count(*) "+others); n != 1 {
		t.Fatalf("%d leaders hold the lock", n)
	}
	for took := false; !took; { // the lead goes to the test, not back to the store
		if _, err := lock.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) "+others); err != nil {
			t.Fatal(err)
		}
		if err := lock.QueryRowContext(t.Context(), "SELECT pg_try_advisory_lock(x'007461676f6c6564'::bigint)").Scan(&took); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "it leads no more", func() bool { return !l.leads() })
	if !l.resigned() {
		t.Error("it gave the lock up and believed on")
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	db.Close()
	await(t, "it leads again", l.leads)
}

func TestTheOneProcessOfAnEmbeddedDatabaseLeads(t *testing.T) {
	t.Parallel()
	l, stop := campaign(t, open(t, freshSQLite(t), store.Options{}))
	await(t, "it leads", l.leads)
	stop()
}

func TestNewsOfHoldsReachOtherProcesses(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	ours, theirs := open(t, url, store.Options{}), open(t, url, store.Options{})
	heard := make(chan struct{}, 100)
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { ours.News(ctx, func() { heard <- struct{}{} }) })
	defer func() { cancel(); done.Wait() }()
	next := func(what string) {
		t.Helper()
		select {
		case <-heard:
		case <-time.After(2 * time.Minute):
			t.Fatal("no news of ", what)
		}
	}
	next("what happened before")
	mustJoin(t, theirs, tagout.Match{}, opening("researcher", "b")) // holds nothing
	mustJoin(t, ours, tagout.Match{}, stopping("own", "researcher"))
	i := mustJoin(t, theirs, tagout.Match{}, stopping("h1", "mailer"))
	next("a hold")
	if len(heard) != 0 {
		t.Error("more news than holds of others")
	}
	_, err := theirs.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		i.Holds[0].LiftedAt = now
		return tagout.Change{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	next("a lifting")

	db := rawDB(t, url)
	if _, err := db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN tagout_holds'"); err != nil {
		t.Fatal(err)
	}
	next("what was missed while the connection was lost")
	mustJoin(t, theirs, tagout.Match{}, stopping("h2", "mailer"))
	next("a hold after that")
}

// await waits until ok holds.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx := soon(t)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("waited in vain until ", what)
		}
	}
}
