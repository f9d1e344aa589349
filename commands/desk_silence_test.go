package commands_test

import (
	"cmp"
	"context"
	"time"

	"tagout"
)

// silenced is what the fake desk has of silences.
type silenced struct {
	all   []*tagout.Silence
	tally tagout.SilenceTally
}

func (d *desk) Silence(_ context.Context, o tagout.SilenceOrder) (*tagout.Silence, error) {
	s := &tagout.Silence{ID: tagout.SilenceID(len(d.silenced.all) + 3)}
	if _, err := s.Begin(o, 0, t0); err != nil || d.err != nil {
		return nil, cmp.Or(err, d.err)
	}
	d.silenced.all = append(d.silenced.all, s)
	return s, nil
}

func (d *desk) find(id tagout.SilenceID) (*tagout.Silence, error) {
	for _, s := range d.silenced.all {
		if s.ID == id && d.err == nil {
			return s, nil
		}
	}
	return nil, cmp.Or(d.err, error(tagout.Errorf(tagout.NotFound, "There is no %s.", id)))
}

func (d *desk) ExtendSilence(_ context.Context, request string, id tagout.SilenceID, by time.Duration, who tagout.User) (*tagout.Silence, error) {
	s, err := d.find(id)
	if err == nil {
		_, err = s.Extend(request, s.Until.Add(by), 0, who.Actor(), t0)
	}
	return s, err
}

func (d *desk) EndSilence(_ context.Context, id tagout.SilenceID, by tagout.User) (*tagout.Silence, error) {
	s, err := d.find(id)
	if err == nil {
		_, err = s.End(by.Actor(), t0)
	}
	return s, err
}

func (d *desk) Silences(context.Context) ([]*tagout.Silence, error) {
	return tagout.SilencesNow(d.silenced.all, t0), nil
}

func (d *desk) SilenceTally(context.Context, tagout.SilenceID) (tagout.SilenceTally, error) {
	return d.silenced.tally, nil
}
