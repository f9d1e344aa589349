package escalation

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"tagout"
)

// refusalsLogged is how often at most the log tells of one source for one reason.
const refusalsLogged = time.Minute

// refusals remember what was not taken, so that a sensor whose alerts come to nothing is
// noticed here as well as by its own log.
type refusals struct {
	mu     sync.Mutex
	by     map[string]tagout.Refusal
	logged map[[2]string]time.Time
}

// Refused notes that what a source posted was not taken. The source is one of the
// configuration, or failures. What it is asked to send again is only counted.
func (d *Desk) Refused(ctx context.Context, source string, why error) {
	now, code, sentence := d.clock.Now(), tagout.CodeOf(why), tagout.Sentence(why)
	d.metrics.refused.WithLabelValues(source, string(code)).Inc()
	if code == tagout.Unavailable || code == tagout.TooMany {
		return
	}
	if d.refusals.note(source, string(code), sentence, now) {
		d.log.WarnContext(ctx, "alerts of a source are refused", "source", source, "code", string(code), "why", sentence)
	}
}

// note reports whether the log should tell of it.
func (r *refusals) note(source, code, sentence string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by, r.logged = map[string]tagout.Refusal{}, map[[2]string]time.Time{}
	}
	r.by[source] = tagout.Refusal{Source: source, Count: r.by[source].Count + 1, At: now, Why: sentence}
	last, told := r.logged[[2]string{source, code}]
	if told && now.Sub(last) < refusalsLogged {
		return false
	}
	r.logged[[2]string{source, code}] = now
	return true
}

// Refusals lists what this replica did not take since it began, the newest first.
func (d *Desk) Refusals() []tagout.Refusal {
	d.refusals.mu.Lock()
	defer d.refusals.mu.Unlock()
	list := make([]tagout.Refusal, 0, len(d.refusals.by))
	for _, r := range d.refusals.by {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b tagout.Refusal) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Source, b.Source))
	})
	return list
}
