package tagout

import (
	"slices"
	"time"
)

// SameTerms reports whether two holds hold the same things in the same way. The terms of a hold
// never change while it stands.
func (h Hold) SameTerms(o Hold) bool {
	return h.Scope == o.Scope && h.Mode == o.Mode && h.Cap == o.Cap && slices.Equal(h.DisabledTools, o.DisabledTools) &&
		h.CanaryShare == o.CanaryShare && h.Plan == o.Plan && h.Drill == o.Drill
}

// Successor is the hold that takes the place of one that somebody lifted in the database
// without sign-offs. Every replica derives the same.
func (id HoldID) Successor() HoldID { return HoldID(DeriveID("lifted unsigned", string(id))) }

// Original is the hold that holds what one held before somebody changed that in the database.
// Every replica derives the same.
func (id HoldID) Original() HoldID { return HoldID(DeriveID("changed unsigned", string(id))) }

// HangAgain is the stop that holds what h held, after somebody lifted h in the database
// without sign-offs: a lifted hold itself is never revived.
func (h Hold) HangAgain(severity Severity, class string) StopRequest {
	return h.hangAs(h.ID.Successor(), severity, class)
}

// HangOriginal is the stop that holds what h held as its timeline tells, after somebody changed
// in the database what it holds. What they made of it stands beside.
func (h Hold) HangOriginal(severity Severity, class string) StopRequest {
	return h.hangAs(h.ID.Original(), severity, class)
}

func (h Hold) hangAs(id HoldID, severity Severity, class string) StopRequest {
	s := StopRequest{Hold: h, Severity: severity, Class: class, Join: h.Incident, Private: h.Private, Replaces: h.ID}
	s.Hold.ID, s.Hold.Incident, s.Hold.By, s.Hold.At = id, 0, Tagout, time.Time{}
	s.Hold.LiftedAt, s.Hold.LiftedBy = time.Time{}, ""
	s.Hold.Plan, s.Hold.CanaryShare, s.Hold.Drill = "", 0, "" // it spares no canary, and is no drill
	s.Hold.Reason = "its hold was " + s.meddled() + " in the database, and nobody signed for that"
	if h.Reason != "" {
		s.Hold.Reason += "; before: " + h.Reason
	}
	return s
}

// meddled is what somebody did to the hold that the stop replaces.
func (s StopRequest) meddled() string {
	if s.Hold.ID == s.Replaces.Original() {
		return "changed"
	}
	return "lifted"
}

// TellUnsigned says in the channel that a hold was lifted or changed in the database, and pages
// these roles. s is the stop in its place.
func (i *Incident) TellUnsigned(s StopRequest, roles []string, at time.Time) Change {
	var c Change
	key, title, held := "unsigned:"+string(s.Hold.ID), "Lifted without sign-offs: ", "It is held again."
	if s.meddled() == "changed" {
		title, held = "Changed without sign-offs: ", "What it held is held again."
	}
	why := "the hold on " + s.Hold.Scope.String() + " was " + s.meddled() + " in the database, and nobody signed for that"
	c.effect(EffectPage, i.ID, key, PageRound{Key: key, Roles: roles, Why: why, Rung: true, Even: true})
	c.post(i, key, Message{Tone: ToneDanger, Body: []Text{
		T(Bold(title), why+". "+held+" Only a request that is signed lifts it; find out who changed the database.")}})
	return c
}
