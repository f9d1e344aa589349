package store

import (
	"slices"
	"sync"

	"tagout"
)

const (
	maxHabits    = 4096 // open incidents that are kept in mind
	againAndOver = 2048 // alerts that came again and are kept in mind, at least
)

// A storm is foreseen after so many batches that could have been, and after a surprise only
// after many more: the database notes each surprise as an error.
const (
	untilForeseen = 4
	surprise      = -64
)

// habits are what the alerts of late were like. Those that come now are likely alike, so
// that what they need is asked for in advance, on a way that is made anyway, or not asked for
// but checked. Nothing is decided by it.
type habits struct {
	mu      sync.Mutex
	open    map[kindOf]int64
	repeats bool // most of them only counted
	again   recent[string, alertRow]
	// foreseeable is how many batches in a row could have been foreseen; less than nothing
	// after a surprise.
	foreseeable      int
	taken, surprises int // batches that were foreseen, rightly and wrongly
}

// expect tells which incidents alerts of these kinds likely go to, and whether they likely
// only count.
func (h *habits) expect(kinds []kindOf) (incidents []int64, repeats bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.repeats {
		return nil, true // these lock nothing
	}
	for _, k := range kinds {
		if id := h.open[k]; id != 0 && !slices.Contains(incidents, id) {
			incidents = append(incidents, id)
		}
	}
	slices.Sort(incidents)
	return incidents, false
}

// onlyCount reports whether alerts likely only count.
func (h *habits) onlyCount() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.repeats
}

// foresee tells which incidents new alerts of these kinds go to, if all is as it was of late.
func (h *habits) foresee(kinds []kindOf) (open map[kindOf]int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.foreseeable < untilForeseen || h.repeats {
		return nil, false
	}
	open = make(map[kindOf]int64, len(kinds))
	for _, k := range kinds {
		if open[k] = h.open[k]; open[k] == 0 {
			return nil, false
		}
	}
	return open, true
}

// foreseeRepeats tells what is recorded of alerts, if all of them came again before and are
// as they were.
func (h *habits) foreseeRepeats(in []tagout.Incoming) (known map[string]*alertRow, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.foreseeable < untilForeseen || !h.repeats {
		return nil, false
	}
	known = make(map[string]*alertRow, len(in))
	for _, a := range in {
		id := key(a.ID)
		row, ok := h.again.get(id)
		if !ok || !row.repeatedBy(a) {
			return nil, false
		}
		known[id] = &row
	}
	return known, true
}

// repeatedBy reports whether an alert only counts, whatever became of its incident.
func (r alertRow) repeatedBy(in tagout.Incoming) bool {
	dated := in.Alert.Status != tagout.Firing || !in.Alert.StartsAt.IsZero()
	return r.Incident != nil && r.Status == string(in.Alert.Status) && dated && in.Silence == nil
}

// surprised is told that something was foreseen wrongly.
func (h *habits) surprised() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.foreseeable = surprise
	h.surprises++
}

// learn remembers what was committed.
func (h *habits) learn(f *folding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil || len(h.open) > maxHabits {
		h.open = map[kindOf]int64{}
	}
	if f.foreseen {
		h.taken++
	}
	repeats := h.learnAlerts(f)
	h.repeats = 2*repeats > len(f.out)
	if h.foreseeable++; !f.plain() && repeats < len(f.out) {
		h.foreseeable = min(h.foreseeable, 0)
	}
	for k := range f.found.open {
		delete(h.open, k)
	}
	for _, id := range f.order {
		i := f.works[id].incident
		if !i.State.Ended() {
			h.open[kindOf{clean(i.Scope.Agent), clean(i.Class)}] = id
		}
	}
}

// learnAlerts remembers the alerts that came again, and how they are recorded now. It counts
// them.
func (h *habits) learnAlerts(f *folding) (repeats int) {
	h.again.least = againAndOver
	for n, in := range f.in {
		id := key(in.ID)
		row := f.known[id]
		switch {
		case f.out[n].Repeat && row != nil && row.Incident != nil:
			repeats++
			h.again.put(id, *row)
		default:
			h.again.forget(id)
		}
	}
	return repeats
}
