package tagout

import (
	"maps"
	"slices"
	"time"
)

// Viewer is who wants to read about an incident, and where. The zero value is a program, or
// somebody who is not known: neither reads of a private incident more than its ID.
type Viewer struct {
	User    User     // of a verified payload
	Roles   []string // the roles of the configuration that name the person as a member
	Channel string   // the Slack channel in which they ask; "" elsewhere
}

// Involvement says how somebody came to be one of an incident's people.
type Involvement string

// The ways to become one of an incident's people.
const (
	InvolvedOpener Involvement = "opened"
	InvolvedPaged  Involvement = "paged"
	InvolvedLetIn  Involvement = "let in"
)

// VisibleTo is the one rule of who may read about an incident; every edge asks it. A public
// incident is everybody's. Of a private one read, and nobody else whatever is unknown:
//
//   - whoever asks in its own private channel, which Slack shows to its members only;
//   - its recorded people: who opened it, was paged for it, has a role in it or one of its
//     corrective actions, or was let in;
//   - the roles that must sign for it, since they must read what they sign, and those that
//     the configuration names under private; where its RCA facilitator wrote of the review,
//     the role that decides on that instead.
func (i *Incident) VisibleTo(v Viewer, p *Policy) bool {
	switch {
	case !i.Private:
		return true
	case v.User.ID == "" || v.User.Bot:
		return false
	case i.Room.Private && i.Room.Channel != "" && i.Room.Channel == v.Channel:
		return true
	case slices.Contains(i.People(), v.User.ID):
		return true
	}
	may := i.ReaderRoles(p)
	return slices.ContainsFunc(v.Roles, func(role string) bool { return slices.Contains(may, role) })
}

// ReaderRoles are the roles whose members read of a private incident without being among
// its recorded people, in alphabetical order.
func (i *Incident) ReaderRoles(p *Policy) []string {
	var roles []string
	if p != nil {
		roles = append(roles, p.PrivateRoles...)
	}
	for _, needed := range i.Rule {
		roles = append(roles, needed.AnyOf...)
	}
	if lead := i.Roles[RCAFacilitator]; p != nil && i.Review != nil && (lead == "" || i.Review.Wrote(lead)) {
		roles = append(roles, p.IncidentRoles[RCAFacilitator]) // one of whom must decide on the review
	}
	roles = slices.DeleteFunc(roles, func(role string) bool { return role == "" })
	slices.Sort(roles)
	return slices.Compact(roles)
}

// People are those whom the incident's record names, in alphabetical order: who opened it,
// was paged for it, was let in, has a role in it, or has one of its corrective actions.
func (i *Incident) People() []UserID {
	people := slices.Collect(maps.Keys(i.Involved))
	for _, id := range i.Roles {
		if id != "" {
			people = append(people, id)
		}
	}
	for _, a := range i.Actions {
		if a.State != ActionDropped {
			people = append(people, a.Owner)
		}
	}
	slices.Sort(people)
	return slices.Compact(people)
}

// PagedFor reports whether somebody was paged for an incident that still waits to be
// acknowledged.
func (i *Incident) PagedFor(id UserID) bool {
	return i.Involved[id] == InvolvedPaged && !i.Answered() && !i.State.Ended()
}

// involve records one of the incident's people. Being paged outweighs having opened it.
func (i *Incident) involve(id UserID, how Involvement) {
	if id == "" || i.Involved[id] == InvolvedPaged {
		return
	}
	if i.Involved == nil {
		i.Involved = map[UserID]Involvement{}
	}
	i.Involved[id] = how
}

// MakePrivate closes an open incident to everybody but its people. Slack cannot turn a
// channel into a private one, so it gets a new one, and the old one is told and archived;
// the record stays whole. It returns Conflict if it is private already or has ended.
func (i *Incident) MakePrivate(by User, at time.Time) (Change, error) {
	switch {
	case i.Private:
		return Change{}, Errorf(Conflict, "%s is private already.", i.ID)
	case i.State.Ended():
		return Change{}, Errorf(Conflict, "%s is %s; only an open incident can be made private.", i.ID, i.State)
	}
	i.Private = true
	i.involve(by.ID, InvolvedLetIn)
	for n := range i.Holds {
		if i.Holds[n].Active() {
			i.Holds[n].Private = true
		}
	}
	var c Change
	c.event(EventPrivate, by.Actor(), at, map[string]any{"left": i.Room.Channel})
	old := i.Room
	i.Room = Room{Announced: old.Announced, AnnounceIn: old.AnnounceIn, Moving: true}
	if old.Channel != "" {
		c.effect(EffectRetireRoom, i.ID, old.Channel, RetiredRoom{
			Channel: old.Channel, Card: old.Card, Decision: old.Decision, Review: old.Review, Runbook: old.Runbook,
			Announce: old.AnnounceIn,
		})
	}
	c.effect(EffectOpenChannel, i.ID, "private", nil)
	if old.Announced != "" {
		c.effect(EffectAnnounce, i.ID, "private", nil)
	}
	if r := i.Request; r != nil && r.State == RequestPending {
		c.effect(EffectDecision, i.ID, r.ID+":private", nil)
	}
	if i.Review != nil {
		c = c.And(i.showReview("private"))
	}
	if len(i.Runbook) > 0 {
		c.effect(EffectRunbook, i.ID, "private", nil)
	}
	return c, nil
}

// RetiredRoom is the data of [EffectRetireRoom]: the public channel that an incident left
// when it was made private, with the messages that showed it.
type RetiredRoom struct {
	Channel  string `json:"channel"`
	Card     string `json:"card,omitempty"`
	Decision string `json:"decision,omitempty"`
	Review   string `json:"review,omitempty"`
	Runbook  string `json:"runbook,omitempty"`
	Announce string `json:"announce,omitempty"` // the channel to which the decision may have fallen back
}

// Hushed is what may be told of the hold to anybody: of a private incident's neither who
// hung it nor why.
func (h Hold) Hushed() Hold {
	if h.Private {
		h.By, h.Reason = Actor{}, ""
	}
	return h
}

// Leave takes somebody who left a private incident's channel, or was removed from it, off its
// people, so that they read of it no more elsewhere. Who has a role in it stays, and who must
// sign reads what they sign; being paged for it again lets them in again. A channel that is not
// its own changes nothing.
func (i *Incident) Leave(id UserID, channel string, at time.Time) Change {
	_, involved := i.Involved[id]
	if !i.Private || !involved || channel == "" || channel != i.Room.Channel {
		return Change{}
	}
	for _, has := range i.Roles {
		if has == id {
			return Change{}
		}
	}
	delete(i.Involved, id)
	var c Change
	c.event(EventLeft, Tagout, at, map[string]any{"person": id})
	return c
}
