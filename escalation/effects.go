package escalation

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Effects are the desk's handlers: pages, containment, rollback and clocks. What is said in
// Slack is the Slack edge's.
func (d *Desk) Effects() map[tagout.EffectKind]tagout.EffectFunc {
	return map[tagout.EffectKind]tagout.EffectFunc{
		tagout.EffectContain:     d.containNow,
		tagout.EffectRollback:    d.rollback,
		tagout.EffectPin:         d.pinNow,
		tagout.EffectAssess:      d.assess,
		tagout.EffectPage:        d.pageRound,
		tagout.EffectSend:        d.send,
		tagout.EffectFollow:      d.follow,
		tagout.EffectContainDue:  d.containDue,
		tagout.EffectLeaseDue:    d.leaseDue,
		tagout.EffectAnswerDue:   d.answerDue,
		tagout.EffectExpire:      d.expire,
		tagout.EffectStageDue:    d.stageDue,
		tagout.EffectSetback:     d.setbackElsewhere,
		tagout.EffectSigners:     d.callSigners,
		tagout.EffectDelegated:   d.noteDelegation,
		tagout.EffectDeadline:    d.deadline,
		tagout.EffectNoteMail:    d.mailNote,
		tagout.EffectNoteExpire:  d.expireNote,
		tagout.EffectFlagLink:    d.linkFlag,
		tagout.EffectDigestMail:  d.mailDigest,
		tagout.EffectSilence:     d.keepSilence,
		tagout.EffectMaintenance: d.maintain,
		tagout.EffectDrill:       d.drill,

		tagout.EffectTicket:      d.makeTicket,
		tagout.EffectTicketCheck: d.checkTicket,
		tagout.EffectActionDue:   d.actionDue,
	}
}

// containNow makes sure that the gate holds what the incident says, whoever committed it. The
// hold of a stop is almost always there: whoever commits it applies it at once.
func (d *Desk) containNow(ctx context.Context, e tagout.Effect) error {
	if hold := e.Key[strings.LastIndexByte(e.Key, ':')+1:]; d.gate.Knows(tagout.HoldID(hold)) {
		return nil
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	d.apply(i)
	return nil
}

func (d *Desk) containDue(ctx context.Context, e tagout.Effect) error {
	var due stopDeadline
	if len(e.Data) > 0 {
		if err := e.Decode(&due); err != nil {
			return err
		}
	}
	return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		c := i.PassLeases(now)
		c = c.And(i.PassDeadlines(d.owners(i), now))
		late := func(s tagout.ControlStatus) bool { return due.Of.IsZero() || !s.RequestedAt.After(due.Of) }
		if !slices.ContainsFunc(i.Unconfirmed(), late) {
			return c, nil // confirmed, or a newer stop has a deadline of its own
		}
		return c.And(i.MissContainment(d.ownerRoles(i), now)), nil
	})
}

// ownerRoles are who is told that a stop is not confirmed: the platform owner, and the
// owners of the agents.
func (d *Desk) ownerRoles(i *tagout.Incident) []string {
	var roles []string
	if d.policy.Roles["platform"] != nil {
		roles = append(roles, "platform")
	}
	for _, s := range i.Unconfirmed() {
		if a := d.policy.Agents[s.Agent]; a != nil && a.Owner != "" && !slices.Contains(roles, a.Owner) {
			roles = append(roles, a.Owner)
		}
	}
	if len(roles) == 0 {
		roles = d.policy.SeverityPolicy(i.Severity).Page
	}
	return roles
}

func (d *Desk) leaseDue(ctx context.Context, e tagout.Effect) error {
	_, err := d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.PassLeases(now), nil
	})
	return err
}

func (d *Desk) expire(ctx context.Context, e tagout.Effect) error {
	_, err := d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if r := i.Request; r != nil {
			return i.ExpireRequest(r.ID, now), nil
		}
		return tagout.Change{}, nil
	})
	return err
}
