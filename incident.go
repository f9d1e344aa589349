package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// IncidentID is the number of an incident; 0 is one that is not recorded yet.
type IncidentID int64

// String is INC-7, or "INC pending".
func (id IncidentID) String() string {
	if id == 0 {
		return "INC pending"
	}
	return "INC-" + strconv.FormatInt(int64(id), 10)
}

// ParseIncidentID reads INC-7 in any case, or 7. It returns Invalid for anything else.
func ParseIncidentID(text string) (IncidentID, error) {
	digits := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(text)), "inc-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return 0, Errorf(Invalid, "%q is not an incident: write INC- and its number, such as INC-7.", clip(text, 40))
	}
	return IncidentID(n), nil
}

// MarshalText writes INC-7.
func (id IncidentID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads INC-7 or "INC pending".
func (id *IncidentID) UnmarshalText(text []byte) (err error) {
	if string(text) == IncidentID(0).String() {
		*id = 0
		return nil
	}
	*id, err = ParseIncidentID(string(text))
	return err
}

// State is where an incident stands. It is derived from facts, never set by hope.
type State string

// The states.
const (
	StateOpen         State = "open"
	StateAcknowledged State = "acknowledged"
	StateContained    State = "contained" // every control was observed stopped
	StateMitigated    State = "mitigated"
	StateResumed      State = "resumed" // no hold of it stands any more
	StateClosed       State = "closed"
	StateCancelled    State = "cancelled" // a false alarm; its holds still needed the sign-offs
)

// Ended reports whether nothing more can be folded into an incident in this state.
func (s State) Ended() bool {
	return s == StateResumed || s == StateClosed || s == StateCancelled
}

// Milestone is a moment that the figures are computed from.
type Milestone string

// The milestones, in the order in which they usually happen.
const (
	Onset        Milestone = "onset"
	Detected     Milestone = "detected"
	Acknowledged Milestone = "acknowledged"
	Contained    Milestone = "contained"
	Mitigated    Milestone = "mitigated"
	Resumed      Milestone = "resumed"
	Reviewed     Milestone = "reviewed"
)

// Milestones lists every milestone in order.
func Milestones() []Milestone {
	return []Milestone{Onset, Detected, Acknowledged, Contained, Mitigated, Resumed, Reviewed}
}

// IncidentCommander is the role of who leads an incident: who acknowledged it first.
const IncidentCommander = "ic"

// Incident is one AI-agent incident with all that its transitions need. The store hands
// it to a transition under a lock and commits what the transition made of it.
type Incident struct {
	ID              IncidentID              `json:",omitzero"`
	Title           string                  `json:",omitzero"`
	Summary         string                  `json:",omitzero"`
	Severity        Severity                `json:",omitzero"`
	HighestSeverity Severity                `json:",omitzero"` // sign-offs follow this one
	Class           string                  `json:",omitzero"`
	Scope           Scope                   `json:",omitzero"`
	State           State                   `json:",omitzero"`
	CorrelationID   string                  `json:",omitzero"`
	OpenedBy        Actor                   `json:",omitzero"`
	Private         bool                    `json:",omitzero"`
	Drill           bool                    `json:",omitzero"`  // kept out of the figures
	Milestones      map[Milestone]time.Time `json:",omitzero"`  // as facts set them; [Incident.When] is as they count
	Corrections     []Correction            `json:",omitempty"` // of milestones, oldest first
	Roles           map[string]UserID       `json:",omitzero"`
	Involved        map[UserID]Involvement  `json:",omitempty"` // its people beside the roles; they read it when it is private
	AcknowledgedBy  Actor                   `json:",omitzero"`
	AnsweredAt      time.Time               `json:",omitzero"` // when they did; the milestone is the first time that anybody did
	Lapsed          time.Time               `json:",omitzero"` // when that acknowledgement ran out; zero: it has not
	Lapses          int                     `json:",omitzero"` // how often one did
	Handover        *Handover               `json:",omitzero"` // the newest
	Rule            SignoffRule             `json:",omitzero"` // of the highest severity, as it stood when it was reached
	Monitor         time.Duration           `json:",omitzero"`
	Require         []string                `json:",omitzero"` // deliverables of the highest severity, as they stood
	Holds           []Hold                  `json:",omitzero"` // all of them, lifted ones too
	Controls        []ControlStatus         `json:",omitzero"`
	Stages          StagePlan               `json:",omitzero"` // of the highest severity, as it stood
	Request         *ResumeRequest          `json:",omitzero"` // the newest
	Delegations     []string                `json:",omitzero"` // that were noted: their IDs, with ":revoked" for their ends
	Staging         *Staging                `json:",omitzero"` // the newest staged resumption
	Alerts          AlertTally              `json:",omitzero"`
	Rollback        *Rollback               `json:",omitzero"`  // of the agent that was rolled back last
	Frozen          bool                    `json:",omitzero"`  // version changes of its agents are refused while it is open
	Pins            []Pin                   `json:",omitzero"`  // the versions that its agents must run while it is open
	Kind            *KindView               `json:",omitempty"` // as somebody corrected it; nil: nobody did
	Changed         []string                `json:",omitempty"` // IDs of version changes that were made meanwhile, so that each is told once
	Refused         []string                `json:",omitzero"`  // version changes that were refused, so that each is told once
	Ladder          map[string]int          `json:",omitzero"`  // rounds paged, by ladder key
	Calls           map[string]Call         `json:",omitzero"`  // how far the newest round of each ladder got, while it pages
	ReachedAt       time.Time               `json:",omitzero"`  // when a page of it was delivered first
	Doubted         []string                `json:",omitzero"`  // what could not be found out about who is paged, as it was told last
	Actions         []CorrectiveAction      `json:",omitempty"`
	Flags           []FlagTaken             `json:",omitempty"` // that it knows of
	Hush            *Hush                   `json:",omitempty"` // nobody was told of it yet; nil: they were
	Flaps           []Flap                  `json:",omitempty"` // alerts that ended, and how often they began again
	Exercise        *Drill                  `json:",omitempty"` // the drill that it is, or was before it became real
	Informing
	Ending
	Failing
	Room Room `json:",omitzero"`
	Head Head `json:",omitzero"`
}

// AlertTally counts what was folded into an incident.
type AlertTally struct {
	Distinct int       `json:"distinct"` // fingerprints
	Repeats  int       `json:"repeats"`
	Firing   int       `json:"firing"`
	FirstAt  time.Time `json:"first_at,omitzero"`
	LastAt   time.Time `json:"last_at,omitzero"` // of the last that was not a repeat, or ended
}

// Room is where an incident is talked about.
type Room struct {
	Channel    string `json:"channel,omitempty"`     // Slack channel ID; never reused
	Name       string `json:"name,omitempty"`        // its name, for people
	Card       string `json:"card,omitempty"`        // timestamp of the card
	Announced  string `json:"announced,omitempty"`   // timestamp of the line in AnnouncedIn
	AnnounceIn string `json:"announce_in,omitempty"` // channel ID of the announcement
	Decision   string `json:"decision,omitempty"`    // timestamp of the newest decision message
	DecisionOf string `json:"decision_of,omitempty"` // the request that it shows
	Review     string `json:"review,omitempty"`      // timestamp of the document of the review
	Runbook    string `json:"runbook,omitempty"`     // timestamp of its checklist
	Failure    string `json:"failure,omitempty"`     // why there is no channel of its own
	Private    bool   `json:"private,omitempty"`     // only members of the channel see it
	Moving     bool   `json:"moving,omitempty"`      // it left its channel, and the new one is not there yet

	Topic     string     `json:"topic,omitempty"`     // as it was set last
	Bookmarks []Bookmark `json:"bookmarks,omitempty"` // as they were put there
	Invited   []UserID   `json:"invited,omitempty"`   // into a private channel
}

// Shown reports whether anything in Slack shows the incident. Nothing does until its channel is
// opened or it is announced.
func (i *Incident) Shown() bool {
	r := i.Room
	return r.Channel != "" || r.Announced != "" || r.Decision != "" || r.Review != "" || r.Runbook != "" || len(i.Notes) > 0
}

// At is the milestone's time, or zero.
func (i *Incident) At(m Milestone) time.Time { return i.Milestones[m] }

// ActiveHolds are the holds that stand.
func (i *Incident) ActiveHolds() []Hold {
	var active []Hold
	for _, h := range i.Holds {
		if h.Active() {
			active = append(active, h)
		}
	}
	return active
}

// Hold finds a hold by ID, lifted or not.
func (i *Incident) Hold(id HoldID) (Hold, bool) {
	n := slices.IndexFunc(i.Holds, func(h Hold) bool { return h.ID == id })
	if n < 0 {
		return Hold{}, false
	}
	return i.Holds[n], true
}

// Confirmed counts the enforcement points of standing holds that were observed stopped,
// and all of them.
func (i *Incident) Confirmed() (observed, all int) {
	for _, c := range i.Controls {
		all++
		if c.Confirmed() {
			observed++
		}
	}
	return observed, all
}

// mark sets a milestone that is not set yet.
func (i *Incident) mark(m Milestone, at time.Time) bool {
	if _, ok := i.Milestones[m]; ok {
		return false
	}
	if i.Milestones == nil {
		i.Milestones = map[Milestone]time.Time{}
	}
	i.Milestones[m] = Moment(at)
	return true
}

// settle derives the state from the facts, and records when it became or stopped being
// contained. An incident that has ended lets go of its pins.
func (i *Incident) settle(by Actor, at time.Time) Change {
	var c Change
	before := i.State
	i.State = i.derive()
	if i.State.Ended() && !before.Ended() {
		c.follow(i, PageResolved, by, at)
		i.forget()
	}
	observed, all := i.Confirmed()
	facts := map[string]any{"observed": observed, "controls": all}
	if i.contained() && i.mark(Contained, at) {
		facts["by_lease"] = slices.ContainsFunc(i.Controls, ControlStatus.ByLease)
		c.event(EventContained, by, at, facts)
		c = c.And(i.Stir(at))
	} else if wasContained(before) && i.State.beforeContained() {
		c.event(EventUncontained, by, at, facts)
	}
	if i.State.Ended() {
		c = c.And(i.letGo(by, at))
	}
	if i.State != before {
		c = c.And(i.ended(by, at))
	}
	return c
}

func wasContained(s State) bool { return s == StateContained || s == StateMitigated }

func (s State) beforeContained() bool { return s == StateOpen || s == StateAcknowledged || s == "" }

func (i *Incident) contained() bool {
	observed, all := i.Confirmed()
	return len(i.ActiveHolds()) > 0 && observed == all
}

func (i *Incident) derive() State {
	switch {
	case i.State == StateClosed || i.State == StateCancelled:
		return i.State
	case i.cancelled():
		return StateCancelled
	case i.closed():
		return StateClosed
	case !i.At(Resumed).IsZero():
		return StateResumed
	case i.contained() && !i.At(Mitigated).IsZero():
		return StateMitigated
	case i.contained():
		return StateContained
	case !i.At(Acknowledged).IsZero():
		return StateAcknowledged
	}
	return StateOpen
}

// AgentUnknown reports whether nothing says which agent the incident is about, so that nothing
// was ever held for it. One that holds everything is about every agent.
func (i *Incident) AgentUnknown() bool { return i.Scope.Agent == "" && len(i.Holds) == 0 }

// ScopeText is what the incident is about, for people: its scope, or that nobody knows the
// agent yet, since the scope * would read as everything.
func (i *Incident) ScopeText() Text {
	if i.AgentUnknown() {
		return T("agent not known yet")
	}
	return T(Fixed(i.Scope.String()))
}

// MaxAnother is how many alerts that join an incident whose agent nobody knows are told of in
// its channel, one by one.
const MaxAnother = 5

// Another tells the channel of an incident whose agent nobody knows that one more alert without
// an agent joined it: it may be about something else, and pages nobody. The card names what
// comes beyond [MaxAnother].
func (i *Incident) Another(in Incoming) Change {
	var c Change
	told := i.Alerts.Distinct - 1
	if !i.AgentUnknown() || !in.Verdict.NoAgent || in.Alert.Report != nil || i.State.Ended() || told < 1 || told > MaxAnother {
		return c
	}
	t := T(Bold("Another alert that names no agent: "), clip(in.Alert.Name, 150), " from "+in.Alert.Source+". It may be about something else.")
	if told == MaxAnother {
		t = append(t, T(" The card names those that come now.")...)
	}
	c.post(i, "another:"+in.ID, Message{Tone: ToneWarning, Body: []Text{t}})
	return c
}
