package tagout

import "time"

// Hush is why nobody was told of an incident when it opened: a silence covered the alerts that
// opened it. What it holds is held all the same.
type Hush struct {
	Silence SilenceID `json:"silence"`
	By      Actor     `json:"by"`
	Until   time.Time `json:"until"`
	Reason  string    `json:"reason"`
}

// HushOf is what a silence makes of an incident that opens under it; nil for none.
func HushOf(s *Silence) *Hush {
	if s == nil {
		return nil
	}
	return &Hush{Silence: s.ID, By: s.By, Until: s.Until, Reason: s.Reason}
}

// hush opens the incident quietly.
func (i *Incident) hush(h *Hush, at time.Time) Change {
	var c Change
	if h == nil {
		return c
	}
	i.Hush = h
	c.event(EventHushed, Tagout, at, map[string]any{"silence": h.Silence.String(), "by": h.By.String(), "until": h.Until, "reason": h.Reason})
	return c
}

// HushUntil has the incident know that its silence ends at another time.
func (i *Incident) HushUntil(s *Silence) Change {
	if i.Hush == nil || i.Hush.Silence != s.ID || i.Hush.Until.Equal(s.Until) {
		return Change{}
	}
	i.Hush.Until = s.Until
	return Change{}
}

// Unhush makes a quiet incident one like any other: it is announced, and whom its severity
// pages is paged now, unless somebody answers for it or it has ended. It changes nothing for
// one that is not quiet.
func (i *Incident) Unhush(row *SeverityPolicy, roles []string, why string, by Actor, at time.Time) Change {
	var c Change
	h := i.Hush
	if h == nil {
		return c
	}
	i.Hush = nil
	c.event(EventUnhushed, by, at, map[string]any{"silence": h.Silence.String(), "why": why})
	if i.State.Ended() {
		return c
	}
	c.effect(EffectOpenChannel, i.ID, "unsilenced:"+h.Silence.String(), nil) // its people are invited
	if !i.Private {
		c.effect(EffectAnnounce, i.ID, "unsilenced:"+h.Silence.String(), nil)
	}
	c.post(i, "unsilenced:"+h.Silence.String(),
		Say("It was silenced by ", h.By.Text(), " (", Bold(h.Silence.String()), ": ", h.Reason, "). It is not any more: ", why, "."))
	if i.Answered() {
		return c
	}
	first := PageRound{Key: string(row.Severity), Roles: roles, Why: row.Severity.Label() + ", silenced until now: " + why}
	return c.And(i.climbFrom(row, first, at))
}

// Holds reports whether the severity does anything to the agent on arrival: then an alert of it
// opens an incident even while it is silenced.
func (row *SeverityPolicy) Holds() bool {
	for _, rule := range append([]Containment{row.Contain}, row.Also...) {
		if rule.Mode != "" && rule.Mode != Running || rule.Rollback {
			return true
		}
	}
	return row.Pin
}
