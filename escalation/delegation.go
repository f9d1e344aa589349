package escalation

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// Delegations lists what is in force, of people who are members of the role now.
func (d *Desk) Delegations(ctx context.Context) ([]tagout.Delegation, error) {
	all, err := d.store.Delegations(ctx, d.clock.Now())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(g tagout.Delegation) bool { return !d.isMember(g.Role, g.By) }), nil
}

func (d *Desk) isMember(role string, id tagout.UserID) bool {
	r := d.policy.Roles[role]
	return r != nil && slices.Contains(r.Members, id)
}

// delegatedTo are the delegations in force to a person.
func (d *Desk) delegatedTo(ctx context.Context, id tagout.UserID) ([]tagout.Delegation, error) {
	all, err := d.Delegations(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(g tagout.Delegation) bool { return g.To != id }), nil
}

// Delegate lets somebody sign in the place of a member for a while. It returns Forbidden for
// whoever is not a member of the role, NotFound and Invalid for a role, person or length that
// will not do, and Unavailable if the person cannot be looked up.
func (d *Desk) Delegate(ctx context.Context, o tagout.DelegationOrder) (tagout.Delegation, error) {
	now := tagout.Moment(d.clock.Now())
	g := tagout.Delegation{ID: tagout.DeriveID("delegation", o.ID), Role: o.Role, To: o.Person, By: o.By.ID, From: now, Until: now.Add(o.For), Why: o.Why}
	home := d.homeTeam()
	switch {
	case d.policy.Roles[o.Role] == nil:
		return g, tagout.Errorf(tagout.NotFound, "There is no role %q in the configuration. Nothing was changed.", cutName(o.Role))
	case o.By.ID == "" || o.By.Bot || o.By.Guest || home == "" || o.By.Team != home || !d.isMember(o.Role, o.By.ID):
		return g, tagout.Errorf(tagout.Forbidden, "Only a member of %s named in the configuration delegates it; what was delegated to you cannot be passed on. Nothing was changed.", d.policy.RoleName(o.Role))
	case d.isMember(o.Role, o.Person) && o.Person != o.By.ID:
		return g, tagout.Errorf(tagout.Invalid, "@%s signs for %s anyway. Nothing was changed.", o.Person, d.policy.RoleName(o.Role))
	}
	if err := g.Check(d.policy.DelegateAtMost); err != nil {
		return g, err
	}
	if err := d.signsInPerson(ctx, g.To); err != nil {
		return g, err
	}
	_, err := d.store.AddDelegation(ctx, g, d.tellOfDelegation(g))
	crashpoint.Here("delegate.committed")
	return g, err
}

// signsInPerson returns nil for the account of a full member of the workspace.
func (d *Desk) signsInPerson(ctx context.Context, id tagout.UserID) error {
	unknown := tagout.Errorf(tagout.Unavailable, "Slack could not be asked whether this person may sign, so nothing was changed. Try again in a moment.")
	if d.directory == nil {
		return unknown
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	account, err := d.directory.Account(ctx, id)
	switch {
	case tagout.CodeOf(err) == tagout.NotFound:
		return tagout.Errorf(tagout.NotFound, "There is nobody with the ID %s in this workspace. Nothing was changed.", id)
	case err != nil:
		return unknown
	case account.Gone:
		return tagout.Errorf(tagout.Invalid, "That Slack account is deactivated. Nothing was changed.")
	case account.Bot || account.Guest:
		return tagout.Errorf(tagout.Invalid, "Guests and bots never sign, so nothing can be delegated to them. Nothing was changed.")
	}
	return nil
}

// Revoke ends delegations before their time: those of a role, to a person, or all that this
// person gave or has. It returns NotFound if there is none, and Forbidden for somebody else.
func (d *Desk) Revoke(ctx context.Context, role string, person tagout.UserID, by tagout.User) ([]tagout.Delegation, error) {
	all, err := d.store.Delegations(ctx, d.clock.Now())
	if err != nil {
		return nil, err
	}
	named := role != "" || person != ""
	meant := slices.DeleteFunc(all, func(g tagout.Delegation) bool {
		return role != "" && g.Role != role || person != "" && g.To != person || !named && g.By != by.ID
	})
	if len(meant) == 0 {
		return nil, tagout.Errorf(tagout.NotFound, "There is no such delegation. Nothing was changed.")
	}
	for n := range meant {
		g := &meant[n]
		if by.Guest || by.Bot || by.Team != d.homeTeam() || g.By != by.ID && g.To != by.ID && !d.isMember(g.Role, by.ID) {
			return nil, tagout.Errorf(tagout.Forbidden, "Only who gave a delegation, who has it, and members of %s revoke it. Nothing was changed.", d.policy.RoleName(g.Role))
		}
	}
	now := tagout.Moment(d.clock.Now())
	for n := range meant {
		g := &meant[n]
		g.RevokedBy, g.RevokedAt = by.ID, now
		if _, err := d.store.RevokeDelegation(ctx, g.ID, by.ID, now, d.tellOfDelegation(*g)); err != nil {
			return nil, err
		}
	}
	return meant, nil
}

// tellOfDelegation are messages to those concerned, and the note on the timelines.
func (d *Desk) tellOfDelegation(g tagout.Delegation) []tagout.Effect {
	key, to := g.ID, g.To
	m := tagout.Say(tagout.Mention(g.By), " lets you sign for ", tagout.Bold(d.policy.RoleName(g.Role)), " until ", g.Until, because(d.policy.Redaction, g.Why),
		". It is your own GO or NO-GO, shown as given for them; not on requests that you make, nor after changes that you made, and you cannot pass it on.")
	if !g.RevokedAt.IsZero() {
		key += ":revoked"
		m = tagout.Say(tagout.Mention(g.RevokedBy), " ended that you sign for ", tagout.Bold(d.policy.RoleName(g.Role)), " in the place of ", tagout.Mention(g.By), ".")
	}
	return []tagout.Effect{
		tagout.NewEffect(tagout.EffectDirect, 0, "delegation:"+key+":"+string(to), tagout.DirectNote{To: to, Message: m}),
		tagout.NewEffect(tagout.EffectDelegated, 0, key, g),
	}
}

func because(mask *tagout.Redaction, why string) string {
	if why = strings.TrimSpace(why); why == "" {
		return ""
	}
	return ": " + cutMasked(mask, why, 300)
}

// noteDelegation writes a delegation, or its end, on the timeline of each open incident that
// needs the role.
func (d *Desk) noteDelegation(ctx context.Context, e tagout.Effect) error {
	var g tagout.Delegation
	if err := e.Decode(&g); err != nil {
		return err
	}
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: 1000})
	if err != nil {
		return err
	}
	for _, i := range open {
		needs := slices.Contains(i.Rule.Roles(), g.Role) || i.Request != nil && slices.Contains(i.Request.Rule.Roles(), g.Role)
		if !needs {
			continue
		}
		err := d.update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.Delegated(g, now), nil })
		if err != nil {
			return err
		}
	}
	return nil
}
