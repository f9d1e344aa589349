package store

import (
	"context"
	"slices"
	"sync"
	"time"

	"tagout"
)

// maxTogether is how many alerts one transaction takes at most, unless a single call
// brings more.
const maxTogether = 400

// After a transaction for aStorm of calls or more, the next one waits for lingering.
const (
	aStorm    = 16
	lingering = time.Millisecond
)

// intake gathers the calls of Fold that come while a transaction is under way, and takes
// them together in the next one: a storm from many senders costs few commits.
type intake struct {
	mu      sync.Mutex
	waiting []*foldCall
	busy    bool
}

// foldCall is one call of Fold.
type foldCall struct {
	in   []tagout.Incoming
	fn   tagout.FoldTransition
	out  []tagout.Folded
	err  error
	done chan struct{}
}

// Fold takes alerts in one transaction, together with those of other callers. A repeat
// only counts. The end of an alert goes to the incident of its beginning, if it fired.
// Anything else goes to the incident that it correlates with, else to its agent's open one
// of the same class, else to a fresh one once its threshold is reached, together with what
// was kept below it. An alert for which fn fails is reported in its Folded and leaves no
// trace; the others are taken.
//
// Fold itself returns Unavailable if the database cannot be reached; then none of them is
// taken, but if ctx ended first they may yet be. fn may run more than once for an alert;
// only its last outcome counts.
func (s *Store) Fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition) ([]tagout.Folded, error) {
	if len(in) == 0 {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, explain(ctx.Err())
	}
	c := &foldCall{in: in, fn: fn, done: make(chan struct{})}
	s.intake.mu.Lock()
	s.intake.waiting = append(s.intake.waiting, c)
	if !s.intake.busy {
		s.intake.busy = true
		go s.takeIn(context.WithoutCancel(ctx))
	}
	s.intake.mu.Unlock()
	select {
	case <-c.done:
		return c.out, c.err
	case <-ctx.Done():
		return nil, explain(ctx.Err())
	}
}

// takeIn folds what waits until nothing does.
func (s *Store) takeIn(ctx context.Context) {
	for {
		calls := s.intake.next()
		if len(calls) == 0 {
			return
		}
		s.foldTogether(ctx, calls)
		for _, c := range calls {
			close(c.done)
		}
		if len(calls) >= aStorm {
			linger(ctx)
		}
	}
}

// linger lets the senders that were just answered come again, so that the next transaction
// takes twice as many: otherwise they would take turns with those who wait already.
func linger(ctx context.Context) {
	t := time.NewTimer(lingering)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// next takes the calls of the next transaction.
func (i *intake) next() []*foldCall {
	i.mu.Lock()
	defer i.mu.Unlock()
	n, alerts := 0, 0
	for n < len(i.waiting) && (n == 0 || alerts+len(i.waiting[n].in) <= maxTogether) {
		alerts += len(i.waiting[n].in)
		n++
	}
	calls := i.waiting[:n:n]
	i.waiting = slices.Clone(i.waiting[n:])
	i.busy = n > 0
	return calls
}

// foldTogether folds calls in one transaction. If the database refuses what one of them
// brought, each has its own, so that none suffers for another.
func (s *Store) foldTogether(ctx context.Context, calls []*foldCall) {
	err := s.foldOnce(ctx, calls)
	if err == nil {
		return
	}
	if len(calls) == 1 || tagout.CodeOf(err) == tagout.Unavailable {
		for _, c := range calls {
			c.out, c.err = nil, err
		}
		return
	}
	for _, c := range calls {
		s.foldTogether(ctx, []*foldCall{c})
	}
}

func (s *Store) foldOnce(ctx context.Context, calls []*foldCall) error {
	var f *folding
	err := s.change(ctx, func(t *tx) ([]*work, error) {
		f = &folding{tx: t, store: s}
		for _, c := range calls {
			f.in = append(f.in, c.in...)
			f.fns = append(f.fns, slices.Repeat([]tagout.FoldTransition{c.fn}, len(c.in))...)
		}
		f.out = make([]tagout.Folded, len(f.in))
		return f.run()
	})
	if err != nil {
		return err
	}
	rest := f.out
	for _, c := range calls {
		c.out, rest = rest[:len(c.in):len(c.in)], rest[len(c.in):]
	}
	return nil
}
