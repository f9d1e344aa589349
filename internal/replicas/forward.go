package replicas

import (
	"context"
	"math/rand/v2"
	"time"

	"tagout"
)

const (
	firstPause = 250 * time.Millisecond // after the first try to hand a stop on
	lastPause  = 10 * time.Second       // at most, between two tries
	atOnce     = 16                     // stops on their way to one replica at a time
)

// recorded tells that a replica has recorded a stop.
type recorded struct {
	by string
	as tagout.IncidentID
}

// Forward hands a stop to every other replica at the same time, so that none waits for
// another, and again until one says that it has recorded it; it tells which, and in what
// incident. It reports false once ctx ends, or when no other replica was ever known.
func (p *Peers) Forward(ctx context.Context, s tagout.StopRequest) (by string, as tagout.IncidentID, ok bool) {
	peers := p.reachable()
	if len(peers) == 0 {
		p.log.Warn("a stop cannot be recorded here, and no other replica is known", "hold", s.Hold.ID)
		return "", 0, false
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan recorded, len(peers))
	for _, peer := range peers {
		go p.hand(ctx, peer, s, done)
	}
	select {
	case r := <-done:
		return r.by, r.as, true
	case <-ctx.Done():
		return "", 0, false
	case <-p.base.Done():
		return "", 0, false
	}
}

// hand gives a stop to one replica until that has recorded it or ctx ends. A try that is
// under way then goes on: whoever gets the stop obeys it.
func (p *Peers) hand(ctx context.Context, to tagout.Replica, s tagout.StopRequest, done chan<- recorded) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		answer, err := p.handOnce(to, s)
		switch {
		case err != nil:
			p.log.Warn("a stop could not be handed to another replica; trying again", "hold", s.Hold.ID, "replica", to.Name(), "error", tagout.Sentence(err))
		case answer.Incident != 0:
			done <- recorded{to.Name(), answer.Incident}
			return
		}
		wait := time.NewTimer(pause/2 + rand.N(pause))
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return
		case <-p.base.Done():
			wait.Stop()
			return
		}
	}
}

func (p *Peers) handOnce(to tagout.Replica, s tagout.StopRequest) (answer taken, err error) {
	slot := p.slot(to.ID)
	slot <- struct{}{}
	defer func() { <-slot }()
	ctx, cancel := context.WithTimeout(p.base, stopLimit)
	defer cancel()
	err = p.call(ctx, to, stopsPath, handed{s}, &answer)
	p.metrics.handed.WithLabelValues(outcome(answer, err)).Inc()
	return answer, err
}

func outcome(answer taken, err error) string {
	switch {
	case err != nil:
		return "failed"
	case answer.Incident == 0:
		return "pending"
	}
	return "recorded"
}

// slot bounds what is on its way to one replica.
func (p *Peers) slot(id string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.slots[id] == nil {
		p.slots[id] = make(chan struct{}, atOnce)
	}
	return p.slots[id]
}
