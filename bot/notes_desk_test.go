package bot_test

import (
	"context"

	"tagout"
)

func (d *desk) NoteDraft(i *tagout.Incident, n *tagout.StatusNote) tagout.Message {
	return tagout.Say("Draft of " + i.ID.String() + " to " + n.Title)
}

func (d *desk) ShowNote(_ context.Context, id tagout.IncidentID, note string, at tagout.Place) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.incidents[id].ShowNote(note, at)
	return nil
}

func (d *desk) DeliverNote(ctx context.Context, _ tagout.IncidentID, _ tagout.NoteDelivery, send func(context.Context) error) error {
	return send(ctx)
}
