package escalation

import (
	"context"
	"iter"
	"sync"

	"tagout"
)

// watchers tells those who follow an incident of every committed change. A slow one sees
// the newest state, not each one.
type watchers struct {
	mu   sync.Mutex
	byID map[tagout.IncidentID]map[chan *tagout.Incident]struct{}
}

func (w *watchers) tell(i *tagout.Incident) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.byID[i.ID] {
		select {
		case <-ch: // an older state that nobody has read yet
		default:
		}
		ch <- i // has room for one, and only tell sends
	}
}

// Watched reports whether anybody waits for changes of an incident.
func (d *Desk) Watched(id tagout.IncidentID) bool {
	d.watchers.mu.Lock()
	defer d.watchers.mu.Unlock()
	return len(d.watchers.byID[id]) > 0
}

func (w *watchers) add(id tagout.IncidentID) chan *tagout.Incident {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[tagout.IncidentID]map[chan *tagout.Incident]struct{}{}
	}
	if w.byID[id] == nil {
		w.byID[id] = map[chan *tagout.Incident]struct{}{}
	}
	ch := make(chan *tagout.Incident, 1)
	w.byID[id][ch] = struct{}{}
	return ch
}

func (w *watchers) remove(id tagout.IncidentID, ch chan *tagout.Incident) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byID[id], ch)
	if len(w.byID[id]) == 0 {
		delete(w.byID, id)
	}
}

// Watch yields an incident as it is, and again after every committed change, until ctx
// ends or the caller stops.
func (d *Desk) Watch(ctx context.Context, id tagout.IncidentID) iter.Seq[*tagout.Incident] {
	return func(yield func(*tagout.Incident) bool) {
		changes := d.watchers.add(id)
		defer d.watchers.remove(id, changes)
		if now, err := d.store.Incident(ctx, id); err == nil && !yield(now) {
			return
		}
		for {
			select {
			case <-ctx.Done():
				return
			case i := <-changes:
				if !yield(i) {
					return
				}
			}
		}
	}
}
