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

// teller knows what came when, and who was told.
type teller struct {
	told map[string]informed         // by replica
	came map[tagout.HoldID]time.Time // when a hold was first seen here; nil: nothing was looked at yet
}

func newTeller() *teller { return &teller{told: map[string]informed{}} }

// look notes which holds have come. They may have been hung long before: by a replica that was
// away itself, or whose clock is late. Of those that stood at the first look that is all that
// is known.
func (l *teller) look(holds []tagout.Hold, now time.Time) {
	came := make(map[tagout.HoldID]time.Time, len(holds))
	for _, h := range holds {
		at, known := l.came[h.ID]
		switch {
		case known:
			came[h.ID] = at
		case l.came == nil:
			came[h.ID] = h.At
		default:
			came[h.ID] = now
		}
	}
	l.came = came
}

// TellCutOff hands the holds that came since to the replicas that the database has not seen
// lately, until ctx ends: they may live, with clients that would otherwise go on until the
// holds are too old.
func (p *Peers) TellCutOff(ctx context.Context) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	l := newTeller()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		p.tellOverdue(ctx, l)
	}
}

func (p *Peers) tellOverdue(ctx context.Context, l *teller) {
	if p.options.Holds == nil {
		return
	}
	holds := p.options.Holds()
	l.look(holds, p.clock.Now())
	p.mu.Lock()
	current := p.clock.Now().Sub(p.seenAt) < overdue
	p.mu.Unlock()
	if !current {
		return // cut off itself
	}
	for _, peer := range p.reachable() {
		if p.clock.Now().Sub(peer.SeenAt) < overdue {
			delete(l.told, peer.ID)
			continue
		}
		if l.told[peer.ID] == nil {
			l.told[peer.ID] = informed{}
		}
		p.tellSince(ctx, peer, holds, l)
	}
}

// tellSince hands on what stands now, came after the replica was last seen, and was not handed
// to it yet.
func (p *Peers) tellSince(ctx context.Context, peer tagout.Replica, holds []tagout.Hold, l *teller) {
	since, told := peer.SeenAt.Add(-overdue), l.told[peer.ID]
	missing := slices.DeleteFunc(slices.Clone(holds), func(h tagout.Hold) bool { return told[h.ID] || l.came[h.ID].Before(since) })
	for _, h := range missing[:min(tellMost, len(missing))] {
		if ctx.Err() != nil {
			return
		}
		if _, err := p.handOnce(peer, tagout.StopRequest{Hold: h, Join: h.Incident, Private: h.Private}); err != nil {
			return // most likely it does not live; tried again
		}
		told[h.ID] = true
	}
}
