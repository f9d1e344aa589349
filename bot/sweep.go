package bot

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"tagout"
)

const (
	sweepEvery  = 30 * time.Second
	sweepAfter  = 2 * time.Minute // claims of living processes are dealt with by then
	replayLimit = 30 * time.Minute
	intentLimit = 24 * time.Hour
)

// keepSweeping takes up what was claimed and never finished: at once what earlier
// processes left, later what other replicas did.
func (b *Bot) keepSweeping() {
	before := b.clock.Now()
	for pause := time.Second; ; {
		if err := b.sweep(before); err != nil {
			b.log.Warn("unfinished deliveries could not be read; trying again", "error", tagout.Sentence(err))
			pause = min(2*pause, sweepEvery)
		} else {
			pause = sweepEvery
		}
		if sleep(b.base, pause) != nil {
			return
		}
		if pause == sweepEvery {
			before = b.clock.Now().Add(-sweepAfter)
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
