package gate

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"tagout"
)

// The pauses after a failure, of controls and of news: they double, with a jitter, until after
// the longest-th failure they are the last one.
const (
	firstPause = 200 * time.Millisecond
	lastPause  = 15 * time.Second
	longest    = 8
)

// pause is how long to wait after so many failures in a row: 0.2 s, 0.4 s, … 15 s, each up
// to a fifth longer or shorter, so that many do not come back at once.
func pause(failures int) time.Duration {
	d := lastPause
	if failures < longest {
		d = min(firstPause<<max(failures-1, 0), lastPause)
	}
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// news hands what the drivers found to the incidents, without ever holding up a driver.
type news struct {
	report func(context.Context, tagout.ControlReport) error
	log    *slog.Logger

	mu     sync.Mutex
	queues map[string]*newsQueue // by agent
}

// newsQueue is the news of one agent, oldest first.
type newsQueue struct {
	waiting []tagout.ControlReport
	wake    chan struct{}
}

func newNews(o Options) *news {
	return &news{report: o.Report, log: o.Logger, queues: map[string]*newsQueue{}}
}

func (n *news) queue(agent string) *newsQueue {
	n.mu.Lock()
	defer n.mu.Unlock()
	q := n.queues[agent]
	if q == nil {
		q = &newsQueue{wake: make(chan struct{}, 1)}
		n.queues[agent] = q
	}
	return q
}

// add queues news. The same news that still waits is replaced by the newer, so that the
// queue stays short however long the incidents cannot be told.
func (n *news) add(r tagout.ControlReport) {
	q := n.queue(r.Agent)
	n.mu.Lock()
	q.waiting = append(slices.DeleteFunc(q.waiting, func(old tagout.ControlReport) bool { return sameNews(old, r) }), r)
	n.mu.Unlock()
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// sameNews reports whether b makes a superfluous: the same of the same holds, or another
// failure or other versions of the same control.
func sameNews(a, b tagout.ControlReport) bool {
	return a.Control == b.Control && a.Accepted == b.Accepted && a.Observed == b.Observed && a.Drift == b.Drift &&
		(a.Error == "") == (b.Error == "") && (a.Asked == nil) == (b.Asked == nil) && slices.Equal(a.Holds, b.Holds)
}

// take removes the oldest news, if there is any.
func (n *news) take(q *newsQueue) (tagout.ControlReport, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(q.waiting) == 0 {
		return tagout.ControlReport{}, false
	}
	r := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	return r, true
}

// deliver tells the news of one agent, in order, until ctx ends. What is not told by then
// is found again after the next start, since controls are read back then.
func (n *news) deliver(ctx context.Context, agent string) {
	q := n.queue(agent)
	for {
		r, ok := n.take(q)
		if !ok {
			select {
			case <-q.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		if !n.tell(ctx, r) {
			return
		}
	}
}

// tell reports until it is taken. It returns false if ctx ended before.
func (n *news) tell(ctx context.Context, r tagout.ControlReport) bool {
	for failures := 1; ; failures++ {
		err := n.report(ctx, r)
		if err == nil {
			return true
		}
		n.log.Warn("news of a control could not be recorded", "agent", r.Agent, "control", r.Control, "error", tagout.Sentence(err))
		if tagout.IsFinal(err) {
			return true
		}
		if !sleep(ctx, min(pause(failures), 5*time.Second)) {
			return false
		}
	}
}

// sleep waits; it returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
