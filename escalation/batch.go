package escalation

import (
	"context"
	"errors"
	"sync"
	"time"

	"tagout"
)

// Alerts that arrive at the same time share a transaction: a batch costs one fsync.
const (
	batchMax     = 400             // alerts in one transaction, unless one request brings more
	queueMax     = 4096            // alerts waiting; beyond it the sender is told to come back
	batchTimeout = 5 * time.Second // for one transaction, and for what follows from it
)

// After a transaction in a storm, which is at least so many senders, the next one waits until
// they stand there again, or nobody comes any more: a transaction costs much, one more alert in
// it little. Of a great many senders one half is stored while the other half is answered and
// comes back.
const (
	aStorm  = 16
	aLot    = 64 // senders; to store more of them at once saves little
	breath  = 500 * time.Microsecond
	breaths = 8
)

// arrival is the alerts of one request, waiting for their transaction.
type arrival struct {
	in   []tagout.Incoming
	done chan struct{}
	out  []tagout.Folded
	err  error
}

// intake stores alerts in batches, one at a time: two would only wait for the same incidents.
type intake struct {
	desk    *Desk
	mu      sync.Mutex
	waiting []*arrival
	count   int // alerts that wait or are being stored
	busy    bool
	want    int // begin with so many; 0: nobody waits for them
	round   int // of waiting for them
}

func newIntake(d *Desk) *intake { return &intake{desk: d} }

func (q *intake) submit(ctx context.Context, in []tagout.Incoming) ([]tagout.Folded, error) {
	for n := range in {
		in[n].Excerpt(q.desk.policy.Redaction) // each sender pays for its own
	}
	a := &arrival{in: in, done: make(chan struct{})}
	q.mu.Lock()
	if q.count+len(in) > queueMax && q.count > 0 {
		q.mu.Unlock()
		return nil, tagout.Errorf(tagout.Unavailable, "Too many alerts are waiting to be stored. Send them again in a moment.")
	}
	q.waiting = append(q.waiting, a)
	q.count += len(in)
	if !q.busy || q.want > 0 && len(q.waiting) >= q.want {
		q.busy, q.want = true, 0
		go q.work()
	}
	q.mu.Unlock()
	select {
	case <-a.done:
		return a.out, a.err
	case <-ctx.Done():
		go q.unheard(a) // it may be stored all the same
		return nil, tagout.Errorf(tagout.Unavailable, "The alerts were not stored in time. Send them again.")
	}
}

// unheard logs what a sender did not wait for.
func (q *intake) unheard(a *arrival) {
	<-a.done
	if a.err != nil {
		q.desk.log.Warn("some alerts could not be taken, and their sender did not wait", "error", a.err)
	}
}

// work stores batches until nothing waits. What follows from one does not delay the next.
func (q *intake) work() {
	for {
		batch := q.next()
		if len(batch) == 0 {
			return
		}
		q.store(batch)
		go q.finish(batch)
		if q.gather(len(batch)) {
			return
		}
	}
}

// gather reports whether somebody else goes on with the work, once enough are waiting.
func (q *intake) gather(answered int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := len(q.waiting)
	crowd := answered + waiting
	if enough := max(crowd/2, min(crowd, aLot)); crowd >= aStorm && waiting < enough {
		q.want = enough
		q.round++
		q.breathe(q.round, -1, breaths)
		return true
	}
	return false
}

// breathe goes on with the work after a breath if nobody came meanwhile, or after so many of
// them.
func (q *intake) breathe(round, before, left int) {
	time.AfterFunc(breath, func() {
		q.mu.Lock()
		if q.want == 0 || q.round != round {
			q.mu.Unlock()
			return // enough have come
		}
		now := len(q.waiting)
		if now != before && left > 0 {
			q.breathe(round, now, left-1)
			q.mu.Unlock()
			return
		}
		q.want = 0
		q.mu.Unlock()
		q.work()
	})
}

// next takes the requests of the next transaction.
func (q *intake) next() []*arrival {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, size := 0, 0
	for n < len(q.waiting) && (n == 0 || size+len(q.waiting[n].in) <= batchMax) {
		size += len(q.waiting[n].in)
		n++
	}
	batch := q.waiting[:n:n]
	q.waiting = append([]*arrival(nil), q.waiting[n:]...)
	q.busy = n > 0
	return batch
}

// store folds a batch and gives each request its part. What the database refuses is one
// request's: then each has a transaction of its own, so that none suffers for another.
func (q *intake) store(batch []*arrival) {
	defer q.survive(batch)
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	var all []tagout.Incoming
	for _, a := range batch {
		all = append(all, a.in...)
	}
	out, err := q.desk.store.Fold(ctx, all, q.desk.fold)
	if err != nil && len(batch) > 1 && tagout.CodeOf(err) != tagout.Unavailable {
		for _, a := range batch {
			a.out, a.err = q.desk.store.Fold(ctx, a.in, q.desk.fold)
		}
		return
	}
	for _, a := range batch {
		if err != nil {
			a.err = err
			continue
		}
		a.out, out = out[:len(a.in):len(a.in)], out[len(a.in):]
	}
}

// survive answers a batch whose work panicked.
func (q *intake) survive(batch []*arrival) {
	p := recover()
	if p == nil {
		return
	}
	q.desk.log.Error("intake panicked", "panic", p)
	for _, a := range batch {
		a.out, a.err = nil, tagout.Errorf(tagout.Internal, "The alerts could not be stored because of a defect in Tagout.")
	}
}

// finish does what follows from stored alerts, whether or not their senders still wait, and
// answers these.
func (q *intake) finish(batch []*arrival) {
	q.follow(batch)
	q.mu.Lock()
	for _, a := range batch {
		q.count -= len(a.in)
	}
	q.mu.Unlock()
	for _, a := range batch {
		close(a.done)
	}
}

func (q *intake) follow(batch []*arrival) {
	defer q.survive(batch)
	var taken []tagout.Incoming
	var folded []tagout.Folded
	for _, a := range batch {
		if a.err != nil {
			continue // its transaction failed, so nothing follows
		}
		taken, folded = append(taken, a.in...), append(folded, a.out...)
		for _, f := range a.out {
			if f.Err != nil {
				a.err = errors.Join(a.err, f.Err)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	q.desk.afterFold(ctx, taken, folded)
}
