package escalation

import (
	"context"
	"time"

	"tagout"
)

// voidOthers makes pending requests of other incidents void that a new stop or alert on
// the scope concerns. If it fails the holds still stand, since a sign-off lifts only its own.
func (d *Desk) voidOthers(ctx context.Context, scope tagout.Scope, except tagout.IncidentID, reason string, by tagout.Actor) {
	query, any := othersOn(d.gate.HoldsOn(scope.Agent), scope.Agent, except)
	if !any {
		return
	}
	open, err := d.store.Incidents(ctx, query)
	if err != nil {
		d.log.Warn("could not look for resume requests that a new stop makes void", "error", err)
		return
	}
	if except != 0 {
		reason += " (" + except.String() + ")"
	}
	for _, other := range open {
		if other.ID != except {
			d.stirDrill(ctx, other, scope)
		}
		r := other.Request
		if other.ID == except || r == nil || r.State != tagout.RequestPending || !r.Scope.Touches(scope, d.policy.Agents[scope.Agent]) {
			continue
		}
		_, err := d.store.Update(ctx, other.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.VoidRequest(reason, by, now), nil
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

// newAlert says why a GO must not count because an alert came on the scope of the request
// since it was made, in another incident or below a threshold; "" if none did. Those of its own
// incident have made it void in their own transaction. Usually [Desk.voidOthers] has done so for
// these as well, right after theirs; a process that died in between has not. A GO looks within
// [Desk.decide], as requests are made: so an alert is stored either before that, and found, or
// after it, and hangs what its severity decides although this lifts something.
func (d *Desk) newAlert(ctx context.Context, i *tagout.Incident, s tagout.Signing) (string, error) {
	r := i.Request
	if r == nil || r.State != tagout.RequestPending || s.Verdict != tagout.Go {
		return "", nil
	}
	news, err := d.store.NewAlerts(ctx, r.Scope.Agent, r.At, i.ID)
	if err != nil {
		return "", err
	}
	for _, n := range news {
		if !n.Scope.Touches(r.Scope, d.policy.Agents[n.Scope.Agent]) {
			continue
		}
		if n.Incident == 0 {
			return newAlertCame, nil
		}
		return newAlertCame + " (" + n.Incident.String() + ")", nil
	}
	return "", nil
}

// mostToDecide is how long a decision may take: all alerts wait for it.
const mostToDecide = 3 * time.Second

// decide changes an incident by what is known of alerts, none of which comes meanwhile.
func (d *Desk) decide(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	ctx, cancel := context.WithTimeout(ctx, mostToDecide)
	defer cancel()
	return d.store.Decide(ctx, id, fn)
}

// newAlertCame is why a request is void after a new alert.
const newAlertCame = "a new alert came on its scope"
