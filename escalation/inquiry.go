package escalation

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Directory tells of people in Slack.
type Directory interface {
	// Account is what Slack says of a person. It returns NotFound if there is nobody.
	Account(ctx context.Context, id tagout.UserID) (tagout.Account, error)
	// UserByEmail finds a person. It returns NotFound if there is nobody.
	UserByEmail(ctx context.Context, email string) (tagout.UserID, error)
}

// Consult adds where people are looked up. It is called once, before anything runs.
func (d *Desk) Consult(directory Directory) { d.directory = directory }

// lookGroup is what is known of a Slack group.
func (d *Desk) lookGroup(ctx context.Context, group string) known {
	return d.look(ctx, groupKey(group), d.askGroup(group))
}

func groupKey(group string) string       { return "group " + group }
func scheduleKey(rotation string) string { return "schedule " + rotation }

func (d *Desk) askGroup(group string) ask {
	return func(ctx context.Context) ([]tagout.OnCallPerson, error) {
		if d.groups == nil {
			return nil, tagout.Errorf(tagout.Unavailable, "Nothing is connected to Slack.")
		}
		members, err := d.groups.GroupMembers(ctx, group)
		people := make([]tagout.OnCallPerson, len(members))
		for n, id := range members {
			people[n] = tagout.OnCallPerson{ID: id}
		}
		return people, err
	}
}

// lookSchedule is what is known of the schedule of another service.
func (d *Desk) lookSchedule(ctx context.Context, rotation string) known {
	return d.look(ctx, scheduleKey(rotation), d.askSchedule(rotation))
}

// askSchedule asks the service, and finds its people in the configuration or in Slack.
func (d *Desk) askSchedule(rotation string) ask {
	return func(ctx context.Context) ([]tagout.OnCallPerson, error) {
		schedule := d.schedules[rotation]
		if schedule == nil {
			return nil, tagout.Errorf(tagout.Unavailable, "Nothing is connected to the service that keeps it.")
		}
		people, err := schedule.OnCall(ctx, d.clock.Now())
		if err != nil {
			return nil, err
		}
		for n := range people {
			if people[n].ID == "" {
				people[n].ID = d.idOf(ctx, people[n].Email)
			}
		}
		return people, nil
	}
}

// idOf is who has an e-mail address; "" if nobody is known to.
func (d *Desk) idOf(ctx context.Context, email string) tagout.UserID {
	if email == "" {
		return ""
	}
	for id, p := range d.policy.People {
		if strings.EqualFold(p.Email, email) {
			return id
		}
	}
	if d.directory == nil {
		return ""
	}
	id, err := d.directory.UserByEmail(ctx, email)
	if err != nil && tagout.CodeOf(err) != tagout.NotFound {
		d.log.Warn("somebody on call could not be looked up in Slack by e-mail address", "error", tagout.Sentence(err))
	}
	return id
}

// Reread makes the desk ask about a Slack group anew when it is next needed, since Slack says
// that its members have changed.
func (d *Desk) Reread(group string) {
	l := d.knowledge.list(groupKey(group))
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known.at.IsZero() {
		l.known.at = l.known.at.Add(-freshFor)
	}
}

// keepAsking reads every group and schedule that the roles name now and then, so that a
// page need not wait for that, until ctx ends.
func (d *Desk) keepAsking(ctx context.Context) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	for round := 0; ; round++ {
		d.askAll(ctx)
		if round%20 == 0 {
			d.askAccounts(ctx)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Desk) askAll(ctx context.Context) {
	for key, question := range d.questions() {
		if ctx.Err() != nil {
			return
		}
		asking, cancel := context.WithTimeout(ctx, askEvery)
		d.inquire(asking, key, d.knowledge.list(key), question)
		cancel()
	}
}

// questions are all lists that the roles and rotations name.
func (d *Desk) questions() map[string]ask {
	all := map[string]ask{}
	for _, role := range d.policy.Roles {
		if role.SlackGroup != "" {
			all[groupKey(role.SlackGroup)] = d.askGroup(role.SlackGroup)
		}
	}
	for key, r := range d.policy.Rotations {
		if r.Elsewhere {
			all[scheduleKey(key)] = d.askSchedule(key)
		}
	}
	return all
}

// askAccounts looks whether those who take turns still have an account.
func (d *Desk) askAccounts(ctx context.Context) {
	if d.directory == nil {
		return
	}
	var ids []tagout.UserID
	for _, r := range d.policy.Rotations {
		ids = append(ids, r.Members...)
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		account, err := d.directory.Account(ctx, id)
		if tagout.CodeOf(err) == tagout.NotFound {
			account, err = tagout.Account{Gone: true}, nil
		}
		if err != nil {
			return // Slack is away; what is known stays
		}
		if before, _ := d.knowledge.account(id); account.Gone && !before.Gone {
			d.log.Warn("somebody in a rotation has no active Slack account", "user", string(id))
		}
		d.knowledge.hear(id, account)
	}
}
