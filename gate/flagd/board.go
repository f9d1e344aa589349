package flagd

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tagout"
)

// renewals is how often a lease is renewed before it would end.
const renewals = 3

// board shows the flags of some agents to all who watch them: rendered once, however many
// those are.
type board struct {
	server *Server
	agents []string
	lease  time.Duration // the shortest of theirs
	stop   context.CancelFunc

	mu       sync.Mutex
	watchers map[*watcher]struct{}

	latest atomic.Pointer[issue]
	parts  map[string]part // by agent; only the board's goroutine, or its maker, uses it
}

// issue is what a board shows.
type issue struct {
	text       string
	generation int64 // of the agent, if the board has one
	message    func() *written
}

// part is the flags of one agent, and what they were rendered from.
type part struct {
	text       []byte
	generation int64
	stop       int64 // the agent's newest then
	doubt      string
}

// watcher is one stream. Its channel holds one sign that there is something newer: a slow
// client misses what came between, never the last.
type watcher struct{ newer chan struct{} }

func (s *Server) newBoard(agents []string) *board {
	b := &board{server: s, agents: agents, watchers: map[*watcher]struct{}{}, parts: map[string]part{}}
	for _, name := range agents {
		if standing, ok := s.options.Source.Standing(name); ok && (b.lease == 0 || leaseOf(standing.Agent) < b.lease) {
			b.lease = leaseOf(standing.Agent)
		}
	}
	if b.lease == 0 {
		b.lease = tagout.DefaultLease
	}
	return b
}

func leaseOf(a *tagout.Agent) time.Duration {
	if a.Lease > 0 {
		return a.Lease
	}
	return tagout.DefaultLease
}

// watch adds a stream to the board of these agents, which it makes if it is the first.
func (s *Server) watch(agents []string) (*board, *watcher, bool) {
	key := strings.Join(agents, "\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, nil, false
	}
	b := s.boards[key]
	if b == nil {
		b = s.newBoard(agents)
		ctx, cancel := context.WithCancel(context.Background())
		b.stop = cancel
		changes := s.options.Source.Subscribe(ctx)
		b.render(true) // after subscribing, so that no change is missed
		s.boards[key] = b
		s.running.Go(func() { b.run(changes) })
	}
	w := &watcher{newer: make(chan struct{}, 1)}
	w.newer <- struct{}{} // what is shown already
	b.mu.Lock()
	b.watchers[w] = struct{}{}
	b.mu.Unlock()
	return b, w, true
}

// leave takes a stream off its board, which goes with the last.
func (s *Server) leave(b *board, w *watcher) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.watchers, w)
	if len(b.watchers) == 0 {
		delete(s.boards, strings.Join(b.agents, "\n"))
		b.stop()
	}
}

// calmAfter is how long news that is no stop waits for more, so that it is never in the way
// of one. Recording a stop, for one, changes the flags a second time.
const calmAfter = 50 * time.Millisecond

// run keeps the board up to date until it is stopped. Stops are shown at once.
func (b *board) run(changes <-chan int64) {
	renewal := time.NewTicker(b.lease / renewals)
	defer renewal.Stop()
	var calm <-chan time.Time
	for {
		renew := false
		select {
		case _, more := <-changes:
			if !more {
				return
			}
			if !b.stopped() {
				if calm == nil && b.changed() {
					calm = time.After(calmAfter)
				}
				continue
			}
		case <-calm:
			calm = nil
		case <-renewal.C:
			renew = true
		}
		if b.render(renew) {
			b.tell()
		}
	}
}

// stopped reports whether an agent was stopped, or its holds cannot be relied on, since the
// board was rendered.
func (b *board) stopped() bool {
	return slices.ContainsFunc(b.agents, func(name string) bool {
		standing, ok := b.server.options.Source.Standing(name)
		return ok && (standing.Stop > b.parts[name].stop || standing.Doubt != b.parts[name].doubt)
	})
}

// changed reports whether the board shows something old.
func (b *board) changed() bool {
	return slices.ContainsFunc(b.agents, func(name string) bool {
		standing, ok := b.server.options.Source.Standing(name)
		return ok && standing.Generation != b.parts[name].generation
	})
}

// render shows what stands now, and reports whether that is news.
func (b *board) render(renew bool) bool {
	now := b.server.options.Clock.Now()
	var all bytes.Buffer
	var generation int64
	news := renew
	for _, name := range b.agents {
		standing, ok := b.server.options.Source.Standing(name)
		if !ok {
			continue
		}
		have, rendered := b.parts[name]
		if renew || !rendered || have.generation != standing.Generation || have.doubt != standing.Doubt {
			have = part{define(standing, now), standing.Generation, standing.Stop, standing.Doubt}
			b.parts[name] = have
			news = true
		}
		if all.Len() > 0 {
			all.WriteByte(',')
		}
		all.Write(have.text)
		generation = standing.Generation
	}
	if news {
		text := `{"flags":{` + all.String() + `}}`
		b.latest.Store(&issue{text, generation, sync.OnceValue(func() *written { return write(text) })})
	}
	return news
}

func (b *board) tell() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for w := range b.watchers {
		select {
		case w.newer <- struct{}{}:
		default:
		}
	}
}
