package tagout

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"
)

// ballot is what roles vote on with GO and NO-GO: a resume request or a status note. A vote
// counts only for exactly what was shown, which its digest names.
type ballot struct {
	id      string
	digest  string
	sum     string   // what the digest must be
	by      UserID   // who asks; never signs
	causers []Causer // who changed what failed; they never sign either
	rule    SignoffRule
	given   []Signoff
	expires time.Time
	state   RequestState
	reason  string
	words   ballotWords
}

// ballotWords are how refusals speak of what is voted on.
type ballotWords struct {
	thing  string // "request"
	newest string // where to find the current one
	again  string // how to ask again
	guest  string // why guests do not sign
	own    string // why who asked does not sign
}

// admits returns nil if this is a vote of somebody who may vote on anything here.
func (b ballot) admits(s Signing) error {
	switch {
	case s.Verdict != Go && s.Verdict != NoGo:
		return Errorf(Invalid, "A sign-off is GO or NO-GO.")
	case s.User.Bot || s.User.ID == "":
		return Errorf(Forbidden, "Only a person can sign.")
	case s.HomeTeam == "" || s.User.Team != s.HomeTeam:
		return Errorf(Forbidden, "Only people of this workspace can sign.")
	case s.User.Guest:
		return Errorf(Forbidden, "%s", b.words.guest)
	}
	return nil
}

// open returns nil if this person can vote on it at all now.
func (b ballot) open(s Signing, at time.Time) error {
	if err := b.admits(s); err != nil {
		return err
	}
	switch {
	case b.id == "" || b.id != s.Request || b.digest != s.Digest || b.digest != b.sum:
		return Errorf(Conflict, "This %s is not the current one any more. %s", b.words.thing, b.words.newest)
	case b.state == RequestPending && !at.Before(b.expires), b.state == RequestExpired:
		return Errorf(Expired, "The %s expired at %s. %s", b.words.thing, b.expires.Format("2006-01-02 15:04 UTC"), b.words.again)
	case b.state == RequestApproved:
		return Errorf(Conflict, "The %s was approved already; nothing more to sign.", b.words.thing)
	case b.state != RequestPending:
		return Errorf(Conflict, "The %s is %s (%s). %s", b.words.thing, b.state, b.reason, b.words.again)
	case b.by == s.User.ID:
		return Errorf(Forbidden, "%s", b.words.own)
	}
	for _, c := range slices.Concat(b.causers, s.Causers) {
		if c.Person == s.User.ID {
			return Errorf(Forbidden, "%s", c.refusal())
		}
	}
	return nil
}

// mandate is a role for which somebody can sign, of their own or in place of a member.
type mandate struct {
	role string
	by   *Delegation // nil: of their own
}

func (s Signing) roleName(role string) string {
	if s.RoleName == nil {
		return role
	}
	return s.RoleName(role)
}

// mandates are those of a person at a time, their own first.
func (s Signing) mandates(at time.Time) []mandate {
	var list []mandate
	for _, role := range s.Roles {
		list = append(list, mandate{role: role})
	}
	for _, d := range s.Delegations {
		if d.To == s.User.ID && d.Holds(at) {
			list = append(list, mandate{d.Role, &d})
		}
	}
	return list
}

// roleOf is the needed role for which the vote counts.
func (b ballot) roleOf(s Signing, at time.Time) (mandate, error) {
	mandates := s.mandates(at)
	if s.Verdict == NoGo {
		for _, m := range mandates {
			if b.rule.names(m.role) { // who may sign may refuse until the end, also after a GO of theirs or of their role
				return m, nil
			}
		}
		return mandate{}, Errorf(Forbidden, "You are not a signer for this: it needs %s.", b.rule.text(s.roleName))
	}
	for _, given := range b.given {
		if given.By == s.User.ID {
			return mandate{}, Errorf(Conflict, "You signed %s for %s already.", given.Verdict, s.roleName(given.Role))
		}
	}
	missing := missingOf(b.rule, b.given)
	var why error
	for _, m := range mandates {
		switch with := append(slices.Clone(b.given), Signoff{Verdict: Go, Role: m.role}); {
		case m.by != nil && m.by.spent(b.given):
			why = Errorf(Conflict, "@%s, for whom you sign, has given the sign-off already, or somebody else has for them.", m.by.By)
		case m.by == nil && b.voiced(s.User.ID):
			why = Errorf(Conflict, "Somebody to whom you delegated %s has signed for you already.", s.roleName(m.role))
		case missingOf(b.rule, with).count() < missing.count():
			return m, nil
		case why == nil && missing.names(m.role):
			why = Errorf(Conflict, "It is not your turn yet: %s signs before %s. Everything stays as it is.",
				missing[:1].text(s.roleName), s.roleName(m.role))
		}
	}
	if why == nil {
		why = Errorf(Forbidden, "You are not a signer for this: it needs %s.", missing.text(s.roleName))
	}
	return mandate{}, why
}

// voiced reports whether somebody has signed in this person's place.
func (b ballot) voiced(id UserID) bool {
	return slices.ContainsFunc(b.given, func(s Signoff) bool { return s.voice() == id })
}

// explained is the NO-GO that ended the vote, with the reason that this person gives for it
// afterwards. ok reports whether it was theirs, and nothing was said about it yet.
func (b ballot) explained(s Signing, at time.Time) (said Signoff, ok bool) {
	if s.Verdict != NoGo || s.Reason == "" || b.id != s.Request || b.digest != s.Digest || b.admits(s) != nil {
		return Signoff{}, false
	}
	for _, given := range b.given {
		if given.Verdict == NoGo && given.By == s.User.ID {
			said, ok = given, given.Reason == ""
		}
	}
	said.Reason, said.At = clip(s.Reason, 1000), Moment(at)
	return said, ok
}

// vote is the sign-off that a press gives, if it counts.
func (b ballot) vote(s Signing, at time.Time) (Signoff, error) {
	if err := b.open(s, at); err != nil {
		return Signoff{}, err
	}
	m, err := b.roleOf(s, at)
	return Signoff{
		Request: b.id, Role: m.role, By: s.User.ID, Verdict: s.Verdict, Digest: b.digest,
		Reason: clip(s.Reason, 1000), At: Moment(at), Delegation: m.by,
	}, err
}

// sumOf is SHA-256 in hex over the text that is voted on.
func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
