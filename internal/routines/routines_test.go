package routines_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/internal/routines"
)

// memory keeps routines as the store does, in memory.
type memory struct {
	mu     sync.Mutex
	clock  tagout.Clock
	states map[string]tagout.RoutineState
	queued []tagout.Effect
	asked  int
	down   bool
}

func (m *memory) Routines(context.Context) (list []tagout.RoutineState, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.states)), nil
}

func (m *memory) TurnRoutine(_ context.Context, name string, fn func(*tagout.RoutineState, time.Time) ([]tagout.Effect, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.asked++; m.down {
		return tagout.Errorf(tagout.Unavailable, "down")
	}
	s := m.states[name]
	s.Name = name
	effects, err := fn(&s, m.clock.Now())
	if err == nil {
		m.states[name] = s
		m.queued = append(m.queued, effects...)
	}
	return err
}

func (m *memory) ForgetRoutines(_ context.Context, but []string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return tagout.Errorf(tagout.Unavailable, "down")
	}
	maps.DeleteFunc(m.states, func(name string, _ tagout.RoutineState) bool { return !slices.Contains(but, name) })
	return nil
}

// turns is what came since it was last asked.
func (m *memory) turns(t *testing.T) (turns []tagout.RoutineTurn) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.queued {
		var turn tagout.RoutineTurn
		if err := e.Decode(&turn); err != nil || e.Kind != "digest" || e.Incident != 0 {
			t.Fatalf("%+v, %v", e, err)
		}
		turns = append(turns, turn)
	}
	m.queued = nil
	return turns
}

// clock is moved by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) set(t *testing.T, at string) {
	t.Helper()
	then, err := time.Parse(time.RFC3339, at)
	if err != nil {
		t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = then
}

type world struct {
	clock  *clock
	memory *memory
}

func newWorld(t *testing.T, at string) world {
	c := &clock{}
	c.set(t, at)
	return world{c, &memory{clock: c, states: map[string]tagout.RoutineState{}}}
}

// starts a replica that knows these routines, and looks once.
func (w world) starts(t *testing.T, list ...tagout.Routine) *routines.Routines {
	t.Helper()
	r, err := routines.New(routines.Options{Store: w.memory, Routines: list, Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	w.looks(t, r)
	return r
}

func (w world) looks(t *testing.T, replicas ...*routines.Routines) {
	t.Helper()
	for _, r := range replicas {
		if err := r.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func weekly(t *testing.T) tagout.Routine {
	return tagout.Routine{Name: "weekly", Spec: "0 9 * * MON", Location: zone(t, "America/New_York"), Kind: "digest", Data: map[string]string{"to": "#incidents"}}
}

func TestEachTimeComesOnceHoweverManyReplicasLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-11-18T00:00:00Z")
	a, b := w.starts(t, weekly(t)), w.starts(t, weekly(t))
	if next := a.Next()["weekly"]; next.Format(time.RFC3339) != "2026-11-23T14:00:00Z" {
		t.Errorf("it comes next at %s", next)
	}
	w.clock.set(t, "2026-11-23T13:59:59Z")
	w.looks(t, a, b)
	if got := w.memory.turns(t); len(got) != 0 {
		t.Errorf("a second too early: %+v", got)
	}
	for _, monday := range []string{"2026-11-23T14:00:00Z", "2026-11-30T14:00:01Z"} {
		w.clock.set(t, monday)
		w.looks(t, b, a, b, a)
		got := w.memory.turns(t)
		var data map[string]string
		if len(got) != 1 || got[0].Late || got[0].Missed != 0 || got[0].Routine != "weekly" || json.Unmarshal(got[0].Data, &data) != nil || data["to"] != "#incidents" {
			t.Fatalf("on %s came %+v", monday, got)
		}
	}
	asked := w.memory.asked
	w.looks(t, a, b)
	if w.memory.asked != asked {
		t.Error("the database is asked though nothing is due")
	}
}

func TestAnOutageIsCaughtUpOnceAndLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-11-01T00:00:00Z")
	w.starts(t, weekly(t))
	w.clock.set(t, "2026-11-24T12:00:00Z") // three Mondays later, on a Tuesday
	r := w.starts(t, weekly(t))
	w.looks(t, r)
	got := w.memory.turns(t)
	if len(got) != 1 || !got[0].Late || got[0].Missed != 3 || got[0].Due.Format(time.RFC3339) != "2026-11-23T14:00:00Z" {
		t.Fatalf("after the outage came %+v", got)
	}
	if next := r.Next()["weekly"]; next.Format(time.RFC3339) != "2026-11-30T14:00:00Z" {
		t.Errorf("it comes next at %s", next)
	}
}

func TestALongOutageOfAFrequentRoutineIsCaughtUpOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-01-01T00:00:00Z")
	often := tagout.Routine{Name: "often", Spec: "* * * * *", Kind: "digest"}
	w.starts(t, often)
	w.clock.set(t, "2026-11-24T12:00:30Z")
	r := w.starts(t, often)
	w.looks(t, r)
	if got := w.memory.turns(t); len(got) != 1 || got[0].Missed != 1000 {
		t.Errorf("came %+v", got)
	}
	if next := r.Next()["often"]; next.Format(time.RFC3339) != "2026-11-24T12:01:00Z" {
		t.Errorf("it comes next at %s", next)
	}
}

func TestAChangedScheduleHoldsFromTheRestartOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-11-18T00:00:00Z")
	old := w.starts(t, weekly(t))
	changed := weekly(t)
	changed.Spec = "0 9 * * TUE"
	fresh := w.starts(t, changed)
	w.clock.set(t, "2026-11-23T14:00:00Z") // Monday: the replica that did not restart stands back
	w.looks(t, old, fresh)
	if got := w.memory.turns(t); len(got) != 0 {
		t.Errorf("on Monday came %+v", got)
	}
	w.clock.set(t, "2026-11-24T14:00:00Z")
	w.looks(t, old, fresh)
	if got := w.memory.turns(t); len(got) != 1 {
		t.Errorf("on Tuesday came %+v", got)
	}

	w.clock.set(t, "2026-12-01T15:00:00Z") // missed, and changed back meanwhile: it is owed still
	again := w.starts(t, weekly(t))
	w.looks(t, again)
	if got := w.memory.turns(t); len(got) != 1 || !got[0].Late {
		t.Errorf("what was missed before the change came as %+v", got)
	}
}

func TestARoutineThatWasTakenOutCatchesNothingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "2026-11-18T00:00:00Z")
	w.starts(t, weekly(t))
	w.starts(t)
	w.clock.set(t, "2027-11-18T00:00:00Z")
	w.starts(t, weekly(t))
	if got := w.memory.turns(t); len(got) != 0 {
		t.Errorf("came %+v", got)
	}
}

func TestTwoRoutinesOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	_, err := routines.New(routines.Options{Routines: []tagout.Routine{weekly(t), weekly(t)}})
	if tagout.CodeOf(err) != tagout.Invalid {
		t.Error(err)
	}
}

func TestADatabaseThatIsAwayIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-11-18T00:00:00Z")
		w.memory.down = true
		r, err := routines.New(routines.Options{Store: w.memory, Routines: []tagout.Routine{weekly(t)}, Clock: w.clock})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); r.Run(ctx) }()
		time.Sleep(time.Minute)
		w.memory.mu.Lock()
		w.memory.down = false
		w.memory.mu.Unlock()
		time.Sleep(time.Second)
		w.clock.set(t, "2026-11-23T14:00:00Z")
		time.Sleep(time.Second)
		if got := w.memory.turns(t); len(got) != 1 {
			t.Errorf("came %+v", got)
		}
		cancel()
		<-done
	})
}
