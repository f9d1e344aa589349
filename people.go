package tagout

import (
	"strings"
	"time"
)

// UserID is a person's Slack ID, such as U0LEGAL.
type UserID string

// User is a person as a verified Slack payload tells of them.
type User struct {
	ID    UserID
	Name  string
	Team  string // the workspace
	Guest bool   // single- or multi-channel guest: may stop, never sign
	Bot   bool
}

// Actor is the person as events name them.
func (u User) Actor() Actor { return Actor{Kind: ByUser, ID: string(u.ID)} }

// ActorKind says what sort of actor did something.
type ActorKind string

// The kinds of actor.
const (
	ByUser   ActorKind = "user"   // a person in Slack
	ByToken  ActorKind = "token"  // an API token: may stop, read and report
	BySource ActorKind = "source" // an alert source
	ByAgent  ActorKind = "agent"  // an agent that reported its own failure
	ByPager  ActorKind = "pager"  // somebody in a pager's own app, as its service names them
	BySystem ActorKind = "system" // Tagout itself

	ByTracker ActorKind = "tracker" // somebody in a tracker of tickets, as its adapter is called
)

// Actor is who did something. Only a user can ever resume or approve.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// Tagout is the actor of what happens by itself.
var Tagout = Actor{Kind: BySystem}

// String is the actor in one word, such as user:U0IC.
func (a Actor) String() string {
	if a.ID == "" {
		return string(a.Kind)
	}
	return string(a.Kind) + ":" + a.ID
}

// Text is the actor as people read it, with a mention of a person.
func (a Actor) Text() Text {
	switch a.Kind {
	case ByUser:
		return T(Mention(UserID(a.ID)))
	case ByToken:
		return T("API token " + a.ID)
	case BySource:
		return T("alert source " + a.ID)
	case ByAgent:
		return T("agent " + a.ID)
	case BySystem:
		if a.ID != "" {
			return T(a.ID) // an operator at the command line
		}
	case ByPager:
		return T(a.ID)
	case ByTracker:
		return T("somebody in " + a.ID)
	}
	return T("Tagout")
}

// Person is somebody who can be paged, and how.
type Person struct {
	ID    UserID // "" for somebody whom only another service knows
	Name  string // as that service names them; otherwise empty
	Email string
	Phone string
	Roles []string // why they are paged

	GitHub  string   `json:"-"` // login there
	Handles []string `json:"-"` // what they are called elsewhere, such as in a code host

	Pagers []string      `json:"-"` // by which of the pagers, in this order; empty: by all
	After  time.Duration `json:"-"` // how long each waits for the one before; 0: all at once
	Quiet  QuietHours    `json:"-"` // when less than SEV-1 waits
}

// Text is the person as people read it: a mention, or a name with the address.
func (p Person) Text() Text {
	switch {
	case p.ID != "":
		return T(Mention(p.ID))
	case p.Name != "" && p.Email != "":
		return T(p.Name + " (" + p.Email + ", not in Slack)")
	}
	return T(p.Name + p.Email + " (not in Slack)")
}

// Stranger tells people apart who have no Slack ID; "" for somebody who has one, and for
// whoever a pager's own service has on call.
func (p Person) Stranger() string {
	if p.ID != "" || p.Name+p.Email == "" {
		return ""
	}
	return "mailto:" + strings.ToLower(p.Email) + ":" + p.Name
}

// key tells all people apart.
func (p Person) key() string { return string(p.ID) + p.Stranger() }

// Role is a function in the organisation, such as Legal.
type Role struct {
	Key         string
	Name        string
	Members     []UserID
	SlackGroup  string // paged; signs only with SignByGroup
	SignByGroup bool
	OnCall      string // a rotation that is paged
}

// Account is what Slack says of a person.
type Account struct {
	Name  string
	Guest bool
	Bot   bool
	Gone  bool // deactivated
}
