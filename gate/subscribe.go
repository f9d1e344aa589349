package gate

import (
	"context"
	"slices"
	"sync"

	"tagout"
)

// subscribers are those who want to hear of every change.
type subscribers struct {
	mu       sync.Mutex
	channels map[chan int64]struct{}
}

// Subscribe returns a channel that gets the generation of the view after a change of any
// answer, until ctx ends; then it is closed. Changes in quick succession may arrive as one,
// always the newest. Turning stale is not a change: it happens by the clock.
func (g *Gate) Subscribe(ctx context.Context) <-chan int64 {
	ch := make(chan int64, 1)
	s := &g.heard
	s.mu.Lock()
	if s.channels == nil {
		s.channels = map[chan int64]struct{}{}
	}
	s.channels[ch] = struct{}{}
	s.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.channels, ch)
		close(ch)
	})
	return ch
}

// Standing is all that decides about a declared agent, and false for any other. Its holds
// and versions must not be changed.
func (g *Gate) Standing(agent string) (tagout.Standing, bool) {
	v := g.now.Load()
	one, s := v.agents[agent], g.shapes[agent]
	if s == nil || one == nil {
		return tagout.Standing{}, false
	}
	return tagout.Standing{
		Agent: s.declared, Holds: one.holds, Versions: one.versions, Doubt: g.doubt(v).sentence, Generation: one.generation, Stop: one.stop,
	}, true
}

// Agents lists the declared agents in alphabetical order.
func (g *Gate) Agents() []string { return slices.Clone(g.declared) }

func (s *subscribers) tell(generation int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.channels {
		select {
		case old := <-ch: // not fetched yet
			generation = max(generation, old)
		default:
		}
		ch <- generation // only tell sends, under the lock, so there is room
	}
}
