package commands_test

import (
	"strings"
	"tagout"
	"tagout/commands"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 21, 10, 4, 5, 123e6, time.UTC)

// inForce is when the gate had applied what is asked at t0.
var inForce = t0.Add(4 * time.Millisecond)

// stillClock stands still, so that answers can be compared.
type stillClock struct{ at time.Time }

// incident7 is an incident that a stop has just opened.
func incident7(holds ...tagout.Hold) *tagout.Incident {
	i := &tagout.Incident{
		ID: 7, Title: "complaint spike", Severity: tagout.Sev2, HighestSeverity: tagout.Sev2, Class: "judgment_error",
		Scope: tagout.MustScope("mailer/email"), State: tagout.StateOpen,
		Milestones: map[tagout.Milestone]time.Time{tagout.Detected: t0}, Roles: map[string]tagout.UserID{},
		Rule: tagout.SignoffRule{{AnyOf: []string{"program", "revops"}}}, Require: []string{"fix"}, Monitor: 30 * time.Minute,
		Controls: []tagout.ControlStatus{{Agent: "mailer", Control: "webhook", RequestedAt: t0}},
	}
	for n := range holds {
		holds[n].Incident = 7
	}
	i.Holds = holds
	return i
}

// askedFor is an incident with a resume request that waits for its sign-off.
func askedFor() *tagout.Incident {
	i := incident7(halted("mailer/email"))
	i.Request = &tagout.ResumeRequest{ID: "R1", Incident: 7, By: ic, Scope: tagout.MustScope("mailer/email"), Target: tagout.Running,
		Rule: i.Rule, Monitor: 30 * time.Minute, Expires: t0.Add(8 * time.Hour), State: tagout.RequestPending, Firing: []string{"a"}}
	return i
}

func halted(scope string) tagout.Hold {
	return tagout.Hold{ID: tagout.HoldID("hold of " + scope), Scope: tagout.MustScope(scope), Mode: tagout.Halted, By: ic.Actor(), Reason: "complaint spike", At: t0, Incident: 7}
}

var (
	ic    = tagout.User{ID: "U0IC", Name: "Ines", Team: "T0"}
	legal = tagout.User{ID: "U0LEGAL", Name: "Lea", Team: "T0"}
	guest = tagout.User{ID: "U0GUEST", Team: "T0", Guest: true}
	bot   = tagout.User{ID: "U0BOT", Team: "T0", Bot: true}
)

func policy() *tagout.Policy {
	return &tagout.Policy{
		DefaultSeverity: tagout.Sev2, DefaultClass: "judgment_error",
		Severities: map[tagout.Severity]*tagout.SeverityPolicy{
			tagout.Sev1: {Severity: tagout.Sev1, Title: "Legal or compliance risk", Resume: tagout.ResumePolicy{
				Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}, Require: []string{"cause", "control_changes", "verified", "review_scheduled"}}},
			tagout.Sev2: {Severity: tagout.Sev2, Title: "Material impact", Resume: tagout.ResumePolicy{
				Rule: tagout.SignoffRule{{AnyOf: []string{"program", "revops"}}}, Require: []string{"fix"}}},
			tagout.Sev3: {Severity: tagout.Sev3, Title: "Localized issue"},
		},
		Classes: map[string]*tagout.FailureClass{
			"judgment_error":   {Key: "judgment_error", Title: "Judgment error"},
			"policy_violation": {Key: "policy_violation", Title: "Policy violation"},
		},
		Roles: map[string]*tagout.Role{
			"legal": {Key: "legal", Name: "Legal"}, "program": {Key: "program", Name: "Program lead"}, "revops": {Key: "revops", Name: "RevOps"},
		},
		Rotations: map[string]*tagout.Rotation{"primary": {Key: "primary", Members: []tagout.UserID{"U0PLATFORM", "U0IC"}, Handoff: "0 9 * * MON", Timezone: "America/New_York"}},
		Agents: tagout.Registry{
			"mailer": {Name: "mailer", Channels: []string{"email", "sms"}, Regions: []string{"eu", "us"}, Controls: []string{"webhook"},
				Tools: map[string]tagout.Risk{"send_email": tagout.HighRisk, "read_crm": tagout.LowRisk}, Fallback: "send the plain template"},
			"researcher": {Name: "researcher", Channels: []string{"crm"}, Regions: []string{"us"}},
		},
	}
}

// bench is the commands over a fake desk, by name.
type bench struct {
	*desk
	list []tagout.Command
}

func newBench(t *testing.T) bench {
	t.Helper()
	d := &desk{policy: policy(), gate: tagout.GateStatus{HoldsLoaded: true, ReadAt: t0}, incidents: map[tagout.IncidentID]*tagout.Incident{}}
	return bench{d, commands.All(d, d.policy, commands.WithClock(stillClock{inForce.Add(time.Second)}))}
}

func (b bench) command(t *testing.T, name string) tagout.Command {
	t.Helper()
	for _, c := range b.list {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no command %q", name)
	return tagout.Command{}
}

// typed is "/kill mailer" as the incident commander types it in a channel.
func (b bench) typed(t *testing.T, text string, change ...func(*tagout.Invocation)) (tagout.Reply, error) {
	t.Helper()
	verb, rest, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	in := tagout.Invocation{ID: "T1", By: ic.Actor(), User: ic, Text: rest, Channel: "C0GENERAL", At: t0}
	for _, f := range change {
		f(&in)
	}
	return b.command(t, verb).Run(t.Context(), in)
}

func inChannelOf(id tagout.IncidentID) func(*tagout.Invocation) {
	return func(in *tagout.Invocation) { in.Incident, in.Channel = id, "C0INC" }
}

func as(u tagout.User) func(*tagout.Invocation) {
	return func(in *tagout.Invocation) { in.User, in.By = u, u.Actor() }
}

func byToken(in *tagout.Invocation) {
	in.User, in.By, in.Channel = tagout.User{}, tagout.Actor{Kind: tagout.ByToken, ID: "breakglass"}, ""
}

func wantCode(t *testing.T, err error, code tagout.Code, words ...string) {
	t.Helper()
	if tagout.CodeOf(err) != code {
		t.Fatalf("error is %v (%s), want %s", err, tagout.CodeOf(err), code)
	}
	for _, word := range words {
		if !strings.Contains(tagout.Sentence(err), word) {
			t.Errorf("error %q does not say %q", tagout.Sentence(err), word)
		}
	}
}

func must(t *testing.T, reply tagout.Reply, err error) tagout.Reply {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	return reply
}

// versions are what is known of the mailer: of its prompt that v41 is good, of its policy only
// what ran before, of its model one version, and of its tools none.
func versions() tagout.AgentVersions {
	day := 24 * time.Hour
	h := tagout.VersionHistory{Agent: "mailer", Incidents: []time.Time{t0.Add(-time.Hour)}, Runs: []tagout.VersionRun{
		{Component: "prompt", Version: "v40", Began: t0.Add(-9 * day)}, {Component: "prompt", Version: "v41", Began: t0.Add(-4 * day)},
		{Component: "prompt", Version: "v42", Began: t0.Add(-2 * time.Hour)},
		{Component: "policy", Version: "p6", Began: t0.Add(-3 * time.Hour)}, {Component: "policy", Version: "p7", Began: t0.Add(-2 * time.Hour)},
		{Component: "model", Version: "m1", Began: t0.Add(-9 * day)},
	}}
	known := tagout.AgentVersions{Agent: "mailer"}
	for _, c := range tagout.DefaultComponents() {
		known.Components = append(known.Components, h.Component(c, day, t0))
	}
	return known
}
