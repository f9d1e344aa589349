package escalation

import (
	"cmp"
	"context"
	"slices"

	"tagout"
)

// homeNextDrills is how many of the drills to come an App Home names.
const homeNextDrills = 3

// homeDrills tells what is practised now and what comes next, and lets members practise.
func (d *Desk) homeDrills(ctx context.Context, open []*tagout.Incident, user tagout.User) tagout.HomeSection {
	s := tagout.HomeSection{Title: "Drills"}
	for _, i := range open {
		if i.Drill && i.Exercise.Running() {
			s.Items = append(s.Items, tagout.Message{Body: drillLine(i).Body})
		}
	}
	var m tagout.Message
	next, err := d.NextDrills(ctx)
	if err != nil {
		m.Body = append(m.Body, tagout.T(tagout.Bold("It cannot be read what comes next"), ": ", tagout.Sentence(err)))
	}
	plans := slices.DeleteFunc(slices.Clone(d.policy.Drills.Plans), func(p tagout.DrillPlan) bool { return next[p.Name].IsZero() })
	slices.SortFunc(plans, func(a, b tagout.DrillPlan) int {
		return cmp.Or(next[a.Name].Compare(next[b.Name]), cmp.Compare(a.Name, b.Name))
	})
	for _, p := range plans[:min(len(plans), homeNextDrills)] {
		drill := tagout.Drill{Action: p.Action, Agent: p.Agent, Page: p.Page}
		m = m.Fact("Next: "+p.Name, tagout.T(drill.Title()+" at ", next[p.Name]))
	}
	if !user.Guest && !user.Bot && d.drillable() {
		m.Buttons = []tagout.Button{{Action: "drill", Label: "Drill…"}}
		if len(m.Facts)+len(m.Body) == 0 {
			m.Body = append(m.Body, tagout.T("None comes by a schedule."))
		}
	}
	if len(m.Body)+len(m.Facts)+len(m.Buttons) > 0 {
		s.Items = append(s.Items, m)
	}
	return s
}

// drillable reports whether any agent has a canary.
func (d *Desk) drillable() bool {
	for name, a := range d.policy.Agents {
		if a.Canary.Agent == name {
			return true
		}
	}
	return false
}
