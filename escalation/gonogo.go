package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// RequestResume proposes to lift holds of an incident. It returns Invalid naming each
// missing deliverable, Forbidden for guests, Conflict if nothing is held.
func (d *Desk) RequestResume(ctx context.Context, id tagout.IncidentID, draft tagout.ResumeDraft) (*tagout.Incident, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	draft = d.clipped(draft)
	if draft.Versions == nil {
		if draft.Versions, err = d.versionsToRun(ctx, i); err != nil {
			return nil, err
		}
	}
	if draft.Target == "" {
		draft.Target = tagout.Running
	}
	if draft.Causers, err = d.causers(ctx, i); err != nil {
		return nil, err
	}
	return d.decide(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		firing, err := d.firing(ctx, id)
		if err != nil {
			return tagout.Change{}, err
		}
		c, err := i.RequestResume(draft, d.policy.Severities[i.HighestSeverity], d.policy.Agents, firing, now)
		if err != nil {
			return c, err
		}
		return c.And(inFull(i.Request)).And(d.asActions(i, draft, now)), nil
	})
}

func (d *Desk) firing(ctx context.Context, id tagout.IncidentID) ([]string, error) {
	alerts, err := d.store.Alerts(ctx, id, 200)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, in := range alerts {
		if in.Alert.Status == tagout.Firing {
			names = append(names, in.Alert.Name+" "+in.Alert.Fingerprint)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Sign counts a press of GO or NO-GO. The last sign-off that is needed lifts exactly the
// holds of the request: in the database first, then in the gate. A click that does not
// count is answered with the reason and leaves a line on the timeline. If the outcome of
// the commit is unknown, nothing is lifted here.
func (d *Desk) Sign(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error) {
	s.HomeTeam, s.RoleName, s.Reason = d.homeTeam(), d.policy.RoleName, d.clip(s.Reason, reasonLength)
	roles, err := d.signerRoles(ctx, s.User.ID)
	if err != nil {
		return nil, err
	}
	s.Roles = roles
	if s.Delegations, err = d.delegatedTo(ctx, s.User.ID); err != nil {
		return nil, err
	}
	if err := d.stillAlone(ctx, id, s); err != nil {
		d.refuse(ctx, id, s, err)
		return nil, err
	}
	var lifting tagout.Lifting
	var news string
	crashpoint.Here("sign.received")
	count := d.store.Update
	if signer := len(s.Roles)+len(s.Delegations) > 0; signer && s.Verdict == tagout.Go { // for nobody else alerts wait
		count = d.decide
	}
	i, err := count(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		var c tagout.Change
		var err error
		if news, err = d.newAlert(ctx, i, s); err != nil {
			return c, err
		}
		if news != "" {
			return i.VoidRequest(news, tagout.Tagout, now), nil
		}
		if s.Quiet, err = d.quiet(ctx, i); err != nil {
			return c, err
		}
		if s.Causers, err = d.causers(ctx, i); err != nil {
			return c, err
		}
		lifting, c, err = i.Sign(s, d.policy.Agents, now)
		return c, err
	})
	if err == nil && news != "" {
		err = voided(news)
	}
	if err != nil {
		d.refuse(ctx, id, s, err)
		return nil, unconfirmed(err)
	}
	crashpoint.Here("sign.committed")
	if len(lifting.Lifted) > 0 || i.State.Ended() {
		d.loosen(ctx, i, lifting)
	}
	return i, nil
}

// unconfirmed says what a person can do about a press whose outcome nobody knows.
func unconfirmed(err error) error {
	if tagout.CodeOf(err) != tagout.Unavailable {
		return err
	}
	return &tagout.Error{Code: tagout.Unavailable, Err: err,
		Message: "The database did not confirm that your press was counted. Nothing is lifted until it does. If the request is still open in a moment, press again: a second press counts only once."}
}

// loosen lifts in memory what the database has recorded as lifted, and lets go of versions
// that are not pinned any more.
func (d *Desk) loosen(ctx context.Context, i *tagout.Incident, l tagout.Lifting) {
	var lifted []tagout.Hold
	for _, id := range l.Lifted {
		if h, ok := i.Hold(id); ok && !h.Active() {
			lifted = append(lifted, h)
		}
	}
	d.gate.Lift(l.Lifted, l.Replacements)
	if i.Staging.Goes() || len(lifted) > 0 && lifted[0].Plan != "" {
		d.metrics.stages.WithLabelValues("began").Inc()
	}
	agents := d.agentsOf(lifted)
	if i.State.Ended() {
		d.repin(ctx) // it pins nothing any more
	}
	crashpoint.Here("sign.lifted")
	if len(agents) > 0 {
		d.gate.Reconcile(agents...)
	}
}

// signerRoles lists the roles for which a person may sign: those that name them as a
// member, and those whose Slack group counts and contains them.
func (d *Desk) signerRoles(ctx context.Context, user tagout.UserID) ([]string, error) {
	var roles []string
	for key, role := range d.policy.Roles {
		if slices.Contains(role.Members, user) {
			roles = append(roles, key)
			continue
		}
		if !role.SignByGroup || role.SlackGroup == "" || d.groups == nil {
			continue
		}
		members := d.lookGroup(ctx, role.SlackGroup)
		if !members.fresh(d.clock.Now()) {
			d.log.Warn("cannot read the Slack group of signers", "role", key, "error", members.err)
			continue // unknown membership is no membership
		}
		if slices.ContainsFunc(members.people, func(p tagout.OnCallPerson) bool { return p.ID == user }) {
			roles = append(roles, key)
		}
	}
	slices.Sort(roles)
	return roles, nil
}

// quiet tells of the alerts on the scope of the pending request, if there is a window to
// wait for. Those from before the incident count too: the window may reach back so far.
func (d *Desk) quiet(ctx context.Context, i *tagout.Incident) (tagout.Quiet, error) {
	if i.Request == nil || i.Request.Monitor <= 0 {
		return tagout.Quiet{}, nil
	}
	return d.store.QuietOn(ctx, i.Request.Scope, i.At(tagout.Detected).Add(-i.Request.Monitor))
}

// stillAlone makes the request void if another incident has stopped its scope since: those
// who sign must know. The other hold would stand in any case.
func (d *Desk) stillAlone(ctx context.Context, id tagout.IncidentID, s tagout.Signing) error {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return err
	}
	r := i.Request
	if r == nil || r.State != tagout.RequestPending {
		return nil // signing says what is wrong
	}
	for _, h := range d.gate.Holds() {
		newer := h.Active() && h.At.After(r.At) && h.Incident != id
		if newer && h.Scope.Touches(r.Scope, d.policy.Agents[h.Scope.Agent]) {
			reason := "a new stop came on its scope (" + h.Incident.String() + ")"
			_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
				by := h.By
				if h.Private {
					by = tagout.Tagout
				}
				return i.VoidRequest(reason, by, now), nil
			})
			if err != nil {
				return err
			}
			return voided(reason)
		}
	}
	return nil
}

// voided answers a press that made the request void instead.
func voided(reason string) error {
	return tagout.Errorf(tagout.Conflict, "The request is void: %s. Everything stays held.", reason)
}

// refuse leaves a line about a click that did not count. It must not turn a refusal into
// another failure.
func (d *Desk) refuse(ctx context.Context, id tagout.IncidentID, s tagout.Signing, why error) {
	switch tagout.CodeOf(why) {
	case tagout.Forbidden, tagout.Conflict, tagout.Expired:
	default:
		return
	}
	_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.RefuseSigning(s, tagout.Sentence(why), now), nil
	})
	if err != nil {
		d.log.Warn("could not record a refused sign-off", "incident", id.String(), "error", err)
	}
}
