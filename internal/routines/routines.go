package routines

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"tagout"
)

// lookEvery is how often it is looked whether something is due.
const lookEvery = 200 * time.Millisecond

// Options are what [New] needs; all but Logger.
type Options struct {
	Store    tagout.RoutineStore
	Routines []tagout.Routine
	Clock    tagout.Clock
	Logger   *slog.Logger // nil: none
}

// Routines has each routine come when it is due. Make it with [New], then [Routines.Run].
type Routines struct {
	store tagout.RoutineStore
	list  []routine
	clock tagout.Clock
	log   *slog.Logger

	kept bool // the store knows the schedules as they are configured

	mu   sync.Mutex
	next map[string]time.Time // when each comes next, as far as this replica knows
}

type routine struct {
	tagout.Routine
	table tagout.Timetable
}

// New reads the schedules. It returns Invalid for one that is none, and for a name that
// stands there twice.
func New(o Options) (*Routines, error) {
	r := &Routines{store: o.Store, clock: o.Clock, log: o.Logger, next: map[string]time.Time{}}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	seen := map[string]bool{}
	for _, one := range o.Routines {
		table, err := Parse(one.Spec, one.Location)
		if err != nil {
			return nil, err
		}
		if seen[one.Name] {
			return nil, tagout.Errorf(tagout.Invalid, "There are two routines %s.", one.Name)
		}
		seen[one.Name] = true
		r.list = append(r.list, routine{one, table})
	}
	return r, nil
}

// Run looks for what is due until ctx ends.
func (r *Routines) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	failing := false
	for {
		err := r.Look(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			r.log.Warn("the schedules cannot be looked at; what they miss is caught up", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Look has come what is due now. It asks the database only when something may be due. It returns
// Unavailable if the database cannot be reached.
func (r *Routines) Look(ctx context.Context) error {
	if !r.kept {
		if err := r.keep(ctx); err != nil {
			return err
		}
		r.kept = true
	}
	now := r.clock.Now()
	for _, one := range r.list {
		if next := r.nextOf(one.Name); next.IsZero() || next.After(now) {
			continue
		}
		if err := r.turn(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// Next tells when each routine comes next, by name. What never comes, or is not known yet, is
// left out.
func (r *Routines) Next() map[string]time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := make(map[string]time.Time, len(r.next))
	for name, at := range r.next {
		if !at.IsZero() {
			next[name] = at
		}
	}
	return next
}

func (r *Routines) nextOf(name string) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.next[name]
}

func (r *Routines) knows(name string, next time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next[name] = next
}

// keep tells the database the schedules as this process knows them.
func (r *Routines) keep(ctx context.Context) error {
	names := make([]string, len(r.list))
	for n, one := range r.list {
		names[n] = one.Name
	}
	if err := r.store.ForgetRoutines(ctx, names); err != nil {
		return err
	}
	for _, one := range r.list {
		var next time.Time
		err := r.store.TurnRoutine(ctx, one.Name, func(s *tagout.RoutineState, now time.Time) ([]tagout.Effect, error) {
			if s.Keep(one.Routine, one.table, now) {
				r.log.Info("a schedule begins", "routine", one.Name, "spec", s.Spec, "zone", s.Zone, "next", s.Next)
			}
			next = s.Next
			return nil, nil
		})
		if err != nil {
			return err
		}
		r.knows(one.Name, next)
	}
	return nil
}

// turn has one routine come, unless another replica did.
func (r *Routines) turn(ctx context.Context, one routine) error {
	var next time.Time
	var came []tagout.Effect
	err := r.store.TurnRoutine(ctx, one.Name, func(s *tagout.RoutineState, now time.Time) ([]tagout.Effect, error) {
		came = s.Turn(one.Routine, one.table, now)
		next = s.Next
		if s.Spec != one.Spec || s.Zone != one.Zone() {
			next = one.table(r.clock.Now()) // another replica has another configuration, and it decides
		}
		return came, nil
	})
	if err != nil {
		return err
	}
	r.knows(one.Name, next)
	if len(came) > 0 {
		r.log.Info("a routine comes", "routine", one.Name, "key", came[0].Key, "next", next)
	}
	return nil
}
