package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

const (
	ackBudget    = 2500 * time.Millisecond // Slack gives 3 s
	stopAckAfter = 50 * time.Millisecond   // a stop is acknowledged then, however far it is
	claimBudget  = 1800 * time.Millisecond
	workBudget   = 30 * time.Second
	finishBudget = 5 * time.Second

	answerPatience = 2 * time.Second // how long a worker waits for its answer to be out
)

// stopWorkers is how many stops are worked at once. Each may wait a second for a slow
// database after it was obeyed, and must not keep the next one from being obeyed meanwhile.
const stopWorkers = 128

// busy is what somebody is told when there is no room for more work.
func busy() error {
	return tagout.Errorf(tagout.TooMany, "Tagout has too much to do at once. Nothing was done for this request; please try again in a moment.")
}

// take accepts a delivery without waiting: it queues the work and makes sure that it is
// acknowledged in time whatever happens.
func (b *Bot) take(d *delivery) {
	received := time.Now()
	var late *time.Timer
	d.acked = func() {
		if late != nil {
			late.Stop()
		}
		b.metrics.acks.WithLabelValues(string(d.kind)).Observe(time.Since(received).Seconds())
	}
	if d.kind == kindOther {
		d.acknowledge(nil)
		return
	}
	if d.kind == kindTyped {
		d.acknowledge(nil)
		b.work.submit(func(ctx context.Context) { b.keepTyped(ctx, d) }) // without room it is kept with the next letter
		return
	}
	if !b.seen.add(d.key, struct{}{}) {
		b.metrics.deliveries.WithLabelValues(string(d.kind), "repeat").Inc()
		d.acknowledge(nil)
		return
	}
	if !d.replay && d.refuse == nil { // what Slack delivers again is acknowledged only when it is durable
		late = time.AfterFunc(ackBudget, func() { d.acknowledge(lateBody(d)) })
	}
	into, work := b.work, b.workOf(d)
	if b.isStop(d) {
		into = b.stops
	}
	if into.submit(func(ctx context.Context) { b.run(ctx, d, work) }) {
		return
	}
	b.seen.drop(d.key)
	b.metrics.deliveries.WithLabelValues(string(d.kind), "busy").Inc()
	b.log.Warn("a delivery was turned away", "kind", d.kind, "draining", b.draining.Load())
	b.turnAway(d)
}

// turnAway tells the person, in the acknowledgement, that there is no room.
func (b *Bot) turnAway(d *delivery) {
	sentence := tagout.Sentence(busy())
	switch d.kind {
	case kindCommand:
		d.acknowledge(map[string]any{"response_type": "ephemeral", "text": escape(sentence)})
	case kindSubmit:
		if fields := d.interaction.View.fields(); len(fields) > 0 {
			d.acknowledge(errorsBody([]tagout.FieldProblem{{Message: sentence}}, fields))
			return
		}
		d.acknowledge(map[string]any{"response_action": "clear"})
	case kindReaction:
		d.turnBack()
	default:
		d.acknowledge(nil)
		go b.guarded("turn away", func() { // not a job: a drain may be waiting for those
			ctx, cancel := context.WithTimeout(context.WithoutCancel(b.base), finishBudget)
			defer cancel()
			b.tell(ctx, d.origin(), tagout.Say(sentence))
		})
	}
}

// lateBody is the acknowledgement of something that takes longer than Slack waits.
func lateBody(d *delivery) any {
	if d.kind == kindSubmit {
		return map[string]any{"response_action": "clear"}
	}
	return nil
}

// background runs something that a drain waits for.
func (b *Bot) background(what string, f func(ctx context.Context)) {
	b.jobs.Go(func() {
		b.guarded(what, func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(b.base), workBudget)
			defer cancel()
			f(ctx)
		})
	})
}

// workOf is what runs a delivery.
func (b *Bot) workOf(d *delivery) func(ctx context.Context, d *delivery) result {
	switch d.kind {
	case kindCommand:
		return b.runCommand
	case kindClick:
		return b.runClick
	case kindShortcut:
		return b.runShortcut
	case kindReaction:
		return b.runReaction
	}
	return b.runSubmission
}

// isStop reports whether a delivery may stop something, so that it runs before anything
// is asked of the database or of Slack.
func (b *Bot) isStop(d *delivery) bool {
	switch d.kind {
	case kindCommand:
		verb, text := b.verbOf(d.command)
		return b.verbs[verb].Right == tagout.MayStop && text != ""
	case kindClick:
		return b.clicks[actionName(d.interaction.Actions[0].ID)].Right == tagout.MayStop
	case kindSubmit:
		return b.forms[d.interaction.View.Callback].Right == tagout.MayStop
	}
	return false
}

// result is what became of a delivery.
type result struct {
	reply tagout.Reply
	err   error
	ctx   context.Context // that the reply's updates live in
}

// run works one delivery: claim, acknowledge, work, answer, finish — or, for a stop, work
// and acknowledge side by side.
func (b *Bot) run(ctx context.Context, d *delivery, work func(ctx context.Context, d *delivery) result) {
	ctx, cancel := context.WithCancelCause(ctx)
	budget := time.AfterFunc(workBudget, func() { cancel(context.DeadlineExceeded) })
	defer budget.Stop()
	claimed := false
	if b.needsClaim(d) && !d.replay {
		fresh, err := b.claim(ctx, d)
		if err != nil || !fresh {
			b.unclaimed(ctx, d, err)
			cancel(nil)
			return
		}
		claimed = true
		crashpoint.Here("slack.claimed")
	}
	if b.isStop(d) && d.kind != kindSubmit {
		soon := time.AfterFunc(stopAckAfter, func() { d.acknowledge(nil) })
		defer soon.Stop()
	} else if d.kind != kindSubmit {
		d.acknowledge(nil)
	}
	if claimed {
		crashpoint.Here("slack.acknowledged")
	}
	done := b.safely(ctx, d, work)
	b.metrics.deliveries.WithLabelValues(string(d.kind), outcomeOf(done.err)).Inc()
	budget.Stop()
	done = b.lastly(ctx, d, done)
	if claimed {
		crashpoint.Here("slack.worked")
	}
	answered := make(chan struct{})
	b.jobs.Go(func() {
		defer close(answered)
		b.guarded("answer", func() { b.answer(d, done, cancel) })
	})
	if !claimed && !d.replay {
		return // its worker is free for the next one, however slow Slack is
	}
	select {
	case <-answered: // before it is finished, so that a crash between the two loses nothing
	case <-time.After(answerPatience):
	}
	b.finish(d.key)
}

// lastly acknowledges what is not acknowledged yet, and returns what is left to be told.
func (b *Bot) lastly(ctx context.Context, d *delivery, done result) result {
	done.ctx = ctx
	body, says := b.lastAck(d, done)
	if d.acknowledge(body) && says && !d.replay {
		return result{ctx: ctx}
	}
	return done
}

func outcomeOf(err error) string {
	if err == nil {
		return "done"
	}
	return string(tagout.CodeOf(err))
}

// safely runs a handler; a panic becomes an Internal error with its stack in the log.
func (b *Bot) safely(ctx context.Context, d *delivery, work func(ctx context.Context, d *delivery) result) (done result) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("a handler panicked", "kind", d.kind, "panic", panicText(p), "stack", string(debug.Stack()))
			done = result{err: errors.New("panic")}
		}
	}()
	done = work(ctx, d)
	if done.err != nil && tagout.CodeOf(done.err) == tagout.Internal {
		b.log.Error("a handler failed", "kind", d.kind, "error", done.err)
	}
	return done
}

// needsClaim reports whether a delivery is recorded before it is worked. Stops never wait
// for the database; what only reads may be repeated; an empty command only opens a form.
func (b *Bot) needsClaim(d *delivery) bool {
	if b.isStop(d) {
		return false
	}
	if d.kind != kindCommand {
		return true
	}
	verb, text := b.verbOf(d.command)
	c, known := b.verbs[verb]
	return known && c.Right != tagout.MayRead && !(c.Right == tagout.MayStop && text == "") && verb != helpVerb
}

// claim records the delivery. It returns Unavailable if that took too long or failed.
func (b *Bot) claim(ctx context.Context, d *delivery) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, claimBudget)
	defer cancel()
	type answer struct {
		fresh bool
		err   error
	}
	answers := make(chan answer, 1)
	b.jobs.Go(func() {
		b.guarded("claim", func() {
			fresh, err := b.inbox.Claim(ctx, d.key, d.parcel(), d.at)
			if ctx.Err() != nil && err == nil && fresh { // too late: the person was told that nothing happened
				b.finish(d.key)
			}
			answers <- answer{fresh, err}
		})
	})
	select {
	case a := <-answers:
		if a.err != nil {
			return false, unrecorded(a.err)
		}
		return a.fresh, nil
	case <-ctx.Done():
		return false, unrecorded(context.Cause(ctx))
	}
}

func unrecorded(cause error) error {
	return &tagout.Error{Code: tagout.Unavailable, Err: cause,
		Message: "Tagout cannot reach its database, so nothing was changed. Stops still work. Please try again in a moment."}
}

// unclaimed ends a delivery that is a repeat, or that could not be recorded.
func (b *Bot) unclaimed(ctx context.Context, d *delivery, err error) {
	if err == nil {
		b.metrics.deliveries.WithLabelValues(string(d.kind), "repeat").Inc()
		d.acknowledge(lateBody(d))
		return
	}
	b.metrics.deliveries.WithLabelValues(string(d.kind), "unrecorded").Inc()
	b.log.Error("a delivery could not be recorded", "kind", d.kind, "error", fmt.Sprint(errors.Unwrap(err)))
	b.seen.drop(d.key)
	if d.turnBack() {
		return
	}
	b.answer(d, b.lastly(ctx, d, result{err: err}), func(error) {})
}

// finish marks a claimed delivery as dealt with. If that fails the sweep tries again; the
// next process would work it again, under the same ID.
func (b *Bot) finish(key string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(b.base), finishBudget)
	defer cancel()
	b.worked.put(key, struct{}{})
	if err := b.inbox.Finish(ctx, key); err != nil {
		b.log.Warn("a delivery could not be marked as finished", "error", tagout.Sentence(err))
	}
}
