package bot

import (
	"context"
	"slices"
	"sync"
	"time"

	"tagout"
)

// priority orders calls that wait for the same allowance.
type priority int

const (
	pagesFirst  priority = iota // somebody is to be woken
	answersNext                 // somebody waits for an answer
	postsThen                   // decisions, channels, notes
	updatesLast                 // cards and counters; the newest state is enough
)

// allowance is how many calls under one key may start within a sliding window.
type allowance struct {
	key    string
	limit  int
	window time.Duration
	pages  int  // how many of limit are kept for pages, so that nothing else makes one wait
	ours   bool // the limit is our own, not Slack's: pages count in it, but never wait for it
	apart  bool // Slack limits this key for itself: when it is exhausted others may not be
}

// holds reports whether so many calls within the window keep one of this urgency waiting.
func (a allowance) holds(urgency priority, used int) bool {
	return used >= a.open(urgency) && !(a.ours && urgency == pagesFirst)
}

// open is how many may start for calls of this urgency.
func (a allowance) open(urgency priority) int {
	if urgency == pagesFirst {
		return a.limit
	}
	return a.limit - a.pages
}

// ticket is a call that waits.
type ticket struct {
	priority priority
	needs    []allowance
	ready    chan struct{}
}

// pacer lets calls through no faster than Slack accepts them, the most urgent first.
// Its times are the runtime's, not the domain's clock.
type pacer struct {
	mu      sync.Mutex
	waiting []*ticket // by priority, then by arrival
	used    map[string][]time.Time
	paused  map[string]time.Time
	lately  map[string]string    // by the key of a method: which key apart Slack limited last
	booked  map[string]time.Time // until when calls that were put off have been promised a turn
	timer   *time.Timer
	closed  context.Context // ends when nobody is to wait any more
	close   context.CancelFunc
}

func newPacer() *pacer {
	p := &pacer{used: map[string][]time.Time{}, paused: map[string]time.Time{}, lately: map[string]string{}, booked: map[string]time.Time{}}
	p.closed, p.close = context.WithCancel(context.Background())
	return p
}

// wait returns when a call may start, or ctx's error. Once the pacer is closed, a call that
// may not start at once is Unavailable.
func (p *pacer) wait(ctx context.Context, urgency priority, needs []allowance) error {
	t := &ticket{priority: urgency, needs: needs, ready: make(chan struct{})}
	p.mu.Lock()
	at, _ := slices.BinarySearchFunc(p.waiting, urgency, func(w *ticket, u priority) int {
		if w.priority <= u {
			return -1
		}
		return 1
	})
	p.waiting = slices.Insert(p.waiting, at, t)
	p.grantLocked()
	p.mu.Unlock()
	select {
	case <-t.ready:
		return nil
	default:
	}
	select {
	case <-t.ready:
		return nil
	case <-ctx.Done():
		p.leave(t)
		return context.Cause(ctx)
	case <-p.closed.Done():
		p.leave(t)
		return tagout.Errorf(tagout.Unavailable, "Tagout is stopping; what waited for Slack is sent after the next start.")
	}
}

// leave takes a call out of the queue.
func (p *pacer) leave(t *ticket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = slices.DeleteFunc(p.waiting, func(w *ticket) bool { return w == t })
}

// pause obeys a rate limit: for d it holds back everything that needs the key that Slack
// limits. If that is one apart, such as a channel's, the other channels go on, until Slack
// limits a second one meanwhile: then it means all of them.
func (p *pacer) pause(needs []allowance, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if len(needs) > 1 && needs[0].apart {
		first, all := needs[0].key, needs[1].key
		other := p.lately[all]
		p.lately[all] = first
		if other == "" || other == first || !p.paused[other].After(now) {
			needs = needs[:1]
		}
	}
	for _, n := range needs {
		if until := now.Add(d); until.After(p.paused[n.key]) {
			p.paused[n.key] = until
		}
	}
	p.grantLocked()
}

// putOff is how long a call had better not even wait, since too many wait for the same
// before it or Slack has asked for a long pause; 0: it may. Whoever comes back then finds
// its turn near.
func (p *pacer) putOff(needs []allowance) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, n := range needs {
		if rest := p.paused[n.key].Sub(now); rest > longWait {
			return rest
		}
		if !n.apart || p.waitingLocked(n.key) < n.crowd() {
			continue
		}
		turn := n.window / time.Duration(n.limit)
		at := p.booked[n.key]
		if soon := now.Add(longWait / 2); at.Before(soon) {
			at = soon
		}
		p.booked[n.key] = at.Add(turn)
		return at.Sub(now)
	}
	return 0
}

// longWait is how long a page waits in its worker at most; what has longer to wait is put
// off, so that it keeps no worker from those of other people.
const longWait = 8 * time.Second

// crowd is how many waiting calls take longWait to go.
func (a allowance) crowd() int { return int(longWait * time.Duration(a.limit) / a.window) }

// waits reports whether any call waits for what is under this key.
func (p *pacer) waits(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waitingLocked(key) > 0
}

func (p *pacer) waitingLocked(key string) (n int) {
	for _, t := range p.waiting {
		if slices.ContainsFunc(t.needs, func(a allowance) bool { return a.key == key }) {
			n++
		}
	}
	return n
}

// grantLocked lets through whatever may go now and sets the timer for the next.
func (p *pacer) grantLocked() {
	now := time.Now()
	var next time.Time
	p.waiting = slices.DeleteFunc(p.waiting, func(t *ticket) bool {
		at := p.freeAt(t, now)
		if !at.After(now) {
			p.take(t.needs, now)
			close(t.ready)
			return true
		}
		if next.IsZero() || at.Before(next) {
			next = at
		}
		return false
	})
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	if !next.IsZero() {
		p.timer = time.AfterFunc(next.Sub(now), func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.grantLocked()
		})
	}
	p.forget(now)
}

// freeAt is when all that a call needs is free.
func (p *pacer) freeAt(t *ticket, now time.Time) time.Time {
	at := now
	for _, n := range t.needs {
		if until := p.paused[n.key]; until.After(at) {
			at = until
		}
		used := p.used[n.key]
		if n.holds(t.priority, len(used)) {
			if free := used[len(used)-n.open(t.priority)].Add(n.window); free.After(at) {
				at = free
			}
		}
	}
	return at
}

func (p *pacer) take(needs []allowance, now time.Time) {
	for _, n := range needs {
		used := append(p.used[n.key], now)
		if extra := len(used) - n.limit; extra > 0 {
			used = slices.Clone(used[extra:])
		}
		p.used[n.key] = used
	}
}

// forget drops what no longer matters once there is much of it: channels and messages
// come and go.
func (p *pacer) forget(now time.Time) {
	const many, longest = 4096, 2 * time.Minute
	if len(p.used) > many {
		for key, used := range p.used {
			if now.Sub(used[len(used)-1]) > longest {
				delete(p.used, key)
			}
		}
	}
	for key, until := range p.paused {
		if !until.After(now) {
			delete(p.paused, key)
		}
	}
	for key, until := range p.booked {
		if !until.After(now) {
			delete(p.booked, key)
		}
	}
}

// needs are what a call of a method needs, at the pace of this bot.
func (b *Bot) needs(method string, at Place) []allowance {
	all := allowances(method, at)
	for n := range all {
		all[n].window /= max(1, b.hurry)
	}
	return all
}

// allowances are what a call of a method needs, the narrowest first. They stay a little below
// Slack's limits, since calls arrive unevenly. Slack limits posts by channel; that we post no
// more than six a second in all is our own manners, which pages need not have.
func allowances(method string, at Place) []allowance {
	const minute = 62 * time.Second // since what was late at the end of one comes with the next
	switch method {
	case "chat.postMessage":
		channel := allowance{key: method + " " + at.Channel, limit: 3, window: 3200 * time.Millisecond, apart: true}
		if isID(at.Channel, "UWD") {
			channel.pages = 1
		}
		return []allowance{channel, {key: method, limit: 60, window: 10 * time.Second, ours: true}}
	case "chat.update":
		return []allowance{
			{key: method + " " + at.Channel + " " + at.TS, limit: 1, window: time.Second},
			{key: method, limit: 47, window: minute},
		}
	case "views.publish":
		return []allowance{
			{key: method + " " + at.Channel, limit: 1, window: 2 * time.Second},
			{key: method, limit: 90, window: minute},
		}
	case "auth.test":
		return []allowance{{key: method, limit: 50, window: 10 * time.Second}}
	case "response_url": // each has its own few uses and no tier
		return []allowance{{key: method, limit: 300, window: time.Second}}
	case "chat.postEphemeral", "views.open", "users.info", "files.getUploadURLExternal", "files.completeUploadExternal":
		return []allowance{{key: method, limit: 95, window: minute}}
	case "conversations.open", "conversations.history":
		return []allowance{{key: method, limit: 47, window: minute, pages: 30}}
	case "conversations.invite", "conversations.join", "users.conversations", "users.lookupByEmail", "bookmarks.list":
		return []allowance{{key: method, limit: 47, window: minute}}
	}
	return []allowance{{key: method, limit: 19, window: minute}}
}
