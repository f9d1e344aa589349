package escalation

import (
	"context"
	"time"

	"tagout"
)

// Peers are the other replicas on the same database, who can be reached without it.
type Peers interface {
	// Forward hands a stop to all of them, again and again, until one says that it has
	// recorded it, and tells which and in what incident. It reports false once ctx ends.
	Forward(ctx context.Context, s tagout.StopRequest) (by string, as tagout.IncidentID, ok bool)
	// Sightings are what the others saw of an agent's instances, and the names of those
	// that did not say so in time.
	Sightings(ctx context.Context, agent string) (seen []tagout.Sighting, silent []string)
	// Replicas lists this replica, then the others as they were last known.
	Replicas() []tagout.Replica
}

// forwardBudget is how much longer the answer to a stop waits for other replicas to record
// what cannot be recorded here.
const forwardBudget = time.Second

// patience is how long the answer to a stop waits until it is recorded.
func (d *Desk) patience() time.Duration {
	if d.peers == nil {
		return recordBudget
	}
	return recordBudget + forwardBudget
}

// forward hands a stop to the other replicas that is not recorded here within a second, or
// at once when it is known that it cannot be.
func (r *recorder) forward(rec *recording) {
	if !r.desk.away() && !r.stuck(rec) {
		timer := time.NewTimer(recordBudget)
		defer timer.Stop()
		select {
		case <-rec.done:
			return
		case <-rec.failing:
		case <-timer.C:
		}
	}
	r.mu.Lock()
	rec.forwarded = true
	r.mu.Unlock()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-rec.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	by, as, ok := r.desk.peers.Forward(ctx, rec.stop)
	if !ok {
		return
	}
	r.desk.log.Info("a stop was recorded by another replica", "hold", rec.stop.Hold.ID, "replica", by, "incident", as.String())
	r.desk.gate.Belongs(rec.stop.Hold.ID, as)
	rec.by, rec.as = by, as
	close(rec.elsewhere)
}

// stuck reports whether an earlier stop could not be recorded yet, and had to be handed on.
func (r *recorder) stuck(than *recording) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, other := range r.pending {
		if other != than && other.forwarded {
			return true
		}
	}
	return false
}

// Fleet is the running copies of an agent that asked any replica lately.
func (d *Desk) Fleet(ctx context.Context, agent string) tagout.Fleet {
	fleet := tagout.Fleet{Instances: d.gate.Instances(agent)}
	if d.peers == nil || agent == "" {
		return fleet
	}
	holds := tagout.HoldsOn(d.gate.Holds(), agent)
	seen, silent := d.peers.Sightings(ctx, agent)
	for _, s := range seen {
		fleet = fleet.Add(s, holds)
	}
	fleet.Silent = silent
	return fleet
}

// Replicas lists the replicas of this Tagout, itself first; none if it runs alone.
func (d *Desk) Replicas() []tagout.Replica {
	if d.peers == nil {
		return nil
	}
	return d.peers.Replicas()
}
