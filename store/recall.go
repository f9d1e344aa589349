package store

import (
	"sync"
	"time"

	"tagout"
)

// recallable is how many incidents are kept in mind, at least; at most it is twice as many.
const recallable = 128

// recall keeps incidents in mind as their rows said when they were read last, so that what
// nobody wrote since is neither sent again nor decoded again. Whether anybody did is asked
// each time: the row says which transaction wrote it, and so do the rows of its holds.
type recall struct {
	mu        sync.Mutex
	incidents recent[int64, *recalled]
}

// recalled is an incident as a transaction left it. Nobody changes it.
type recalled struct {
	mark     uint32    // the transaction, which the row names as the one that wrote it
	tied     int64     // the transactions that wrote its holds, added up
	at       time.Time // when, at the latest, the last thing in its timeline happened
	doc      string
	incident *tagout.Incident
}

// find is what is known of these incidents.
func (r *recall) find(ids []int64) map[int64]*recalled {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := make(map[int64]*recalled, len(ids))
	for _, id := range ids {
		if known, ok := r.incidents.get(id); ok {
			found[id] = known
		}
	}
	return found
}

// keep keeps incidents in mind.
func (r *recall) keep(read map[int64]*recalled) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.incidents.least = recallable
	for id, known := range read {
		r.incidents.put(id, known)
	}
}

// forget keeps nothing of incidents that were written otherwise than they were read.
func (r *recall) forget(ids []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.incidents.forget(id)
	}
}
