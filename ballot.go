package tagout

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// ballot is what roles vote on with GO and NO-GO: a resume request or a status note. A vote
// counts only for exactly what was shown, which its digest names.
type ballot struct {
	id      string
	digest  string
	sum     string // what the digest must be
	by      UserID // who asks; never signs
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

// open returns nil if this person can vote on it at all now.
func (b ballot) open(s Signing, at time.Time) error {
	switch {
	case s.Verdict != Go && s.Verdict != NoGo:
		return Errorf(Invalid, "A sign-off is GO or NO-GO.")
	case s.User.Bot || s.User.ID == "":
		return Errorf(Forbidden, "Only a person can sign.")
	case s.HomeTeam == "" || s.User.Team != s.HomeTeam:
		return Errorf(Forbidden, "Only people of this workspace can sign.")
	case s.User.Guest:
		return Errorf(Forbidden, "%s", b.words.guest)
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
	return nil
}

// roleOf is the needed role for which the vote counts.
func (b ballot) roleOf(s Signing) (string, error) {
	open := missingOf(b.rule, b.given)
	if s.Verdict == NoGo {
		open = b.rule // who may sign may refuse until the end, also after a GO of theirs or of their role
	}
	for _, given := range b.given {
		if given.By == s.User.ID && s.Verdict == Go {
			return "", Errorf(Conflict, "You signed %s for %s already.", given.Verdict, given.Role)
		}
	}
	var needed []string
	for _, n := range open {
		for _, role := range n.AnyOf {
			if slices.Contains(s.Roles, role) {
				return role, nil
			}
		}
		needed = append(needed, strings.Join(n.AnyOf, " or "))
	}
	return "", Errorf(Forbidden, "You are not a signer for this: it needs %s.", strings.Join(needed, ", and "))
}

// vote is the sign-off that a press gives, if it counts.
func (b ballot) vote(s Signing, at time.Time) (Signoff, error) {
	if err := b.open(s, at); err != nil {
		return Signoff{}, err
	}
	role, err := b.roleOf(s)
	return Signoff{Request: b.id, Role: role, By: s.User.ID, Verdict: s.Verdict, Digest: b.digest, Reason: clip(s.Reason, 1000), At: Moment(at)}, err
}

// missingOf lists the needed sign-offs that are not given yet; one counts once.
func missingOf(rule SignoffRule, given []Signoff) SignoffRule {
	var missing SignoffRule
	given = slices.Clone(given)
	for _, needed := range rule {
		i := slices.IndexFunc(given, func(s Signoff) bool {
			return s.Verdict == Go && slices.Contains(needed.AnyOf, s.Role)
		})
		if i < 0 {
			missing = append(missing, needed)
			continue
		}
		given = slices.Delete(given, i, i+1)
	}
	return missing
}

// sumOf is SHA-256 in hex over the text that is voted on.
func sumOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
