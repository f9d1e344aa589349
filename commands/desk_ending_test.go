package commands_test

import (
	"context"

	"tagout"
)

// end has a real incident do what was asked, and notes it.
func (d *desk) end(ctx context.Context, id tagout.IncidentID, what string, do func(*tagout.Incident) (tagout.Change, error)) (*tagout.Incident, error) {
	i, err := d.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	d.ended = append(d.ended, what)
	_, err = do(i)
	return i, err
}

func (d *desk) Cancel(ctx context.Context, id tagout.IncidentID, reason string, by tagout.User) (*tagout.Incident, error) {
	return d.end(ctx, id, "cancel "+string(by.ID)+": "+reason, func(i *tagout.Incident) (tagout.Change, error) { return i.Cancel(reason, by, inForce) })
}

func (d *desk) WithdrawCancel(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	return d.end(ctx, id, "withdraw "+string(by.ID), func(i *tagout.Incident) (tagout.Change, error) { return i.Withdraw(by, inForce) })
}

func (d *desk) Close(ctx context.Context, id tagout.IncidentID, what string, by tagout.User) (*tagout.Incident, error) {
	return d.end(ctx, id, "close "+string(by.ID)+": "+what, func(i *tagout.Incident) (tagout.Change, error) { return i.Close(what, by, inForce) })
}
