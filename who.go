package tagout

import "time"

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
