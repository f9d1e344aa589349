package bot

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tagout"
)

// upkeep keeps things fresh: incidents' messages, their channels' fittings, people's App
// Home. However often a thing changes, it waits in the queue at most once, and what is done
// for it when its turn comes shows its newest state.
type upkeep[K comparable] struct {
	bot     *Bot
	what    string // for the log
	workers int
	rest    time.Duration // between two works of one thing, so that one that changes all the time takes no more than it must
	work    func(ctx context.Context, key K) error

	mu     sync.Mutex
	wake   *sync.Cond
	queue  []K
	state  map[K]staleness
	tries  map[K]int
	ending bool
}

// staleness says where a thing is on its way to being fresh.
type staleness int

const (
	queued staleness = iota + 1
	underWay
	resting    // fresh since a moment ago
	staleAgain // changed while it was under way, or rested
)

func newUpkeep[K comparable](b *Bot, what string, workers int, rest time.Duration, work func(ctx context.Context, key K) error) *upkeep[K] {
	u := &upkeep[K]{bot: b, what: what, workers: workers, rest: rest, work: work, state: map[K]staleness{}, tries: map[K]int{}}
	u.wake = sync.NewCond(&u.mu)
	return u
}

// mark tells that a thing is stale. It never waits.
func (u *upkeep[K]) mark(key K) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch u.state[key] {
	case 0:
		u.state[key] = queued
		u.queue = append(u.queue, key)
		u.wake.Signal()
	case underWay, resting:
		u.state[key] = staleAgain
	}
}

func (u *upkeep[K]) start() {
	context.AfterFunc(u.bot.base, func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.ending = true
		u.wake.Broadcast()
	})
	for range u.workers {
		u.bot.jobs.Go(u.run)
	}
}

func (u *upkeep[K]) run() {
	for {
		key, ok := u.next()
		if !ok {
			return
		}
		err := error(tagout.Errorf(tagout.Internal, "The update panicked."))
		u.bot.guarded("refresh", func() {
			ctx, cancel := context.WithTimeout(u.bot.base, refreshLimit)
			defer cancel()
			err = u.work(ctx, key)
		})
		u.done(key, err)
	}
}

func (u *upkeep[K]) next() (key K, ok bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for len(u.queue) == 0 && !u.ending {
		u.wake.Wait()
	}
	if u.ending {
		return key, false
	}
	key = u.queue[0]
	u.queue = u.queue[1:]
	u.state[key] = underWay
	return key, true
}

// done lets a thing rest, and queues it later if it failed.
func (u *upkeep[K]) done(key K, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if err == nil {
		delete(u.tries, key)
		if u.state[key] == underWay {
			u.state[key] = resting
		}
		time.AfterFunc(u.rest, func() { u.rested(key) })
		return
	}
	delete(u.state, key)
	if u.ending {
		return
	}
	u.tries[key]++
	pause := min(time.Minute, time.Second<<min(6, u.tries[key]))
	u.bot.log.Warn(u.what+" could not be brought up to date; trying again", "of", fmt.Sprint(key), "pause", pause, "error", tagout.Sentence(err))
	time.AfterFunc(jitter(pause), func() { u.mark(key) })
}

// rested queues a thing again if it changed meanwhile.
func (u *upkeep[K]) rested(key K) {
	u.mu.Lock()
	defer u.mu.Unlock()
	again := u.state[key] == staleAgain
	delete(u.state, key)
	if again {
		u.state[key] = queued
		u.queue = append(u.queue, key)
		u.wake.Signal()
	}
}
