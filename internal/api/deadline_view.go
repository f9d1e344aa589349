package api

import (
	"time"

	"tagout"
)

// deadlineView is one thing that is due on an incident.
type deadlineView struct {
	Kind      string     `json:"kind" enum:"contain,acknowledge,inform,update,review,clock"`
	Name      string     `json:"name" example:"EU AI Act Art. 73 report"`
	Due       time.Time  `json:"due"`
	State     string     `json:"state" enum:"open,missed,met,late,ended" doc:"late: met after its time. ended: the incident ended first."`
	StoppedAt *time.Time `json:"stopped_at,omitempty" doc:"When it was met."`
	StoppedBy string     `json:"stopped_by,omitempty" example:"user:U0LEGAL" doc:"Who stopped it by hand."`
	Note      string     `json:"note,omitempty"`
	Audience  string     `json:"audience,omitempty" doc:"Who is to be informed."`
	Owner     string     `json:"owner,omitempty" doc:"The role that must do it."`
}

func viewOfDeadlines(i *tagout.Incident) []deadlineView {
	var list []deadlineView
	for _, d := range i.Deadlines() {
		at := d.From // when it was still open
		if !i.Marks[d.Key].MissedAt.IsZero() {
			at = d.Due
		}
		v := deadlineView{Kind: string(d.Kind), Name: d.Name, Due: d.Due, State: string(d.State(at)), StoppedAt: optional(d.Stopped),
			Note: d.Note, Audience: d.Audience, Owner: d.Owner}
		if d.By.Kind != "" {
			v.StoppedBy = d.By.String()
		}
		list = append(list, v)
	}
	return list
}
