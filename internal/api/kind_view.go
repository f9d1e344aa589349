package api

import (
	"time"

	"tagout"
)

// kindView is what an incident looks like, and why.
type kindView struct {
	Kind        string `json:"kind" enum:"local,systemic,rollout"`
	Why         string `json:"why"`
	CorrectedBy string `json:"corrected_by,omitempty" doc:"Left out while it is suggested."`
}

func viewOfKind(k tagout.KindView) *kindView {
	v := &kindView{Kind: string(k.Kind), Why: k.Why}
	if k.Corrected() {
		v.CorrectedBy = k.By.String()
	}
	return v
}

// silencedView is the silence that keeps an incident quiet.
type silencedView struct {
	Silence string    `json:"silence" example:"SIL-3"`
	Until   time.Time `json:"until"`
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
}

func viewOfHush(h *tagout.Hush) *silencedView {
	if h == nil {
		return nil
	}
	return &silencedView{Silence: h.Silence.String(), Until: h.Until, By: h.By.String(), Reason: h.Reason}
}
