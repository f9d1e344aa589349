package escalation

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// recordBudget is how long a stop's answer waits for the database. The stop itself never does.
const recordBudget = time.Second

// Stop obeys first: the gate holds the scope when this begins to wait for anything. Then
// it records hold, incident, events and effects; if that takes longer than a second the
// result is Pending and recording goes on until it succeeds. It returns an error only for
// a request that means nothing (no mode, Running).
func (d *Desk) Stop(ctx context.Context, s tagout.StopRequest) (tagout.StopResult, error) {
	if _, err := tagout.ParseMode(string(s.Hold.Mode)); err != nil || s.Hold.Mode == tagout.Running {
		return tagout.StopResult{}, tagout.Errorf(tagout.Invalid, "A stop needs a mode stricter than running: halted, paused, review or capped.")
	}
	if s.Hold.ID == "" {
		return tagout.StopResult{}, tagout.Errorf(tagout.Internal, "A stop came without the ID that its repeats share.")
	}
	if s.Hold.At.IsZero() {
		s.Hold.At = d.clock.Now()
	}
	s.Hold.At = tagout.Moment(s.Hold.At)
	result := tagout.StopResult{Hold: s.Hold, Undeclared: d.policy.Agents.Undeclared(s.Hold.Scope)}
	crashpoint.Here("stop.received")
	if err := d.gate.Hang(ctx, s); err != nil {
		result.Warning = tagout.Sentence(err)
		d.log.Warn("stop is in force but not in the journal", "hold", s.Hold.ID, "error", err)
	}
	result.InForceAt = d.clock.Now()
	d.metrics.stopped(s.Hold.Mode)
	if s.Hold.Scope.Agent != "" && d.policy.Agents[s.Hold.Scope.Agent] == nil {
		result.Near = d.policy.Agents.Near(s.Hold.Scope.Agent)
	}
	rec := d.recorder.submit(s)
	d.awaitRecord(ctx, rec, &result)
	return result, nil
}

// awaitRecord waits until the stop is recorded, here or by another replica, but not long.
func (d *Desk) awaitRecord(ctx context.Context, rec *recording, result *tagout.StopResult) {
	timer := time.NewTimer(d.patience())
	defer timer.Stop()
	select {
	case <-rec.done:
	case <-rec.elsewhere:
	case <-timer.C:
	case <-ctx.Done():
	}
	select {
	case <-rec.done:
		result.Incident, result.Fresh, result.Repeat = rec.incident, rec.fresh, rec.repeat
		if h, ok := rec.incident.Hold(rec.stop.Hold.ID); ok {
			result.Hold = h
		}
		return
	default:
	}
	result.Pending = true
	select {
	case <-rec.elsewhere:
		result.RecordedBy, result.RecordedAs = rec.by, rec.as
	default:
	}
}

// record writes a stop that is in force into the database. It may be called again for the
// same stop: it never revives a hold that was lifted since.
func (d *Desk) record(ctx context.Context, s tagout.StopRequest) (i *tagout.Incident, fresh, repeat bool, err error) {
	m := tagout.Match{Hold: s.Hold.ID, Incident: s.Join}
	if s.Join == 0 && !s.Private { // one that is to be private joins none that may be read
		m.Overlaps = &s.Hold.Scope
	}
	i, fresh, err = d.store.Join(ctx, m, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		_, repeat = i.Hold(s.Hold.ID)
		if repeat {
			return tagout.Change{}, nil
		}
		c, err := d.hangIn(i, s, now)
		if s.Flag != 0 && err == nil {
			ref := tagout.FlagRef{Flag: s.Flag, Incident: i.ID, Stopped: &s.Hold.By, At: s.Hold.At}
			c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectFlagLink, i.ID, string(s.Hold.ID), ref))
		}
		return c, err
	})
	if s.Join != 0 && (tagout.CodeOf(err) == tagout.Conflict || tagout.CodeOf(err) == tagout.NotFound) {
		s.Join = 0 // the incident has ended meanwhile: the stop needs one of its own
		return d.record(ctx, s)
	}
	if err != nil {
		return nil, false, false, err
	}
	crashpoint.Here("stop.recorded")
	if err := d.believe(ctx, i, s.Hold.ID); err != nil {
		return nil, false, false, err
	}
	d.settleStop(ctx, i, s, repeat)
	return i, fresh, repeat, nil
}

// settleStop tells the gate what the database knows of the stop.
func (d *Desk) settleStop(ctx context.Context, i *tagout.Incident, s tagout.StopRequest, repeat bool) {
	h, ok := i.Hold(s.Hold.ID)
	if !ok {
		return
	}
	d.gate.Committed([]tagout.Hold{h})
	if i.Staging.Standing() {
		d.apply(i) // a stop takes a plan back
	}
	if !h.Active() {
		d.gate.Lift([]tagout.HoldID{h.ID}, nil)
		return
	}
	if !repeat {
		by := h.By
		if i.Private {
			by = tagout.Tagout // the other incident may be everybody's
		}
		d.voidOthers(ctx, h.Scope, i.ID, "a new stop came on its scope", by)
	}
	d.gate.Reconcile(d.agentsOf([]tagout.Hold{h})...)
}

// hangIn puts the stop into its incident, opening or raising that as needed.
func (d *Desk) hangIn(i *tagout.Incident, s tagout.StopRequest, now time.Time) (tagout.Change, error) {
	var c tagout.Change
	severity, class := s.Severity, s.Class
	if d.policy.Severities[severity] == nil {
		severity = d.policy.DefaultSeverity
	}
	if d.policy.Classes[class] == nil {
		class = d.policy.DefaultClass
	}
	row := d.policy.SeverityPolicy(severity)
	if i.State == "" {
		title := s.Hold.Reason
		if title == "" {
			title = s.Hold.Scope.String() + " " + string(s.Hold.Mode) + " by hand"
		}
		opened, err := i.Open(tagout.Opening{Title: title, Summary: s.Hold.Reason, Scope: s.Hold.Scope, Class: class,
			By: s.Hold.By, Row: row, Of: d.policy.Classes[class], Page: d.pageRoles(row, class), Private: s.Private}, now)
		if err != nil {
			return c, err
		}
		d.metrics.opened(i)
		c = c.And(opened)
	} else if s.Severity != "" && severity.Worse(i.Severity) {
		raised, err := d.changeSeverity(i, row, i.Class, s.Hold.Reason, s.Hold.By, now)
		if err != nil {
			return c, err
		}
		c = c.And(raised)
	}
	hung, err := i.Hang(s.Hold, d.policy.Agents, now)
	if s.Replaces != "" && !hung.IsEmpty() {
		hung = hung.And(i.TellUnsigned(s.Hold, d.ownersOf(i, s.Hold.Scope.Agent), now))
	}
	setback := tagout.Setback{ID: string(s.Hold.ID), Scope: s.Hold.Scope, Reason: "a new stop came on its scope", By: s.Hold.By}
	c = d.withSetback(i, d.pageSetback(i, c.And(hung), now), setback)
	return d.withDeadline(i, c, now), err
}

// voidOthers makes pending requests of other incidents void that a new stop or alert on
// the scope concerns. If it fails the holds still stand, since a sign-off lifts only its own.
func (d *Desk) voidOthers(ctx context.Context, scope tagout.Scope, except tagout.IncidentID, reason string, by tagout.Actor) {
	d.voidAmong(ctx, d.gate.Holds(), scope, except, reason, by)
}

// voidAmong is voidOthers when it is known what stands.
func (d *Desk) voidAmong(ctx context.Context, standing []tagout.Hold, scope tagout.Scope, except tagout.IncidentID, reason string, by tagout.Actor) {
	query, any := othersOn(standing, scope.Agent, except)
	if !any {
		return
	}
	open, err := d.store.Incidents(ctx, query)
	if err != nil {
		d.log.Warn("could not look for resume requests that a new stop makes void", "error", err)
		return
	}
	for _, other := range open {
		r := other.Request
		if other.ID == except || r == nil || r.State != tagout.RequestPending || !r.Scope.Touches(scope, d.policy.Agents[scope.Agent]) {
			continue
		}
		_, err := d.store.Update(ctx, other.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.VoidRequest(reason+" ("+except.String()+")", by, now), nil
		})
		if err != nil {
			d.log.Warn("could not make a resume request void", "incident", other.ID.String(), "error", err)
		}
	}
}

// othersOn asks for the other incidents that hold anything of an agent. It reports false if
// there is none: a request that can become void is about holds that stand.
func othersOn(standing []tagout.Hold, agent string, except tagout.IncidentID) (query tagout.IncidentQuery, any bool) {
	query = tagout.IncidentQuery{Open: true, Agent: agent, Limit: everyOpen}
	for _, h := range standing {
		if h.Incident == except || agent != "" && h.Scope.Agent != "" && h.Scope.Agent != agent {
			continue
		}
		any = true
		if h.Scope.Agent == "" {
			query.Agent = "" // an incident about everything is of no agent
		}
	}
	return query, any
}

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
