package api

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

func anIncident(id tagout.IncidentID) *tagout.Incident {
	scope := tagout.MustScope("mailer/email")
	return &tagout.Incident{
		ID: id, Title: "Complaints rise", Summary: "secret summary", Severity: tagout.Sev2, HighestSeverity: tagout.Sev1, Class: "policy_violation",
		Scope: scope, State: tagout.StateContained, OpenedBy: tagout.Actor{Kind: tagout.BySource, ID: "generic"},
		Milestones: map[tagout.Milestone]time.Time{tagout.Detected: noon},
		Holds: []tagout.Hold{
			{ID: "h1", Scope: scope, Mode: tagout.Halted, Incident: id, Reason: "secret reason", At: noon, LiftedAt: noon.Add(time.Hour)},
			{ID: "h2", Scope: scope, Mode: tagout.Paused, Incident: id, By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, Reason: "secret reason", At: noon},
		},
		Controls: []tagout.ControlStatus{{Agent: "mailer", Control: "webhook", RequestedAt: noon, AcceptedAt: noon}},
		Request: &tagout.ResumeRequest{
			State: tagout.RequestPending, Target: tagout.Running, Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}, {AnyOf: []string{"mops", "engineering"}}},
			Signoffs: []tagout.Signoff{{Role: "legal", Verdict: tagout.Go, At: noon}},
		},
		Alerts: tagout.AlertTally{Distinct: 2, Repeats: 9, Firing: 1},
	}
}

func TestAnIncidentIsReadWhole(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	for _, path := range []string{"/v1/incidents/INC-7", "/v1/incidents/inc-7", "/v1/incidents/7"} {
		var v incidentView
		b.do("GET", path, "", bearing(readToken)).is(t, 200).into(t, &v)
		if v.ID != "INC-7" || v.Severity != "sev2" || v.HighestSeverity != "sev1" || v.Class != "policy_violation" || v.State != "contained" || v.Scope != "mailer/email" {
			t.Errorf("read %+v", v)
		}
		if v.Mode != "paused" || len(v.Holds) != 2 || v.Holds[0].LiftedAt == nil || v.Holds[1].LiftedAt != nil || v.Holds[1].By != "user:U0IC" {
			t.Errorf("mode %s, holds %+v", v.Mode, v.Holds)
		}
		if !v.Milestones["detected"].Equal(noon) || v.Controls[0].ObservedAt != nil || v.Controls[0].AcceptedAt == nil || v.Alerts.Repeats != 9 {
			t.Errorf("read %+v", v)
		}
		if m := v.Resume.Missing; len(m) != 1 || !slices.Equal(m[0], []string{"mops", "engineering"}) {
			t.Errorf("missing sign-offs %v", m)
		}
	}
}

func TestOfAPrivateIncidentOnlyItsIDIsTold(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	b.desk.incidents[7].Private = true
	b.desk.events = []tagout.Event{{Data: `{"secret":1}`}}
	b.store.alerts = []tagout.Incoming{{Alert: tagout.Alert{Summary: "secret"}}}
	b.desk.holds = b.desk.incidents[7].Holds
	want := map[string]any{
		"id": "INC-7", "private": true, "milestones": map[string]any{}, "holds": []any{},
	}
	got := b.do("GET", "/v1/incidents/7", "", bearing(readToken)).is(t, 200)
	var v map[string]any
	got.into(t, &v)
	if a, b := mustJSON(t, v), mustJSON(t, want); a != b {
		t.Errorf("told %s, want %s", a, b)
	}
	list := b.do("GET", "/v1/incidents", "", bearing(readToken)).is(t, 200)
	gate := b.do("GET", "/v1/agents/mailer/gate", "", bearing(readToken)).is(t, 200)
	timeline := b.do("GET", "/v1/incidents/7/timeline", "", bearing(allToken))
	timeline.isProblem(t, 403, tagout.Forbidden)
	evidence := b.do("GET", "/v1/incidents/7/evidence", "", bearing(allToken))
	evidence.isProblem(t, 403, tagout.Forbidden)
	review := b.do("GET", "/v1/incidents/7/review", "", bearing(allToken))
	review.isProblem(t, 403, tagout.Forbidden)
	for _, c := range []call{got, list, gate, timeline, evidence, review} {
		if strings.Contains(c.body, "secret") || strings.Contains(c.body, "U0IC") || strings.Contains(c.body, "policy_violation") {
			t.Errorf("told too much: %s", c.body)
		}
	}
	if !strings.Contains(gate.body, `"INC-7"`) || !strings.Contains(gate.body, `"paused"`) {
		t.Errorf("the gate hides the hold itself: %s", gate.body)
	}
}

func TestThatAPrivateIncidentIsAboutAnAgentIsToldOnlyByItsHolds(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	b.desk.incidents[7].Private = true
	listed := func(query string) bool {
		return strings.Contains(b.do("GET", "/v1/incidents"+query, "", bearing(readToken)).is(t, 200).body, "INC-7")
	}
	if !listed("?agent=mailer") || !listed("") {
		t.Error("held, it is not listed")
	}
	for n := range b.desk.incidents[7].Holds {
		b.desk.incidents[7].Holds[n].LiftedAt = noon
	}
	if listed("?agent=mailer") || !listed("") {
		t.Error("not held, it is listed for its agent, or not at all")
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestIncidentsAreListedByQuery(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7], b.desk.incidents[8] = anIncident(7), anIncident(8)
	for query, want := range map[string]tagout.IncidentQuery{
		"":                                {Limit: 100},
		"?agent=Mailer&open=true&limit=5": {Agent: "mailer", Open: true, Limit: 5},
		"?limit=500&open=false&x=y":       {Limit: 500},
	} {
		var v struct{ Incidents []incidentView }
		b.do("GET", "/v1/incidents"+query, "", bearing(readToken)).is(t, 200).into(t, &v)
		if b.desk.query != want || len(v.Incidents) != 2 || v.Incidents[0].ID != "INC-8" {
			t.Errorf("%q asked for %+v and got %d", query, b.desk.query, len(v.Incidents))
		}
	}
	empty := newBench().do("GET", "/v1/incidents", "", bearing(readToken)).is(t, 200)
	if strings.TrimSpace(empty.body) != `{"incidents":[]}` {
		t.Errorf("no incidents are %s", empty.body)
	}
}

func TestATimelineIsToldAsItWasHashed(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	event := tagout.NewEvent(tagout.EventHeld, tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, noon.Add(1500*time.Microsecond), map[string]any{"scope": "mailer <b>"})
	event.Seal(7, tagout.Head{})
	b.desk.events = []tagout.Event{event}
	var v struct {
		Incident string
		Events   []eventView
	}
	b.do("GET", "/v1/incidents/7/timeline", "", bearing(readToken)).is(t, 200).into(t, &v)
	got := v.Events[0]
	if v.Incident != "INC-7" || got.Seq != 1 || got.Actor != "user:U0IC" || got.Kind != "hold.hung" || got.Hash != event.Hash || got.At != "2026-11-21T12:00:00.001500Z" {
		t.Errorf("told %+v", got)
	}
	var data map[string]string
	if err := json.Unmarshal(got.Data, &data); err != nil || data["scope"] != "mailer <b>" {
		t.Errorf("the data is %s", got.Data)
	}
}

func TestEvidenceIsToldAsItCame(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	scope := tagout.MustScope("mailer")
	b.store.alerts = []tagout.Incoming{
		{ID: "a1", At: noon, Alert: tagout.Alert{Name: "n", Raw: json.RawMessage(`{"name":"n","extra":[1,2]}`)}, Verdict: tagout.Verdict{Severity: tagout.Sev1, Class: "c", Scope: scope}},
		{ID: "a2", At: noon, Alert: tagout.Alert{Report: &tagout.FailureReport{Agent: "mailer", Extra: map[string]any{"odd": true}}, Raw: json.RawMessage("not JSON")}, Verdict: tagout.Verdict{NoAgent: true}},
		{ID: "a3"},
	}
	var v struct{ Alerts []alertView }
	b.do("GET", "/v1/incidents/7/evidence?limit=3", "", bearing(readToken)).is(t, 200).into(t, &v)
	if b.store.limit != 3 || len(v.Alerts) != 3 {
		t.Fatalf("asked for %d, got %+v", b.store.limit, v)
	}
	if string(v.Alerts[0].Raw) != `{"name":"n","extra":[1,2]}` || *v.Alerts[0].Scope != "mailer" || v.Alerts[0].Severity != "sev1" {
		t.Errorf("the first is %+v", v.Alerts[0])
	}
	if string(v.Alerts[1].Raw) != `"not JSON"` || v.Alerts[1].Scope != nil || v.Alerts[1].Alert.Report.Extra["odd"] != true {
		t.Errorf("the second is %+v", v.Alerts[1])
	}
}

func TestReadingIsRefusedInWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		with   with
		err    error
		status int
		code   tagout.Code
	}{
		"no token":      {"/v1/incidents", header("X", "y"), nil, 401, tagout.Unauthorized},
		"stop only":     {"/v1/incidents", bearing(stopToken), nil, 403, tagout.Forbidden},
		"report only":   {"/v1/incidents/7/timeline", bearing(reportToken), nil, 403, tagout.Forbidden},
		"no agents":     {"/v1/agents", bearing(stopToken), nil, 403, tagout.Forbidden},
		"no gate":       {"/v1/agents/mailer/gate", bearing(stopToken), nil, 403, tagout.Forbidden},
		"no such":       {"/v1/incidents/99", bearing(readToken), nil, 404, tagout.NotFound},
		"none":          {"/v1/incidents/zebra", bearing(readToken), nil, 422, tagout.Invalid},
		"limit 0":       {"/v1/incidents?limit=0", bearing(readToken), nil, 422, tagout.Invalid},
		"limit 501":     {"/v1/incidents?limit=501", bearing(readToken), nil, 422, tagout.Invalid},
		"limit no no.":  {"/v1/incidents?limit=zebra", bearing(readToken), nil, 422, tagout.Invalid},
		"open maybe":    {"/v1/incidents?open=zebra", bearing(readToken), nil, 422, tagout.Invalid},
		"agent no name": {"/v1/incidents?agent=a/b", bearing(readToken), nil, 422, tagout.Invalid},
		"gate no name":  {"/v1/agents/a%20b/gate", bearing(readToken), nil, 422, tagout.Invalid},
		"down":          {"/v1/incidents", bearing(readToken), tagout.Errorf(tagout.Unavailable, "Down."), 503, tagout.Unavailable},
		"defect":        {"/v1/incidents/7", bearing(readToken), errors.New("zebra password"), 500, tagout.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			b.desk.err = c.err
			got := b.do("GET", c.path, "", c.with)
			got.isProblem(t, c.status, c.code)
			if c.path != "/v1/incidents/zebra" && strings.Contains(got.body, "zebra") {
				t.Errorf("it repeats what was asked: %s", got.body)
			}
		})
	}
}

func TestAgentsAreListedWithTheirMode(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.holds = []tagout.Hold{{ID: "h", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Paused}}
	var v struct{ Agents []agentView }
	b.do("GET", "/v1/agents", "", bearing(readToken)).is(t, 200).into(t, &v)
	if len(v.Agents) != 2 || v.Agents[0].Agent != "mailer" || v.Agents[0].Mode != "paused" || v.Agents[1].Mode != "running" {
		t.Fatalf("told %+v", v.Agents)
	}
	m := v.Agents[0]
	if m.Lease != "30s" || m.Canary != "mailer/sms/us" || !maps.Equal(m.Tools, map[string]string{"send_email": "high", "create_list": "medium", "read_crm": "low"}) {
		t.Errorf("told %+v", m)
	}
	if r := v.Agents[1]; r.Canary != "" || r.Channels == nil || r.Regions == nil || r.Controls == nil {
		t.Errorf("told %+v", r)
	}
}

func TestTheGateAnswersForOneAction(t *testing.T) {
	t.Parallel()
	limit := tagout.Cap{Amount: 500, Per: "day"}
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	b.desk.holds = []tagout.Hold{
		{ID: "h1", Scope: tagout.MustScope("mailer"), Mode: tagout.Capped, Cap: limit, DisabledTools: []string{"send_email"}, Incident: 7, Reason: "spend", At: noon},
		{ID: "h2", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Halted, Reason: "complaints", At: noon},
	}
	var v gateView
	b.do("GET", "/v1/agents/Mailer/gate?channel=email&region=eu&tool=read_crm", "", bearing(readToken)).is(t, 200).into(t, &v)
	if b.desk.asked != (tagout.Attributes{Channel: "email", Region: "eu", Tool: "read_crm"}) {
		t.Errorf("asked for %+v", b.desk.asked)
	}
	if v.Agent != "mailer" || v.Mode != "halted" || v.Allowed || !v.Known || !v.Frozen || v.Reason != "complaints" || v.Fallback != "send the plain template" {
		t.Errorf("told %+v", v)
	}
	if len(v.Holds) != 2 || v.Holds[0].ID != "h2" || v.Holds[0].Incident != nil || *v.Holds[1].Incident != "INC-7" || v.Holds[1].Reason != "spend" || v.Instances == nil {
		t.Errorf("holds %+v", v.Holds)
	}
	b.do("GET", "/v1/agents/mailer/gate?channel=sms&region=eu&tool=read_crm", "", bearing(readToken)).is(t, 200).into(t, &v)
	if v.Mode != "capped" || !v.Allowed || *v.SpendCap != 500 || v.SpendCapPer != "day" || !slices.Equal(v.DisabledTools, []string{"send_email"}) {
		t.Errorf("told %+v", v)
	}
}

func TestAPipelineAsksWhetherItMayChangeAnAgent(t *testing.T) {
	t.Parallel()
	b := newBench()
	ask := func(query string) (v gateView) {
		b.do("GET", "/v1/agents/mailer/gate"+query, "", bearing(readToken)).is(t, 200).into(t, &v)
		return v
	}
	if v := ask("?for=change"); v.Frozen || v.Reason != "" {
		t.Errorf("running: %+v", v)
	}
	b.desk.holds = []tagout.Hold{{ID: "h1", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Review, Reason: "complaints"}}
	if v := ask("?for=change&channel=sms&region=us&tool=read_crm"); !v.Frozen || v.Reason != "complaints" || v.Mode != "review" {
		t.Errorf("a part is held: %+v", v)
	}
	if v := ask("?channel=sms&region=us&tool=read_crm"); !v.Frozen || v.Mode != "running" {
		t.Errorf("an action of the rest: %+v", v)
	}
	b.do("GET", "/v1/agents/mailer/gate?for=fun", "", bearing(readToken)).is(t, 422)
}

func TestTheGateTellsWhoHeard(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.instances = []tagout.Instance{{Name: "mailer-1", Version: "v1", Via: "ofrep", AskedAt: noon, StoppedAt: noon, HeardAt: noon.Add(time.Second)}, {Name: "mailer-2", Via: "flagd", AskedAt: noon}}
	var v gateView
	b.do("GET", "/v1/agents/mailer/gate", "", bearing(readToken)).is(t, 200).into(t, &v)
	if len(v.Instances) != 2 || v.Instances[0].Name != "mailer-1" || !v.Instances[0].HeardAt.Equal(noon.Add(time.Second)) || v.Instances[1].HeardAt != nil || !strings.HasPrefix(v.HeardBy, "1 of 2 instances") {
		t.Errorf("told %+v", v)
	}
}

func TestTheGateNeedsNoDatabase(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.err = tagout.Errorf(tagout.Unavailable, "Down.")
	b.desk.holds = []tagout.Hold{{ID: "h1", Scope: tagout.MustScope("mailer"), Mode: tagout.Halted, Incident: 7, Reason: "maybe secret", By: tagout.Tagout}}
	got := b.do("GET", "/v1/agents/mailer/gate", "", bearing(readToken)).is(t, 200)
	if strings.Contains(got.body, "secret") || !strings.Contains(got.body, `"mode":"halted"`) {
		t.Errorf("told %s", got.body)
	}
}

func TestAnUnknownAgentIsHalted(t *testing.T) {
	t.Parallel()
	var v gateView
	newBench().do("GET", "/v1/agents/nobody/gate", "", bearing(readToken)).is(t, 200).into(t, &v)
	if v.Mode != "halted" || v.Allowed || v.Known || v.Reason == "" {
		t.Errorf("told %+v", v)
	}
}
