package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"tagout"
)

// How effects run.
const (
	fetchCooldown = 20 * time.Millisecond
	urgentPoll    = 100 * time.Millisecond // where a notification was missed
	otherPoll     = 250 * time.Millisecond
	effectTimeout = time.Minute
	rescueAfter   = 75 * time.Second // just above the time-out: then its process has died
	drainTimeout  = 20 * time.Second // for effects under way when the work ends
	keepCompleted = 10 * time.Minute
	firstPause    = 500 * time.Millisecond
	longestPause  = time.Minute
	countedTries  = 20                 // after these the pause no longer grows, nor does the record of failures
	maxAttempts   = 1000               // more than countedTries and every crash: only time gives an effect up
	keepTrying    = 7 * 24 * time.Hour // then an effect is given up, loudly
)

// effectArgs is an effect as a job. Its data travels as a string, since Postgres keeps
// arguments as jsonb, which refuses some texts and rewrites others.
type effectArgs struct {
	Effect   tagout.EffectKind `json:"effect"`
	Incident int64             `json:"incident"`
	Key      string            `json:"key"`
	Due      time.Time         `json:"due,omitzero"`
	Data     string            `json:"data"`
}

// Kind is the one kind of job there is; the kinds of effect are queues.
func (effectArgs) Kind() string { return "effect" }

// dueEffect is an effect and the moment at which it was asked for.
type dueEffect struct {
	tagout.Effect
	now time.Time
}

// parted tells effects that are due now from those that are due later.
func parted(effects []dueEffect) (now, later []tagout.Effect) {
	for _, e := range effects {
		if e.Due.After(e.now) {
			later = append(later, e.Effect)
		} else {
			now = append(now, e.Effect)
		}
	}
	return now, later
}

// queue keeps effects that are due later as timers and enqueues the others.
func (t *tx) queue(effects []dueEffect) error {
	now, later := parted(effects)
	if err := t.setTimers(later); err != nil {
		return err
	}
	return t.enqueue(now)
}

func (t *tx) enqueue(effects []tagout.Effect) error {
	if len(effects) == 0 {
		return nil
	}
	t.precedence.queued(effects)
	jobs := make([]job, len(effects))
	for n, e := range effects {
		args := effectArgs{Effect: e.Kind, Incident: int64(e.Incident), Key: clean(e.Key), Due: e.Due, Data: clean(string(e.Data))}
		jobs[n] = job{args, t.lanes.queueOf(e.Kind, e.Lane)}
	}
	return t.sql.enqueue(jobs)
}

// Queue commits effects that belong to no incident.
func (s *Store) Queue(ctx context.Context, effects []tagout.Effect) error {
	return s.write(ctx, func(t *tx) error {
		now, err := s.moment(t)
		if err != nil {
			return err
		}
		return t.queueAt(effects, now)
	})
}

// workersOf is how many effects of each kind run at once by default: most for what waits for
// somebody's pager, more for what stops agents and finds people, and few for what Slack's
// limits hold up anyway. What works on the database alone has no more than keep it busy, so
// that in a storm of new incidents the storm is taken in first.
func workersOf(kind tagout.EffectKind) int {
	switch kind {
	case tagout.EffectSend: // of each pager
		return 48
	case tagout.EffectPage:
		return 32
	case tagout.EffectContain, tagout.EffectRollback:
		return 8
	}
	return 4
}

// pollOf is how soon an effect of a kind is found without a notification.
func pollOf(kind tagout.EffectKind) time.Duration {
	switch kind {
	case tagout.EffectContain, tagout.EffectRollback, tagout.EffectPin, tagout.EffectPage, tagout.EffectSend:
		return urgentPoll
	}
	return otherPoll
}

// Work runs the effects of the kinds in do until ctx ends, then lets those under way
// finish; drained waits for that. It returns once the workers have started, and
// Unavailable if the database cannot be reached. An effect that fails is tried again after
// 0.5 s, then after longer pauses up to a minute, for a week.
func (s *Store) Work(ctx context.Context, do map[tagout.EffectKind]tagout.EffectFunc) (drained func(), err error) {
	if err := s.Ping(ctx); err != nil {
		return nil, err
	}
	id := "tagout-" + randomHex()
	client, err := s.backend.worker(s.riverConfig(id, do))
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	if err := s.backend.reclaim(ctx, id); err != nil {
		return nil, s.explain(ctx, err)
	}
	if err := s.adopt(ctx, do); err != nil {
		return nil, err
	}
	if err := client.Start(ctx); err != nil {
		return nil, s.explain(ctx, err)
	}
	stopped := client.Stopped()
	return func() { <-stopped }, nil
}

func (s *Store) riverConfig(id string, do map[tagout.EffectKind]tagout.EffectFunc) *river.Config {
	queues := map[string]river.QueueConfig{}
	for kind := range do {
		workers := s.options.Workers[kind]
		if workers <= 0 {
			workers = workersOf(kind)
		}
		for _, queue := range lanes(s.options.Lanes).queues(kind) {
			queues[queue] = river.QueueConfig{MaxWorkers: workers, FetchPollInterval: pollOf(kind)}
		}
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{do: do, log: s.log, precedence: &s.precedence})
	return &river.Config{
		ID: id, Logger: quiet(s.log), Queues: queues, Workers: workers,
		FetchCooldown: fetchCooldown, FetchPollInterval: otherPoll,
		JobTimeout: effectTimeout, RescueStuckJobsAfter: rescueAfter, SoftStopTimeout: drainTimeout,
		MaxAttempts: maxAttempts, CompletedJobRetentionPeriod: keepCompleted,
	}
}

// worker runs every effect.
type worker struct {
	river.WorkerDefaults[effectArgs]
	do  map[tagout.EffectKind]tagout.EffectFunc
	log *slog.Logger

	precedence *precedence
}

// Work runs one effect and decides what becomes of it.
func (w *worker) Work(ctx context.Context, job *river.Job[effectArgs]) error {
	a := job.Args
	e := tagout.Effect{Kind: a.Effect, Incident: tagout.IncidentID(a.Incident), Key: a.Key, Due: a.Due, Again: job.Attempt > 1}
	if a.Data != "" {
		e.Data = json.RawMessage(a.Data)
	}
	done := w.precedence.enter(ctx, e.Kind)
	err := w.run(ctx, e)
	done()
	if err == nil {
		return nil
	}
	log := w.log.With("effect", a.Effect, "incident", e.Incident.String(), "key", a.Key, "attempt", job.Attempt, "error", err)
	if tagout.IsFinal(err) || time.Since(job.CreatedAt) > keepTrying {
		log.ErrorContext(ctx, "effect given up")
		return river.JobCancel(noted(err))
	}
	if d, postponed := tagout.Postponed(err); postponed {
		log.DebugContext(ctx, "effect postponed", "pause", d)
		return river.JobSnooze(d)
	}
	if job.Attempt >= countedTries {
		log.ErrorContext(ctx, "effect failed again; it will be tried every minute")
		return river.JobSnooze(pause(countedTries))
	}
	level := slog.LevelDebug
	if job.Attempt&(job.Attempt-1) == 0 { // the 1st, 2nd, 4th, 8th, 16th time
		level = slog.LevelWarn
	}
	log.Log(ctx, level, "effect failed and will be tried again")
	return noted(err)
}

// run calls the effect's function; a panic in it is an error like any other.
func (w *worker) run(ctx context.Context, e tagout.Effect) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.ErrorContext(ctx, "effect panicked", "effect", e.Kind, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = tagout.Errorf(tagout.Internal, "The effect %s failed by a defect of Tagout's.", e.Kind)
		}
	}()
	do := w.do[e.Kind]
	if do == nil {
		return tagout.Errorf(tagout.Internal, "Nothing here carries out effects of the kind %s.", e.Kind)
	}
	return do(ctx, e)
}

// NextRetry is when an effect that failed is tried again.
func (w *worker) NextRetry(job *river.Job[effectArgs]) time.Time {
	return time.Now().Add(pause(job.Attempt))
}

// pause grows from firstPause to longestPause, with jitter so that many effects that
// failed together do not come back together.
func pause(attempt int) time.Duration {
	p := longestPause
	if attempt < 8 {
		p = min(longestPause, firstPause<<max(0, attempt-1))
	}
	return p - time.Duration(mathrand.Int64N(int64(p/5)))
}

const maxNote = 500

// noted is an error as the job's record keeps it: short, and text that Postgres takes.
func noted(err error) error {
	text := clean(err.Error())
	if len(text) > maxNote {
		text = clean(text[:maxNote])
	}
	return errors.New(text)
}

func randomHex() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// quiet lets only warnings and errors of River through, all as warnings: what fails in its
// housekeeping it tries again by itself, and failing effects are logged by their worker.
func quiet(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(warnings{log.Handler()})
}

type warnings struct{ slog.Handler }

// Enabled leaves out what is below a warning.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// Handle passes a record on as a warning.
func (w warnings) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelWarn
	return w.Handler.Handle(ctx, r)
}

// WithAttrs keeps the threshold.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the threshold.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }

var _ rivertype.JobArgs = effectArgs{}
