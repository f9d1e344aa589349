package store

import (
	"sync"

	"tagout"
)

// recallable is how many incidents are kept in mind, at least; at most it is twice as many.
const recallable = 128

// recall keeps incidents in mind as their rows said when they were locked last, so that what
// nobody wrote since is neither sent again nor decoded again. Whether anybody did is asked
// each time: the row says which transaction wrote it.
type recall struct {
	mu         sync.Mutex
	young, old map[int64]*recalled
}

// recalled is an incident as a transaction left it. Nobody changes it.
type recalled struct {
	mark     uint32 // the transaction, which the row names as the one that wrote it
	doc      string
	incident *tagout.Incident
}

// find is what is known of these incidents.
func (r *recall) find(ids []int64) map[int64]*recalled {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := make(map[int64]*recalled, len(ids))
	for _, id := range ids {
		if known := r.young[id]; known != nil {
			found[id] = known
		} else if known := r.old[id]; known != nil {
			found[id] = known
			r.put(id, known)
		}
	}
	return found
}

// keep remembers incidents. What was not asked for while as many others were is forgotten.
func (r *recall) keep(read map[int64]*recalled) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, known := range read {
		r.put(id, known)
	}
}

func (r *recall) put(id int64, known *recalled) {
	if r.young == nil || len(r.young) >= recallable && r.young[id] == nil {
		r.young, r.old = make(map[int64]*recalled, recallable), r.young
	}
	r.young[id] = known
}
