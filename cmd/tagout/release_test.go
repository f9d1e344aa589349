package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tagout"
	"tagout/store"
)

// past makes a configuration whose database holds incidents of the mailer, and returns its path.
func past(t *testing.T, incidents ...func(*tagout.Incident, time.Time)) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	url := "sqlite://" + filepath.ToSlash(filepath.Join(dir, "tagout.db"))
	config := strings.NewReplacer("${SLACK_BOT_TOKEN}", "xoxb-s3cret", "${SLACK_APP_TOKEN:-}", "xapp-s3cret", "sqlite://tagout.db", url).Replace(string(text))
	path := filepath.Join(dir, "tagout.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), url, store.Options{Migrate: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, change := range incidents {
		_, _, err := s.Join(t.Context(), tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.Title, i.Class, i.Severity, i.HighestSeverity = "Complaint rate", "policy_violation", tagout.Sev2, tagout.Sev1
			i.Scope, i.State = tagout.MustScope("mailer/email"), tagout.StateClosed
			i.Milestones = map[tagout.Milestone]time.Time{tagout.Detected: now.Add(-time.Hour)}
			i.Actions = []tagout.CorrectiveAction{{Number: 1, ID: "a", Title: "narrow the mail tool", Owner: "U0ENG", Due: now.Add(time.Hour), State: tagout.ActionOpen, Layer: tagout.LayerTools, Test: "evals/optout.py"}}
			change(i, now)
			return tagout.Change{}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func learnt(*tagout.Incident, time.Time)       {}
func untested(i *tagout.Incident, _ time.Time) { i.Actions[0].Test = "" }
func late(i *tagout.Incident, now time.Time)   { i.Actions[0].Due = now.Add(-50 * time.Hour) }
func hidden(i *tagout.Incident, now time.Time) { i.Private = true; untested(i, now) }
func held(i *tagout.Incident, now time.Time) {
	i.State, i.Roles = tagout.StateContained, map[string]tagout.UserID{tagout.IncidentCommander: "U0IC"}
	i.Holds = []tagout.Hold{{ID: "h", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Halted, At: now}}
}

// TestTheReleaseCheckReadsTheDatabase: what the log of a pipeline says, word for word.
func TestTheReleaseCheckReadsTheDatabase(t *testing.T) {
	t.Parallel()
	code, out, errs := runs(t, "release-check", "--agent", "mailer", "--config", past(t, learnt))
	if code != 0 || out != "mailer may be released: nothing stands against it in 1 incident.\n" || errs != "" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	config := past(t, held, untested, late, hidden)
	code, out, errs = runs(t, "release-check", "--agent", "mailer", "--config", config)
	out = regexp.MustCompile(`since \d{4}-\d\d-\d\d`).ReplaceAllString(out, "since DAY")
	const want = `INC-4 is private.
  ✘ It stands against the release. What is missing is told to its people only.
    Fix: Somebody who may read it types /tagout status INC-4 in Slack.
INC-3 SEV-1 policy_violation, closed: Complaint rate
  ✘ The corrective action INC-3/1 is overdue since DAY: narrow the mail tool
    Whose: Engineering @U0ENG
    Fix: Do it and press Done, or give it another date: /tagout actions INC-3 in Slack shows its buttons.
INC-2 SEV-1 policy_violation, closed: Complaint rate
  ✘ It names no regression test, so nothing shows that it would be noticed if it came back.
    Whose: MOPs @U0MOPS
    Fix: In Slack, /tagout action INC-2 adds a corrective action with the test that fails without it.
INC-1 SEV-1 policy_violation, contained: Complaint rate
  ✘ It still holds the agent: mailer/email ■ halted.
    Whose: Incident commander @U0IC
    Fix: In Slack, /tagout resume INC-1 asks those who must sign. If this release is its fix, say so: --fixes INC-1.
It comes back.
  ✘ A failure class whose incidents are private came back 3 times within 90 days; 2 may be.
    Whose: MOPs @U0MOPS
    Fix: Find out in the reviews what lets it come back, and change that; a release goes out again when fewer of them are that recent, or when release_check.max_recurrences allows more.
`
	if code != 1 || out != want || errs != "tagout: mailer may not be released: 4 incidents and 1 failure class that comes back too often stand against it.\n" {
		t.Errorf("exit %d:\n%s%s", code, out, errs)
	}
	code, out, _ = runs(t, "release-check", "--agent", "mailer", "--config", config, "--fixes", "INC-1", "--json")
	var report tagout.ReleaseReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 1 || report.Pass || len(report.Incidents) != 3 || report.Looked != 4 || report.Fixes[0] != 1 {
		t.Errorf("exit %d: %s, %v", code, out, err)
	}
	if code, out, errs := runs(t, "release-check", "--agent", "researcher", "--config", config); code != 0 || !strings.Contains(out, "researcher may be released") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

func TestTheReleaseCheckAsksAServer(t *testing.T) {
	t.Parallel()
	const yes = `{"agent":"mailer","at":"2026-11-21T12:00:00Z","pass":true,"looked_at":2,"incidents":[],"recurrences":[]}`
	const no = `{"agent":"mailer","at":"2026-11-21T12:00:00Z","pass":false,"looked_at":2,"incidents":[],"recurrences":[{"class":"policy_violation","recurrences":3,"allowed":2,"within_hours":2160,"incidents":["INC-7","INC-5"],"text":"It came back.","fix":"Learn."}]}`
	for name, c := range map[string]struct {
		answer func(http.ResponseWriter)
		code   int
		says   string
	}{
		"yes":                     {says(200, yes), 0, "mailer may be released: nothing stands against it in 2 incidents."},
		"no":                      {says(200, no), 1, "policy_violation comes back: INC-7, INC-5\n  ✘ It came back.\n    Fix: Learn.\n"},
		"of another agent":        {says(200, strings.Replace(yes, "mailer", "researcher", 1)), 3, "not one of Tagout's"},
		"yes, with reasons":       {says(200, strings.Replace(no, `"pass":false`, `"pass":true`, 1)), 3, "not one of Tagout's"},
		"no, without reasons":     {says(200, strings.Replace(yes, `"pass":true`, `"pass":false`, 1)), 3, "not one of Tagout's"},
		"a page":                  {says(200, "<html>"), 3, "not one of Tagout's"},
		"other JSON":              {says(200, `{"pass":true}`), 3, "not one of Tagout's"},
		"an unknown agent":        {says(404, `{"detail":"There is no agent mailer."}`), 3, "There is no agent mailer."},
		"a token that may not":    {says(403, `{"detail":"This token may not read."}`), 3, "This token may not read."},
		"an unknown token":        {says(401, `{}`), 3, "answered 401"},
		"a database that is away": {says(503, `{"detail":"The database is away."}`), 3, "The database is away."},
		"an old Tagout":           {says(404, ""), 3, "may not be Tagout"},
		"a redirect":              {says(302, yes), 3, "answered 302"},
		"nobody":                  {dropped, 3, "the connection failed"},
	} {
		s := newServer(t, c.answer)
		code, out, errs := runs(t, "release-check", "--agent", "mailer", "--class", "policy_violation", "--fixes", "7", "--server", s.URL, "--token", secretToken)
		if code != c.code || !strings.Contains(out+errs, c.says) || code == 3 && (out != "" || !strings.Contains(errs, "It is not known whether mailer may be released, so it may not.")) {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
		if got := s.got()[0]; got.path != "GET /v1/release-check" || got.auth != "Bearer "+secretToken {
			t.Errorf("%s: sent %+v", name, got)
		}
	}
	s := newServer(t, says(503, `{"detail":"The database is away."}`))
	code, out, _ := runs(t, "release-check", "--agent", "mailer", "--server", s.URL, "--token", secretToken, "--json")
	if want := `{"agent":"mailer","pass":false,"unknown":"The server answered 503. The database is away."}` + "\n"; code != 3 || out != want {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestAReleaseCheckThatCannotBeMadeIsNeverAYes(t *testing.T) {
	t.Parallel()
	config := past(t, learnt)
	empty := filepath.Join(t.TempDir(), "tagout.yaml")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := regexp.MustCompile(`sqlite://\S+`).ReplaceAllString(string(text), "sqlite://"+filepath.ToSlash(filepath.Join(t.TempDir(), "none.db")))
	if err := os.WriteFile(empty, []byte(elsewhere), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no agent":         {nil, 2, "--agent"},
		"no token":         {[]string{"--agent", "mailer", "--token", ""}, 3, "There is no token"},
		"no such agent":    {[]string{"--agent", "mialer", "-c", config}, 3, "Did you mean mailer?"},
		"no such class":    {[]string{"--agent", "mailer", "--class", "bad", "-c", config}, 3, "judgment_error"},
		"no such incident": {[]string{"--agent", "mailer", "--fixes", "INC-99", "-c", config}, 3, "INC-99"},
		"no incident":      {[]string{"--agent", "mailer", "--fixes", "it", "-c", config}, 3, "is not an incident"},
		"no configuration": {[]string{"--agent", "mailer", "-c", config + ".missing"}, 3, "cannot be read"},
		"no tables":        {[]string{"--agent", "mailer", "-c", empty}, 3, "migrate"},
	} {
		if code, out, errs := runs(t, append([]string{"release-check"}, c.args...)...); code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d: %s%s", name, code, out, errs)
		}
	}
}

// TestTheExampleOfAPipelineCallsWhatThereIs: it is YAML, and its commands are understood.
func TestTheExampleOfAPipelineCallsWhatThereIs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/examples/release-check.yml")
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		On   any `yaml:"on"`
		Jobs map[string]struct {
			Steps []struct {
				Run string            `yaml:"run"`
				Env map[string]string `yaml:"env"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	if err := yaml.Unmarshal(text, &workflow); err != nil || workflow.On == nil {
		t.Fatalf("%v, %+v", err, workflow)
	}
	s := newServer(t, says(200, `{"agent":"mailer","at":"2026-11-21T12:00:00Z","pass":true,"looked_at":0,"incidents":[],"recurrences":[]}`))
	checked := 0
	for _, job := range workflow.Jobs {
		for _, step := range job.Steps {
			_, line, found := strings.Cut(strings.TrimSpace(step.Run), `"$TAGOUT_IMAGE" release-check `)
			if !found {
				continue
			}
			checked++
			if step.Env["TAGOUT_SERVER"] == "" || step.Env["TAGOUT_TOKEN"] == "" || strings.Contains(line, "--token") {
				t.Errorf("the server and the token do not come from the environment: %+v", step)
			}
			words := strings.Fields(strings.Replace(line, `${FIXES:+--fixes "$FIXES"}`, "--fixes INC-7", 1))
			if code, out, errs := runs(t, append([]string{"release-check", "--server", s.URL, "--token", secretToken}, words...)...); code != 0 {
				t.Errorf("%s: exit %d: %s%s", line, code, out, errs)
			}
		}
	}
	if checked == 0 {
		t.Error("no step checks anything")
	}
}
