package commands_test

import (
	"context"
	"fmt"

	"tagout"
)

// flagged is what the fake desk was told about flags, and what it has.
type flagged struct {
	flags   map[tagout.FlagID]*tagout.Flag
	noticed []tagout.Quote
	did     []string
}

func (d *desk) Notice(_ context.Context, q tagout.Quote, _ tagout.UserID) error {
	d.flagged.noticed = append(d.flagged.noticed, q)
	return d.err
}

func (d *desk) RaiseFlag(_ context.Context, r tagout.FlagReport, q *tagout.Quote) (*tagout.Flag, error) {
	f := d.flagged.flags[3]
	if f == nil {
		f = &tagout.Flag{ID: 3}
		d.flagged.flags = map[tagout.FlagID]*tagout.Flag{3: f}
	}
	f.Raise(r, q, t0)
	return f, d.err
}

func (d *desk) Flag(_ context.Context, id tagout.FlagID) (*tagout.Flag, error) {
	if f := d.flagged.flags[id]; f != nil {
		return f, d.err
	}
	return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
}

func (d *desk) OpenFlags(context.Context) (open []*tagout.Flag, err error) {
	for _, f := range d.flagged.flags {
		if f.State == tagout.FlagOpen {
			open = append(open, f)
		}
	}
	return open, d.err
}

func (d *desk) FlagMessage(f *tagout.Flag) tagout.Message {
	return tagout.Message{Title: f.ID.String(), Buttons: []tagout.Button{{Action: "flag-stop", Label: "Stop now", Value: f.ID.String()}}}
}

func (d *desk) DismissFlag(_ context.Context, id tagout.FlagID, why string, by tagout.Actor) (*tagout.Flag, error) {
	return d.settle(id, tagout.FlagOutcome{State: tagout.FlagDismissed, By: by, Why: why})
}

func (d *desk) FoldFlag(_ context.Context, id tagout.FlagID, into tagout.IncidentID, by tagout.Actor) (*tagout.Flag, error) {
	return d.settle(id, tagout.FlagOutcome{State: tagout.FlagDuplicate, By: by, Incident: into})
}

func (d *desk) PromoteFlag(_ context.Context, id tagout.FlagID, p tagout.Promotion, by tagout.Actor) (*tagout.Flag, error) {
	f, err := d.settle(id, tagout.FlagOutcome{State: tagout.FlagPromoted, By: by, Promote: &p, Incident: 7})
	return f, err
}

func (d *desk) settle(id tagout.FlagID, o tagout.FlagOutcome) (*tagout.Flag, error) {
	f := d.flagged.flags[id]
	_, err := f.Settle(o, t0)
	d.flagged.did = append(d.flagged.did, fmt.Sprintf("%s %s by %s", o.State, id, o.By))
	return f, err
}
