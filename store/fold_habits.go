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
