package escalation

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"tagout"
)

// attention shows on the card what keeps an incident from having somebody's attention.
func attention(m tagout.Message, i *tagout.Incident) tagout.Message {
	if i.State.Ended() {
		return m
	}
	if h := i.Hush; h != nil {
		m = m.Para(tagout.Bold("Silenced"), " by ", h.By.Text(), " until ", h.Until, " (", tagout.Bold(h.Silence.String()), ": ", h.Reason, "). Nobody is paged for it until then. What is held is held.")
	}
	if !i.Lapsed.IsZero() {
		m = m.Para(tagout.Bold("Nobody answers for it: "), "it was acknowledged by ", i.AcknowledgedBy.Text(), ", but nothing had happened for too long. Paging started again at ", i.Lapsed, ".")
	}
	if h, handing := i.Handing(); handing {
		t := tagout.T(tagout.Mention(h.To), " has not taken it over yet")
		if h.From.Kind != "" {
			t = append(t, tagout.T("; ", h.From.Text(), " answers for it until then")...)
		}
		m = m.Para(t, ".")
	}
	if why := i.Unreached(); len(why) > 0 {
		m = m.Para(tagout.Bold("Reached nobody by any pager: "), strings.Join(why, "; ")+". Call them by other means.")
	}
	for _, h := range i.HeldBack() {
		m = m.Para(tagout.Fixed(string(h.Person)), " is not paged yet: quiet until "+h.Text+".")
	}
	return m
}

// askAgain is how often somebody is paged to take an incident over, if the severity repeats
// nothing.
const askAgain = 5 * time.Minute

// acknowledge takes an incident on, and watches that something happens from then on.
func (d *Desk) acknowledge(i *tagout.Incident, a tagout.Answer, now time.Time) (tagout.Change, error) {
	c, err := i.TakeOn(a, now)
	if err != nil {
		return c, err
	}
	return c.And(d.watchAnswer(i, now)), nil
}

// watchAnswer sets the timer for an acknowledgement that can run out.
func (d *Desk) watchAnswer(i *tagout.Incident, now time.Time) (c tagout.Change) {
	if expires := d.policy.SeverityPolicy(i.Severity).AnswerExpires; expires > 0 {
		c = i.WatchAnswer(now.Add(expires))
	}
	return c
}

// answerDue looks whether anything has happened since somebody acknowledged. If so it looks
// again later; if not, the ladder starts again. It fails, to be tried again, while the
// timeline grows faster than it can be read.
func (d *Desk) answerDue(ctx context.Context, e tagout.Effect) error {
	events, err := d.store.Timeline(ctx, e.Incident)
	if err != nil {
		return err
	}
	last := tagout.LastDeed(events)
	_, err = d.store.Update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		row := d.policy.SeverityPolicy(i.Severity)
		switch {
		case row.AnswerExpires == 0 || !i.Answered() || i.State.Ended():
			return tagout.Change{}, nil
		case i.Head.Seq != int64(len(events)):
			return tagout.Change{}, tagout.Errorf(tagout.Unavailable, "The timeline of %s has grown meanwhile.", i.ID)
		case now.Before(last.Add(row.AnswerExpires)):
			return i.WatchAnswer(last.Add(row.AnswerExpires)), nil
		}
		return i.LapseAnswer(row, d.pageRoles(row, i.Class), last, now), nil
	})
	return err
}

// HandOver gives the lead of an incident to somebody else. It returns Forbidden for a guest,
// and Conflict if the incident has ended or that person leads it.
func (d *Desk) HandOver(ctx context.Context, id tagout.IncidentID, to tagout.UserID, by tagout.Actor) (*tagout.Incident, error) {
	if err := d.eligible(ctx, to); err != nil {
		return nil, err
	}
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.HandOver(to, by, now)
	})
}

// Assign gives a role of an incident to somebody. It returns Forbidden for a guest, Invalid
// for a role that there is not, and Conflict if that person has it.
func (d *Desk) Assign(ctx context.Context, id tagout.IncidentID, role string, to tagout.UserID, by tagout.Actor) (*tagout.Incident, error) {
	if err := d.eligible(ctx, to); err != nil {
		return nil, err
	}
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Assign(role, to, by, now)
	})
}

// answer is somebody who takes an incident on outside Slack. Whether they are a guest is
// asked of Slack, but not for long; in doubt they are.
func (d *Desk) answer(ctx context.Context, by tagout.Actor, via string) tagout.Answer {
	a := tagout.Answer{By: by, Via: via}
	if by.Kind != tagout.ByUser || d.directory == nil {
		return a
	}
	account, known := d.knowledge.account(tagout.UserID(by.ID))
	if !known {
		ctx, cancel := context.WithTimeout(ctx, namePatience)
		defer cancel()
		now, err := d.directory.Account(ctx, tagout.UserID(by.ID))
		if err != nil {
			a.Guest = true
			return a
		}
		d.knowledge.hear(tagout.UserID(by.ID), now)
		account = now
	}
	a.Guest = account.Guest || account.Bot || account.Gone
	return a
}

// eligible returns Forbidden for a guest: who cannot be looked up may be one.
func (d *Desk) eligible(ctx context.Context, id tagout.UserID) error {
	if d.directory == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, askPatience)
	defer cancel()
	account, err := d.directory.Account(ctx, id)
	switch {
	case tagout.CodeOf(err) == tagout.NotFound:
		return tagout.Errorf(tagout.NotFound, "There is nobody with the ID %s in this workspace. Nothing was changed.", id)
	case err != nil:
		return tagout.Errorf(tagout.Unavailable, "Slack could not be asked whether @%s is a full member, and a guest cannot have a role. Nothing was changed; try again.", id)
	case account.Guest || account.Bot || account.Gone:
		return tagout.Errorf(tagout.Forbidden, "Only full members of the workspace can have a role in an incident, and @%s is a guest, a bot or deactivated. Nothing was changed.", id)
	}
	return nil
}

// holders are who has the roles of an incident by the policy. They are found in the first
// round of its first ladder; otherwise there are none.
func (d *Desk) holders(ctx context.Context, i *tagout.Incident, r tagout.PageRound) map[string]tagout.UserID {
	if r.Round > 0 || r.Key != string(i.Severity) {
		return nil
	}
	roles := maps.Clone(d.policy.IncidentRoles)
	if roles[tagout.DomainOwner] == "" && roles != nil {
		if class := d.policy.Classes[i.Class]; class != nil && class.Handoff != "" {
			roles[tagout.DomainOwner] = class.Handoff
		} else if agent := d.policy.Agents[i.Scope.Agent]; agent != nil {
			roles[tagout.DomainOwner] = agent.Owner
		}
	}
	var asked []string
	for _, key := range roles {
		if d.policy.Roles[key] != nil && !slices.Contains(asked, key) {
			asked = append(asked, key)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	roster := d.roster(ctx, asked) // once for all, since a page waits for it
	holders := map[string]tagout.UserID{}
	for role, key := range roles {
		holders[role] = holder(roster, key)
	}
	return holders
}

// holder is who is on call in a role, or else the first of its people.
func holder(r tagout.Roster, role string) tagout.UserID {
	var first tagout.UserID
	for _, c := range r.People {
		for _, why := range c.Reasons {
			switch {
			case why.Role != role || c.ID == "":
			case why.Via == tagout.ViaRotation || why.Via == tagout.ViaOverride || why.Via == tagout.ViaSchedule:
				return c.ID
			case first == "":
				first = c.ID
			}
		}
	}
	return first
}

// tellRoles adds to each page which roles its reader has in the incident.
func (d *Desk) tellRoles(i *tagout.Incident, pages []tagout.Page) {
	for n := range pages {
		var mine []string
		for _, role := range tagout.IncidentRoles() {
			if to := pages[n].To.ID; to != "" && i.Roles[role] == to {
				mine = append(mine, tagout.IncidentRoleName(role))
			}
		}
		if len(mine) > 0 {
			pages[n].Message = pages[n].Message.Fact("You are", strings.Join(mine, ", "))
		}
	}
}

// peopleOf lists who has which role, for the card.
func peopleOf(i *tagout.Incident) tagout.Text {
	var t tagout.Text
	for _, role := range tagout.IncidentRoles() {
		who := i.Roles[role]
		if who == "" && role != tagout.IncidentCommander {
			continue
		}
		if len(t) > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(tagout.IncidentRoleName(role), ": ")...)
		if who == "" {
			t = append(t, tagout.T("nobody yet")...)
			continue
		}
		t = append(t, tagout.T(tagout.Mention(who))...)
	}
	return t
}
