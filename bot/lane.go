package bot

import (
	"context"
	"runtime/debug"
	"sync"
)

// lane is a queue with a fixed number of workers. A job that panics takes nobody along.
type lane struct {
	bot     *Bot
	name    string
	workers int
	jobs    chan func(ctx context.Context)
	mu      sync.RWMutex // held for reading while something is put into jobs
	closed  bool
	running sync.WaitGroup
}

func newLane(b *Bot, name string, workers, queue int) *lane {
	return &lane{bot: b, name: name, workers: workers, jobs: make(chan func(context.Context), queue)}
}

func (l *lane) start() {
	for range l.workers {
		l.running.Go(func() {
			for job := range l.jobs {
				l.bot.guarded(l.name, func() { job(l.bot.base) })
			}
		})
	}
}

// submit queues a job without waiting, and reports whether there was room.
func (l *lane) submit(job func(ctx context.Context)) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return false
	}
	select {
	case l.jobs <- job:
		return true
	default:
		return false
	}
}

// close ends the intake; what is queued is still worked.
func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.jobs)
	}
}

func (l *lane) wait() { l.running.Wait() }

// guarded runs f and logs its panic instead of passing it on.
func (b *Bot) guarded(what string, f func()) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("a worker panicked", "worker", what, "panic", panicText(p), "stack", string(debug.Stack()))
		}
	}()
	f()
}

// panicText says what a panic was about without the values in it, which may be foreign.
func panicText(p any) string {
	if err, ok := p.(error); ok {
		return clipText(err.Error(), 300)
	}
	if text, ok := p.(string); ok {
		return clipText(text, 300)
	}
	return "of a value"
}
