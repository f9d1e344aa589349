package escalation_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

// neighbours are other replicas that remember what they were handed.
type neighbours struct {
	records bool          // they can record it
	after   time.Duration // and take so long for that

	mu     sync.Mutex
	handed []time.Time
	over   int
}

func (n *neighbours) Forward(ctx context.Context, s tagout.StopRequest) (string, tagout.IncidentID, bool) {
	n.mu.Lock()
	n.handed = append(n.handed, time.Now())
	n.mu.Unlock()
	defer func() { n.mu.Lock(); n.over++; n.mu.Unlock() }()
	if n.records {
		time.Sleep(n.after) // the bubble's time
		return "10.0.0.2:80", 7, true
	}
	<-ctx.Done()
	return "", 0, false
}

func (n *neighbours) Sightings(context.Context, string) ([]tagout.Sighting, []string) {
	return []tagout.Sighting{{Instances: []tagout.Instance{{Name: "mailer-2", AskedAt: noon}}}}, []string{"10.0.0.3:80"}
}

func (n *neighbours) Replicas() []tagout.Replica { return []tagout.Replica{{ID: "a"}, {ID: "b"}} }

func TestAStopThatCannotBeRecordedGoesToTheOtherReplicas(t *testing.T) {
	t.Parallel()
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	fails := func(context.Context) error { return tagout.Errorf(tagout.Unavailable, "The database is down.") }
	for _, c := range []struct {
		name   string
		outage func(context.Context) error
		away   bool
		peers  *neighbours
		handed time.Duration // after the stop
		answer time.Duration
		as     tagout.IncidentID
	}{
		{"it hangs", hangs, false, &neighbours{records: true, after: 10 * time.Millisecond}, time.Second, 1010 * time.Millisecond, 7},
		{"it is known to be away", hangs, true, &neighbours{records: true, after: 10 * time.Millisecond}, 0, 10 * time.Millisecond, 7},
		{"it fails at once", fails, false, &neighbours{records: true}, 0, 0, 7},
		{"nobody records it", hangs, false, &neighbours{}, time.Second, 2 * time.Second, 0},
		{"they are too slow", hangs, false, &neighbours{records: true, after: 3 * time.Second}, time.Second, 2 * time.Second, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, func(w *world) { w.peers, w.away = c.peers, c.away })
				up := make(chan struct{})
				w.store.before = func(ctx context.Context, _ string) error {
					select {
					case <-up:
						return nil
					default:
						return c.outage(ctx)
					}
				}
				ctx, cancel := context.WithCancel(t.Context())
				go w.desk.Run(ctx)
				began := time.Now()
				r, err := w.desk.Stop(ctx, order("h1", "mailer", tagout.Halted))
				if took := time.Since(began); err != nil || !r.Pending || r.Incident != nil || r.RecordedAs != c.as || took != c.answer {
					t.Errorf("after %s: %+v, %v", took, r, err)
				}
				if c.as != 0 && (r.RecordedBy != "10.0.0.2:80" || w.gate.Holds()[0].Incident != c.as) {
					t.Errorf("recorded by %q, the gate holds %+v", r.RecordedBy, w.gate.Holds())
				}
				c.peers.mu.Lock()
				if len(c.peers.handed) != 1 || c.peers.handed[0].Sub(began) != c.handed {
					t.Errorf("handed on %v, the stop came at %s", c.peers.handed, began)
				}
				c.peers.mu.Unlock()
				began = time.Now()
				if _, err := w.desk.Stop(ctx, order("h2", "researcher", tagout.Halted)); err != nil {
					t.Error(err)
				}
				c.peers.mu.Lock()
				if len(c.peers.handed) != 2 || !c.peers.handed[1].Equal(began) {
					t.Errorf("now that stops cannot be recorded, another was handed on at %v, not at once", c.peers.handed)
				}
				c.peers.mu.Unlock()
				close(up)
				time.Sleep(time.Minute)
				synctest.Wait()
				if w.desk.PendingStops() != 0 || c.peers.over != 2 {
					t.Errorf("%d stops pending, %d of 2 forwardings ended", w.desk.PendingStops(), c.peers.over)
				}
				cancel()
				synctest.Wait()
			})
		})
	}
}

func TestAStopThatIsRecordedInTimeIsNotHandedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		peers := &neighbours{}
		w := newWorld(t, func(w *world) { w.peers = peers })
		if r, err := w.desk.Stop(t.Context(), order("h1", "mailer", tagout.Halted)); err != nil || r.Pending {
			t.Errorf("%+v, %v", r, err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(peers.handed) != 0 {
			t.Error("it was handed on")
		}
	})
}

func TestTheInstancesOfAllReplicasCount(t *testing.T) {
	t.Parallel()
	alone := newWorld(t)
	alone.gate.instances = []tagout.Instance{{Name: "mailer-1", AskedAt: noon}}
	if f := alone.desk.Fleet(t.Context(), "mailer"); len(f.Instances) != 1 || f.Silent != nil || alone.desk.Replicas() != nil {
		t.Errorf("%+v", f)
	}
	w := newWorld(t, func(w *world) { w.peers = &neighbours{} })
	w.gate.instances = alone.gate.instances
	if f := w.desk.Fleet(t.Context(), "mailer"); len(f.Instances) != 2 || len(f.Silent) != 1 || len(w.desk.Replicas()) != 2 {
		t.Errorf("%+v", f)
	}
}
