package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// CanMail reports whether there is a mail server to send status notes by.
func (d *Desk) CanMail() bool { return d.mailer != nil }

// Inform writes a status note for an audience and puts it on its way, or asks for the
// sign-offs that it needs. It returns Invalid for an audience that cannot be reached or words
// that will not do, and Forbidden for guests and for private incidents whose audience is not
// marked for those. Nothing is sent then.
func (d *Desk) Inform(ctx context.Context, id tagout.IncidentID, draft tagout.NoteDraft) (*tagout.Incident, error) {
	audience, err := d.policy.Inform.Audience(draft.Audience)
	if err != nil {
		return nil, err
	}
	if len(audience.Emails) > 0 && d.mailer == nil {
		return nil, tagout.Errorf(tagout.Invalid, "%s has e-mail lists, but no e-mail pager is configured. Nothing was sent; add `email` under pagers.", audience.Title)
	}
	template, err := d.noteTemplate(audience, draft.Template)
	if err != nil {
		return nil, err
	}
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		note, err := d.write(i, audience, template, draft, now)
		if err != nil {
			return tagout.Change{}, err
		}
		return i.Inform(note, now)
	})
}

// noteTemplate is the template of a note. It returns Invalid for one that is not known, or
// that says too little for the audience.
func (d *Desk) noteTemplate(a tagout.Audience, name string) (*tagout.NoteTemplate, error) {
	if name == "" {
		name = a.Template
	}
	t := d.policy.Inform.Templates[name]
	switch {
	case t == nil:
		return nil, tagout.Errorf(tagout.Invalid, "There is no template %q. Nothing was sent.", name)
	case a.Transparency && !t.Transparent:
		return nil, tagout.Errorf(tagout.Invalid, "The template %s does not say all that %s must be told: that an AI system was involved, what was affected, what was stopped, and how to reach a human. Use the template %s.", name, a.Title, a.Template)
	}
	return t, nil
}

// write fills the template in for the incident as it stands.
func (d *Desk) write(i *tagout.Incident, a tagout.Audience, t *tagout.NoteTemplate, draft tagout.NoteDraft, now time.Time) (tagout.StatusNote, error) {
	switch {
	case !a.ToldOf(i.HighestSeverity):
		return tagout.StatusNote{}, tagout.Errorf(tagout.Invalid, "%s is not told of %s incidents. Nothing was sent.", a.Title, i.HighestSeverity.Label())
	case !draft.Next.IsZero() && !draft.Next.After(now):
		return tagout.StatusNote{}, tagout.Errorf(tagout.Invalid, "The next update cannot be in the past. Nothing was sent.")
	}
	subject, text, err := t.Render(d.policy.NoteFields(i, draft, a.Contact, now))
	if err != nil {
		return tagout.StatusNote{}, tagout.Errorf(tagout.Invalid, "The note cannot be written: %s. Nothing was sent.", tagout.Sentence(err))
	}
	n := tagout.StatusNote{
		ID: draft.ID, By: draft.By, Audience: a.Key, Title: a.Title, Template: t.Name, Known: draft.Known, Doing: draft.Doing,
		Subject: subject, Text: text, Next: draft.Next, Channels: slices.Clone(a.Channels), Emails: slices.Clone(a.Emails), Private: a.Private,
		Rule: a.Rule(),
	}
	if !draft.Next.IsZero() {
		n.Remind = d.policy.SeverityPolicy(i.Severity).Reminders.Of(draft.Next.Sub(now))
	}
	if d.policy.Inform.Expires > 0 {
		n.Expires = now.Add(d.policy.Inform.Expires)
	}
	return n, nil
}

// SignNote counts a press of GO or NO-GO on a drafted status note. The last sign-off that is
// needed puts it on its way. A click that does not count is answered with the reason and
// leaves a line on the timeline.
func (d *Desk) SignNote(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error) {
	s.HomeTeam, s.RoleName = d.homeTeam(), d.policy.RoleName
	var err error
	if s.Roles, err = d.signerRoles(ctx, s.User.ID); err != nil {
		return nil, err
	}
	i, err := d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.SignNote(s, d.approvers(i, s.Request), now)
	})
	if err != nil {
		d.refuseNote(ctx, id, s, err)
		return nil, err
	}
	crashpoint.Here("note.signed")
	return i, nil
}

// approvers is what the configuration asks for now for a note that was drafted before.
func (d *Desk) approvers(i *tagout.Incident, note string) tagout.SignoffRule {
	n := i.Note(note)
	if n == nil {
		return nil
	}
	a, err := d.policy.Inform.Audience(n.Audience)
	if err != nil {
		return nil // it is not configured any more; what was asked for stands
	}
	return a.Rule()
}

// refuseNote leaves a line about a click that did not count.
func (d *Desk) refuseNote(ctx context.Context, id tagout.IncidentID, s tagout.Signing, why error) {
	switch tagout.CodeOf(why) {
	case tagout.Forbidden, tagout.Conflict, tagout.Expired:
	default:
		return
	}
	_, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.RefuseNote(s, tagout.Sentence(why), now), nil
	})
	if err != nil {
		d.log.Warn("could not record a refused sign-off of a status note", "incident", id.String(), "error", err)
	}
}

// RetryNote sends a note once more to a recipient whom it did not reach. It returns Conflict
// if there is nothing to try again, and Forbidden for guests.
func (d *Desk) RetryNote(ctx context.Context, id tagout.IncidentID, note, to string, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.RetryNote(note, to, by, now)
	})
}

// mailNote sends a note to one address. A mail goes out at least once, under the same ID.
func (d *Desk) mailNote(ctx context.Context, e tagout.Effect) error {
	var n tagout.NoteDelivery
	if err := e.Decode(&n); err != nil {
		return err
	}
	return d.DeliverNote(ctx, e.Incident, n, func(ctx context.Context) error {
		if d.mailer == nil {
			return tagout.Final(tagout.Errorf(tagout.Invalid, "No e-mail pager is configured any more."))
		}
		return d.mailer.Mail(ctx, tagout.Mail{ID: n.Key(), To: n.To, Subject: n.Subject, Text: n.Text})
	})
}

// DeliverNote carries out one delivery of a status note by send, and records what became of
// it. It returns an error while it is to be tried again. What can never work is recorded, and
// told in the incident's channel, rather than returned.
func (d *Desk) DeliverNote(ctx context.Context, id tagout.IncidentID, n tagout.NoteDelivery, send func(context.Context) error) error {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return err
	}
	crashpoint.Here("note.sending")
	if i.Private && !n.Private {
		err = tagout.Final(tagout.Errorf(tagout.Forbidden, "The incident has become private since, and this audience is not marked for private incidents."))
	} else {
		err = send(ctx)
	}
	if err == nil {
		crashpoint.Here("note.sent")
	}
	recorded := d.update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if err == nil {
			return i.NoteArrived(n, now), nil
		}
		return i.NoteFailed(n, tagout.Sentence(err), tagout.IsFinal(err), now), nil
	})
	switch {
	case recorded != nil:
		return recorded
	case tagout.IsFinal(err):
		d.log.Warn("a status note cannot be delivered", "incident", id.String(), "audience", n.Audience, "to", n.To, "error", tagout.Sentence(err))
		return nil
	}
	return err
}

func (d *Desk) expireNote(ctx context.Context, e tagout.Effect) error {
	note, err := tagout.NoteOf(e)
	if err != nil {
		return err
	}
	return d.update(ctx, e.Incident, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.ExpireNote(note, now), nil
	})
}

// ShowNote records where the draft of a status note stands.
func (d *Desk) ShowNote(ctx context.Context, id tagout.IncidentID, note string, at tagout.Place) error {
	return d.update(ctx, id, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		i.ShowNote(note, at)
		return tagout.Change{}, nil
	})
}
