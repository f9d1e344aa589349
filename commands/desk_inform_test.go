package commands_test

import (
	"context"

	"tagout"
)

// informed is what the fake desk was asked about notes and clocks.
type informed struct {
	mute    bool // no mail server
	notes   []tagout.NoteDraft
	votes   []tagout.Signing
	again   []string
	stopped []string
}

func (d *desk) CanMail() bool { return !d.informed.mute }

func (d *desk) Inform(ctx context.Context, id tagout.IncidentID, n tagout.NoteDraft) (*tagout.Incident, error) {
	d.informed.notes = append(d.informed.notes, n)
	return d.Incident(ctx, id)
}

func (d *desk) SignNote(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error) {
	d.informed.votes = append(d.informed.votes, s)
	return d.Incident(ctx, id)
}

func (d *desk) RetryNote(ctx context.Context, id tagout.IncidentID, note, to string, _ tagout.User) (*tagout.Incident, error) {
	d.informed.again = append(d.informed.again, note+" "+to)
	return d.Incident(ctx, id)
}

func (d *desk) StopClock(ctx context.Context, id tagout.IncidentID, name, note string, by tagout.User) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	d.informed.stopped = append(d.informed.stopped, name+"|"+note)
	_, err = i.StopClock(name, note, by.Actor(), inForce)
	return i, err
}
