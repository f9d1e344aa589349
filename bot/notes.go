package bot

import (
	"context"

	"tagout"
)

// Notes is what the edge needs to know of status notes.
type Notes interface {
	// NoteDraft is the message that signers of a status note read, or what became of it.
	NoteDraft(i *tagout.Incident, n *tagout.StatusNote) tagout.Message
	// ShowNote records where that message stands.
	ShowNote(ctx context.Context, id tagout.IncidentID, note string, at tagout.Place) error
	// DeliverNote carries out one delivery by send and records what became of it.
	DeliverNote(ctx context.Context, id tagout.IncidentID, n tagout.NoteDelivery, send func(context.Context) error) error
}

// postStatusNote posts a status note in a stakeholders' channel: under its key, so that it is
// looked for before it is posted again.
func (b *Bot) postStatusNote(ctx context.Context, e tagout.Effect) error {
	var n tagout.NoteDelivery
	if err := e.Decode(&n); err != nil {
		return err
	}
	err := b.desk.DeliverNote(ctx, e.Incident, n, func(ctx context.Context) error {
		_, err := b.post(ctx, outgoing{channel: n.To, priority: postsThen, key: n.Key(), message: n.Message()})
		return settled(err)
	})
	b.Changed(e.Incident) // the draft and the card tell how far it got
	return err
}

// draftNote posts the message with GO and NO-GO of a status note, or brings it up to date.
func (b *Bot) draftNote(ctx context.Context, e tagout.Effect) error {
	id, err := tagout.NoteOf(e)
	if err != nil {
		return err
	}
	inc, err := b.incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if old := tagout.ReplacedNote(e); old != nil {
		return b.leaveRefused(inc.ID, "draft", b.update(ctx, Place(old.Shown), updatesLast, b.desk.NoteDraft(inc, old)))
	}
	n := inc.Note(id)
	if n == nil {
		return nil // a newer one has replaced it
	}
	if n.Shown.TS != "" {
		b.Changed(inc.ID)
		return nil
	}
	place, err := b.postTo(ctx, inc, "draft:"+n.ID, b.desk.NoteDraft(inc, n))
	if err != nil {
		return settled(err)
	}
	err = b.desk.ShowNote(ctx, inc.ID, n.ID, tagout.Place(place))
	b.Changed(inc.ID)
	return err
}

// refreshNotes brings the drafts of an incident's status notes up to date.
func (b *Bot) refreshNotes(ctx context.Context, inc *tagout.Incident) error {
	for _, n := range inc.Notes {
		if n.Shown.TS == "" {
			continue
		}
		err := b.show(ctx, Place(n.Shown), func(ctx context.Context) (tagout.Message, error) {
			now, err := b.desk.Incident(ctx, inc.ID)
			if err != nil {
				return tagout.Message{}, err
			}
			if newest := now.Note(n.ID); newest != nil {
				return b.desk.NoteDraft(now, newest), nil
			}
			return b.desk.NoteDraft(now, &n), nil
		})
		if err := b.leaveRefused(inc.ID, "draft", err); err != nil {
			return err
		}
	}
	return nil
}
