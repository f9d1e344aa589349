package escalation_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
	"tagout/escalation"
	"tagout/internal/handclock"
)

// box is a pager that keeps what it was to deliver.
type box struct {
	name    string
	reaches func(tagout.Person) bool
	mu      sync.Mutex
	sent    []tagout.Page
	err     error
	refuses func(tagout.Page) error
}

func (b *box) Name() string                 { return b.name }
func (b *box) Reaches(p tagout.Person) bool { return b.reaches == nil || b.reaches(p) }

func (b *box) Send(_ context.Context, p tagout.Page) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return b.err
	}
	if b.refuses != nil {
		if err := b.refuses(p); err != nil {
			return err
		}
	}
	b.sent = append(b.sent, p)
	return nil
}

func (b *box) to() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for _, p := range b.sent {
		ids = append(ids, string(p.To.ID))
	}
	return ids
}

// groups are Slack user groups.
type groups map[string][]tagout.UserID

func (g groups) GroupMembers(_ context.Context, group string) ([]tagout.UserID, error) {
	if members, ok := g[group]; ok {
		return members, nil
	}
	return nil, errors.New("missing_scope")
}

// world is a desk with everything around it.
type world struct {
	peers     escalation.Peers // nil: none
	away      bool             // the database is known to be
	t         *testing.T
	clock     *handclock.Clock
	log       *calls
	store     *memory
	gate      *authority
	policy    *tagout.Policy
	schedules map[string]tagout.Schedule
	trackers  map[string]tagout.Tracker
	telemetry tagout.Telemetry      // nil: none
	metrics   prometheus.Registerer // nil: none
	slack     *box
	email     *box
	mailer    *post // nil: no mail server
	desk      *escalation.Desk
}

const home = "T0HOME"

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// newWorld makes a desk over the test's policy, after change had its way with it.
func newWorld(t *testing.T, change ...func(*world)) *world {
	t.Helper()
	log := &calls{}
	w := &world{t: t, clock: handclock.At(noon), log: log, policy: matrix()}
	w.store = newMemory(w.clock, log)
	w.gate = &authority{log: log, agents: w.policy.Agents, stands: map[tagout.HoldID]tagout.Hold{}, lifted: map[tagout.HoldID]bool{}, pins: map[string]map[string]string{}}
	w.slack = &box{name: "slack"}
	w.email = &box{name: "email", reaches: func(p tagout.Person) bool { return p.Email != "" }}
	for _, c := range change {
		c(w)
	}
	var mailer tagout.Mailer
	if w.mailer != nil {
		mailer = w.mailer
	}
	desk, err := escalation.New(escalation.Options{
		Store: w.store, Gate: w.gate, Policy: w.policy, Pagers: []tagout.Pager{w.email}, Mailer: mailer, PublicURL: "https://tagout.example.com", Clock: w.clock,
		Schedules: w.schedules, Trackers: w.trackers, Telemetry: w.telemetry, Registerer: w.metrics, Peers: w.peers, Away: func() bool { return w.away },
		Draw: func([]tagout.Chart) ([]byte, error) { return []byte("PNG"), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	desk.Connect(groups{"S0LEGAL": {"U0LAWYER"}, "S0MOPS": {"U0GROUPIE"}}, func() string { return home }, w.slack)
	w.desk = desk
	return w
}

// matrix is the policy of the tests.
func matrix() *tagout.Policy {
	return &tagout.Policy{
		DefaultSeverity: "sev2", DefaultClass: "judgment_error",
		Severities: map[tagout.Severity]*tagout.SeverityPolicy{
			"sev1": {Severity: "sev1", Page: []string{"platform", "legal"}, DecisionRights: "Immediate halt and rollback",
				Contain: tagout.Containment{Mode: tagout.Halted, Agent: true, Rollback: true}, Repeat: time.Minute,
				Escalate:  []tagout.Rung{{After: 5 * time.Minute, To: []string{"exec"}}},
				Deadlines: tagout.Deadlines{Contain: time.Minute, Acknowledge: 5 * time.Minute, Review: 72 * time.Hour},
				Resume:    tagout.ResumePolicy{Rule: rule("legal"), Require: []string{"cause"}, Expires: 4 * time.Hour}},
			"sev2": {Severity: "sev2", Page: []string{"program", "revops"}, DecisionRights: "Pause the shard and cap spend",
				Contain: tagout.Containment{Mode: tagout.Paused},
				Also:    []tagout.Containment{{Mode: tagout.Capped, Agent: true, Cap: tagout.Cap{Amount: 500, Per: "day"}}}, Repeat: 5 * time.Minute,
				Deadlines: tagout.Deadlines{Contain: time.Minute, Acknowledge: 15 * time.Minute},
				Resume:    tagout.ResumePolicy{Rule: rule("program", "revops"), Require: []string{"fix"}, Monitor: 30 * time.Minute, Expires: 8 * time.Hour}},
			"sev3": {Severity: "sev3", Page: []string{"mops"}, DecisionRights: "Hotfix or version pin",
				Contain: tagout.Containment{Mode: tagout.Review},
				Resume:  tagout.ResumePolicy{Rule: rule("mops"), Require: []string{"alerting"}, Expires: 24 * time.Hour}},
		},
		Classes: map[string]*tagout.FailureClass{
			"policy_violation":    {Key: "policy_violation", Title: "Policy violation", Handoff: "legal"},
			"judgment_error":      {Key: "judgment_error", Title: "Judgment error", Handoff: "mops"},
			"budget_drift":        {Key: "budget_drift", Title: "Budget or exposure drift", Handoff: "revops"},
			"integration_failure": {Key: "integration_failure", Title: "Integration failure", Retry: true, Retries: 3, Handoff: "mops"},
		},
		Roles: map[string]*tagout.Role{
			"platform": {Key: "platform", Name: "Platform owner", Members: []tagout.UserID{"U0PLATFORM"}, OnCall: "primary"},
			"exec":     {Key: "exec", Name: "Exec sponsor", Members: []tagout.UserID{"U0EXEC"}},
			"legal":    {Key: "legal", Name: "Legal", Members: []tagout.UserID{"U0LEGAL"}, SlackGroup: "S0LEGAL"},
			"program":  {Key: "program", Name: "Program lead", Members: []tagout.UserID{"U0PROGRAM"}},
			"revops":   {Key: "revops", Name: "RevOps", Members: []tagout.UserID{"U0REVOPS"}},
			"mops":     {Key: "mops", Name: "MOPs", Members: []tagout.UserID{"U0MOPS"}, SlackGroup: "S0MOPS", SignByGroup: true},
		},
		People:    map[tagout.UserID]tagout.Person{"U0PLATFORM": {Email: "platform@example.com"}},
		Rotations: map[string]*tagout.Rotation{"primary": {Key: "primary", Members: []tagout.UserID{"U0PLATFORM", "U0IC"}, Handoff: "0 9 * * MON", Timezone: "America/New_York"}},
		Agents: tagout.Registry{
			"mailer": {Name: "mailer", Title: "Lifecycle mailer", Owner: "mops", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"},
				Tools: map[string]tagout.Risk{"send_email": tagout.HighRisk, "read_crm": tagout.LowRisk}, Lease: 30 * time.Second, Controls: []string{"webhook"}},
			"researcher": {Name: "researcher", Owner: "program", Channels: []string{"crm"}, Regions: []string{"us"}, Lease: 30 * time.Second},
		},
		Routes: []tagout.Route{
			{When: `alert.labels.severity == "critical"`, Severity: "sev1", Class: "policy_violation"},
			{When: `alert.labels.severity == "warning"`, Severity: "sev2", Class: "budget_drift"},
			{When: `alert.labels.severity == "storm"`, Severity: "sev2", Class: "budget_drift", Threshold: tagout.Threshold{Count: 3, Within: 5 * time.Minute}},
			{When: `alert.labels.severity == "minor"`, Severity: "sev3", Class: "judgment_error"},
		},
	}
}

// rule needs one sign-off, of any of these roles.
func rule(anyOf ...string) tagout.SignoffRule { return tagout.SignoffRule{{AnyOf: anyOf}} }

// alert is a firing alert on `agent[/channel[/region]]`, of a severity label.
func alert(name, path, severity string) tagout.Alert {
	labels := map[string]string{"severity": severity}
	keys := []string{"agent", "channel", "region"}
	if path != "" {
		for n, part := range strings.Split(path, "/") {
			labels[keys[n]] = part
		}
	}
	return tagout.Alert{Source: "generic", Name: name, Labels: labels, Status: tagout.Firing, StartsAt: noon.Add(-time.Minute)}
}

// accept takes alerts that must be taken.
func (w *world) accept(alerts ...tagout.Alert) []tagout.Folded {
	w.t.Helper()
	folded, err := w.desk.Accept(w.t.Context(), alerts)
	if err != nil {
		w.t.Fatalf("accept: %v", err)
	}
	return folded
}

// incident reads one incident.
func (w *world) incident(id tagout.IncidentID) *tagout.Incident {
	w.t.Helper()
	i, err := w.desk.Incident(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// held is what stands for an incident, as "scope mode" in the order in which it was hung.
func held(i *tagout.Incident) []string {
	var list []string
	for _, h := range i.ActiveHolds() {
		text := h.Scope.String() + " " + string(h.Mode)
		if !h.Cap.IsZero() {
			text += " " + h.Cap.String()
		}
		list = append(list, text)
	}
	return list
}

// ring carries out the desk's effects that are due, also those that follow, in order. What
// fails stays, unless it is final.
func (w *world) ring() (failed []error) {
	w.t.Helper()
	do := w.desk.Effects()
	var later []tagout.Effect
	for {
		w.store.mu.Lock()
		if len(w.store.effects) == 0 {
			w.store.effects = later
			w.store.mu.Unlock()
			return failed
		}
		e := w.store.effects[0]
		w.store.effects = w.store.effects[1:]
		w.store.mu.Unlock()
		if do[e.Kind] == nil {
			w.store.told = append(w.store.told, e)
			continue // the Slack edge's
		}
		if e.Due.After(w.clock.Now()) {
			later = append(later, e)
			continue
		}
		if err := do[e.Kind](w.t.Context(), e); err != nil {
			failed = append(failed, err)
			if !tagout.IsFinal(err) {
				later = append(later, e)
			}
		}
	}
}

// count says how often a kind of event stands on a timeline.
func (w *world) count(id tagout.IncidentID, kind tagout.EventKind) int {
	n := 0
	for _, k := range w.store.kinds(id) {
		if k == kind {
			n++
		}
	}
	return n
}

// posted reports whether a message for an incident's channel waits to be posted.
func (w *world) posted(words string) bool {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return slices.ContainsFunc(w.store.told, func(e tagout.Effect) bool { return strings.Contains(string(e.Data), words) })
}

// overrides sets an override that must be taken.
func (w *world) overrides(t *testing.T, o tagout.OverrideOrder) tagout.OverrideResult {
	t.Helper()
	o.By = responder
	r, err := w.desk.SetOverride(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func refused(t *testing.T, err error, code tagout.Code, words string) {
	t.Helper()
	if tagout.CodeOf(err) != code || !strings.Contains(tagout.Sentence(err), words) {
		t.Errorf("got %q (%s), want %s with %q", err, tagout.CodeOf(err), code, words)
	}
}

// opened is the incident that the first of the folded alerts opened.
func opened(t *testing.T, folded []tagout.Folded) *tagout.Incident {
	t.Helper()
	if len(folded) == 0 || folded[0].Incident == nil || !folded[0].Fresh {
		t.Fatalf("no incident was opened: %+v", folded)
	}
	return folded[0].Incident
}
