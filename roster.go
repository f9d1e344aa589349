package tagout

import (
	"slices"
	"time"
)

// Via says how somebody comes to be paged.
type Via string

// The ways to be on a roster.
const (
	ViaMember   Via = "member"   // of the role, in the configuration
	ViaGroup    Via = "group"    // of the role's Slack user group
	ViaRotation Via = "rotation" // has the turn in the role's rotation
	ViaOverride Via = "override" // somebody put them in for whoever has the turn
	ViaSchedule Via = "schedule" // on call by the schedule of another service
)

// Reason is one reason why somebody is paged.
type Reason struct {
	Role   string    // of the configuration
	Via    Via       //
	Source string    // the Slack group or the rotation; "" for a member
	AsOf   time.Time // when it was read; zero: it is configured, and always current
	Until  time.Time // when the turn ends; zero: that is not known
}

// Called is one person who is paged, with every reason for it.
type Called struct {
	Person
	Reasons []Reason
}

// Doubt is what could not be found out about a role: the people may be too few, or not
// those of today.
type Doubt struct {
	Role    string    // of the configuration
	Via     Via       // where it was to be found out
	Source  string    // the Slack group or the rotation
	Problem string    // as people read it
	AsOf    time.Time // how old what was used instead is; zero: nothing was
}

// Roster is who is paged for some roles at one moment. It is for paging: nobody signs by it.
type Roster struct {
	At     time.Time
	People []Called // each once, in the order of the roles
	Doubts []Doubt
}

// Persons are the people of the roster.
func (r Roster) Persons() []Person {
	persons := make([]Person, len(r.People))
	for n, c := range r.People {
		persons[n] = c.Person
	}
	return persons
}

// Add puts somebody on the roster, or adds a reason to somebody who is there.
func (r *Roster) Add(p Person, why Reason) {
	for n := range r.People {
		known := &r.People[n]
		if known.ID != p.ID {
			continue
		}
		if !slices.Contains(known.Roles, why.Role) {
			known.Roles = append(known.Roles, why.Role)
		}
		if !slices.Contains(known.Reasons, why) {
			known.Reasons = append(known.Reasons, why)
		}
		return
	}
	p.Roles = []string{why.Role}
	r.People = append(r.People, Called{Person: p, Reasons: []Reason{why}})
}
