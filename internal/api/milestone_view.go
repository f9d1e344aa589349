package api

import (
	"time"

	"tagout"
)

// correctionView is one correction of a milestone.
type correctionView struct {
	Milestone string     `json:"milestone" enum:"onset,detected,acknowledged,contained,mitigated,resumed,reviewed"`
	From      *time.Time `json:"from" doc:"null: it was not known before."`
	To        time.Time  `json:"to"`
	Reason    string     `json:"reason"`
	By        string     `json:"by" example:"user:U0IC"`
	At        time.Time  `json:"at" doc:"When it was corrected."`
}

func viewsOfCorrections(i *tagout.Incident) []correctionView {
	var list []correctionView
	for _, c := range i.Corrections {
		list = append(list, correctionView{Milestone: string(c.Milestone), From: optional(c.From), To: c.To, Reason: c.Why, By: c.By.String(), At: c.At})
	}
	return list
}
