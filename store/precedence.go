package store

import (
	"context"
	"sync/atomic"
	"time"

	"tagout"
)

const (
	stillUrgent = 50 * time.Millisecond  // how long after urgent effects the others still give way: more may follow
	stillWorks  = 400 * time.Millisecond // how long an urgent effect needs the processor; one that takes longer waits for somebody else
	giveWayFor  = 3 * time.Second        // at most, so that nothing waits for ever
	lookAgain   = 10 * time.Millisecond
)

// precedence gives stops and pages the processor before what is only told: in a storm of new
// incidents there is more to do at once than the machine can.
type precedence struct {
	running atomic.Int64
	began   atomic.Int64 // when an urgent effect last began, in nanoseconds
	last    atomic.Int64 // when one was last queued or done
}

// urgent reports whether an effect stops something or wakes somebody.
func urgent(kind tagout.EffectKind) bool {
	switch kind {
	case tagout.EffectContain, tagout.EffectRollback, tagout.EffectPin, tagout.EffectPage, tagout.EffectSend:
		return true
	}
	return false
}

// patient reports whether an effect may wait for urgent ones.
func patient(kind tagout.EffectKind) bool {
	switch kind {
	case tagout.EffectOpenChannel, tagout.EffectAnnounce, tagout.EffectPost:
		return true
	}
	return false
}

// queued notes that effects were queued that are to be done now.
func (p *precedence) queued(effects []tagout.Effect) {
	for _, e := range effects {
		if urgent(e.Kind) {
			p.last.Store(time.Now().UnixNano())
			return
		}
	}
}

// enter lets an effect begin in its turn; the caller calls what is returned when it is done.
func (p *precedence) enter(ctx context.Context, kind tagout.EffectKind) (done func()) {
	if patient(kind) {
		p.giveWay(ctx)
	}
	if !urgent(kind) {
		return func() {}
	}
	p.began.Store(time.Now().UnixNano())
	p.running.Add(1)
	return func() {
		p.last.Store(time.Now().UnixNano())
		p.running.Add(-1)
	}
}

func (p *precedence) giveWay(ctx context.Context) {
	limit := time.Now().Add(giveWayFor)
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for now := time.Now(); p.busy(now) && now.Before(limit); {
		select {
		case now = <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// busy reports whether urgent effects need the processor. A pager that does not answer, or that
// is asked no faster than it wants, keeps nothing else waiting.
func (p *precedence) busy(now time.Time) bool {
	works := p.running.Load() > 0 && now.UnixNano()-p.began.Load() < int64(stillWorks)
	return works || now.UnixNano()-p.last.Load() < int64(stillUrgent)
}
