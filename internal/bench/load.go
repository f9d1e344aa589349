package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// loaded is what a loop over many connections saw.
type loaded struct {
	acknowledged int // over the whole loop, warm-up included
	measured     int
	over         time.Duration // the measured part
	took         latencies
}

func (l loaded) rate() float64 { return float64(l.measured) / l.over.Seconds() }

// closedLoop asks on many connections, each again as soon as it was answered, first to warm
// up and then measured. ask gets a number that nobody else gets; its error ends the loop.
func (b *bench) closedLoop(ctx context.Context, address string, connections int, ask func(w *wire, n int64) error) (loaded, error) {
	if err := ctx.Err(); err != nil {
		return loaded{}, err
	}
	wires := make([]*wire, connections)
	for n := range wires {
		w, err := dial(address)
		if err != nil {
			return loaded{}, err
		}
		defer w.close()
		wires[n] = w
	}
	var next, acknowledged atomic.Int64
	began := time.Now()
	from, until := began.Add(b.warm), began.Add(b.warm+b.load)
	took, errs := make([]latencies, connections), make([]error, connections)
	var all sync.WaitGroup
	for c, w := range wires {
		all.Go(func() {
			for start := time.Now(); start.Before(until); {
				if errs[c] = ask(w, next.Add(1)); errs[c] != nil {
					return
				}
				acknowledged.Add(1)
				end := time.Now()
				if start.After(from) {
					took[c] = append(took[c], end.Sub(start))
				}
				start = end
			}
		})
	}
	all.Wait()
	l := loaded{acknowledged: int(acknowledged.Load()), over: time.Since(from), took: slices.Concat(took...)}
	l.measured = len(l.took)
	return l, errors.Join(errs...)
}
