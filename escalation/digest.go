package escalation

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

// How much a digest reads.
const (
	digestIncidents = 1000
	digestActions   = 1000
	digestFlags     = 100
)

// CheckWindow returns Invalid for a window over which no digest is made.
func CheckWindow(window time.Duration) error {
	if window < time.Hour || window > 366*24*time.Hour {
		return tagout.Errorf(tagout.Invalid, "A digest looks back over at least an hour and at most a year.")
	}
	return nil
}

// Digest gathers what a digest tells one reader, or those of the channel in which it is posted.
// The window ends when its turn was due, or now. What cannot be read stands in it as such; it
// returns an error only if the figures cannot be computed.
func (d *Desk) Digest(ctx context.Context, turn tagout.RoutineTurn, o tagout.DigestOrder, v tagout.Viewer) (tagout.Digest, error) {
	if err := CheckWindow(o.Window); err != nil {
		return tagout.Digest{}, err
	}
	g := tagout.Digest{Order: o, Turn: turn}
	until := d.clock.Now()
	if turn.Routine != "" && !turn.Due.IsZero() {
		until = turn.Due
		g.Turn.Late = turn.Late || d.clock.Now().Sub(turn.Due) > tagout.LateAfter
	}
	g.Next = d.nextDigest(ctx, turn.Routine)
	if err := d.digestFigures(ctx, &g, until); err != nil {
		return g, err
	}
	sees := func(i *tagout.Incident) bool { return d.Sees(ctx, i, v) }
	d.digestIncidents(ctx, &g, sees)
	d.digestActions(ctx, &g, sees)
	d.digestRecord(ctx, &g)
	d.digestDrills(ctx, &g)
	d.digestHealth(ctx, &g)
	return g, nil
}

// digestFigures computes the figures of the window, and of those before it for the charts.
func (d *Desk) digestFigures(ctx context.Context, g *tagout.Digest, until time.Time) error {
	window, zone := g.Order.Window, g.Order.Location()
	step, count := tagout.DigestPeriods(window)
	var err error
	if g.Figures, err = d.FiguresOf(ctx, tagout.FiguresQuery{From: until.Add(-window), To: until, Location: zone}); err != nil {
		return err
	}
	for n := range count / 2 {
		f := g.Figures
		if n > 0 || step != window {
			if f, err = d.FiguresOf(ctx, tagout.FiguresQuery{From: until.Add(-step), To: until, Location: zone}); err != nil {
				return err
			}
		}
		g.Past = append(g.Past, tagout.DigestPeriod{From: f.Query.From, Tally: f.Now}, tagout.DigestPeriod{From: f.Query.From.Add(-step), Tally: f.Before})
		until = until.Add(-2 * step)
	}
	slices.Reverse(g.Past)
	return nil
}

// digestIncidents finds what the open and the resumed incidents wait for, and where the
// recurring ones are talked about.
func (d *Desk) digestIncidents(ctx context.Context, g *tagout.Digest, sees func(*tagout.Incident) bool) {
	open, err := d.store.Incidents(ctx, tagout.IncidentQuery{Open: true, Limit: digestIncidents})
	if err != nil {
		g.Doubts = append(g.Doubts, "the open incidents could not be read.")
	}
	resumed, err := d.store.Incidents(ctx, tagout.IncidentQuery{Resumed: true, Limit: digestIncidents})
	if err != nil {
		g.Doubts = append(g.Doubts, "the reviews could not be read.")
	}
	g.Rooms = map[tagout.IncidentID]string{}
	hidden, drills := map[tagout.IncidentID]bool{}, map[tagout.IncidentID]bool{}
	now := d.clock.Now()
	for n, i := range slices.Concat(open, resumed) {
		if i.Drill {
			drills[i.ID] = true
			continue
		}
		if !sees(i) {
			hidden[i.ID] = true
		} else if i.Room.Channel != "" {
			g.Rooms[i.ID] = i.Room.Channel
		}
		if r := i.Request; n < len(open) && r != nil && r.State == tagout.RequestPending {
			keep(&g.Waiting, i, &g.Hidden.Waiting, hidden[i.ID])
		}
		if due, owed := i.ReviewDue(); owed && due.Waits() && due.Due.Before(now) {
			keep(&g.Reviews, i, &g.Hidden.Reviews, hidden[i.ID])
		}
	}
	slices.SortStableFunc(g.Waiting, func(a, b *tagout.Incident) int { return a.Request.At.Compare(b.Request.At) })
	slices.SortStableFunc(g.Reviews, func(a, b *tagout.Incident) int { return reviewDue(a).Compare(reviewDue(b)) })
	d.digestStops(g, hidden, drills)
	d.digestRooms(ctx, g, sees)
}

func reviewDue(i *tagout.Incident) time.Time {
	due, _ := i.ReviewDue()
	return due.Due
}

// keep adds what readers may know of, and counts the rest.
func keep[T any](to *[]T, one T, counted *int, hidden bool) {
	if hidden {
		*counted++
		return
	}
	*to = append(*to, one)
}

// digestStops lists what the gate holds, but for drills.
func (d *Desk) digestStops(g *tagout.Digest, hidden, drills map[tagout.IncidentID]bool) {
	for _, h := range d.gate.Holds() {
		if drills[h.Incident] {
			continue
		}
		_, seen := g.Rooms[h.Incident]
		keep(&g.Stops, tagout.DigestStop{Hold: h, Room: g.Rooms[h.Incident]}, &g.Hidden.Stops, hidden[h.Incident] || h.Private && !seen)
	}
	slices.SortStableFunc(g.Stops, func(a, b tagout.DigestStop) int { return a.At.Compare(b.At) })
}

// digestRooms finds the channels of the incidents that recur.
func (d *Desk) digestRooms(ctx context.Context, g *tagout.Digest, sees func(*tagout.Incident) bool) {
	for n, pair := range g.Figures.Recurring {
		for k, id := range pair.Last {
			if _, known := g.Rooms[id]; known || n >= 5 || k >= 3 {
				continue
			}
			if i, err := d.store.Incident(ctx, id); err == nil && sees(i) && i.Room.Channel != "" {
				g.Rooms[id] = i.Room.Channel
			}
		}
	}
}

// digestActions finds the corrective actions that are overdue.
func (d *Desk) digestActions(ctx context.Context, g *tagout.Digest, sees func(*tagout.Incident) bool) {
	actions, err := d.store.Actions(ctx, tagout.ActionQuery{Open: true, DueBefore: d.clock.Now(), Limit: digestActions})
	if err != nil {
		g.Doubts = append(g.Doubts, "the corrective actions could not be read.")
	}
	for _, a := range actions {
		if a.Incident.Drill {
			continue
		}
		keep(&g.Overdue, a, &g.Hidden.Overdue, !sees(a.Incident))
	}
}

// digestRecord finds the flags that wait, and seals the record.
func (d *Desk) digestRecord(ctx context.Context, g *tagout.Digest) {
	flags, err := d.store.OpenFlags(ctx, digestFlags)
	if err != nil {
		g.Doubts = append(g.Doubts, "the flags could not be read.")
	}
	slices.Reverse(flags)
	g.Flags = flags
	if g.Head, err = d.store.Checkpoint(ctx); err != nil {
		g.Doubts = append(g.Doubts, "the record could not be sealed.")
	}
}

// DigestMessage is a digest as it is posted or shown.
func (d *Desk) DigestMessage(ctx context.Context, turn tagout.RoutineTurn, o tagout.DigestOrder, v tagout.Viewer) (tagout.Message, error) {
	g, err := d.Digest(ctx, turn, o, v)
	if err != nil {
		return tagout.Message{}, err
	}
	return g.Message(d.policy), nil
}

// AskDigest is a digest of the time until now, as one reader may read it.
func (d *Desk) AskDigest(ctx context.Context, window time.Duration, v tagout.Viewer) (tagout.Message, error) {
	return d.DigestMessage(ctx, tagout.RoutineTurn{}, tagout.DigestOrder{Window: window, Zone: d.zone}, v)
}

// nextDigest is when a digest comes next, or any of them; zero if that is not known.
func (d *Desk) nextDigest(ctx context.Context, routine string) (next time.Time) {
	states, err := d.store.Routines(ctx)
	if err != nil {
		return next
	}
	for _, s := range states {
		if s.Name == routine || routine == "" && strings.HasPrefix(s.Name, "digest ") && !s.Next.IsZero() && (next.IsZero() || s.Next.Before(next)) {
			next = s.Next
		}
	}
	return next
}

// PostDigest has a digest posted in a channel, durably. The same ID again posts nothing.
func (d *Desk) PostDigest(ctx context.Context, id string, o tagout.DigestOrder) error {
	if err := CheckWindow(o.Window); err != nil {
		return err
	}
	o.Zone = cmp.Or(o.Zone, d.zone)
	return d.store.Queue(ctx, []tagout.Effect{tagout.NewEffect(tagout.EffectDigest, 0, id, tagout.AskedDigest(o, d.clock.Now()))})
}
