package escalation

import (
	"context"
	"fmt"
	"time"

	"tagout"
)

// digestDrills tells what was practised in the window, and what comes.
func (d *Desk) digestDrills(ctx context.Context, g *tagout.Digest) {
	q := g.Figures.Query
	found, err := d.store.Drills(ctx, tagout.DrillQuery{Limit: 100})
	next, nextErr := d.NextDrills(ctx)
	if err != nil || nextErr != nil {
		g.Doubts = append(g.Doubts, "the drills could not be read.")
		return
	}
	say := func(mark string, drill *tagout.Drill) tagout.Text {
		return tagout.T(mark, tagout.Bold(drill.Incident.String()), " "+drill.Title()+", "+g.When(drill.At)+": "+drill.Verdict())
	}
	var latest *tagout.Drill
	var bad []tagout.Text
	count, passed := 0, 0
	for n := range found {
		drill := &found[n]
		if drill.Running() || drill.At.After(q.To) {
			continue
		}
		if latest == nil {
			latest = drill
		}
		if drill.At.Before(q.From) {
			break // newest first
		}
		count++
		switch drill.Result {
		case tagout.DrillPassed:
			passed++
		case tagout.DrillFailed:
			bad, g.Drills.Alarming = append(bad, say("🔴 ", drill)), true
		default:
			bad = append(bad, say("⚠️ ", drill))
		}
	}
	if count > 0 {
		g.Drills.Lines = append(g.Drills.Lines, tagout.T(fmt.Sprintf("%d practised, %d passed", count, passed)))
	}
	g.Drills.Lines = append(g.Drills.Lines, bad...)
	if latest != nil && (count == 0 || latest.Result == tagout.DrillPassed) {
		g.Drills.Lines = append(g.Drills.Lines, append(tagout.T("Last: "), say("", latest)...))
	}
	if name, at := soonest(next); name != "" {
		g.Drills.Lines = append(g.Drills.Lines, tagout.T("Next: "+name+", "+g.When(at)))
	}
}

// soonest is what comes first.
func soonest(next map[string]time.Time) (name string, at time.Time) {
	for n, t := range next {
		if !t.IsZero() && (at.IsZero() || t.Before(at) || t.Equal(at) && n < name) {
			name, at = n, t
		}
	}
	return name, at
}
