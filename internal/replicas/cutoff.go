package replicas

import (
	"context"
	"slices"
	"time"

	"tagout"
)

const (
	// overdue is how long a replica is not seen in the database before it counts as cut off.
	overdue   = 2*beatEvery + 2*time.Second
	tellEvery = 500 * time.Millisecond
	tellMost  = 100 // holds at a time
)

// informed is what was told to a replica that is cut off.
type informed map[tagout.HoldID]bool

// TellCutOff hands the holds that came since to the replicas that the database has not seen
// lately, until ctx ends: they may live, with clients that would otherwise go on until the
// holds are too old.
func (p *Peers) TellCutOff(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	told := map[string]informed{}
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		p.tellOverdue(ctx, told)
	}
}

func (p *Peers) tellOverdue(ctx context.Context, told map[string]informed) {
	p.mu.Lock()
	current := p.clock.Now().Sub(p.seenAt) < overdue
	p.mu.Unlock()
	if !current || p.options.Holds == nil {
		return // cut off itself
	}
	for _, peer := range p.reachable() {
		if p.clock.Now().Sub(peer.SeenAt) < overdue {
			delete(told, peer.ID)
			continue
		}
		if told[peer.ID] == nil {
			told[peer.ID] = informed{}
		}
		p.tellSince(ctx, peer, told[peer.ID])
	}
}

// tellSince hands on what stands now, was hung after the replica was last seen, and was not
// handed to it yet.
func (p *Peers) tellSince(ctx context.Context, peer tagout.Replica, told informed) {
	since := peer.SeenAt.Add(-overdue)
	missing := slices.DeleteFunc(slices.Clone(p.options.Holds()), func(h tagout.Hold) bool { return told[h.ID] || h.At.Before(since) })
	for _, h := range missing[:min(tellMost, len(missing))] {
		if ctx.Err() != nil {
			return
		}
		if _, err := p.handOnce(peer, tagout.StopRequest{Hold: h, Join: h.Incident}); err != nil {
			return // most likely it does not live; tried again
		}
		told[h.ID] = true
	}
}
