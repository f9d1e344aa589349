package api

import (
	"time"

	"tagout"
)

// stepView is one step of a runbook.
type stepView struct {
	Step   int        `json:"step"`
	Text   string     `json:"text"`
	DoneBy string     `json:"done_by,omitempty" example:"user:U0LEGAL"`
	DoneAt *time.Time `json:"done_at,omitempty" doc:"Left out: it is not done."`
}

// suggestionView is a rollback that is offered to people.
type suggestionView struct {
	Agent  string    `json:"agent"`
	When   string    `json:"when" enum:"new_version,repeated"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

func viewsOfSteps(i *tagout.Incident) []stepView {
	var list []stepView
	for n, s := range i.Runbook {
		v := stepView{Step: n + 1, Text: s.Text, DoneAt: optional(s.At)}
		if s.Done() {
			v.DoneBy = s.By.String()
		}
		list = append(list, v)
	}
	return list
}

func viewOfSuggestion(i *tagout.Incident) *suggestionView {
	if i.Suggestion == nil {
		return nil
	}
	v := suggestionView(*i.Suggestion)
	return &v
}
