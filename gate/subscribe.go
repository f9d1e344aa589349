package gate

import (
	"context"
	"sync"
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
