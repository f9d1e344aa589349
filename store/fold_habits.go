package store

import (
	"slices"
	"sync"
)

// maxHabits is how many open incidents are kept in mind.
const maxHabits = 4096

// habits are what the alerts of late were like. Those that come now are likely alike, so
// that what they need is asked for in advance, on a way that is made anyway. Nothing is
// decided by it.
type habits struct {
	mu      sync.Mutex
	open    map[kindOf]int64
	repeats bool // most of them only counted
	plain   int  // how many batches in a row could have been foreseen; less than nothing after a surprise
}

// A storm is foreseen after so many batches that could have been, and after a surprise only
// after many more: the database notes each surprise as an error.
const (
	untilForeseen = 4
	surprise      = -64
)

// foresee tells which incidents alerts of these kinds go to, if all is as it was of late.
func (h *habits) foresee(kinds []kindOf) (open map[kindOf]int64, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.plain < untilForeseen {
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

// surprised is told that something was foreseen wrongly.
func (h *habits) surprised() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.plain = surprise
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

// learn remembers what was committed.
func (h *habits) learn(f *folding) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open == nil || len(h.open) > maxHabits {
		h.open = map[kindOf]int64{}
	}
	repeats := 0
	for _, out := range f.out {
		if out.Repeat {
			repeats++
		}
	}
	h.repeats = 2*repeats > len(f.out)
	if h.plain++; !f.plain() {
		h.plain = min(h.plain, 0)
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
