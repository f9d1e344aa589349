package api

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"tagout"
)

func TestAFailedAgentIsToldWhetherToRetry(t *testing.T) {
	t.Parallel()
	held := []tagout.Hold{{ID: "h", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Review}}
	for name, c := range map[string]struct {
		report   string // beside agent and summary
		incident *tagout.Incident
		holds    []tagout.Hold
		want     string
	}{
		"the class says so":            {`"class":"integration_failure"`, nil, nil, "retry 3 engineering"},
		"some retries are used":        {`"class":"integration_failure","retry_count":2`, nil, nil, "retry 1 engineering"},
		"all retries are used":         {`"class":"integration_failure","retry_count":3`, nil, nil, "stop 0 engineering"},
		"a negative count":             {`"class":"integration_failure","retry_count":-1`, nil, nil, "stop 0 engineering"},
		"the class says stop":          {`"class":"policy_violation"`, nil, nil, "stop 0 legal"},
		"the incident's class decides": {`"class":"unheard_of"`, &tagout.Incident{ID: 7, Class: "integration_failure"}, nil, "retry 3 engineering"},
		"the incident's class says stop": {`"class":"integration_failure"`, &tagout.Incident{ID: 7, Class: "policy_violation"}, nil,
			"stop 0 engineering"},
		"the tighter class counts":     {`"class":"integration_failure"`, &tagout.Incident{ID: 7, Class: "flaky"}, nil, "retry 1 engineering"},
		"nobody knows the class":       {`"class":"unheard_of"`, nil, nil, "stop 0 mops"},
		"no class, wished handoff":     {`"handoff":"legal"`, nil, nil, "stop 0 legal"},
		"no class, unknown handoff":    {`"handoff":"ceo"`, nil, nil, "stop 0 mops"},
		"a harmless tool":              {`"class":"integration_failure","tools_called":[{"name":"read_crm"},{"name":"Create_List","risk":"low"}]`, nil, nil, "retry 3 engineering"},
		"a high-risk tool":             {`"class":"integration_failure","tools_called":[{"name":"send_email"}]`, nil, nil, "stop 0 engineering"},
		"a high-risk tool played down": {`"class":"integration_failure","tools_called":[{"name":"send_email","risk":"low"}]`, nil, nil, "stop 0 engineering"},
		"a tool said to be high":       {`"class":"integration_failure","tools_called":[{"name":"read_crm","risk":"high"}]`, nil, nil, "stop 0 engineering"},
		"a risk that is none":          {`"class":"integration_failure","tools_called":[{"name":"read_crm","risk":"tiny"}]`, nil, nil, "stop 0 engineering"},
		"an undeclared tool":           {`"class":"integration_failure","tools_called":[{"name":"rm_rf","risk":"low"}]`, nil, nil, "stop 0 engineering"},
		"a tool without a name":        {`"class":"integration_failure","tools_called":[{}]`, nil, nil, "stop 0 engineering"},
		"the failing tool is high":     {`"class":"integration_failure","tool":"send_email"`, nil, nil, "stop 0 engineering"},
		"it will fail again":           {`"class":"integration_failure","transient":false`, nil, nil, "stop 0 engineering"},
		"it must not be done twice":    {`"class":"integration_failure","idempotent":false,"transient":true`, nil, nil, "stop 0 engineering"},
		"transient and idempotent":     {`"class":"integration_failure","idempotent":true,"transient":true`, nil, nil, "retry 3 engineering"},
		"the run failed before":        {`"class":"integration_failure","run_id":"r"`, failedBefore("r", 3), nil, "retry 1 engineering"},
		"a run that miscounts":         {`"class":"integration_failure","run_id":"r","retry_count":0`, failedBefore("r", 4), nil, "stop 0 engineering"},
		"another run failed before":    {`"class":"integration_failure","run_id":"s"`, failedBefore("r", 9), nil, "retry 3 engineering"},
		"the scope is held":            {`"class":"integration_failure","channel":"email","region":"us"`, nil, held, "stop 0 engineering"},
		"another scope is held":        {`"class":"integration_failure","channel":"sms","region":"us"`, nil, held, "retry 3 engineering"},
		"the scope may be held":        {`"class":"integration_failure"`, nil, held, "stop 0 engineering"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			b.desk.holds = c.holds
			b.desk.accept = func([]tagout.Alert) ([]tagout.Folded, error) { return []tagout.Folded{{Incident: c.incident}}, nil }
			got := b.do("POST", "/v1/failures", `{"agent":"Mailer","summary":"s",`+c.report+`}`, bearing(reportToken)).is(t, 202)
			var d decided
			got.into(t, &d)
			if said := strings.Join([]string{d.Decision, string(rune('0' + d.RetriesLeft)), d.Handoff}, " "); said != c.want {
				t.Errorf("the agent is told %q, want %q", said, c.want)
			}
			if d.Reason == "" {
				t.Error("the agent is not told why")
			}
			if d.Incidents == nil || (len(d.Incidents) == 1) != (c.incident != nil) {
				t.Errorf("the incidents are %v", d.Incidents)
			}
		})
	}
}

// failedBefore is an incident in which a run was reported so often, the newest report included.
func failedBefore(run string, times int) *tagout.Incident {
	return &tagout.Incident{ID: 7, Class: "integration_failure", Failing: tagout.Failing{Runs: map[string]int{run: times}}}
}

func TestAnUndeclaredAgentIsNeverToldToRetry(t *testing.T) {
	t.Parallel()
	for _, agent := range []string{"mialer", "not a name", "*", "mailer/email"} {
		b := newBench()
		got := b.do("POST", "/v1/failures", `{"agent":"`+agent+`","summary":"s","class":"integration_failure"}`, bearing(reportToken)).is(t, 202)
		var d decided
		got.into(t, &d)
		if d.Decision != stop || d.RetriesLeft != 0 {
			t.Errorf("agent %q is told %s", agent, got.body)
		}
	}
}

func TestAFailureReportIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	b := newBench()
	body := `{"agent":"mailer","summary":"s","versions":{"prompt":"v42","mood":"x"},"unheard_of":{"kept":true}}`
	b.do("POST", "/v1/failures", body, bearing(reportToken)).is(t, 202)
	if got := string(b.desk.accepted[0].Raw); got != body {
		t.Errorf("the raw body is %s", got)
	}
	if v := b.desk.versions["mailer"]; v["prompt"] != "v42" || len(v) != 1 {
		t.Errorf("noted versions %v", v)
	}
}

func TestAFailureReportStandsAlthoughItsVersionsWereNotNoted(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.store.err = errors.New("no")
	b.do("POST", "/v1/failures", `{"agent":"mailer","summary":"s","versions":{"prompt":"v42"}}`, bearing(reportToken)).is(t, 202)
}

func TestBadFailureReportsAreRefused(t *testing.T) {
	t.Parallel()
	down := tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	for name, c := range map[string]struct {
		body   string
		with   with
		accept error
		status int
		code   tagout.Code
	}{
		"no token":             {`{}`, func(*http.Request) {}, nil, 401, tagout.Unauthorized},
		"a source's token":     {`{}`, bearing(sourceToken), nil, 401, tagout.Unauthorized},
		"token without report": {`{}`, bearing(readToken), nil, 403, tagout.Forbidden},
		"not JSON":             {`zebra`, bearing(reportToken), nil, 400, tagout.Invalid},
		"without agent":        {`{"summary":"zebra"}`, bearing(reportToken), nil, 422, tagout.Invalid},
		"too large":            {`{"agent":"mailer","summary":"` + strings.Repeat("x", 3000) + `"}`, bearing(reportToken), nil, 413, tagout.TooLarge},
		"not stored":           {`{"agent":"mailer","summary":"s"}`, bearing(reportToken), down, 503, tagout.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(func(o *Options) { o.MaxReport = 2048 })
			b.desk.accept = func([]tagout.Alert) ([]tagout.Folded, error) { return nil, c.accept }
			got := b.do("POST", "/v1/failures", c.body, c.with)
			got.isProblem(t, c.status, c.code)
			if strings.Contains(got.body, "zebra") {
				t.Errorf("the report was repeated: %s", got.body)
			}
		})
	}
}

func TestReportsMayBeLargerThanAlerts(t *testing.T) {
	t.Parallel()
	b := newBench()
	body := `{"agent":"mailer","summary":"` + strings.Repeat("x", 2<<20) + `"}`
	b.do("POST", "/v1/failures", body, bearing(reportToken)).is(t, 202)
	b.do("POST", "/v1/alerts/generic", body, bearing(sourceToken)).isProblem(t, 413, tagout.TooLarge)
}

func FuzzFailures(f *testing.F) {
	f.Add(`{"agent":"mailer","summary":"s","class":"integration_failure","tools_called":[{"name":"read_crm"}]}`)
	f.Add(`{"agent":"\u0000","summary":"s","retry_count":-9223372036854775808}`)
	f.Add(`{"agent":"mailer","summary":"s","retry_count":9223372036854775807,"class":"flaky"}`)
	f.Add(`[]`)
	b := newBench(ticking)
	f.Fuzz(func(t *testing.T, body string) {
		b.desk.accepted = nil
		got := b.do("POST", "/v1/failures", body, bearing(reportToken))
		switch got.StatusCode {
		case 400, 413, 422:
		case 202:
			var d decided
			got.into(t, &d)
			if d.Decision == retry != (d.RetriesLeft > 0) {
				t.Errorf("%s was answered %s", body, got.body)
			}
		default:
			t.Errorf("%q was answered %d", body, got.StatusCode)
		}
	})
}
