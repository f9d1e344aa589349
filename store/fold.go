package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"time"

	"tagout"
)

// folding is one transaction of Fold.
type folding struct {
	*tx
	store *Store
	fns   []tagout.FoldTransition // one for each alert
	in    []tagout.Incoming
	out   []tagout.Folded
	now   time.Time

	known   map[string]*alertRow // by ID: as recorded, then as this transaction makes it
	over    map[string]bool      // by ID: may be another occurrence of what is recorded
	works   map[int64]*work      // incidents that are locked or fresh
	order   []int64              // of works
	opened  int                  // how many of works are fresh
	written writes
	counts  map[window]int // occurrences within a window
}

// window is where occurrences are counted against a threshold.
type window struct {
	agent, class string
	within       time.Duration
}

func (f *folding) run() ([]*work, error) {
	f.works, f.counts, f.written = map[int64]*work{}, map[window]int{}, newWrites()
	if err := f.lockEverything(); err != nil {
		return nil, err
	}
	var err error
	if f.now, err = f.store.moment(f.tx); err != nil {
		return nil, err
	}
	for n := range f.in {
		if err := f.take(n); err != nil {
			return nil, err
		}
	}
	if err := f.name(); err != nil {
		return nil, err
	}
	if err := f.flush(); err != nil {
		return nil, err
	}
	list := make([]*work, 0, len(f.order))
	for _, id := range f.order {
		w := f.works[id]
		w.now = f.now
		w.incident.Alerts.Repeats += int(f.written.repeated[id])
		list = append(list, w)
	}
	return list, nil
}

func (f *folding) readKnown() (map[string]*alertRow, error) {
	ids := map[[2]string]bool{}
	for _, in := range f.in {
		ids[[2]string{key(in.ID), ""}] = true
	}
	var rows []*alertRow
	err := f.Raw(f.sql.knownAlerts(), pairsOf(ids)).Scan(&rows).Error
	known := make(map[string]*alertRow, len(ids))
	for _, r := range rows {
		known[r.ID] = r
	}
	if err != nil {
		return nil, err
	}
	return known, f.findOver(known)
}

// findOver marks what fires without a known beginning, and whose incident has ended: nobody
// can say whether that is the occurrence that was dealt with, so it is another one.
func (f *folding) findOver(known map[string]*alertRow) error {
	undated := map[int64][]string{}
	for _, in := range f.in {
		if row := known[key(in.ID)]; row != nil && row.Incident != nil && in.Alert.Status == tagout.Firing && in.Alert.StartsAt.IsZero() {
			undated[*row.Incident] = append(undated[*row.Incident], row.ID)
		}
	}
	f.over = map[string]bool{}
	if len(undated) == 0 {
		return nil
	}
	open, err := pluck(f.Raw("SELECT id FROM incidents WHERE id IN ? AND "+notEnded, slices.Collect(maps.Keys(undated))))
	for incident, alerts := range undated {
		for _, id := range alerts {
			f.over[id] = !slices.Contains(open, incident)
		}
	}
	return err
}

// pairsOf is the argument of pairs. The statement is the same however many there are, so
// that the database plans it once.
func pairsOf(set map[[2]string]bool) string {
	text, _ := json.Marshal(slices.Collect(maps.Keys(set))) // strings marshal
	return string(text)
}

// onlyCounts reports a repeat of what has its incident. What fires on, as far as anybody can
// say, after its incident has ended is no repeat.
func (f *folding) onlyCounts(row *alertRow, in tagout.Incoming) bool {
	return row != nil && !f.over[row.ID] && row.Status == string(in.Alert.Status) && (row.Incident != nil || in.Alert.Status == tagout.Resolved)
}

// lockEverything keeps others from opening the same incidents meanwhile, reads what is
// known of the alerts, and locks the incidents that they may belong to, so that a storm
// reads its incident once. A batch of repeats locks no incident.
func (f *folding) lockEverything() (err error) {
	var keys []string
	for _, in := range f.in {
		keys = append(keys, openerKeys(in.Alert.CorrelationID, in.Verdict.Scope.Agent)...)
	}
	slices.Sort(keys)
	if err := f.sql.lockKeys(slices.Compact(keys)); err != nil {
		return err
	}
	if f.known, err = f.readKnown(); err != nil {
		return err
	}
	ids, err := f.candidates()
	if err != nil {
		return err
	}
	return f.hold(ids)
}

// hold locks incidents and remembers them.
func (f *folding) hold(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	works, err := f.lock(ids)
	for _, w := range works {
		f.remember(w)
	}
	return err
}

func (f *folding) remember(w *work) {
	id := int64(w.incident.ID)
	f.works[id] = w
	f.order = append(f.order, id)
}

// take deals with one alert.
func (f *folding) take(n int) error {
	in := &f.in[n]
	if in.ID == "" {
		f.out[n].Err = tagout.Errorf(tagout.Invalid, "An alert without an ID cannot be told from a repeat.")
		return nil
	}
	row := f.known[key(in.ID)]
	in.Repeat, in.WasFiring = false, row != nil && row.Status == string(tagout.Firing)
	switch {
	case f.onlyCounts(row, *in):
		f.repeat(n, row)
		return nil
	case in.Alert.Status == tagout.Resolved:
		return f.resolve(n, row)
	}
	delete(f.over, key(in.ID)) // the next one of the batch repeats this one
	return f.news(n, row)
}

// repeat counts an alert that came again.
func (f *folding) repeat(n int, row *alertRow) {
	f.in[n].Repeat, f.out[n].Repeat = true, true
	f.written.repeats[row.ID]++
	if row.Incident != nil {
		f.written.repeated[*row.Incident]++
	}
	if row.Status == string(tagout.Momentary) {
		f.written.noisy(row)
	}
}

// resolve ends an alert. If it never fired here there is nothing to end; it is kept.
func (f *folding) resolve(n int, row *alertRow) error {
	in := f.in[n]
	if row == nil {
		return f.written.record(f, in, nil)
	}
	if in.WasFiring && row.Incident != nil {
		w, err := f.workOn(*row.Incident)
		if err != nil {
			return err
		}
		if !f.fold(n, w) {
			return nil
		}
	}
	return f.written.record(f, in, row.Incident)
}

// news deals with an alert that was not seen before, or fires again, or was kept below its
// threshold.
func (f *folding) news(n int, row *alertRow) error {
	in := f.in[n]
	w, err := f.match(in, row)
	if err != nil {
		return err
	}
	if w == nil {
		reached, err := f.reaches(in)
		if err != nil {
			return err
		}
		if !reached {
			f.out[n].Repeat = row != nil && row.Status == string(in.Alert.Status)
			return f.written.keep(f, in, row)
		}
		return f.open(n)
	}
	if !f.fold(n, w) {
		return nil
	}
	id := int64(w.incident.ID)
	return f.written.record(f, in, &id)
}

// workOn is an incident by number, locked now if it was not before.
func (f *folding) workOn(id int64) (*work, error) {
	if w := f.works[id]; w != nil {
		return w, nil
	}
	if err := f.hold([]int64{id}); err != nil {
		return nil, err
	}
	if w := f.works[id]; w != nil {
		return w, nil
	}
	return nil, tagout.Errorf(tagout.Internal, "The record of %s is missing.", tagout.IncidentID(id))
}

// fold runs the transition for one alert. If it fails the incident is as before.
func (f *folding) fold(n int, w *work) bool {
	if err := f.transit(f.fns[n], w, f.in[n]); err != nil {
		f.out[n].Err = err
		return false
	}
	f.out[n].Incident = w.incident
	return true
}

// transit runs a transition on an incident that others of the batch share.
func (f *folding) transit(fn tagout.FoldTransition, w *work, in tagout.Incoming) (err error) {
	before := clone(*w.incident)
	defer func() {
		if p := recover(); p != nil {
			f.store.log.Error("folding an alert panicked", "alert", in.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = tagout.Errorf(tagout.Internal, "The alert could not be taken, by a defect of Tagout's.")
		}
		if err != nil {
			*w.incident = before
		}
	}()
	change, err := fn(w.incident, in, f.now)
	if err == nil {
		w.change = w.change.And(change)
	}
	return err
}
