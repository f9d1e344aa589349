package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
)

// people lists who is paged for these roles now, each once, with all the roles that led to
// them.
func (d *Desk) people(ctx context.Context, roles []string) []tagout.Person {
	return d.roster(ctx, roles).Persons()
}

// calling is the roster of these roles for a page of a severity about an agent: whoever
// should be on it and is not known is made up for by those who would be paged next.
func (d *Desk) calling(ctx context.Context, row *tagout.SeverityPolicy, agent string, roles []string) tagout.Roster {
	r, overrides := d.rosterWith(ctx, roles)
	if !r.Blind() {
		return r
	}
	for _, role := range d.above(row, agent, roles) {
		if d.policy.Roles[role] != nil && !slices.Contains(r.Instead, role) {
			r.Instead = append(r.Instead, role)
			d.callRole(ctx, &r, overrides, role)
		}
	}
	return r
}

// above are the roles that would be paged next: those of the first rung that names others,
// else the platform owner and the owner of the agent.
func (d *Desk) above(row *tagout.SeverityPolicy, agent string, roles []string) []string {
	others := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == "" || slices.Contains(roles, n) })
	}
	for _, rung := range row.Escalate {
		if next := others(rung.To); len(next) > 0 {
			return next
		}
	}
	owners := []string{"platform"}
	if a := d.policy.Agents[agent]; a != nil {
		owners = append(owners, a.Owner)
	}
	return others(owners)
}

// roster finds out who is paged for these roles now and why: members, Slack group, on-call.
// What cannot be found out stands among its doubts.
func (d *Desk) roster(ctx context.Context, roles []string) tagout.Roster {
	r, _ := d.rosterWith(ctx, roles)
	return r
}

// rosterWith is roster, with the overrides that count.
func (d *Desk) rosterWith(ctx context.Context, roles []string) (tagout.Roster, []tagout.Override) {
	r, overrides := d.newRoster(ctx, roles)
	for _, role := range roles {
		d.callRole(ctx, &r, overrides, role)
	}
	return r, overrides
}

// newRoster is an empty roster of this moment, with the overrides that count.
func (d *Desk) newRoster(ctx context.Context, roles []string) (tagout.Roster, []tagout.Override) {
	r := tagout.Roster{At: d.clock.Now(), Roles: roles}
	if len(d.policy.Rotations) == 0 {
		return r, nil
	}
	overrides, err := d.store.Overrides(ctx, r.At)
	if err != nil {
		r.Doubt(tagout.Doubt{Role: "on call", Via: tagout.ViaMember, Problem: "Overrides could not be read, so whoever has the turn is paged. " + tagout.Sentence(err)})
	}
	return r, overrides
}

func (d *Desk) callRole(ctx context.Context, r *tagout.Roster, overrides []tagout.Override, key string) {
	role := d.policy.Roles[key]
	if role == nil {
		r.Doubt(tagout.Doubt{Role: key, Via: tagout.ViaMember, Problem: "This role is not configured.", Blind: true})
		return
	}
	for _, id := range role.Members {
		r.Add(d.person(tagout.OnCallPerson{ID: id}), tagout.Reason{Role: key, Via: tagout.ViaMember})
	}
	if role.SlackGroup != "" {
		d.callGroup(ctx, r, role)
	}
	if role.OnCall != "" {
		d.callRotation(ctx, r, overrides, role)
	}
	if !r.Has(key) && !r.Asks(key) {
		r.Doubt(tagout.Doubt{Role: key, Via: tagout.ViaMember, Problem: "Nobody is known who could be paged for this role.", Blind: true})
	}
}

// person is somebody with what the configuration knows of them.
func (d *Desk) person(who tagout.OnCallPerson) tagout.Person {
	if who.ID == "" {
		return tagout.Person{Name: who.Name, Email: who.Email}
	}
	p := d.policy.People[who.ID]
	p.ID, p.Roles = who.ID, nil
	if p.Email == "" {
		p.Email = who.Email
	}
	return p
}

func (d *Desk) callGroup(ctx context.Context, r *tagout.Roster, role *tagout.Role) {
	if d.alone {
		r.Unasked = append(r.Unasked, tagout.Reason{Role: role.Key, Via: tagout.ViaGroup, Source: role.SlackGroup})
		return
	}
	k := d.lookGroup(ctx, role.SlackGroup)
	if k.err != nil {
		r.Doubt(doubtOf(k, role.Key, tagout.ViaGroup, role.SlackGroup, r.At))
	}
	for _, who := range k.people {
		r.Add(d.person(who), tagout.Reason{Role: role.Key, Via: tagout.ViaGroup, Source: role.SlackGroup, AsOf: k.at})
	}
}

// doubtOf says that a list could not be read, and how far what is known of it is trusted.
func doubtOf(k known, role string, via tagout.Via, source string, now time.Time) tagout.Doubt {
	return tagout.Doubt{Role: role, Via: via, Source: source, Problem: tagout.Sentence(k.err), AsOf: k.at,
		Blind: k.at.IsZero() || now.Sub(k.at) >= trustedFor}
}

func (d *Desk) callRotation(ctx context.Context, r *tagout.Roster, overrides []tagout.Override, role *tagout.Role) {
	if rotation := d.policy.Rotations[role.OnCall]; d.alone && rotation != nil {
		why := tagout.Reason{Role: role.Key, Via: tagout.ViaOverride, Source: role.OnCall}
		if rotation.Elsewhere {
			why.Via = tagout.ViaSchedule
		}
		r.Unasked = append(r.Unasked, why)
		if rotation.Elsewhere {
			return
		}
	}
	duty := d.dutyAt(ctx, d.policy.Rotations[role.OnCall], role.OnCall, overrides, r.At)
	for _, doubt := range duty.Doubts {
		doubt.Role = role.Key
		r.Doubt(doubt)
	}
	for _, c := range duty.People {
		for _, why := range c.Reasons {
			why.Role = role.Key
			r.Add(c.Person, why)
		}
	}
}

// dutyAt is who is on call in a rotation at a time: whoever was put in by an override,
// else by the schedule of another service, else by the turns.
func (d *Desk) dutyAt(ctx context.Context, rotation *tagout.Rotation, key string, overrides []tagout.Override, at time.Time) tagout.Duty {
	duty := tagout.Duty{Rotation: key}
	doubt := func(via tagout.Via, problem string, blind bool) {
		duty.Doubts = append(duty.Doubts, tagout.Doubt{Via: via, Source: key, Problem: problem, Blind: blind})
	}
	on := func(who tagout.OnCallPerson, why tagout.Reason) {
		why.Source = key
		duty.People = append(duty.People, tagout.Called{Person: d.person(who), Reasons: []tagout.Reason{why}})
		if account, heard := d.knowledge.account(who.ID); heard && account.Gone {
			doubt(tagout.ViaRotation, "@"+string(who.ID)+" is on call, but that Slack account is deactivated.", true)
		}
	}
	if o, ok := tagout.OverrideOf(overrides, key, at); ok {
		on(tagout.OnCallPerson{ID: o.Person}, tagout.Reason{Via: tagout.ViaOverride, Until: o.Until, By: o.By})
		return duty
	}
	if rotation != nil && rotation.Elsewhere {
		k := d.lookSchedule(ctx, key)
		if k.err != nil {
			duty.Doubts = append(duty.Doubts, doubtOf(k, "", tagout.ViaSchedule, key, at))
		}
		for _, who := range k.people {
			on(who, tagout.Reason{Via: tagout.ViaSchedule, AsOf: k.at, Until: who.Until})
			if who.ID == "" {
				doubt(tagout.ViaRotation, strangerText(who), who.Email == "")
			}
		}
		if k.err == nil && len(k.people) == 0 {
			doubt(tagout.ViaRotation, "The schedule has nobody on call now.", true)
		}
		return duty
	}
	t, problem := turnAt(rotation, at)
	if problem != "" {
		doubt(tagout.ViaRotation, problem, true)
		return duty
	}
	on(tagout.OnCallPerson{ID: t.who}, tagout.Reason{Via: tagout.ViaRotation, Until: t.until})
	return duty
}

func strangerText(who tagout.OnCallPerson) string {
	name := who.Name
	if name == "" {
		name = "Somebody"
	}
	if who.Email == "" {
		return name + " is on call, but nobody knows how to reach them: the service tells no e-mail address."
	}
	return name + " (" + who.Email + ") is on call, but nobody in Slack has this address; they are paged by e-mail only, if there is such a pager. Add it under `people`."
}

// callingPages are the pages of a round for a roster; they say whatever could not be found
// out about who is paged.
func (d *Desk) callingPages(i *tagout.Incident, round tagout.PageRound, r tagout.Roster, now time.Time) tagout.Paging {
	wider := round
	wider.Roles = append(slices.Clone(round.Roles), r.Instead...)
	paging := d.paging(i, wider, r.Persons(), now)
	paging.Round = round
	texts := r.DoubtTexts(d.policy)
	for n := range paging.Pages {
		for _, text := range texts {
			paging.Pages[n].Message = paging.Pages[n].Message.Para(text)
		}
	}
	return paging
}

// doubting adds to a round of pages a message in the incident's channel and a line on its
// timeline, if who is paged is in doubt, or is no longer.
func (d *Desk) doubting(i *tagout.Incident, r tagout.Roster, c tagout.Change, now time.Time) tagout.Change {
	if c.IsEmpty() {
		return c // that round was paged before, or paging has stopped
	}
	return c.And(i.DoubtRoster(r, r.DoubtTexts(d.policy), now))
}
