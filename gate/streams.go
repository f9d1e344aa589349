package gate

import (
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// keepaliveRounds is how many rounds of a second it takes until every stream got a
	// comment, so that proxies leave it open. Each round serves its share of the streams.
	keepaliveRounds = 20
	// stuckRounds is for how many comments in a row a client may take nothing at all
	// before it is cut off.
	stuckRounds = 3
)

// notice is what goes to streams: rendered once, however many get it.
type notice struct{ text []byte }

// stream is one open event stream. It keeps one notice: a client that is slow misses those
// between, never the last.
type stream struct {
	conn    net.Conn
	raw     syscall.RawConn        // nil: it cannot be written to without waiting
	owed    atomic.Pointer[notice] // to be sent
	comment atomic.Bool            // a keepalive is to be sent
	busy    atomic.Bool            // a goroutine is sending
	stuck   int                    // comments in a row that found it sending
	slot    int
	crowd   *crowd
}

// crowd is the streams that hear of the same agents.
type crowd struct {
	agents  []string // sorted
	last    int64    // the newest generation of any of them that was told
	stop    int64    // the newest stop of any of them that was told
	members map[*stream]struct{}
}

// streams are the open event streams. The zero value has none.
type streams struct {
	mu      sync.Mutex
	crowds  map[string]*crowd
	slots   [keepaliveRounds]map[*stream]struct{}
	open    int
	ever    int // streams that there have been
	closed  bool
	wake    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

// join adds a connection that hears of these agents from now on. It reports false if there
// are so many streams already, or if the gate is closed.
func (g *Gate) join(conn net.Conn, agents []string) (*stream, bool) {
	s := &g.streams
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.open >= g.options.MaxStreams {
		return nil, false
	}
	if s.crowds == nil {
		s.crowds = map[string]*crowd{}
		s.wake, s.stop, s.stopped = make(chan struct{}, 1), make(chan struct{}), make(chan struct{})
		go g.runStreams()
	}
	key := strings.Join(agents, "\n")
	c := s.crowds[key]
	if c == nil {
		c = &crowd{agents: agents, members: map[*stream]struct{}{}}
		c.last, c.stop = newest(g.now.Load(), agents)
		s.crowds[key] = c
	}
	one := &stream{conn: conn, raw: rawOf(conn), crowd: c, slot: s.ever % keepaliveRounds}
	if s.slots[one.slot] == nil {
		s.slots[one.slot] = map[*stream]struct{}{}
	}
	s.slots[one.slot][one], c.members[one] = struct{}{}, struct{}{}
	s.open++
	s.ever++
	return one, true
}

// leave forgets a stream and closes its connection.
func (s *streams) leave(one *stream) {
	_ = one.conn.Close() // whoever listened is gone
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := one.crowd.members[one]; !there {
		return
	}
	delete(one.crowd.members, one)
	delete(s.slots[one.slot], one)
	s.open--
	if len(one.crowd.members) == 0 {
		delete(s.crowds, strings.Join(one.crowd.agents, "\n"))
	}
}

// count is how many streams are open.
func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// notify tells that the view changed. It does not wait.
func (s *streams) notify() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// close ends every stream; clients come back to another replica, or to the next process.
func (s *streams) close() {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	running := s.stop != nil
	s.mu.Unlock()
	if running && first {
		close(s.stop)
		<-s.stopped
	}
}

// runStreams tells the streams of changes and keeps them open. Stops are told at once; what
// is no stop waits a moment, so that it is never in the way of one. Recording a stop, for one,
// changes the answer a second time.
func (g *Gate) runStreams() {
	s := &g.streams
	defer close(s.stopped)
	round := time.NewTicker(time.Second)
	defer round.Stop()
	var calm <-chan time.Time
	seen := g.now.Load()
	unsure := g.doubt(seen)
	for n := 0; ; {
		what := stopsOnly
		select {
		case <-s.stop:
			for _, one := range s.everyone() {
				s.leave(one)
			}
			return
		case <-s.wake:
			if calm == nil {
				calm = time.After(calmAfter)
			}
		case <-calm:
			calm, what = nil, changes
		case <-round.C:
			s.keepalive(n % keepaliveRounds)
			n++
		}
		v := g.now.Load()
		if now := g.doubt(v); now.reason != unsure.reason || v.epoch != seen.epoch {
			what, unsure = everything, now // every answer is another
		}
		s.tell(v, &notice{refetch(g.epoch, v.generation)}, what)
		seen = v
	}
}

// calmAfter is how long news that is no stop waits for more, so that both are told at once.
const calmAfter = 50 * time.Millisecond

// urgency is what of a change is told.
type urgency int

const (
	stopsOnly  urgency = iota // to those whose agents were stopped
	changes                   // to those whose agents changed
	everything                // to all
)

func (s *streams) everyone() []*stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*stream
	for _, slot := range s.slots {
		for one := range slot {
			all = append(all, one)
		}
	}
	return all
}

// tell gives a notice to the streams that it concerns.
func (s *streams) tell(v *view, n *notice, what urgency) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*stream
	for _, c := range s.crowds {
		last, stop := newest(v, c.agents)
		if what == stopsOnly && stop <= c.stop || what == changes && last == c.last {
			continue
		}
		c.last, c.stop = last, stop
		for one := range c.members {
			one.owed.Store(n)
			due = append(due, one)
		}
	}
	deliver(due)
}

// newest are the generations in which the last of these agents changed, and was stopped.
func newest(v *view, agents []string) (change, stop int64) {
	for _, name := range agents {
		if a := v.agents[name]; a != nil {
			change, stop = max(change, a.generation), max(stop, a.stop)
		}
	}
	return change, stop
}

// keepalive sends a comment to the streams of one slot, and cuts off those that took
// nothing since several rounds.
func (s *streams) keepalive(slot int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var due []*stream
	for one := range s.slots[slot] {
		if !one.busy.Load() {
			one.stuck = 0
		} else if one.stuck++; one.stuck >= stuckRounds {
			_ = one.conn.Close() // its reader takes it out
		}
		one.comment.Store(true)
		due = append(due, one)
	}
	deliver(due)
}

// sorted is a sorted copy without repeats.
func sorted(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}
