package bot

import (
	"context"
	"reflect"
	"sync"
	"time"

	"tagout"
)

const (
	moreUses   = 4                // of a response_url after the answer: it works five times
	firstPause = 10 * time.Second // until the first of them, then three times as long, …

	moreFollows = 6               // of one message, after Slack did not take it: two minutes in all
	followAgain = 2 * time.Second // after the first of them, then twice as long, …
)

// keepUpToDate replaces an answer by newer versions until there are no more, in the
// background. cancel ends what makes them.
func (b *Bot) keepUpToDate(ctx context.Context, to origin, at sent, reply tagout.Reply, cancel context.CancelCauseFunc) {
	select {
	case b.follow <- struct{}{}:
	default:
		b.log.Warn("too many answers are kept up to date; this one is not")
		cancel(nil)
		return
	}
	news := newLatest(reply.Message)
	over := time.AfterFunc(responseURLLife-time.Minute, func() { cancel(context.DeadlineExceeded) })
	b.jobs.Go(func() {
		defer news.end()
		b.guarded("updates of an answer", func() {
			for m := range reply.Updates {
				news.set(m)
				if ctx.Err() != nil {
					return
				}
			}
		})
	})
	b.jobs.Go(func() {
		defer func() { <-b.follow; over.Stop(); cancel(nil) }()
		b.guarded("follow an answer", func() {
			if at.byURL {
				b.followByURL(to, news, reply.Public)
			} else {
				b.followMessage(at.place, news)
			}
		})
	})
}

// followByURL spends the few uses of a response_url. Each makes a new message, so there
// is one now and then, and one for how it ended.
func (b *Bot) followByURL(to origin, news *latest, public bool) {
	pause := firstPause
	for left := moreUses; left > 0; {
		var due <-chan time.Time // the last use is for the end
		if left > 1 {
			due = time.After(pause)
		}
		select {
		case <-due:
			pause *= 3
		case <-news.ended:
		}
		m, fresh, ended := news.take()
		if fresh {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(b.base), finishBudget)
			if err := b.respond(ctx, to, m, public); err != nil {
				b.log.Warn("an answer could not be brought up to date", "error", slackName(err))
			}
			cancel()
			left--
		}
		if ended {
			return
		}
	}
}

// followMessage updates a message of ours, as often as the pace allows. What Slack did not take,
// and may take later, is tried again, since it may be how it ended.
func (b *Bot) followMessage(at Place, news *latest) {
	for failed := 0; ; {
		select {
		case <-news.changed:
		case <-news.ended:
		}
		m, fresh, ended := news.take()
		if fresh && at.TS != "" {
			err := b.updateAnswer(at, m)
			switch {
			case err == nil:
				failed = 0
			case failed < moreFollows && !readFailure(err).refused() && sleep(b.base, followAgain<<failed) == nil:
				failed++
				news.missed(m)
				continue
			default:
				b.log.Warn("an answer could not be brought up to date", "error", slackName(err))
			}
		}
		if ended {
			return
		}
	}
}

func (b *Bot) updateAnswer(at Place, m tagout.Message) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.base), finishBudget)
	defer cancel()
	return b.update(ctx, at, answersNext, m)
}

// latest holds the newest version of a message; older ones that nobody took are lost.
type latest struct {
	changed chan struct{} // holds a token when there may be something new
	ended   chan struct{} // closed when there will be nothing more

	mu    sync.Mutex
	newer *tagout.Message
	shown tagout.Message
}

func newLatest(shown tagout.Message) *latest {
	return &latest{changed: make(chan struct{}, 1), ended: make(chan struct{}), shown: shown}
}

func (l *latest) set(m tagout.Message) {
	l.mu.Lock()
	l.newer = &m
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

// missed has a version that was taken be taken again, unless there is a newer one.
func (l *latest) missed(m tagout.Message) {
	l.mu.Lock()
	l.shown = tagout.Message{}
	if l.newer == nil {
		l.newer = &m
	}
	l.mu.Unlock()
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *latest) end() { close(l.ended) }

// take is the newest version, whether it differs from what is shown, and whether it is
// the last.
func (l *latest) take() (m tagout.Message, fresh, ended bool) {
	select {
	case <-l.ended:
		ended = true
	default:
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.newer == nil || reflect.DeepEqual(*l.newer, l.shown) {
		return l.shown, false, ended
	}
	l.shown, l.newer = *l.newer, nil
	return l.shown, true, ended
}
