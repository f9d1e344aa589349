package gate

import (
	"context"
	"slices"
	"time"

	"tagout"
)

// patience is how many read-backs in a row may not show what was accepted before it is
// reported as a failure: about three seconds.
const patience = 4

// wish is what one pass wants of the control.
type wish struct {
	tagout.Wanted
	real   []tagout.Hold // Holds without those that only this replica's caution adds
	key    generation    // tells it from other wishes
	sure   bool          // the holds are known
	leader bool          // it may loosen
	yields bool          // another replica drives what is recorded
	blind  bool          // what the control holds besides could not be read
}

// pass brings the control one step on, and returns when to look again.
//
// After a change it tells first and asks afterwards, for speed; otherwise it asks first, so
// that drift is seen before a renewal covers it.
func (d *driver) pass(ctx context.Context) time.Duration {
	w := d.wish()
	d.follow(w)
	if (!w.sure || w.yields) && len(w.real) == 0 {
		return d.gate.options.ReconcileEvery // nothing to tighten, and nothing may be renewed
	}
	changed := d.forced() || w.key != d.sent
	confirmed := false
	if !changed || !w.leader {
		var err error
		if confirmed, err = d.read(ctx, w); err != nil && (!changed || len(w.Holds) == 0) {
			return d.failed(w, err)
		}
		w.blind = err != nil
	}
	if confirmed && (!w.leader || !changed && !d.renewalDue(w)) {
		return d.rest(w)
	}
	if w.leader && !d.gate.options.Leader() {
		return 0 // reading took long: another may lead by now, and know more
	}
	if err := d.apply(ctx, w); err != nil {
		if !d.hurried {
			_, _ = d.read(ctx, w) // it may have done what it can, such as a stop without the versions
		}
		return d.failed(w, err)
	}
	if !confirmed || changed {
		var err error
		if confirmed, err = d.read(ctx, w); err != nil {
			return d.failed(w, err)
		}
	}
	if !confirmed {
		return d.unconfirmed(w)
	}
	return d.rest(w)
}

// wish is made from what stands now. While the holds are not known the whole agent is to be
// halted besides.
func (d *driver) wish() wish {
	d.upToDate()
	v := d.gate.now.Load()
	now := d.gate.clock.Now()
	unsure := d.gate.doubt(v)
	w := wish{key: d.generation(v), sure: unsure.reason == "", leader: d.gate.options.Leader()}
	w.Wanted = tagout.Wanted{Agent: d.agent.Name, Generation: v.generation, ValidUntil: now.Add(d.lease())}
	if a := v.agents[d.agent.Name]; a != nil {
		w.real, w.Versions, w.Generation = a.holds, a.versions, a.generation
	} else {
		w.real = v.everywhere
	}
	if d.gate.options.Yields() { // what is recorded may have been lifted since: the leader knows
		w.yields, w.Versions = true, nil
		w.real = slices.DeleteFunc(slices.Clone(w.real), func(h tagout.Hold) bool { return h.Incident != 0 })
	}
	for _, h := range w.real {
		w.Holds = append(w.Holds, h.Hushed())
	}
	if !w.sure && !w.yields {
		w.Holds = append(w.Holds, d.caution(tagout.Scope{}, tagout.Halted, unsure.sentence))
	}
	return w
}

// caution is a hold that belongs to no incident: it keeps what cannot be known to be free.
func (d *driver) caution(s tagout.Scope, m tagout.Mode, reason string) tagout.Hold {
	s.Agent = d.agent.Name
	return tagout.Hold{ID: tagout.HoldID("caution/" + s.String()), Scope: s, Mode: m, By: tagout.Tagout, Reason: reason, At: d.gate.clock.Now()}
}

func (d *driver) lease() time.Duration {
	if d.agent.Lease > 0 {
		return d.agent.Lease
	}
	return tagout.DefaultLease
}

// forced reports whether the control is to be asked and told now, whatever is known of it.
func (d *driver) forced() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	forced := d.force
	d.force = false
	if forced {
		d.sent, d.toldFor = generation{}, generation{} // what it accepts and runs is news again
	}
	return forced
}

// renewalDue reports whether a third of the lease has passed since the control last heard
// from us.
func (d *driver) renewalDue(w wish) bool {
	return w.sure && d.gate.clock.Now().Sub(d.sentAt) >= d.lease()/3
}

// follow starts marks for new holds and drops those of lifted ones.
func (d *driver) follow(w wish) {
	now := d.gate.clock.Now()
	wanted := make(map[tagout.HoldID]bool, len(w.real))
	for _, h := range w.real {
		wanted[h.ID] = true
		if d.marks[h.ID] == nil {
			d.marks[h.ID] = &mark{wanted: now}
		}
	}
	for id := range d.marks {
		if !wanted[id] {
			delete(d.marks, id)
		}
	}
	if w.key != d.tried { // a change is tried at once, and reported on anew
		d.tried, d.failures, d.blamed = w.key, 0, ""
	}
}

// apply sends the whole wanted state. A replica that may not loosen keeps what the control
// holds beyond it; if it cannot see what that is, it halts the whole agent.
func (d *driver) apply(ctx context.Context, w wish) error {
	wanted := w.Wanted
	if w.yields && !w.blind {
		wanted.Versions = running(*d.last) // what is pinned by now it cannot know
	}
	switch {
	case w.leader:
	case w.blind:
		wanted.Holds = append(slices.Clip(wanted.Holds), d.caution(tagout.Scope{}, tagout.Halted, "what other replicas hold cannot be read"))
	default:
		for _, extra := range d.beyond(*d.last, w) {
			wanted.Holds = append(slices.Clip(wanted.Holds), d.caution(extra.Scope, extra.Mode, "held by another replica"))
		}
	}
	if err := d.ask(ctx, "apply", func(ctx context.Context) error { return d.control.Apply(ctx, wanted) }); err != nil {
		return err
	}
	news := d.sent != w.key
	d.sent, d.sentAt = w.key, d.gate.clock.Now()
	d.update(func(s *tagout.ControlState) { s.Wanted = wanted })
	var accepted []tagout.HoldID
	for _, h := range w.real {
		if m := d.marks[h.ID]; !m.accepted {
			m.accepted = true
			accepted = append(accepted, h.ID)
		}
	}
	d.report(tagout.ControlReport{Holds: accepted, Accepted: true})
	if news && len(wanted.Versions) > 0 {
		d.report(tagout.ControlReport{Asked: wanted.Versions})
	}
	return nil
}

// running are the versions of which it is clear that they run; nil if there are none.
func running(o tagout.Observed) map[string]string {
	var versions map[string]string
	for component, version := range o.Versions {
		if version == "" {
			continue
		}
		if versions == nil {
			versions = map[string]string{}
		}
		versions[component] = version
	}
	return versions
}

// learn notes which components the control reports.
func (d *driver) learn(versions map[string]string) {
	for component := range versions {
		d.reports[component] = true
	}
}

// read asks what is in force, reports what that means for every hold, and tells whether it
// is all that is wanted, and nothing more.
func (d *driver) read(ctx context.Context, w wish) (bool, error) {
	var o tagout.Observed
	err := d.ask(ctx, "read", func(ctx context.Context) (err error) {
		o, err = d.control.Read(ctx, d.agent.Name)
		return err
	})
	if err != nil {
		return false, err
	}
	if o.Agent != "" && o.Agent != d.agent.Name {
		return false, tagout.Errorf(tagout.Conflict, "The control answered for another agent.")
	}
	o.Agent = d.agent.Name
	o.Applied = slices.DeleteFunc(slices.Clone(o.Applied), func(a tagout.AppliedHold) bool {
		_, err := tagout.ParseMode(string(a.Mode))
		return err != nil // a mode that nobody knows confirms nothing
	})
	d.last = &o
	d.learn(o.Versions)
	d.compare(o, w)
	d.tellVersions(o, w)
	confirmed := o.Confirms(w.Wanted, d.agent) && o.ConfirmsVersions(w.Wanted, d.reports)
	if w.leader && w.sure && len(d.beyond(o, w)) > 0 {
		confirmed = false // lifted here, but still held there
	}
	d.update(func(s *tagout.ControlState) { s.Observed, s.ReadAt, s.Confirmed = o, d.gate.clock.Now(), confirmed })
	return confirmed, nil
}

// compare reports holds that are observed now, and those that are not any more.
func (d *driver) compare(o tagout.Observed, w wish) {
	var observed, drifted []tagout.HoldID
	for _, h := range w.real {
		m, confirmed := d.marks[h.ID], o.ConfirmsHold(h, d.agent)
		switch {
		case confirmed && !m.observed:
			m.observed = true
			observed = append(observed, h.ID)
			d.gate.metrics.observed.Observe(d.gate.clock.Now().Sub(m.wanted).Seconds())
		case !confirmed && m.observed:
			m.observed, m.accepted = false, false
			drifted = append(drifted, h.ID)
		}
	}
	if len(drifted) > 0 {
		d.gate.metrics.drift.WithLabelValues(d.agent.Name, d.control.Name()).Inc()
		d.gate.log.Error("a held agent was found running", "agent", d.agent.Name, "control", d.control.Name(), "holds", drifted)
		d.report(tagout.ControlReport{Holds: drifted, Drift: true})
	}
	d.report(tagout.ControlReport{Holds: observed, Observed: true})
}

// beyond lists what the control holds although it is not wanted.
func (d *driver) beyond(o tagout.Observed, w wish) []tagout.AppliedHold {
	var extra []tagout.AppliedHold
	for _, a := range o.Applied {
		wanted := a.Mode == tagout.Running || slices.ContainsFunc(w.Holds, func(h tagout.Hold) bool {
			scope := h.Scope
			scope.Agent = a.Scope.Agent
			return scope.Covers(a.Scope, d.agent) && h.Mode.AtLeast(a.Mode)
		})
		if !wanted {
			extra = append(extra, a)
		}
	}
	return extra
}
