package tagout

import "time"

// Successor is the hold that takes the place of one that somebody lifted in the database
// without sign-offs. Every replica derives the same.
func (id HoldID) Successor() HoldID { return HoldID(DeriveID("lifted unsigned", string(id))) }

// HangAgain is the stop that holds what h held, after somebody lifted h in the database
// without sign-offs: a lifted hold itself is never revived.
func (h Hold) HangAgain(severity Severity, class string) StopRequest {
	s := StopRequest{Hold: h, Severity: severity, Class: class, Join: h.Incident, Private: h.Private, Replaces: h.ID}
	s.Hold.ID, s.Hold.Incident, s.Hold.By, s.Hold.At = h.ID.Successor(), 0, Tagout, time.Time{}
	s.Hold.LiftedAt, s.Hold.LiftedBy = time.Time{}, ""
	s.Hold.Plan, s.Hold.CanaryShare, s.Hold.Drill = "", 0, "" // it spares no canary, and is no drill
	s.Hold.Reason = "its hold was lifted in the database, and nobody signed for that"
	if h.Reason != "" {
		s.Hold.Reason += "; before: " + h.Reason
	}
	return s
}

// TellUnsigned says in the channel that a hold was lifted in the database, and pages these
// roles.
func (i *Incident) TellUnsigned(again Hold, roles []string, at time.Time) Change {
	var c Change
	key := "unsigned:" + string(again.ID)
	why := "the hold on " + again.Scope.String() + " was lifted in the database, and nobody signed for that"
	c.effect(EffectPage, i.ID, key, PageRound{Key: key, Roles: roles, Why: why, Rung: true, Even: true})
	c.post(i, key, Message{Tone: ToneDanger, Body: []Text{
		T(Bold("Lifted without sign-offs: "), why+". It is held again. Only a request that is signed lifts it; find out who changed the database.")}})
	return c
}
