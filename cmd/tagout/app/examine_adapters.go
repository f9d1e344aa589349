package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"tagout"
	"tagout/escalation"
)

// controlsAnswer reads back what each control says now; it asks for nothing.
func (x *examination) controlsAnswer() {
	made, _, err := x.controls()
	if err != nil {
		x.add(broken("Controls", err, ""))
		return
	}
	for _, agent := range slices.Sorted(maps.Keys(made)) {
		for _, c := range made[agent] {
			part := "Control " + c.Name() + " of " + agent
			err := x.within(func(ctx context.Context) error { _, err := c.Read(ctx, agent); return err })
			if err != nil {
				x.add(broken(part, err, "A stop of "+agent+" would not be observed. Check that the receiver runs, its address, and its secret."))
				continue
			}
			x.add(tagout.Fine(part, "It can be read back."))
		}
	}
}

// pagersAreReached connects to each pager, and sends nothing.
func (x *examination) pagersAreReached() {
	pagers, err := x.pagers()
	if err != nil {
		x.add(broken("Pagers", err, ""))
		return
	}
	for _, p := range pagers {
		part := "Pager " + p.Name()
		probe, can := p.(tagout.Prober)
		if !can {
			x.add(tagout.Doubtful(part, "It cannot be tried without paging somebody.", "Type /page-test in Slack: it pages you."))
			continue
		}
		switch err := x.within(probe.Probe); {
		case errors.Is(err, tagout.ErrUntried):
			x.add(tagout.Doubtful(part, tagout.ErrUntried.Error(), "Type /page-test in Slack: it pages you."))
			continue
		case err != nil:
			x.add(broken(part, err, "Check its address and the network: nobody would be paged by it."))
			continue
		}
		x.add(tagout.Fine(part, "It takes connections. Whether it accepts a page is told by /page-test in Slack."))
	}
}

func (x *examination) schedulesAreRead() {
	made, err := x.schedules()
	if err != nil {
		x.add(broken("Schedules", err, ""))
		return
	}
	for _, rotation := range slices.Sorted(maps.Keys(made)) {
		part := "Rotation " + rotation
		var people []tagout.OnCallPerson
		err := x.within(func(ctx context.Context) (err error) {
			people, err = made[rotation].OnCall(ctx, x.clock.Now())
			return err
		})
		switch {
		case err != nil:
			x.add(broken(part, err, "Check the schedule's ID and its token: nobody would be paged by it."))
		case len(people) == 0:
			x.add(tagout.Doubtful(part, made[rotation].Name()+" has nobody on call now.", "Fill the gap there, or nobody is paged by it."))
		default:
			x.add(tagout.Fine(part, made[rotation].Name()+" is read; on call now: "+strconv.Itoa(len(people))+"."))
		}
	}
}

func (x *examination) trackersAreReached() {
	made, err := x.trackers()
	if err != nil {
		x.add(broken("Trackers", err, ""))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		part := "Tracker " + name
		probe, can := made[name].(tagout.Prober)
		if !can {
			x.add(tagout.Doubtful(part, "It cannot be tried without making a ticket.", ""))
			continue
		}
		if err := x.within(probe.Probe); err != nil {
			x.add(broken(part, err, "Check its address, its project or repository, and that the token may read and write issues there."))
			continue
		}
		x.add(tagout.Fine(part, "Its project is read."))
	}
}

// metricsAreRead asks for each metric of the configuration once.
func (x *examination) metricsAreRead() {
	const part = "Prometheus"
	telemetry, err := x.telemetry()
	if err != nil {
		x.add(broken(part, err, ""))
	}
	if telemetry == nil || err != nil {
		return
	}
	err = x.within(func(ctx context.Context) error {
		_, err := telemetry.Value(ctx, "vector(1)", x.clock.Now())
		return err
	})
	if err != nil {
		x.add(broken(part, err, "Check health.prometheus: every metric is shown as unknown."))
		return
	}
	x.add(tagout.Fine(part, "It answers."))
	desk, err := escalation.New(escalation.Options{Policy: &x.config.Policy, Telemetry: telemetry, Clock: x.clock, Logger: x.log})
	if err != nil {
		x.add(broken(part, err, ""))
		return
	}
	for _, r := range desk.Metrics(x.ctx) {
		name := "Metric " + r.Name
		if r.Agent != "" {
			name += " of " + r.Agent
		}
		if r.Canary {
			name += " (canary)"
		}
		switch {
		case r.Status != tagout.HealthUnknown:
			x.add(tagout.Fine(name, "It is read: "+r.Unit.Text(r.Value)+"."))
		case r.Broken:
			x.add(broken(name, tagout.Errorf(tagout.Invalid, "%s", r.Why), ""))
		default:
			x.add(tagout.Doubtful(name, "It is unknown: "+r.Why+".", "Look at the query on the page of Prometheus: does the agent report this, under this label?"))
		}
	}
}
