package bot

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"tagout"
)

const (
	sweepSoon   = 2 * time.Second  // between sweeps in the first minute, when a crash may lie behind
	sweepLater  = 30 * time.Second // between sweeps after that
	afterCrash  = 5 * time.Second  // claims of another living replica are finished by then
	afterLong   = 2 * time.Minute
	replayLimit = 30 * time.Minute
	intentLimit = 24 * time.Hour
)

// keepSweeping takes up what was claimed and never finished: soon after the start what an
// earlier process left, later what other replicas did.
func (b *Bot) keepSweeping() {
	began := time.Now()
	for {
		pause, age := sweepLater, afterLong
		if time.Since(began) < time.Minute {
			pause, age = sweepSoon, afterCrash
		}
		if err := b.sweep(b.clock.Now().Add(-age)); err != nil && b.base.Err() == nil {
			b.log.Warn("unfinished deliveries could not be read; trying again", "error", tagout.Sentence(err))
		}
		if sleep(b.base, pause) != nil {
			return
		}
	}
}

func (b *Bot) sweep(before time.Time) error {
	ctx, cancel := context.WithTimeout(b.base, finishBudget)
	defer cancel()
	left, err := b.inbox.Unfinished(ctx, before)
	if err != nil {
		return err
	}
	for key, payload := range left {
		b.takeUp(key, payload)
	}
	return nil
}

// takeUp works one delivery that nobody finished. What is too old to be meant any more is
// not done; its author is told.
func (b *Bot) takeUp(key string, payload []byte) {
	if _, done := b.worked.get(key); done {
		b.finish(key)
		return
	}
	var p parcel
	if err := json.Unmarshal(payload, &p); err != nil || !strings.HasPrefix(key, "slack:") {
		return // not one of the Slack edge
	}
	age := b.clock.Now().Sub(p.At)
	if p.Kind == kindIntent {
		if !p.At.IsZero() && age > intentLimit {
			b.finish(key)
		}
		return
	}
	d, err := p.reopen(key)
	if err != nil {
		return
	}
	if age > replayLimit {
		b.log.Warn("a delivery is too old to be worked", "kind", d.kind, "age", age)
		b.background("tell of an old delivery", func(ctx context.Context) {
			b.tell(ctx, d.origin(), tagout.Say("Tagout was not running when you asked for something about ", p.At, ". It was not done; please do it again if it is still wanted."))
			b.finish(key)
		})
		return
	}
	b.take(d)
}
