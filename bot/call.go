package bot

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/slack-go/slack"
)

// callTimeout is how long one call of Slack's API may take.
const callTimeout = 10 * time.Second

// maxTries is how often a call is made that failed in a way that may pass.
const maxTries = 3

// maxLimited is how often a call waits for the end of a rate limit.
const maxLimited = 8

// call is one call of Slack's API.
type call struct {
	method   string
	priority priority
	at       Place // what it is about, for the pace; may be empty
	once     bool  // must not be repeated while nobody knows whether it was done
}

// do makes a call at the pace that Slack accepts. It waits out rate limits and repeats
// what failed without effect, or what may be repeated. Errors are [tagout.Error]s.
func (b *Bot) do(ctx context.Context, c call, run func(ctx context.Context) error) error {
	needs := b.needs(c.method, c.at)
	limited := 0
	for try := 1; ; try++ {
		if err := b.pacer.wait(ctx, c.priority, needs); err != nil {
			return explain(c.method, err)
		}
		err := b.try(ctx, c.method, run)
		if err == nil {
			return nil
		}
		f := readFailure(err)
		switch {
		case f.limit && limited < maxLimited:
			b.log.Warn("Slack asks to slow down", "method", c.method, "pause", f.after)
			b.pacer.pause(needs, f.after)
			limited++
			try--
		case (f.never || f.maybe && !c.once) && try < maxTries && ctx.Err() == nil && b.base.Err() == nil:
			if pauseErr := sleep(ctx, jitter(time.Duration(try*try)*200*time.Millisecond)); pauseErr != nil {
				return explain(c.method, err)
			}
		default:
			return explain(c.method, err)
		}
	}
}

// try makes one attempt and notes how it went.
func (b *Bot) try(ctx context.Context, method string, run func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := run(ctx)
	f := failure{}
	result := "ok"
	if err != nil {
		f = readFailure(err)
		switch {
		case f.name != "":
			result = f.name
		default:
			result = "unreachable"
		}
	}
	b.metrics.calls.WithLabelValues(method, clipText(result, 60)).Inc()
	if !errors.Is(err, context.Canceled) {
		b.health.answered(err == nil || f.name != "", time.Now())
	}
	if f.name == "missing_scope" || f.name == "invalid_auth" || f.name == "token_revoked" || f.name == "account_inactive" {
		b.log.Error("Slack refused a call", "method", method, "error", f.name, "needed", neededScope(err), "fix", sentences()[f.name])
	}
	return err
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// jitter is d, more or less.
func jitter(d time.Duration) time.Duration { return d/2 + rand.N(d+1) }

// neededScope is the scope that Slack says is missing, or "".
func neededScope(err error) string {
	if refused, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return clipText(refused.Needed, 100)
	}
	return ""
}
