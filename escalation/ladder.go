package escalation

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/robfig/cron/v3"

	"tagout"
	"tagout/internal/crashpoint"
)

// pageRound carries out one round of a ladder: it finds out who is to be paged now and
// commits a page with its own effect for each person and pager, and the next round.
func (d *Desk) pageRound(ctx context.Context, e tagout.Effect) error {
	var round tagout.PageRound
	if err := e.Decode(&round); err != nil {
		return err
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	people := d.people(ctx, round.Roles)
	repeat := d.policy.SeverityPolicy(i.Severity).Repeat
	_, err = d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.PageOut(round, d.pages(i, round, people, now), repeat, now), nil
	})
	crashpoint.Here("page.round")
	return err
}

func (d *Desk) pages(i *tagout.Incident, r tagout.PageRound, people []tagout.Person, now time.Time) []tagout.Page {
	var pages []tagout.Page
	for _, p := range people {
		for _, pager := range d.pagers {
			if !pager.Reaches(p) {
				continue
			}
			id := tagout.DeriveID("page", i.ID.String(), r.Key, strconv.Itoa(r.Round), string(p.ID), pager.Name())
			pages = append(pages, tagout.Page{
				ID: tagout.PageID(id), Incident: i.ID, Round: r.Round, Pager: pager.Name(), To: p, Severity: i.Severity,
				Why: r.Why, Message: d.pageMessage(i, r.Why), URL: d.url, Status: tagout.PageQueued, QueuedAt: tagout.Moment(now),
			})
		}
	}
	return pages
}

// send delivers one page, and records what became of it. A page goes out at least once: a
// crash after the pager took it and before that is recorded sends it again under the same ID.
func (d *Desk) send(ctx context.Context, e tagout.Effect) error {
	var data tagout.SendPage
	if err := e.Decode(&data); err != nil {
		return err
	}
	page := data.Page
	n := slices.IndexFunc(d.pagers, func(p tagout.Pager) bool { return p.Name() == page.Pager })
	if n < 0 {
		return d.paged(ctx, page, tagout.Errorf(tagout.NotFound, "this pager is not configured any more"))
	}
	crashpoint.Here("page.sending")
	err := d.pagers[n].Send(ctx, page)
	if err != nil && !tagout.IsFinal(err) {
		return err // it is tried again, and logged by who does
	}
	crashpoint.Here("page.sent")
	return d.paged(ctx, page, err)
}

func (d *Desk) paged(ctx context.Context, page tagout.Page, failure error) error {
	_, err := d.store.Update(ctx, page.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		page.Status, page.SentAt = tagout.PageSent, tagout.Moment(now)
		if failure != nil {
			page.Status, page.SentAt, page.Detail = tagout.PageFailed, time.Time{}, failure.Error()
		}
		return i.Paged(page, now), nil
	})
	if err == nil {
		d.metrics.paged(page, failure)
	}
	return err
}

// people lists who is paged for these roles now: members, Slack group, on-call; each once,
// with all the roles that led to them.
func (d *Desk) people(ctx context.Context, roles []string) []tagout.Person {
	var people []tagout.Person
	at := map[tagout.UserID]int{}
	for _, key := range roles {
		role := d.policy.Roles[key]
		if role == nil {
			continue
		}
		for _, id := range d.reachable(ctx, role) {
			n, known := at[id]
			if !known {
				person := d.policy.People[id]
				person.ID, person.Roles = id, nil
				n, at[id] = len(people), len(people)
				people = append(people, person)
			}
			people[n].Roles = append(people[n].Roles, key)
		}
	}
	return people
}

func (d *Desk) reachable(ctx context.Context, role *tagout.Role) []tagout.UserID {
	ids := slices.Clone(role.Members)
	if role.SlackGroup != "" && d.groups != nil {
		members, err := d.groups.GroupMembers(ctx, role.SlackGroup)
		if err != nil {
			d.log.Warn("cannot read a Slack group that is to be paged; paging the other members of the role", "role", role.Key, "group", role.SlackGroup, "error", err)
		}
		ids = append(ids, members...)
	}
	if role.OnCall != "" {
		if id, ok := OnCall(d.policy.Rotations[role.OnCall], d.clock.Now()); ok {
			ids = append(ids, id)
		}
	}
	var unique []tagout.UserID
	for _, id := range ids {
		if !slices.Contains(unique, id) {
			unique = append(unique, id)
		}
	}
	return unique
}

// rotationEpoch is when every rotation's first member had the first turn, so that turns
// are the same on every replica and after every restart.
var rotationEpoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// OnCall is whose turn it is in a rotation at a time: members follow each other at each
// handoff since 2024-01-01 UTC. A handoff is a reading of the clock on the wall: one that
// the change to or from summer time skips or repeats happens once. It returns false for a rotation that is nil, empty or has
// no valid handoff.
func OnCall(r *tagout.Rotation, now time.Time) (tagout.UserID, bool) {
	if r == nil || len(r.Members) == 0 {
		return "", false
	}
	if len(r.Members) == 1 {
		return r.Members[0], true
	}
	zone, err := time.LoadLocation(r.Timezone)
	if err != nil {
		return "", false
	}
	schedule, err := cron.ParseStandard(r.Handoff)
	if err != nil {
		return "", false
	}
	turns := 0
	for t := schedule.Next(onWall(rotationEpoch.In(zone), time.UTC)); !t.IsZero() && !onWall(t, zone).After(now); t = schedule.Next(t) {
		turns++
	}
	return r.Members[turns%len(r.Members)], true
}

// onWall is the time at which the clocks of a zone show what t shows.
func onWall(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}
