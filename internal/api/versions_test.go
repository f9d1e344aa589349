package api

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestTheVersionsOfAnAgentAreTold(t *testing.T) {
	t.Parallel()
	b := newBench()
	h := tagout.VersionHistory{Agent: "mailer", Runs: []tagout.VersionRun{
		{Component: "prompt", Version: "v41", Began: noon.Add(-72 * time.Hour)}, {Component: "prompt", Version: "v42", Began: noon.Add(-time.Hour)},
	}}
	b.desk.known = tagout.AgentVersions{Agent: "mailer", Pinned: map[string]string{"prompt": "v41"},
		Components: []tagout.ComponentVersions{h.Component("prompt", 24*time.Hour, noon), h.Component("policy", 24*time.Hour, noon)}}
	var v struct {
		Agent          string
		KnownGoodAfter string `json:"known_good_after"`
		Components     []componentVersionView
	}
	b.do("GET", "/v1/agents/MAILER/versions", "", bearing(readToken)).is(t, 200).into(t, &v)
	if v.Agent != "mailer" || v.KnownGoodAfter != "24h0m0s" || len(v.Components) != 2 {
		t.Fatalf("%+v", v)
	}
	prompt, policy := v.Components[0], v.Components[1]
	if *prompt.Current != "v42" || *prompt.LastKnownGood != "v41" || *prompt.RollbackTo != "v41" || *prompt.Pinned != "v41" || !prompt.Versions[1].KnownGood {
		t.Errorf("of the prompt it tells %+v", prompt)
	}
	if policy.Current != nil || policy.LastKnownGood != nil || len(policy.Versions) != 0 {
		t.Errorf("of what is unknown it tells %+v", policy)
	}
	b.do("GET", "/v1/agents/mialer/versions", "", bearing(readToken)).isProblem(t, 404, tagout.NotFound)
	b.do("GET", "/v1/agents/mailer/versions", "", bearing(reportToken)).isProblem(t, 403, tagout.Forbidden)
}

func TestWhatWasKeptIsListedAndServedButNeverShownByABrowser(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7], b.desk.incidents[8] = anIncident(7), anIncident(8)
	b.desk.incidents[8].Private = true
	page := tagout.NewEvidence("page.html", "text/html", []byte("<script>alert(1)</script>"), noon)
	b.store.kept = []tagout.Evidence{page}
	var v struct{ Kept []keptView }
	b.do("GET", "/v1/incidents/7/evidence", "", bearing(readToken)).is(t, 200).into(t, &v)
	if len(v.Kept) != 1 || v.Kept[0].SHA256 != page.SHA256 || v.Kept[0].Size != 25 || v.Kept[0].Name != "page.html" {
		t.Fatalf("listed %+v", v.Kept)
	}
	path := "/v1/incidents/INC-7/evidence/" + page.SHA256
	got := b.do("GET", path, "", bearing(readToken)).is(t, 200)
	if got.body != string(page.Content) || got.Header.Get("Content-Type") != "text/html" || got.Header.Get("Content-Disposition") != "attachment" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("served %q with %v", got.body, got.Header)
	}
	b.do("GET", strings.Replace(path, "INC-7", "INC-8", 1), "", bearing(readToken)).isProblem(t, 403, tagout.Forbidden)
	b.do("GET", path[:len(path)-1]+"x", "", bearing(readToken)).isProblem(t, 422, tagout.Invalid)
	b.do("GET", "/v1/incidents/INC-7/evidence/"+strings.Repeat("0", 64), "", bearing(readToken)).isProblem(t, 404, tagout.NotFound)
	b.do("GET", path, "", bearing(stopToken)).isProblem(t, 403, tagout.Forbidden)
}

func TestAPipelineIsToldWhoFreezesTheAgent(t *testing.T) {
	t.Parallel()
	b := newBench()
	var v gateView
	b.do("GET", "/v1/agents/mailer/gate?for=change", "", bearing(readToken)).is(t, 200).into(t, &v)
	if v.Frozen || len(v.FrozenBy) != 0 {
		t.Fatalf("nothing freezes it, but %+v", v)
	}
	b.desk.frozen = []*tagout.Incident{anIncident(7)}
	b.do("GET", "/v1/agents/mailer/gate?for=change", "", bearing(readToken)).is(t, 200).into(t, &v)
	if !v.Frozen || len(v.FrozenBy) != 1 || v.FrozenBy[0] != "INC-7" {
		t.Errorf("frozen %v by %v", v.Frozen, v.FrozenBy)
	}
	b.desk.frozen, b.desk.err = nil, tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	v = gateView{}
	b.do("GET", "/v1/agents/mailer/gate?for=change", "", bearing(readToken)).is(t, 200).into(t, &v)
	if !v.Frozen {
		t.Error("nobody knows, and it may be changed")
	}
}

func TestARefusedChangeIsAConflictThatSaysWhoCanLiftIt(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.err = tagout.Errorf(tagout.Conflict, "INC-7 pins the versions.")
	p := b.do("POST", "/v1/changes", `{"agent":"mailer","component":"prompt","to":"v43"}`, bearing(reportToken)).isProblem(t, 409, tagout.Conflict)
	if p.Detail != "INC-7 pins the versions." {
		t.Errorf("it says %q", p.Detail)
	}
}

func TestTheIncidentTellsOfItsRollback(t *testing.T) {
	t.Parallel()
	b := newBench()
	i := anIncident(7)
	i.Rollback = &tagout.Rollback{Agent: "mailer", At: noon, Components: []tagout.ComponentRollback{{Component: "prompt", From: "v42", To: "v41",
		State: tagout.RollbackConfirmed, RequestedAt: noon, ConfirmedAt: noon.Add(time.Second), Reads: []tagout.VersionRead{{Control: "webhook", Version: "v41", Fresh: true}}}}}
	i.Pins = []tagout.Pin{{Agent: "mailer", Component: "prompt", Version: "v41", BegunAt: noon, Drifts: []tagout.Drift{{Version: "v43", At: noon}}}}
	b.desk.incidents[7] = i
	var v incidentView
	b.do("GET", "/v1/incidents/7", "", bearing(readToken)).is(t, 200).into(t, &v)
	if c := v.Rollback.Components[0]; c.State != "confirmed" || c.ReadBackBy[0] != "webhook" || v.Pins[0].Drifts[0].Version != "v43" {
		t.Errorf("%+v, %+v", v.Rollback, v.Pins)
	}
}

func TestAReportSaysWhatRanBeforeTheIncident(t *testing.T) {
	t.Parallel()
	for at, want := range map[string]time.Time{
		"":                     noon.Add(-time.Second),
		"2026-11-21T11:30:00Z": noon.Add(-30 * time.Minute),
		"2026-11-21T13:30:00Z": noon.Add(-time.Second), // from a clock that is ahead
	} {
		b := newBench()
		body := `{"agent":"mailer","summary":"s","versions":{"prompt":"v43"}}`
		if at != "" {
			body = `{"agent":"mailer","summary":"s","occurred_at":"` + at + `","versions":{"prompt":"v43"}}`
		}
		b.do("POST", "/v1/failures", body, bearing(reportToken)).is(t, 202)
		if !b.desk.ranAt.Equal(want) {
			t.Errorf("occurred at %q, it ran at %s, want %s", at, b.desk.ranAt, want)
		}
	}
}
