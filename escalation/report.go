package escalation

import (
	"context"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// reportPatience is how long news of a stop waits for the stop to be recorded.
const reportPatience = 2 * time.Second

// Report records news of an enforcement point in every incident that it concerns. An error
// means that it should be told again.
func (d *Desk) Report(ctx context.Context, r tagout.ControlReport) error {
	d.metrics.control(r)
	if err := d.recorder.wait(ctx, r.Holds); err != nil {
		return err
	}
	ids, err := d.incidentsOf(r)
	if err != nil {
		return err
	}
	var counting map[tagout.IncidentID][]tagout.Pin
	if r.Versions != nil || r.Asked != nil {
		var waiting []tagout.IncidentID
		if waiting, counting, err = d.pinning(ctx, r.Agent); err != nil {
			return err
		}
		ids = append(ids, waiting...)
	}
	said := tagout.VersionReport{Agent: r.Agent, Control: r.Control, Versions: r.Versions}
	for _, id := range ids {
		i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			c := d.pageDrift(i, i.TakeReport(r), now).And(i.TakeVersionNews(r, now))
			c = c.And(i.TakeVersions(said, counting[i.ID], d.ownersOf(i, r.Agent), tagout.Tagout, now))
			return d.driftBack(i, c, r.Agent, now), nil
		})
		if err != nil && tagout.CodeOf(err) != tagout.NotFound {
			return err
		}
		if err == nil && i.Staging.Standing() {
			d.apply(i)
		}
	}
	if r.Versions != nil && len(ids) > 0 {
		crashpoint.Here("rollback.read")
	}
	return nil
}

// pageDrift pages whoever answers for an agent that a change found running under a hold.
func (d *Desk) pageDrift(i *tagout.Incident, c tagout.Change, now time.Time) tagout.Change {
	if !slices.ContainsFunc(c.Events, func(e tagout.Event) bool { return e.Kind == tagout.EventDrift }) {
		return c
	}
	key := "drift:" + now.Format(time.RFC3339Nano)
	round := tagout.PageRound{Key: key, Roles: d.ownerRoles(i), Why: "drift: an agent was found running under a hold", Rung: true, Even: true}
	c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectPage, i.ID, key, round))
	return c
}

// pinning lists the open incidents that pin versions of an agent, and which of all their pins
// count.
func (d *Desk) pinning(ctx context.Context, agent string) ([]tagout.IncidentID, map[tagout.IncidentID][]tagout.Pin, error) {
	all, err := d.store.Pins(ctx)
	if err != nil {
		return nil, nil, err
	}
	pins := slices.DeleteFunc(all, func(p tagout.Pin) bool { return p.Agent != agent })
	var ids []tagout.IncidentID
	for _, p := range pins {
		if !slices.Contains(ids, p.Incident) {
			ids = append(ids, p.Incident)
		}
	}
	return ids, tagout.CountingPins(pins), nil
}

// incidentsOf lists the incidents whose holds a report is about. It returns Unavailable
// while one of them is not recorded, as after a start with stops in the journal.
func (d *Desk) incidentsOf(r tagout.ControlReport) ([]tagout.IncidentID, error) {
	var ids []tagout.IncidentID
	for _, h := range d.gate.Holds() {
		switch {
		case !slices.Contains(r.Holds, h.ID):
		case h.Incident == 0:
			return nil, tagout.Errorf(tagout.Unavailable, "The stop that this is about is not recorded yet.")
		case !slices.Contains(ids, h.Incident):
			ids = append(ids, h.Incident)
		}
	}
	return ids, nil
}
