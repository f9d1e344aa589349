package escalation

import (
	"context"
	"errors"
	"sync"
	"time"

	"tagout"
)

// Alerts that arrive at the same time share a transaction: a batch costs one fsync.
const (
	batchMax     = 256             // alerts in one transaction
	intakeLanes  = 4               // transactions under way at once
	queueMax     = 4096            // alerts waiting; beyond it the sender is told to come back
	batchTimeout = 5 * time.Second // for one transaction
)

// arrival is the alerts of one request, waiting for their transaction.
type arrival struct {
	in   []tagout.Incoming
	done chan struct{}
	out  []tagout.Folded
	err  error
}

type intake struct {
	desk    *Desk
	mu      sync.Mutex
	waiting []*arrival
	count   int
	lanes   int
}

func newIntake(d *Desk) *intake { return &intake{desk: d} }

// Accept takes alerts, and returns only once they are durable: what became of each, in
// order. It returns Unavailable if they could not be stored; the sender must then come
// back with all of them, which is safe, since repeats only count.
func (d *Desk) Accept(ctx context.Context, alerts []tagout.Alert) ([]tagout.Folded, error) {
	if len(alerts) == 0 {
		return nil, nil
	}
	now := d.clock.Now()
	in := make([]tagout.Incoming, len(alerts))
	for n, a := range alerts {
		a = named(a, now)
		id := tagout.DeriveID("alert", a.Source, a.Fingerprint, a.StartsAt.UTC().Format(time.RFC3339Nano))
		in[n] = tagout.Incoming{ID: id, Alert: a, Verdict: d.routes.Route(a), At: now}
	}
	folded, err := d.intake.submit(ctx, in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), batchTimeout) // they are stored, whether the sender waits or not
	defer cancel()
	return folded, d.afterFold(ctx, in, folded)
}

// named fills what decides whether an alert is a repeat.
func named(a tagout.Alert, now time.Time) tagout.Alert {
	if a.StartsAt.IsZero() && a.Status == tagout.Momentary {
		a.StartsAt = now // each is another one; what fires and resolves is told apart by its fingerprint
	}
	if a.Fingerprint == "" {
		a.Fingerprint = tagout.DeriveID("fingerprint", a.Name, tagout.Pairs(a.Labels))
	}
	a.StartsAt = tagout.Moment(a.StartsAt)
	return a
}

func (q *intake) submit(ctx context.Context, in []tagout.Incoming) ([]tagout.Folded, error) {
	a := &arrival{in: in, done: make(chan struct{})}
	q.mu.Lock()
	if q.count+len(in) > queueMax && q.count > 0 {
		q.mu.Unlock()
		return nil, tagout.Errorf(tagout.Unavailable, "Too many alerts are waiting to be stored. Send them again in a moment.")
	}
	q.waiting = append(q.waiting, a)
	q.count += len(in)
	if q.lanes < intakeLanes {
		q.lanes++
		go q.lane()
	}
	q.mu.Unlock()
	select {
	case <-a.done:
		return a.out, a.err
	case <-ctx.Done():
		go q.desk.finish(a) // it may be stored all the same
		return nil, tagout.Errorf(tagout.Unavailable, "The alerts were not stored in time. Send them again.")
	}
}

// finish does what follows from alerts whose sender did not wait for them.
func (d *Desk) finish(a *arrival) {
	<-a.done
	if a.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	if err := d.afterFold(ctx, a.in, a.out); err != nil {
		d.log.Warn("some alerts could not be taken, and their sender did not wait", "error", err)
	}
}

// lane stores batches until nothing waits.
func (q *intake) lane() {
	for {
		q.mu.Lock()
		var batch []*arrival
		size := 0
		for len(q.waiting) > 0 && (size == 0 || size+len(q.waiting[0].in) <= batchMax) {
			batch = append(batch, q.waiting[0])
			size += len(q.waiting[0].in)
			q.waiting = q.waiting[1:]
		}
		if len(batch) == 0 {
			q.lanes--
			q.mu.Unlock()
			return
		}
		q.mu.Unlock()
		q.store(batch, size)
		q.mu.Lock()
		q.count -= size
		q.mu.Unlock()
	}
}

func (q *intake) store(batch []*arrival, size int) {
	defer func() {
		if p := recover(); p != nil {
			q.desk.log.Error("intake panicked", "panic", p)
			for _, a := range batch {
				if a.err == nil && a.out == nil {
					a.err = tagout.Errorf(tagout.Internal, "The alerts could not be stored because of a defect in Tagout.")
				}
			}
		}
		for _, a := range batch {
			close(a.done)
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), batchTimeout)
	defer cancel()
	all := make([]tagout.Incoming, 0, size)
	for _, a := range batch {
		all = append(all, a.in...)
	}
	out, err := q.desk.store.Fold(ctx, all, q.desk.fold)
	for _, a := range batch {
		if err != nil {
			a.err = err
			continue
		}
		a.out, out = out[:len(a.in)], out[len(a.in):]
	}
}

// fold is what one alert does to its incident.
func (d *Desk) fold(i *tagout.Incident, in tagout.Incoming, now time.Time) (tagout.Change, error) {
	var c tagout.Change
	v := in.Verdict
	if i.State == "" {
		if in.Alert.Status == tagout.Resolved {
			return c, nil // the end of something that was never taken: nothing to open
		}
		opened, err := i.Open(d.opening(in), now)
		if err != nil {
			return c, err
		}
		c = c.And(opened)
		d.metrics.opened(v.Severity, v.Class)
	}
	ended := i.State.Ended()
	agent := d.policy.Agents[v.Scope.Agent]
	c = c.And(i.TakeAlert(in, agent, now))
	if ended || in.Alert.Status == tagout.Resolved {
		return c, nil
	}
	worse := v.Severity.Worse(i.Severity)
	if worse {
		row := d.policy.SeverityPolicy(v.Severity)
		raised, err := i.ChangeSeverity(row, d.pageRoles(row, v.Class), "an alert of "+v.Severity.Label(), in.Alert.Actor(), now)
		if err != nil {
			return c, err
		}
		c = c.And(raised)
	}
	var scopes []tagout.Scope
	if !v.NoAgent {
		scopes = append(scopes, v.Scope)
	}
	if worse {
		scopes = append(scopes, heldScopes(i)...)
	}
	cause := cause{ID: in.ID, By: in.Alert.Actor(), First: worse || i.Alerts.Distinct == 1}
	held, err := d.contain(i, scopes, cause, now)
	return d.withDeadline(i, c.And(held), now), err
}

func (d *Desk) opening(in tagout.Incoming) tagout.Opening {
	v := in.Verdict
	row := d.policy.SeverityPolicy(v.Severity)
	title := in.Alert.Name
	if in.Alert.Summary != "" {
		title = in.Alert.Summary
	}
	return tagout.Opening{
		Title: title, Summary: in.Alert.Summary, Scope: v.Scope, Class: v.Class, CorrelationID: in.Alert.CorrelationID,
		By: in.Alert.Actor(), Onset: in.Alert.StartsAt, Row: row, Page: d.pageRoles(row, v.Class),
	}
}

// afterFold brings committed stops into the gate at once, and voids what other incidents
// had proposed for the same scopes.
func (d *Desk) afterFold(ctx context.Context, in []tagout.Incoming, folded []tagout.Folded) error {
	type concern struct {
		incident tagout.IncidentID
		scope    tagout.Scope
	}
	var errs []error
	newest := map[tagout.IncidentID]*tagout.Incident{}
	told := map[concern]bool{}
	for _, f := range folded {
		d.metrics.alert(f)
		if f.Err != nil {
			errs = append(errs, f.Err)
		}
		if f.Incident != nil && !f.Repeat {
			newest[f.Incident.ID] = f.Incident
		}
	}
	for _, i := range newest {
		d.apply(i)
	}
	for n, f := range folded {
		v := in[n].Verdict
		if f.Incident == nil || f.Repeat || v.NoAgent || in[n].Alert.Status == tagout.Resolved {
			continue
		}
		if c := (concern{f.Incident.ID, v.Scope}); !told[c] {
			told[c] = true
			d.voidOthers(ctx, v.Scope, f.Incident.ID, "a new alert came on its scope", in[n].Alert.Actor())
		}
	}
	return errors.Join(errs...)
}

// apply makes the gate hold what an incident's committed holds say. Lifting nothing and
// adding holds only ever tightens.
func (d *Desk) apply(i *tagout.Incident) {
	if holds := i.ActiveHolds(); len(holds) > 0 {
		d.gate.Lift(nil, holds)
		d.gate.Reconcile(d.agentsOf(holds)...)
	}
}

func (d *Desk) agentsOf(holds []tagout.Hold) []string {
	seen := map[string]bool{}
	var names []string
	for _, h := range holds {
		for _, name := range d.policy.Agents.Covered(h.Scope) {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
