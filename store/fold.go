package store

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"tagout"
)

// Fold takes alerts in one transaction; callers who have many bring them together. A repeat
// only counts. The end of an alert goes to the incident of its beginning, if it fired.
// Anything else goes to the incident that it correlates with, else to its agent's open one
// of the same class, else to a fresh one once its threshold is reached, together with what
// was kept below it. An alert for which fn fails is reported in its Folded and leaves no
// trace; the others are taken.
//
// Fold itself returns Unavailable if the database cannot be reached, and what the database
// says if it refuses an alert; then none of them is taken, but if ctx ended first they may
// yet be. fn may run more than once for an alert; only its last outcome counts.
func (s *Store) Fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition) ([]tagout.Folded, error) {
	if len(in) == 0 {
		return nil, nil
	}
	out, err := s.fold(ctx, in, fn, foreseeing)
	if errors.Is(err, errSurprise) {
		s.habits.surprised()
		out, err = s.fold(ctx, in, fn, looking)
	}
	if errors.Is(err, errSpoiled) || isOnRecord(err) {
		out, err = s.fold(ctx, in, fn, careful)
	}
	return out, err
}

// caution is how much a folding asks before it acts.
type caution int

const (
	foreseeing caution = iota // nothing, if what it needs is likely known: the database checks it
	looking                   // what is known of the alerts
	careful                   // and takes them one by one: one fails, or one that was new to us is there already
)

// errSpoiled tells that a transition failed after it may have changed an incident that other
// alerts share.
var errSpoiled = tagout.Errorf(tagout.Internal, "The alert could not be taken, by a defect of Tagout's.")

func (s *Store) fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition, with caution) ([]tagout.Folded, error) {
	var f *folding
	err := s.change(ctx, func(t *tx) ([]*work, error) {
		f = &folding{tx: t, store: s, fn: fn, caution: with, in: slices.Clone(in), out: make([]tagout.Folded, len(in))}
		return f.run()
	})
	if err != nil {
		return nil, err
	}
	s.habits.learn(f)
	return f.out, nil
}

// folding is one transaction of Fold.
type folding struct {
	*tx
	store    *Store
	fn       tagout.FoldTransition
	caution  caution
	foreseen bool // nothing was asked
	recorded bool // and the alerts are written already, each with the incident that was foreseen
	in       []tagout.Incoming
	out      []tagout.Folded
	now      time.Time

	found   findings
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
	if err := f.date(); err != nil {
		return nil, err
	}
	if err := f.hear(); err != nil {
		return nil, err
	}
	if err := f.sql.reserve(f.openings()); err != nil {
		return nil, err
	}
	for n := range f.in {
		if err := f.take(n); err != nil {
			return nil, err
		}
	}
	f.name()
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

// date decides, once, when all of this happens.
func (f *folding) date() (err error) {
	if !f.now.IsZero() {
		return nil
	}
	if f.now, err = f.store.moment(f.tx); err == nil {
		f.dateAfterRequests()
	}
	return err
}

// findOver marks what fires without a known beginning, and whose incident has ended: nobody
// can say whether that is the occurrence that was dealt with, so it is another one.
func (f *folding) findOver() {
	f.over = map[string]bool{}
	for _, in := range f.in {
		row := f.known[key(in.ID)]
		if row == nil || row.Incident == nil || in.Alert.Status != tagout.Firing || !in.Alert.StartsAt.IsZero() {
			continue
		}
		i := f.found.about[*row.Incident]
		if w := f.works[*row.Incident]; w != nil {
			i = w.incident
		}
		f.over[row.ID] = i == nil || i.State.Ended()
	}
}

// lockEverything keeps others from opening the same incidents meanwhile, reads what is
// known of the alerts, and locks the incidents that they may belong to, so that a storm
// reads its incident once. A batch of repeats locks no incident.
func (f *folding) lockEverything() (err error) {
	q := f.ask()
	if f.foreseen = f.foresee(q); !f.foreseen {
		if f.found, err = f.sql.look(q); err != nil {
			return err
		}
	}
	f.known = f.found.known
	if err = f.writeAhead(); err != nil {
		return err
	}
	for _, w := range worksOf(f.found.locked) {
		f.remember(w)
	}
	if err := f.readAbout(); err != nil {
		return err
	}
	f.findOver()
	return f.hold(f.candidates())
}

// readAbout reads the incidents of the alerts that are known, unless that was expected.
func (f *folding) readAbout() error {
	ids := map[int64]bool{}
	for _, row := range f.known {
		if row.Incident != nil && f.works[*row.Incident] == nil && f.found.about[*row.Incident] == nil {
			ids[*row.Incident] = true
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return f.sql.read(slices.Sorted(maps.Keys(ids)), f.found)
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

func (f *folding) remember(w *work) {
	id := int64(w.incident.ID)
	f.works[id] = w
	f.order = append(f.order, id)
}
