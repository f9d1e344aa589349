package escalation

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"tagout"
)

// recorder writes stops into the database, again and again until each is there.
type recorder struct {
	desk    *Desk
	mu      sync.Mutex
	pending map[tagout.HoldID]*recording
}

// recording is one stop on its way into the database. Its results may be read once done is
// closed.
type recording struct {
	stop     tagout.StopRequest
	busy     bool
	failed   bool
	done     chan struct{}
	incident *tagout.Incident
	fresh    bool
	repeat   bool

	forwarded bool          // other replicas were asked to record it
	failing   chan struct{} // closed when recording has failed once
	elsewhere chan struct{} // closed when another replica has recorded it; then these may be read
	by        string
	as        tagout.IncidentID
}

func newRecorder(d *Desk) *recorder {
	return &recorder{desk: d, pending: map[tagout.HoldID]*recording{}}
}

// Replay records stops that the journal kept from before.
func (d *Desk) Replay(stops []tagout.StopRequest) {
	for _, s := range stops {
		d.recorder.submit(s)
	}
}

// PendingStops counts the stops that are in force and not recorded yet.
func (d *Desk) PendingStops() int {
	d.recorder.mu.Lock()
	defer d.recorder.mu.Unlock()
	return len(d.recorder.pending)
}

func (r *recorder) submit(s tagout.StopRequest) *recording {
	r.mu.Lock()
	rec := r.pending[s.Hold.ID]
	if rec == nil {
		rec = &recording{stop: s, done: make(chan struct{}), failing: make(chan struct{}), elsewhere: make(chan struct{})}
		r.pending[s.Hold.ID] = rec
		if r.desk.peers != nil {
			go r.forward(rec)
		}
	}
	start := !rec.busy
	rec.busy = true
	r.mu.Unlock()
	if start {
		go r.try(rec)
	}
	return rec
}

// wait returns once none of these stops is on its way into the database, or Unavailable
// if that takes too long.
func (r *recorder) wait(ctx context.Context, ids []tagout.HoldID) error {
	timer := time.NewTimer(reportPatience)
	defer timer.Stop()
	for _, id := range ids {
		r.mu.Lock()
		rec := r.pending[id]
		r.mu.Unlock()
		if rec == nil {
			continue
		}
		select {
		case <-rec.done:
		case <-timer.C:
			return tagout.Errorf(tagout.Unavailable, "The stop that this is about is not recorded yet.")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// try records once; what fails stays pending for the next round.
func (r *recorder) try(rec *recording) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	i, fresh, repeat, err := r.safely(ctx, rec.stop)
	r.mu.Lock()
	defer r.mu.Unlock()
	rec.busy = false
	if err != nil {
		if !rec.failed {
			rec.failed = true
			close(rec.failing)
		}
		r.desk.log.Warn("a stop is in force but not recorded yet", "hold", rec.stop.Hold.ID, "error", err)
		return
	}
	rec.incident, rec.fresh, rec.repeat = i, fresh, repeat
	delete(r.pending, rec.stop.Hold.ID)
	close(rec.done)
}

// safely records; a defect must not take the gate down with it, since the stop is in force.
func (r *recorder) safely(ctx context.Context, s tagout.StopRequest) (i *tagout.Incident, fresh, repeat bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			r.desk.log.Error("recording a stop panicked", "hold", s.Hold.ID, "stack", string(debug.Stack()))
			err = tagout.Errorf(tagout.Internal, "The stop could not be recorded because of a defect in Tagout.")
		}
	}()
	return r.desk.record(ctx, s)
}

// run tries what is pending every second until ctx ends.
func (r *recorder) run(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.mu.Lock()
			for _, rec := range r.pending {
				if !rec.busy {
					rec.busy = true
					go r.try(rec)
				}
			}
			r.mu.Unlock()
		}
	}
}
