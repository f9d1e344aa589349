package webhook

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// maxApplied is how many holds a receiver may report.
const maxApplied = 10_000

// Control is an enforcement point behind a webhook. Tagout posts the whole wanted state of
// an agent to it, and reads back what is in force.
//
// There is deliberately no circuit breaker: a stop is always tried.
type Control struct {
	name string
	to   *endpoint
}

// NewControl makes a control from its settings: url and secret. It returns Invalid, with
// the place, if they cannot work.
func NewControl(v tagout.Vendor, client *http.Client, clock tagout.Clock) (*Control, error) {
	to, err := newEndpoint(v, "control "+v.Name, client, clock)
	if err != nil {
		return nil, err
	}
	return &Control{v.Name, to}, nil
}

// Name is the configured name.
func (c *Control) Name() string { return c.name }

// wantedState is what is posted.
type wantedState struct {
	Agent      string            `json:"agent"`
	Generation int64             `json:"generation"`
	ValidUntil time.Time         `json:"valid_until"`
	Holds      []wantedHold      `json:"holds"`
	Versions   map[string]string `json:"versions"`
}

type wantedHold struct {
	Scope         tagout.Scope `json:"scope"`
	Mode          tagout.Mode  `json:"mode"`
	Incident      string       `json:"incident,omitempty"`
	Reason        string       `json:"reason,omitempty"`
	Cap           string       `json:"cap,omitempty"`
	DisabledTools []string     `json:"disabled_tools,omitempty"`
	CanaryShare   float64      `json:"canary_share,omitempty"` // of the instances, which the hold leaves alone
	CanarySalt    string       `json:"canary_salt,omitempty"`  // before the targeting key, to tell which
}

// Apply posts the wanted state. nil means that the receiver accepted it with a 2xx; an
// error is final if it refused it for good.
func (c *Control) Apply(ctx context.Context, w tagout.Wanted) error {
	state := wantedState{w.Agent, w.Generation, w.ValidUntil.UTC(), make([]wantedHold, 0, len(w.Holds)), w.Versions}
	if state.Versions == nil {
		state.Versions = map[string]string{}
	}
	for _, h := range w.Holds {
		hold := wantedHold{Scope: h.Scope, Mode: h.Mode, Reason: h.Reason, Cap: h.Cap.String(), DisabledTools: h.DisabledTools}
		if h.CanaryShare > 0 {
			hold.CanaryShare, hold.CanarySalt = h.CanaryShare, tagout.CanarySalt(w.Agent, h.Plan)
		}
		if h.Incident != 0 {
			hold.Incident = h.Incident.String()
		}
		state.Holds = append(state.Holds, hold)
	}
	body, err := json.Marshal(state)
	if err != nil {
		return tagout.Final(tagout.Errorf(tagout.Internal, "The wanted state of %s cannot be written.", w.Agent))
	}
	_, err = c.to.call(ctx, http.MethodPost, c.to.url.String(), c.requestID(string(body)), body)
	return err
}

// requestID names one request: the same state sent again is another request, so that a
// receiver which drops repeats still hears a renewal.
func (c *Control) requestID(content string) string {
	return tagout.DeriveID("control", c.name, content, strconv.FormatInt(c.to.clock.Now().UnixNano(), 10))
}

// appliedState is what is read back.
type appliedState struct {
	Agent      string `json:"agent"`
	Generation int64  `json:"generation"`
	Applied    []struct {
		Scope string `json:"scope"`
		Mode  string `json:"mode"`
	} `json:"applied"`
	Versions map[string]string `json:"versions"`
}

// Read asks what is in force for an agent. What cannot be understood is an error, never an
// empty answer and never a confirmation.
func (c *Control) Read(ctx context.Context, agent string) (tagout.Observed, error) {
	target := *c.to.url
	query := target.Query()
	query.Set("agent", agent)
	target.RawQuery = query.Encode()
	answer, err := c.to.call(ctx, http.MethodGet, target.String(), c.requestID("read "+agent), nil)
	if err != nil {
		return tagout.Observed{}, err
	}
	var state appliedState
	if json.Unmarshal(answer, &state) != nil {
		return tagout.Observed{}, c.unclear("is not the JSON that the contract asks for")
	}
	if !strings.EqualFold(strings.TrimSpace(state.Agent), agent) {
		return tagout.Observed{}, c.unclear("is about another agent")
	}
	if len(state.Applied) > maxApplied {
		return tagout.Observed{}, c.unclear("holds too many scopes")
	}
	observed := tagout.Observed{Agent: agent, Generation: state.Generation, Versions: state.Versions}
	for _, a := range state.Applied {
		scope, err := tagout.ParseScope(a.Scope)
		if err != nil {
			return tagout.Observed{}, c.unclear("names a scope that cannot be read")
		}
		mode, err := tagout.ParseMode(a.Mode)
		if err != nil {
			return tagout.Observed{}, c.unclear("names a mode that is not known")
		}
		observed.Applied = append(observed.Applied, tagout.AppliedHold{Scope: scope, Mode: mode})
	}
	return observed, nil
}

func (c *Control) unclear(why string) error {
	return tagout.Errorf(tagout.Unavailable, "The answer of the %s %s.", c.to.what, why)
}
