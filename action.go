package tagout

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Layer is where a corrective action changes something, so that a failure does not come back.
type Layer string

// The layers. A prompt is none that controls anything: it asks.
const (
	LayerTools      Layer = "tool_permissions"
	LayerEvaluation Layer = "evaluation_coverage"
	LayerAcceptance Layer = "acceptance_criteria"
	LayerReview     Layer = "review_gate"
	LayerPrompt     Layer = "prompt"
)

// ControlLayers lists the layers that control what an agent does.
func ControlLayers() []Layer {
	return []Layer{LayerTools, LayerEvaluation, LayerAcceptance, LayerReview}
}

// Layers lists the control layers, then the prompt.
func Layers() []Layer { return append(ControlLayers(), LayerPrompt) }

// Controls reports whether l is one of the control layers.
func (l Layer) Controls() bool { return slices.Contains(ControlLayers(), l) }

// Label is the layer in words, or its key if it is not known.
func (l Layer) Label() string {
	switch l {
	case LayerTools:
		return "Tool permission boundary"
	case LayerEvaluation:
		return "Evaluation coverage"
	case LayerAcceptance:
		return "Acceptance criteria"
	case LayerReview:
		return "Review gate"
	case LayerPrompt:
		return "Prompt (no control layer)"
	}
	return string(l)
}

// ActionState says what became of a corrective action.
type ActionState string

// The states of a corrective action.
const (
	ActionOpen    ActionState = "open"
	ActionDone    ActionState = "done"
	ActionDropped ActionState = "dropped" // it will not be done, for the reason that was given
)

// CorrectiveAction is one thing that is changed after an incident so that it does not come
// back: whose it is, until when, in which layer, and which test fails without it.
type CorrectiveAction struct {
	Number int       `json:"number"` // within its incident, from 1
	ID     string    `json:"id"`     // of the request that added it, so that a repeat adds nothing
	Title  string    `json:"title"`
	Detail string    `json:"detail,omitempty"`
	Owner  UserID    `json:"owner"`
	Due    time.Time `json:"due"`
	Layer  Layer     `json:"layer"`
	Test   string    `json:"test,omitempty"`    // the regression test that fails without it: a name, path or link
	NoTest string    `json:"no_test,omitempty"` // why there can be none
	By     Actor     `json:"by"`
	At     time.Time `json:"at"`

	State   ActionState `json:"state"`
	EndedBy Actor       `json:"ended_by,omitzero"`
	EndedAt time.Time   `json:"ended_at,omitzero"`
	Why     string      `json:"why,omitempty"` // it was dropped

	Ticket *ActionTicket `json:"ticket,omitempty"` // nil: it is kept in Tagout alone

	Nagged     time.Time `json:"nagged,omitzero"`      // when its owner was reminded last
	NaggedLead time.Time `json:"nagged_lead,omitzero"` // when their lead was
}

// ActionTicket is a corrective action in a team's tracker.
type ActionTicket struct {
	Tracker  string    `json:"tracker"`
	Key      string    `json:"key,omitempty"` // as the tracker names it; "" until it is made
	URL      string    `json:"url,omitempty"`
	Draft    int       `json:"draft,omitempty"` // how many of its tickets are gone: each new one is a draft of its own
	Tries    int       `json:"tries,omitempty"` // how often people asked to try again
	AskedAt  time.Time `json:"asked_at"`        // when the newest try began
	Problem  string    `json:"problem,omitempty"`
	Final    bool      `json:"final,omitempty"` // it is not tried again by itself
	Closed   bool      `json:"closed,omitempty"`
	ClosedBy string    `json:"closed_by,omitempty"` // as the tracker names them
	ClosedAt time.Time `json:"closed_at,omitzero"`
	Refused  bool      `json:"refused,omitempty"` // closed as something that will not be done
	Gone     bool      `json:"gone,omitempty"`    // the tracker does not know it any more
	Seen     time.Time `json:"seen,omitzero"`     // the change in the tracker that was taken over last
}

// ActionDraft is a corrective action as a person asks for it.
type ActionDraft struct {
	ID      string // of the request: the same again adds nothing
	Title   string
	Detail  string
	Owner   UserID
	Due     time.Time
	Layer   Layer
	Test    string
	NoTest  string
	Tracker string // where its ticket is made; "": nowhere
}

// Name is the action as people write it: INC-7/2.
func (a CorrectiveAction) Name(id IncidentID) string {
	return id.String() + "/" + strconv.Itoa(a.Number)
}

// ParseActionName reads INC-7/2 in any case. It returns Invalid for anything else.
func ParseActionName(text string) (IncidentID, int, error) {
	incident, number, found := strings.Cut(strings.TrimSpace(text), "/")
	n, err := strconv.Atoi(number)
	id, bad := ParseIncidentID(incident)
	if !found || err != nil || bad != nil || n < 1 {
		return 0, 0, Errorf(Invalid, "%q is not a corrective action: write the incident and its number, such as INC-7/2.", clip(text, 40))
	}
	return id, n, nil
}

// Overdue reports whether the action should have been done by now.
func (a CorrectiveAction) Overdue(at time.Time) bool {
	return a.State == ActionOpen && !at.Before(a.Due)
}

// Followed reports whether it has a ticket whose fate still matters: one that is done here can
// be opened again there.
func (a CorrectiveAction) Followed() bool {
	return a.Ticket != nil && a.Ticket.Key != "" && a.State != ActionDropped
}

// DraftID names the ticket to the tracker: the same for every try, another one only when the
// ticket before is gone.
func (a CorrectiveAction) DraftID() string {
	if a.Ticket == nil || a.Ticket.Draft == 0 {
		return a.ID
	}
	return a.ID + ":" + strconv.Itoa(a.Ticket.Draft+1)
}

// Proven reports whether it says which regression test fails without it, or why there can be
// none.
func (a CorrectiveAction) Proven() bool { return a.Test != "" || a.NoTest != "" }

// Action finds a corrective action by its number; nil if there is none.
func (i *Incident) Action(number int) *CorrectiveAction {
	n := slices.IndexFunc(i.Actions, func(a CorrectiveAction) bool { return a.Number == number })
	if n < 0 {
		return nil
	}
	return &i.Actions[n]
}

// OpenActions are those that are still to be done, in the order in which they are due.
func (i *Incident) OpenActions() []CorrectiveAction {
	open := slices.DeleteFunc(slices.Clone(i.Actions), func(a CorrectiveAction) bool { return a.State != ActionOpen })
	slices.SortStableFunc(open, func(a, b CorrectiveAction) int { return a.Due.Compare(b.Due) })
	return open
}

// RegressionTests are the tests that its corrective actions name, dropped ones left out.
func (i *Incident) RegressionTests() []string {
	var tests []string
	for _, a := range i.Actions {
		if a.State != ActionDropped && a.Test != "" && !slices.Contains(tests, a.Test) {
			tests = append(tests, a.Test)
		}
	}
	return tests
}

// LacksRegressionTest reports whether nothing shows that the incident would be noticed if it
// came back: no corrective action names a test, and no done one says why there can be none.
func (i *Incident) LacksRegressionTest() bool {
	return !slices.ContainsFunc(i.Actions, func(a CorrectiveAction) bool {
		return a.State != ActionDropped && a.Test != "" || a.State == ActionDone && a.NoTest != ""
	})
}

// PromptAlone reports whether there are corrective actions and none changes a control layer:
// a prompt alone is no answer.
func (i *Incident) PromptAlone() bool {
	var any bool
	for _, a := range i.Actions {
		if a.State == ActionDropped {
			continue
		}
		if any = true; a.Layer.Controls() {
			return false
		}
	}
	return any
}

// MayTend returns Forbidden unless this person may change, finish or drop the action: its
// owner, and who is incident commander, RCA facilitator or platform owner of the incident.
func (i *Incident) MayTend(a *CorrectiveAction, by User) error {
	if err := mayAdd(by); err != nil {
		return err
	}
	if a.Owner == by.ID {
		return nil
	}
	for _, role := range []string{IncidentCommander, RCAFacilitator, PlatformOwner} {
		if i.Roles[role] == by.ID {
			return nil
		}
	}
	return Errorf(Forbidden, "%s is @%s's. Only they, and the incident commander, the RCA facilitator and the platform owner of %s, can change or close it. Nothing was changed.", a.Name(i.ID), a.Owner, i.ID)
}

// mayAdd returns Forbidden unless this is a full member of the workspace.
func mayAdd(by User) error {
	if by.ID == "" || by.Bot || by.Guest {
		return Errorf(Forbidden, "Only a full member of the workspace can do that; guests, bots and API tokens cannot. Nothing was changed.")
	}
	return nil
}

// ActionQuery selects corrective actions. Zero fields select all.
type ActionQuery struct {
	Incident  IncidentID
	Owner     UserID
	Open      bool      // neither done nor dropped
	DueBefore time.Time // and due before this time
	Tracker   string    // with Ticket: the one of this ticket
	Ticket    string
	Limit     int // 0: 100
}

// ActionStore finds corrective actions over all incidents.
type ActionStore interface {
	// Actions lists corrective actions with their incidents, what is due first first.
	Actions(ctx context.Context, q ActionQuery) ([]ActionOf, error)
}

// ActionOf is a corrective action with its incident.
type ActionOf struct {
	Incident *Incident
	CorrectiveAction
}

// Name is the action as people write it: INC-7/2.
func (a ActionOf) Name() string { return a.CorrectiveAction.Name(a.Incident.ID) }

// String is the action in one line, for logs of our own facts.
func (a CorrectiveAction) String() string {
	return fmt.Sprintf("action %d, %s, due %s", a.Number, a.State, a.Due.UTC().Format(time.RFC3339))
}

// Item is the action as one entry of a list, with its buttons.
func (a ActionOf) Item(now time.Time) Message {
	t := T(Bold(a.Name()), " ", a.Title, "\n")
	switch {
	case a.State == ActionDone:
		t = append(t, T("✅ done ", a.EndedAt, " by ", a.EndedBy.Text())...)
	case a.State == ActionDropped:
		t = append(t, T("dropped ", a.EndedAt, " by ", a.EndedBy.Text(), ": "+a.Why)...)
	case a.Overdue(now):
		t = append(t, T("🔴 ", Bold("overdue by "+days(now.Sub(a.Due))), ", was due ", a.Due)...)
	default:
		t = append(t, T("due ", a.Due)...)
	}
	t = append(t, T(" · ", Mention(a.Owner), " · "+a.Layer.Label())...)
	switch {
	case a.Test != "":
		t = append(t, T("\nRegression test: ", Fixed(a.Test))...)
	case a.NoTest != "":
		t = append(t, T("\nNo regression test: "+a.NoTest)...)
	case a.State == ActionOpen:
		t = append(t, T("\nIts regression test is not named yet")...)
	}
	if ticket := a.TicketText(); ticket != nil {
		t = append(append(t, T("\n")...), ticket...)
	}
	return Message{Body: []Text{t}, Buttons: a.Incident.ActionButtons(&a.CorrectiveAction)}
}
