package gate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
	"tagout/gate"
)

func TestEverythingIsHaltedUntilTheHoldsAreKnown(t *testing.T) {
	t.Parallel()
	g := open(t, gate.Options{})
	d := g.Decide("mailer", tagout.Attributes{})
	if d.Mode != tagout.Halted || d.Allowed || !strings.Contains(d.Reason, "holds unknown") || d.Fallback == "" {
		t.Errorf("before the first read: %+v", d)
	}
	if g.Status().HoldsLoaded {
		t.Error("the holds are said to be loaded")
	}
	g.Refresh(g.StartRead(), nil, nil)
	if d := g.Decide("mailer", tagout.Attributes{}); d.Mode != tagout.Running || !d.Allowed {
		t.Errorf("after the first read: %+v", d)
	}
	if !g.Status().HoldsLoaded {
		t.Error("the holds are not said to be loaded")
	}
}

func TestAStopIsInForceWhenHangReturns(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{Journal: journalPath(t)})
	hang(t, g, stopOf("h1", "mailer/email", tagout.Paused))
	cases := map[string]struct {
		agent string
		asked tagout.Attributes
		want  tagout.Mode
	}{
		"the channel":      {"mailer", tagout.Attributes{Channel: "email"}, tagout.Paused},
		"in upper case":    {"mailer", tagout.Attributes{Channel: " EMAIL "}, tagout.Paused},
		"another channel":  {"mailer", tagout.Attributes{Channel: "sms"}, tagout.Running},
		"nothing said":     {"mailer", tagout.Attributes{}, tagout.Paused},
		"unknown channel":  {"mailer", tagout.Attributes{Channel: "fax"}, tagout.Paused},
		"another agent":    {"acme.researcher", tagout.Attributes{}, tagout.Running},
		"undeclared agent": {"ghost", tagout.Attributes{}, tagout.Halted},
	}
	for name, c := range cases {
		if d := g.Decide(c.agent, c.asked); d.Mode != c.want || d.Allowed != (c.want == tagout.Running) {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if got := g.Status().Pending; got != 1 {
		t.Errorf("pending = %d", got)
	}
}

func TestAStopOnAnUndeclaredAgentMakesItKnown(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	hang(t, g, stopOf("h1", "ghost", tagout.Review))
	if d := g.Decide("ghost", tagout.Attributes{}); !d.Known || d.Mode != tagout.Halted || len(d.Holds) != 1 {
		t.Errorf("held: %+v", d)
	}
	g.Committed([]tagout.Hold{holdOn("h1", "ghost", tagout.Review)})
	g.Lift([]tagout.HoldID{"h1"}, nil)
	if d := g.Decide("ghost", tagout.Attributes{}); d.Known || d.Mode != tagout.Halted {
		t.Errorf("lifted: %+v", d)
	}
}

func TestARepeatedStopDoesNothing(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{Journal: journalPath(t)})
	hang(t, g, stopOf("h1", "mailer", tagout.Halted))
	hang(t, g, stopOf("h1", "mailer", tagout.Halted))
	if n := len(g.Holds()); n != 1 {
		t.Errorf("%d holds", n)
	}
	g.Lift([]tagout.HoldID{"h1"}, nil)
	hang(t, g, stopOf("h1", "mailer", tagout.Halted))
	if mode := modeOf(g, "mailer"); mode != tagout.Running {
		t.Errorf("a late repeat of a lifted stop made it %q", mode)
	}
	if p := g.Pending(); len(p) != 0 {
		t.Errorf("pending: %v", p)
	}
}

func TestOneStopHungManyTimesAtOnceStandsOnce(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{Journal: journalPath(t)})
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			hang(t, g, stopOf("h1", "mailer", tagout.Halted))
			if mode := modeOf(g, "mailer"); mode != tagout.Halted {
				t.Errorf("hang returned, but the mode is %q", mode)
			}
		})
	}
	all.Wait()
	if len(g.Holds()) != 1 || len(g.Pending()) != 1 {
		t.Errorf("holds %v, pending %v", g.Holds(), g.Pending())
	}
}

func TestACommittedStopLeavesTheJournal(t *testing.T) {
	t.Parallel()
	path := journalPath(t)
	g := loaded(t, gate.Options{Journal: path})
	for _, id := range []string{"a", "b", "c", "d"} {
		hang(t, g, stopOf(id, "mailer", tagout.Halted))
	}
	lifted := holdOn("b", "mailer", tagout.Halted)
	lifted.LiftedAt = time.Unix(1, 0)
	g.Committed([]tagout.Hold{holdOn("a", "mailer", tagout.Halted), lifted})
	g.Refresh(g.StartRead(), []tagout.Hold{holdOn("a", "mailer", tagout.Halted), holdOn("c", "mailer", tagout.Halted)}, nil)
	if p := g.Pending(); len(p) != 1 || p[0].Hold.ID != "d" || g.Status().Pending != 1 {
		t.Errorf("pending: %v", p)
	}
	if holds := g.Holds(); len(holds) != 3 {
		t.Errorf("holds: %v", holds)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, gate.Options{Journal: path})
	if p := again.Pending(); len(p) != 1 || p[0].Hold.ID != "d" {
		t.Errorf("pending after a restart: %v", p)
	}
	if holds := again.Holds(); len(holds) != 1 {
		t.Errorf("holds after a restart: %v", holds)
	}
}

func TestACancelledRequestStillStops(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{Journal: journalPath(t)})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := g.Hang(ctx, stopOf("h1", "*", tagout.Halted)); errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if mode := modeOf(g, "acme.researcher"); mode != tagout.Halted {
		t.Errorf("mode = %q", mode)
	}
}

func TestAStopWithoutAModeHalts(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	for i, mode := range []tagout.Mode{"", tagout.Running, "asleep"} {
		s := stopOf(fmt.Sprint("h", i), "mailer", mode)
		s.Hold.LiftedAt = time.Unix(1, 0)
		if err := g.Hang(context.Background(), s); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("mode %q: warning = %v", mode, err)
		}
	}
	if mode := modeOf(g, "mailer"); mode != tagout.Halted || len(g.Holds()) != 3 {
		t.Errorf("mode = %q, holds = %v", mode, g.Holds())
	}
}

func TestTwoIncidentsOnOneAgentNeverUndoEachOther(t *testing.T) {
	t.Parallel()
	one, two := holdOn("h1", "mailer", tagout.Halted), holdOn("h2", "mailer/email", tagout.Halted)
	g := loaded(t, gate.Options{}, one, two)
	g.Lift([]tagout.HoldID{"h1"}, nil)
	if d := g.Decide("mailer", tagout.Attributes{Channel: "email"}); d.Mode != tagout.Halted {
		t.Errorf("mode = %q", d.Mode)
	}
	if d := g.Decide("mailer", tagout.Attributes{Channel: "sms"}); d.Mode != tagout.Running {
		t.Errorf("mode = %q", d.Mode)
	}
}

// TestLiftReplacesInOneStep asks all the time while a hold is replaced again and again by a
// narrower one and back: there must never be a moment without.
func TestLiftReplacesInOneStep(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{}, holdOn("0", "mailer", tagout.Halted))
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	for range 2 {
		asking.Go(func() {
			for ctx.Err() == nil {
				if d := g.Decide("mailer", tagout.Attributes{Channel: "email"}); d.Mode != tagout.Halted {
					t.Errorf("mode = %q", d.Mode)
					return
				}
			}
		})
	}
	for i := range 500 {
		scope := []string{"mailer/email", "*"}[i%2]
		g.Lift([]tagout.HoldID{tagout.HoldID(fmt.Sprint(i))}, []tagout.Hold{holdOn(fmt.Sprint(i+1), scope, tagout.Halted)})
	}
	cancel()
	asking.Wait()
}

func TestHoldsThatWereReadTooLongAgoCountAsUnknown(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock, StaleAfter: 2 * time.Minute})
	clock.Pass(2 * time.Minute)
	if mode := modeOf(g, "mailer"); mode != tagout.Running {
		t.Errorf("at the limit: %q", mode)
	}
	clock.Pass(time.Microsecond)
	if d := g.Decide("mailer", tagout.Attributes{}); d.Mode != tagout.Halted || !strings.Contains(d.Reason, "12:00:00 UTC") {
		t.Errorf("beyond it: %+v", d)
	}
	hang(t, g, stopOf("h1", "mailer", tagout.Review))
	g.Refresh(g.StartRead(), nil, nil)
	if mode := modeOf(g, "mailer"); mode != tagout.Review {
		t.Errorf("read again: %q", mode)
	}
}

func TestAReadCountsFromItsStart(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	g := loaded(t, gate.Options{Clock: clock, StaleAfter: time.Minute})
	mark := g.StartRead()
	clock.Pass(2 * time.Minute)
	g.Refresh(mark, nil, nil)
	if mode := modeOf(g, "mailer"); mode != tagout.Halted {
		t.Errorf("mode = %q", mode)
	}
}

func TestEveryChangeOfAnAnswerIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := open(t, gate.Options{Clock: newHandClock(), StaleAfter: time.Minute})
		ctx, cancel := context.WithCancel(context.Background())
		told := g.Subscribe(ctx)
		last := int64(0)
		steps := []struct {
			name string
			do   func()
			want bool
		}{
			{"first read", func() { g.Refresh(g.StartRead(), nil, nil) }, true},
			{"the same read", func() { g.Refresh(g.StartRead(), nil, nil) }, false},
			{"hang", func() { hang(t, g, stopOf("h1", "mailer", tagout.Halted)) }, true},
			{"hang again", func() { hang(t, g, stopOf("h1", "mailer", tagout.Halted)) }, false},
			{"committed with its incident", func() {
				h := holdOn("h1", "mailer", tagout.Halted)
				h.Incident = 7
				g.Committed([]tagout.Hold{h})
			}, true},
			{"pin", func() { pin(t, g, map[string]string{"prompt": "v1"}) }, true},
			{"pin again", func() { pin(t, g, map[string]string{"prompt": "v1"}) }, false},
			{"lift", func() { g.Lift([]tagout.HoldID{"h1"}, nil) }, true},
			{"lift again", func() { g.Lift([]tagout.HoldID{"h1"}, nil) }, false},
		}
		for _, s := range steps {
			s.do()
			synctest.Wait()
			select {
			case generation := <-told:
				if !s.want || generation <= last {
					t.Errorf("%s: told of generation %d after %d", s.name, generation, last)
				}
				last = generation
			default:
				if s.want {
					t.Errorf("%s: not told", s.name)
				}
			}
		}
		cancel()
		synctest.Wait()
		if _, open := <-told; open {
			t.Error("the channel is not closed")
		}
	})
}

func TestASlowListenerHearsTheNewestOnly(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	told := g.Subscribe(t.Context())
	for i := range 10 {
		hang(t, g, stopOf(fmt.Sprint(i), "mailer", tagout.Halted))
	}
	first := <-told
	select {
	case more := <-told:
		t.Errorf("told of %d after %d", more, first)
	default:
	}
}

func TestMetricsAreRegisteredOnceAndShowTheHolds(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	loaded(t, gate.Options{Registerer: registry}, holdOn("h1", "mailer", tagout.Halted))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	halted := -1.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "tagout_gate_holds" && m.GetLabel()[0].GetValue() == "halted" {
				halted = m.GetGauge().GetValue()
			}
		}
	}
	if halted != 1 {
		t.Errorf("tagout_gate_holds{mode=halted} = %v", halted)
	}
	if _, err := gate.New(gate.Options{Registerer: registry}); tagout.CodeOf(err) != tagout.Internal {
		t.Errorf("registered twice: %v", err)
	}
}
