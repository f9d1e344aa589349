package escalation

import (
	"context"

	"tagout"
)

// people lists who is paged for these roles now, each once, with all the roles that led to
// them.
func (d *Desk) people(ctx context.Context, roles []string) []tagout.Person {
	return d.roster(ctx, roles).Persons()
}

// roster finds out who is paged for these roles now and why: members, Slack group, on-call.
// What cannot be found out stands among its doubts.
func (d *Desk) roster(ctx context.Context, roles []string) tagout.Roster {
	r := tagout.Roster{At: d.clock.Now()}
	for _, key := range roles {
		role := d.policy.Roles[key]
		if role == nil {
			r.Doubts = append(r.Doubts, tagout.Doubt{Role: key, Via: tagout.ViaMember, Problem: "this role is not configured"})
			continue
		}
		for _, id := range role.Members {
			d.call(&r, id, tagout.Reason{Role: key, Via: tagout.ViaMember})
		}
		d.callGroup(ctx, &r, role)
		d.callRotation(&r, role)
	}
	return r
}

// call puts a person of the configuration on the roster.
func (d *Desk) call(r *tagout.Roster, id tagout.UserID, why tagout.Reason) {
	person := d.policy.People[id]
	person.ID = id
	r.Add(person, why)
}

func (d *Desk) callGroup(ctx context.Context, r *tagout.Roster, role *tagout.Role) {
	if role.SlackGroup == "" || d.groups == nil {
		return
	}
	members, err := d.groups.GroupMembers(ctx, role.SlackGroup)
	if err != nil {
		d.log.Warn("cannot read a Slack group that is to be paged; paging the other members of the role", "role", role.Key, "group", role.SlackGroup, "error", err)
		r.Doubts = append(r.Doubts, tagout.Doubt{Role: role.Key, Via: tagout.ViaGroup, Source: role.SlackGroup, Problem: tagout.Sentence(err)})
	}
	for _, id := range members {
		d.call(r, id, tagout.Reason{Role: role.Key, Via: tagout.ViaGroup, Source: role.SlackGroup, AsOf: r.At})
	}
}

func (d *Desk) callRotation(r *tagout.Roster, role *tagout.Role) {
	if role.OnCall == "" {
		return
	}
	id, ok := OnCall(d.policy.Rotations[role.OnCall], r.At)
	if !ok {
		r.Doubts = append(r.Doubts, tagout.Doubt{Role: role.Key, Via: tagout.ViaRotation, Source: role.OnCall, Problem: "nobody has the turn"})
		return
	}
	d.call(r, id, tagout.Reason{Role: role.Key, Via: tagout.ViaRotation, Source: role.OnCall})
}
