package tagout

import (
	"context"
	"slices"
	"strconv"
	"strings"
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
	By     Actor     // who set the override; otherwise zero
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
	Problem string    // a sentence
	AsOf    time.Time // when what is used instead was read; zero: nothing is
	Blind   bool      // what is used instead is too old, or nobody: others are paged as well
}

// Roster is who is paged for some roles at one moment. It is for paging: nobody signs by it.
type Roster struct {
	At      time.Time
	Roles   []string // that were to be paged
	People  []Called // each once, in the order of the roles
	Doubts  []Doubt
	Instead []string // roles that are paged as well, since others are not known
	Unasked []Reason // who else would be found out by asking, where nobody is asked
}

// Asks reports whether asking would find out who is paged for a role.
func (r Roster) Asks(role string) bool {
	return slices.ContainsFunc(r.Unasked, func(why Reason) bool { return why.Role == role && why.Via != ViaOverride })
}

// Persons are the people of the roster.
func (r Roster) Persons() []Person {
	persons := make([]Person, len(r.People))
	for n, c := range r.People {
		persons[n] = c.Person
	}
	return persons
}

// IDs are the Slack IDs of the roster's people.
func (r Roster) IDs() []UserID {
	var ids []UserID
	for _, c := range r.People {
		if c.ID != "" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// Add puts somebody on the roster, or adds a reason to somebody who is there.
func (r *Roster) Add(p Person, why Reason) {
	for n := range r.People {
		known := &r.People[n]
		if known.key() != p.key() {
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

// Doubt adds what could not be found out, once.
func (r *Roster) Doubt(d Doubt) {
	if !slices.Contains(r.Doubts, d) {
		r.Doubts = append(r.Doubts, d)
	}
}

// Has reports whether anybody is paged for a role.
func (r Roster) Has(role string) bool {
	return slices.ContainsFunc(r.People, func(c Called) bool { return slices.Contains(c.Roles, role) })
}

// Blind reports whether somebody who should be paged may not be on the roster.
func (r Roster) Blind() bool {
	return slices.ContainsFunc(r.Doubts, func(d Doubt) bool { return d.Blind })
}

// DoubtTexts say, a sentence each, what could not be found out and who is paged instead.
func (r Roster) DoubtTexts(p *Policy) []Text {
	var texts []Text
	for _, d := range r.Doubts {
		texts = append(texts, d.text(p, r.At))
	}
	if len(r.Instead) > 0 {
		names := make([]string, len(r.Instead))
		for n, role := range r.Instead {
			names[n] = p.RoleName(role)
		}
		texts = append(texts, T("Therefore ", Bold(strings.Join(names, ", ")), " is paged as well."))
	}
	return texts
}

func (d Doubt) text(p *Policy, now time.Time) Text {
	role := p.RoleName(d.Role)
	var t Text
	switch d.Via {
	case ViaGroup:
		t = T(Bold("The Slack group "+d.Source+" of "+role+" could not be read"), ": ", d.Problem)
	case ViaSchedule:
		t = T(Bold("Who is on call for "+role+" could not be read"), " (rotation "+d.Source+"): ", d.Problem)
	case ViaRotation, ViaOverride:
		return T(Bold(role+", rotation "+d.Source), ": ", d.Problem)
	default:
		return T(Bold(role), ": ", d.Problem)
	}
	if d.AsOf.IsZero() {
		return append(t, T(" Nobody is known of it.")...)
	}
	age := Elapsed(now.Sub(d.AsOf))
	if d.Blind {
		return append(t, T(" Those known "+age+" ago are paged, but that is too old to be trusted alone.")...)
	}
	return append(t, T(" Those known "+age+" ago are paged; somebody may be missing.")...)
}

// Duty is who is on call in one rotation at a moment.
type Duty struct {
	Rotation  string
	Source    string     // the schedule of another service; "" if the turns are configured
	People    []Called   //
	Until     time.Time  // when that changes; zero: not known
	Next      []Person   // who is on call then; empty: not known
	Overrides []Override // that apply or are still to come, in the order in which they were set
	Doubts    []Doubt
}

// doubtKeys name the doubts of a roster, whatever their age.
func (r Roster) doubtKeys() []string {
	var keys []string
	for _, d := range r.Doubts {
		key := d.Role + "|" + string(d.Via) + "|" + d.Source
		if d.Via != ViaGroup && d.Via != ViaSchedule {
			key += "|" + d.Problem
		}
		if d.Blind {
			key += "|blind"
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// DoubtRoster says in the channel, and puts on the timeline, what could not be found out
// about who is paged, unless that was said before.
func (i *Incident) DoubtRoster(r Roster, texts []Text, at time.Time) Change {
	var c Change
	keys := r.doubtKeys()
	news := slices.ContainsFunc(keys, func(k string) bool { return !slices.Contains(i.Doubted, k) })
	kept := slices.DeleteFunc(slices.Clone(i.Doubted), func(k string) bool {
		role, _, _ := strings.Cut(k, "|")
		return slices.Contains(r.Roles, role) // it is said anew below, or is known by now
	})
	i.Doubted = slices.Compact(slices.Sorted(slices.Values(append(kept, keys...))))
	if len(i.Doubted) == 0 {
		i.Doubted = nil
	}
	if !news {
		return c
	}
	words := make([]string, len(texts))
	for n, t := range texts {
		words[n] = t.String()
	}
	c.event(EventRosterDoubt, Tagout, at, map[string]any{"doubts": words, "instead": r.Instead})
	c.post(i, "doubt:"+strconv.FormatInt(i.Head.Seq, 10)+":"+strings.Join(r.Roles, ","), Message{Tone: ToneDanger, Body: texts})
	return c
}

// WhoQuery asks who would be paged now. Exactly one of Incident, Severity and Role is set.
type WhoQuery struct {
	Incident IncidentID
	Severity Severity
	Role     string
	Agent    string // with a severity: of the incident; may be empty
	Class    string // with a severity: of the incident; may be empty
}

// WhoIsPaged is who would be paged, how and when, if nobody acknowledged. It is found out by
// what pages.
type WhoIsPaged struct {
	WhoQuery
	At      time.Time
	Stopped string        // why nobody is paged any more; "" while paging goes on
	Repeat  time.Duration // the first step pages again so often; 0: never
	Steps   []PagingStep
	Signers []Signers // who may sign, which has nothing to do with who is paged
}

// PagingStep is one step of the ladder.
type PagingStep struct {
	After  time.Duration // the start of the incident
	Why    string
	Roster Roster
	Pages  []PlannedPage // in the order in which they go out
}

// PlannedPage is one page that would be sent.
type PlannedPage struct {
	To    Person // without ID and name: whoever the pager's own service has on call
	Pager string // "" for somebody with quiet hours
	When  string // "after 2m0s", "quiet until 07:00 Europe/Berlin"; "": at once
}

// Signers are who may give one needed sign-off.
type Signers struct {
	Roles       []string     // any one of them
	People      []UserID     // their members, and those of groups that count for signing
	Delegations []Delegation // by which some of the people may sign in the place of members
	Unknown     []string     // groups that count and cannot be read: nobody signs by them
	Unasked     []string     // groups that count and were not asked
}

// OnCallPerson is somebody who is on call by a list that is kept elsewhere.
type OnCallPerson struct {
	ID    UserID // "" if nobody in Slack is known to be that person
	Name  string // as the other service names them
	Email string
	Until time.Time // when their turn ends; zero: not known
}

// Schedule is an on-call schedule of another service. It is for paging: nobody signs by it.
type Schedule interface {
	// Name is the schedule as people read it, such as "PagerDuty schedule PABC123".
	Name() string
	// OnCall lists who is on call at a time, each once; nobody is no error. Errors say what
	// is wrong without secrets, and are final, as [IsFinal] says, if asking again cannot help.
	OnCall(ctx context.Context, at time.Time) ([]OnCallPerson, error)
}
