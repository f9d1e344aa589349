package escalation

import (
	"context"
	"slices"

	"tagout"
)

// Who tells who would be paged now, by which pagers, in which step of the ladder, and who
// may sign. It asks what a round of pages asks, so that the two cannot differ. It returns
// NotFound for an incident, severity or role that does not exist.
func (d *Desk) Who(ctx context.Context, q tagout.WhoQuery) (tagout.WhoIsPaged, error) {
	w := tagout.WhoIsPaged{WhoQuery: q, At: d.clock.Now()}
	if q.Role != "" {
		return d.whoOfRole(ctx, w)
	}
	i, err := d.incidentOf(ctx, q)
	if err != nil {
		return w, err
	}
	row := d.policy.SeverityPolicy(i.Severity)
	w.Severity, w.Class, w.Agent, w.Repeat = i.Severity, i.Class, i.Scope.Agent, row.Repeat
	switch {
	case i.State.Ended():
		w.Stopped = i.ID.String() + " is " + string(i.State)
	case i.Answered():
		w.Stopped = i.ID.String() + " was acknowledged by " + i.AcknowledgedBy.Text().String()
	}
	w.Steps = append(w.Steps, d.step(ctx, i, row, tagout.Rung{To: d.pageRoles(row, i.Class)}, row.Severity.Label()+" pages them"))
	for _, rung := range row.Escalate {
		w.Steps = append(w.Steps, d.step(ctx, i, row, rung, "not acknowledged within "+rung.After.String()))
	}
	w.Signers = d.signers(ctx, i.Rule)
	return w, nil
}

// incidentOf is the incident that is asked about, or one as it would be opened.
func (d *Desk) incidentOf(ctx context.Context, q tagout.WhoQuery) (*tagout.Incident, error) {
	if q.Incident != 0 {
		return d.store.Incident(ctx, q.Incident)
	}
	row := d.policy.Severities[q.Severity]
	if row == nil {
		return nil, tagout.Errorf(tagout.NotFound, "%s is not a severity of this configuration.", q.Severity.Label())
	}
	return &tagout.Incident{State: tagout.StateOpen, Severity: q.Severity, HighestSeverity: q.Severity, Class: q.Class,
		Scope: tagout.Scope{Agent: q.Agent}, Rule: row.Resume.Rule}, nil
}

func (d *Desk) step(ctx context.Context, i *tagout.Incident, row *tagout.SeverityPolicy, rung tagout.Rung, why string) tagout.PagingStep {
	s := tagout.PagingStep{After: rung.After, Why: why, Roster: d.calling(ctx, row, i.Scope.Agent, rung.To)}
	s.Pages = d.planned(d.callingPages(i, tagout.PageRound{Roles: rung.To, Why: why}, s.Roster, s.Roster.At), s.Roster)
	return s
}

func (d *Desk) whoOfRole(ctx context.Context, w tagout.WhoIsPaged) (tagout.WhoIsPaged, error) {
	if d.policy.Roles[w.Role] == nil {
		return w, tagout.Errorf(tagout.NotFound, "There is no role %q in the configuration.", cutName(w.Role))
	}
	roles := []string{w.Role}
	r := d.roster(ctx, roles)
	s := tagout.PagingStep{Why: "whenever " + d.policy.RoleName(w.Role) + " is paged", Roster: r}
	s.Pages = d.planned(d.callingPages(&tagout.Incident{}, tagout.PageRound{Roles: roles}, r, r.At), r)
	w.Steps = []tagout.PagingStep{s}
	w.Signers = d.signers(ctx, tagout.SignoffRule{{AnyOf: roles}})
	return w, nil
}

// planned are the pages of a round: those at once, and what is put off.
func (d *Desk) planned(p tagout.Paging, r tagout.Roster) []tagout.PlannedPage {
	var pages []tagout.PlannedPage
	for _, page := range p.Pages {
		pages = append(pages, tagout.PlannedPage{To: page.To, Pager: page.Pager})
	}
	for _, e := range p.Later {
		var later tagout.PageRound
		if err := e.Decode(&later); err == nil && later.Step.Pager != "" {
			pages = append(pages, tagout.PlannedPage{To: tagout.Person{ID: later.Step.Person}, Pager: later.Step.Pager, When: "after " + e.Due.Sub(tagout.Moment(r.At)).String()})
		}
	}
	for _, h := range p.Held {
		pages = append(pages, tagout.PlannedPage{To: tagout.Person{ID: h.Person}, When: "quiet until " + h.Text})
	}
	return pages
}

// signers are who may give each sign-off of a rule.
func (d *Desk) signers(ctx context.Context, rule tagout.SignoffRule) []tagout.Signers {
	var all []tagout.Signers
	delegations, err := d.Delegations(ctx)
	if err != nil {
		d.log.Warn("delegations cannot be read", "error", err)
	}
	for _, needed := range rule {
		s := tagout.Signers{Roles: needed.AnyOf}
		add := func(id tagout.UserID) {
			if !slices.Contains(s.People, id) {
				s.People = append(s.People, id)
			}
		}
		for _, key := range needed.AnyOf {
			role := d.policy.Roles[key]
			if role == nil {
				continue
			}
			for _, id := range role.Members {
				add(id)
			}
			if !role.SignByGroup || role.SlackGroup == "" {
				continue
			}
			if d.alone {
				s.Unasked = append(s.Unasked, role.SlackGroup)
				continue
			}
			k := d.lookGroup(ctx, role.SlackGroup)
			if !k.fresh(d.clock.Now()) {
				s.Unknown = append(s.Unknown, role.SlackGroup)
				continue
			}
			for _, p := range k.people {
				add(p.ID)
			}
		}
		for _, g := range delegations {
			if slices.Contains(needed.AnyOf, g.Role) {
				add(g.To)
				s.Delegations = append(s.Delegations, g)
			}
		}
		all = append(all, s)
	}
	return all
}
