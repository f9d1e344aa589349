package store

import (
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"tagout"
)

// In a storm a batch of alerts is like the one before: all of them are new, and go to
// incidents that are open and that nobody else has changed. Then nothing is asked beforehand.
// What would be asked is taken for granted, and the database is told to check it, under the
// same locks, before it writes: one way to it instead of two. If anything is otherwise the
// transaction fails, and the batch is taken once more by asking.

// errSurprise tells that something was foreseen wrongly; then nothing was written.
var errSurprise = tagout.Errorf(tagout.Conflict, "The alerts are not what was expected.")

// unexpected is the code of the errors of tagout_expect.
const unexpected = "TG001"

// foresee answers without asking, if it can.
func (f *folding) foresee(q questions) bool {
	if f.caution != foreseeing {
		return false
	}
	if known, ok := f.store.habits.foreseeRepeats(f.in); ok {
		for _, row := range known {
			ok = ok && !f.store.together.changing(*row.Incident)
		}
		if ok {
			f.found, ok = f.sql.foreseeRepeats(known)
		}
		return ok
	}
	open, ok := f.store.habits.foresee(q.kinds)
	if !ok || !f.expectable() {
		return false
	}
	for _, id := range open {
		if f.store.together.changing(id) {
			return false
		}
	}
	f.found, ok = f.sql.foresee(q, open, f.repeatsOf)
	return ok
}

// expectable reports alerts that need no question if nothing is known of them.
func (f *folding) expectable() bool {
	seen := make(map[string]bool, len(f.in))
	for _, in := range f.in {
		id := key(in.ID)
		if id == "" || seen[id] || in.Alert.Status == tagout.Resolved || in.Alert.CorrelationID != "" || in.Silence != nil {
			return false
		}
		seen[id] = true
	}
	return true
}

// writeAhead writes new alerts before they are folded, each with the incident that was
// foreseen, so that the database locks, checks and writes while we fold. Repeats, and what was
// not foreseen, wait until it is known what becomes of them.
func (f *folding) writeAhead() error {
	if !f.foreseen || len(f.known) > 0 {
		return nil
	}
	if err := f.date(); err != nil {
		return err
	}
	for n, in := range f.in {
		id := f.found.open[kindOfAlert(in)]
		if err := f.written.record(f, n, &id); err != nil {
			return err
		}
	}
	if err := f.flush(); err != nil {
		return err
	}
	f.written.alerts, f.written.bodies, f.written.noise = map[string]*alertRow{}, nil, map[tagout.Scope]bool{}
	f.sql.start()
	f.recorded = true
	return nil
}

// asForeseen folds an alert that is written already. It is a surprise if alerts of its kind
// now go elsewhere.
func (f *folding) asForeseen(n int, row *alertRow) error {
	w := f.works[*row.Incident]
	if _, err := f.fold(n, w); err != nil {
		return err
	}
	if !takes(w.incident, kindOfAlert(f.in[n])) {
		return errSurprise
	}
	return nil
}

// plain reports whether all of this could have been foreseen.
func (f *folding) plain() bool {
	return f.opened == 0 && len(f.written.fresh) == len(f.in) && f.expectable()
}

// repeatsOf is told how many repeats an incident has, at any time before the commit.
func (f *folding) repeatsOf(incident int64, repeats int) {
	w := f.works[incident]
	w.incident.Alerts.Repeats += repeats - w.before.Alerts.Repeats
}

// The statements that check what was foreseen: incidents that must be locked or not, and which
// one is open for a kind of alerts.
const (
	expectLocked    = `WITH i AS (SELECT id, xmin AS writer, head_hash || ` + tiedTo + ` AS seal FROM incidents i WHERE id = ANY($1) ORDER BY id FOR UPDATE) ` + asExpected
	expectIncidents = `WITH i AS (SELECT id, xmin AS writer, head_hash || ` + tiedTo + ` AS seal FROM incidents i WHERE id = ANY($1)) ` + asExpected
	asExpected      = `SELECT q.id, tagout_expect(i.writer = q.writer AND i.seal = q.seal), coalesce((SELECT r.count FROM alert_repeats r WHERE r.incident = q.id), 0)
		FROM unnest($1::bigint[], $2::xid[], $3::text[]) AS q (id, writer, seal) LEFT JOIN i ON i.id = q.id`
)

var expectOpen = "SELECT tagout_expect(q.incident = " + newestOpen("agent = q.agent AND class = q.class") + ") FROM unnest($1::text[], $2::text[], $3::bigint[]) AS q (agent, class, incident)"

// foresee takes incidents from memory, and has everything checked with the statements that
// are sent next.
func (t postgresTx) foresee(q questions, open map[kindOf]int64, repeats func(incident int64, n int)) (findings, bool) {
	now, ok := t.watch.now()
	if !ok {
		return findings{}, false
	}
	found := newFindings()
	found.open = open
	var e expectation
	for _, k := range q.kinds {
		id := open[k]
		known := t.recall.find([]int64{id})[id]
		if known == nil || !takes(known.incident, k) {
			return findings{}, false
		}
		for _, last := range []time.Time{known.incident.Alerts.LastAt, known.at} {
			if last.After(now) {
				now = last // told by another clock, or sooner: what comes later is not earlier
			}
		}
		e.agents, e.classes, e.open = append(e.agents, k.agent), append(e.classes, k.class), append(e.open, id)
		if !slices.Contains(e.incidents, id) {
			e.add(id, known)
			i := *known.incident
			found.locked = append(found.locked, locked{&i, known.tied, known.doc})
		}
	}
	t.queueShare(t.pending)
	t.pending.Queue(lockOpenerKeys, lockNumbers(q.openers))
	e.queue(t.pending, expectLocked, repeats)
	t.pending.Queue(expectOpen, e.agents, e.classes, e.open)
	t.takeForGranted(now)
	return found, true
}

// foreseeRepeats takes the incidents of alerts that come again from memory. Nothing is locked
// but the rows of the alerts, when they are counted: they must be as they were.
func (t postgresTx) foreseeRepeats(known map[string]*alertRow) (findings, bool) {
	now, ok := t.watch.now()
	if !ok {
		return findings{}, false
	}
	found := newFindings()
	found.known = known
	var e expectation
	for _, row := range known {
		id := *row.Incident
		if found.about[id] != nil {
			continue
		}
		about := t.recall.find([]int64{id})[id]
		if about == nil {
			return findings{}, false
		}
		e.add(id, about)
		i := *about.incident
		found.about[id] = &i
	}
	e.queue(t.pending, expectIncidents, func(id int64, n int) { found.about[id].Alerts.Repeats = n })
	t.takeForGranted(now)
	return found, true
}

// takeForGranted makes whatever is otherwise a surprise.
func (t postgresTx) takeForGranted(now time.Time) {
	t.ahead.now, t.tx.surprising = now, true
	if t.watch.old() {
		t.watch.queue(t.pending)
	}
}

// takes reports whether alerts of a kind still go to the incident.
func takes(i *tagout.Incident, k kindOf) bool {
	return !i.State.Ended() && !i.Drill && clean(i.Scope.Agent) == k.agent && clean(i.Class) == k.class
}

// expectation is what was foreseen, for the database to check.
type expectation struct {
	incidents []int64
	writers   []uint32
	seals     []string

	agents, classes []string
	open            []int64
}

// seal is what the timeline and the holds of an incident end with.
func (r *recalled) seal() string { return r.incident.Head.Hash + strconv.FormatInt(r.tied, 10) }

func (e *expectation) add(id int64, known *recalled) {
	e.incidents, e.writers, e.seals = append(e.incidents, id), append(e.writers, known.mark), append(e.seals, known.seal())
}

// queue checks the incidents, and tells how many repeats each has.
func (e *expectation) queue(b *pgx.Batch, check string, repeats func(incident int64, n int)) {
	b.Queue(check, e.incidents, e.writers, e.seals).Query(func(rows pgx.Rows) error {
		var id, n int64
		_, err := pgx.ForEachRow(rows, []any{&id, nil, &n}, func() error {
			repeats(id, int(n))
			return nil
		})
		return err
	})
}

// foresee: asking costs nothing here.
func (t sqliteTx) foresee(questions, map[kindOf]int64, func(int64, int)) (findings, bool) {
	return findings{}, false
}

func (t sqliteTx) foreseeRepeats(map[string]*alertRow) (findings, bool) { return findings{}, false }
