package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// callSigners tells those who can sign a request now, with a link to it, and reminds them.
func (d *Desk) callSigners(ctx context.Context, e tagout.Effect) error {
	var call tagout.SignerCall
	if err := e.Decode(&call); err != nil {
		return err
	}
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	r := i.Request
	if r == nil || r.ID != call.Request || r.State != tagout.RequestPending {
		return nil
	}
	people, err := d.able(ctx, r)
	if err != nil {
		return err
	}
	crashpoint.Here("signers.found")
	defer crashpoint.Here("signers.told")
	return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.CallSigners(call.Request, people, func(reminder bool) tagout.Message { return d.callText(i, reminder) }, now), nil
	})
}

// able are those whose GO would count now.
func (d *Desk) able(ctx context.Context, r *tagout.ResumeRequest) ([]tagout.UserID, error) {
	var people []tagout.UserID
	for _, s := range d.signers(ctx, r.Missing()) {
		for _, id := range s.People {
			if slices.Contains(people, id) {
				continue
			}
			signs, err := d.signs(ctx, r, id)
			if err != nil {
				return nil, err
			}
			if signs {
				people = append(people, id)
			}
		}
	}
	return people, nil
}

// signs reports whether a GO of this person would count now as far as is known.
func (d *Desk) signs(ctx context.Context, r *tagout.ResumeRequest, id tagout.UserID) (bool, error) {
	s := tagout.Signing{User: tagout.User{ID: id}}
	var err error
	if s.Roles, err = d.signerRoles(ctx, id); err != nil {
		return false, err
	}
	if s.Delegations, err = d.delegatedTo(ctx, id); err != nil {
		return false, err
	}
	return r.CanSign(s, d.clock.Now()), nil
}

// callText is what a signer reads in a direct message.
func (d *Desk) callText(i *tagout.Incident, reminder bool) tagout.Message {
	r := i.Request
	m := tagout.Message{Tone: tagout.ToneWarning}
	what := "Your GO or NO-GO is asked for: "
	if reminder {
		what = "Reminder, your GO or NO-GO is still asked for: "
	}
	m = m.Para(what, tagout.Mention(r.By.ID), " wants to resume ", tagout.Fixed(r.Scope.String()), " after ", tagout.Bold(i.ID.String()+" "+r.Severity.Label()), ".")
	where := i.Room.Channel
	if where == "" {
		where = i.Room.AnnounceIn
	}
	if i.Room.DecisionOf == r.ID && i.Room.Decision != "" && where != "" {
		m = m.Para(tagout.MessageLink(where, i.Room.Decision, "Read the request and sign it there"), " (", tagout.ChannelLink(where), ").")
	} else {
		m = m.Para("Read the request with its buttons in the incident's channel.")
	}
	return m.Para("It expires at ", r.Deadline(), ". Without your GO everything stays held.")
}

// Ask records a signer's question about the pending request, which then waits for its answer.
// It returns Forbidden, Conflict or Expired, with the reason, for somebody who could not sign.
func (d *Desk) Ask(ctx context.Context, id tagout.IncidentID, s tagout.Signing, question, text string) (*tagout.Incident, error) {
	s.HomeTeam, s.RoleName = d.homeTeam(), d.policy.RoleName
	roles, err := d.signerRoles(ctx, s.User.ID)
	if err != nil {
		return nil, err
	}
	s.Roles = roles
	if s.Delegations, err = d.delegatedTo(ctx, s.User.ID); err != nil {
		return nil, err
	}
	i, err := d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if s.Causers, err = d.causers(ctx, i); err != nil {
			return tagout.Change{}, err
		}
		return i.Ask(s, question, d.clip(text, askedLength), now)
	})
	crashpoint.Here("ask.committed")
	if err != nil {
		d.refuse(ctx, id, s, err)
	}
	return i, err
}

// Answer records that a question was answered. It returns Forbidden for guests, and for
// people of other workspaces, NotFound and Conflict as [tagout.Incident.Answer] does.
func (d *Desk) Answer(ctx context.Context, id tagout.IncidentID, request, question string, by tagout.User, text string) (*tagout.Incident, error) {
	if home := d.homeTeam(); home == "" || by.Team != home {
		return nil, tagout.Errorf(tagout.Forbidden, "Only people of this workspace can answer.")
	}
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Answer(request, question, by, d.clip(text, askedLength), now)
	})
}
