package main

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagout/sandbox"
)

// patient makes an installation beside a sandbox workspace: its configuration, after change had
// its way with the text, and the folder in which everything is.
func patient(t *testing.T, change ...string) (config, dir string) {
	t.Helper()
	slack := sandbox.New(sandbox.Options{})
	server := httptest.NewServer(slack.Handler())
	t.Cleanup(func() { slack.Close(); server.Close() })
	slack.SetBaseURL(server.URL)
	config = past(t)
	dir = filepath.Dir(config)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	usual := []string{
		"xoxb-s3cret", "xoxb-sandbox", "xapp-s3cret", "xapp-sandbox", "${SLACK_API_URL:-https://slack.com/api/}", server.URL + "/api/",
		"journal: tagout.journal", "journal: " + filepath.ToSlash(filepath.Join(dir, "tagout.journal")),
	}
	changed := strings.NewReplacer(change...).Replace(strings.NewReplacer(usual...).Replace(string(text)))
	if err := os.WriteFile(config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	return config, dir
}

// diagnosed is what the doctor says, and its exit code.
func diagnosed(t *testing.T, config string) (string, int) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"doctor", "--config", config}, &out, &errs)
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "✘") && (code != 1 || !strings.Contains(out.String(), line+"\n    Fix: ")) {
			t.Errorf("exit %d, and it is not said what to do: %s", code, line)
		}
	}
	if strings.Contains(out.String()+errs.String(), "s3cret") {
		t.Errorf("it shows a secret: %s%s", out.String(), errs.String())
	}
	return out.String(), code
}

func TestTheDoctorFindsWhatIsBrokenOneAtATime(t *testing.T) {
	t.Parallel()
	const prometheus = "\nhealth:\n  prometheus: {url: \"http://127.0.0.1:1\"}\n  metrics: [{name: up, query: up, target: \">= 1\"}]\n\nagents:\n"
	for name, c := range map[string]struct {
		change  []string
		arrange func(t *testing.T, dir string)
		says    string
	}{
		"as it should be":     {nil, nil, "✔ Database: It is reached, and its schema is up to date.\n✔ Journal: There is none yet, and it can be written.\n"},
		"no database yet":     {nil, func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "tagout.db")) }, "! Database: There is no database file yet; tagout serve makes it.\n"},
		"an empty database":   {nil, func(t *testing.T, dir string) { write(t, filepath.Join(dir, "tagout.db"), "") }, "run `tagout migrate`"},
		"no database":         {[]string{"sqlite://", "sqlite:///nowhere/at/all"}, nil, "! Database: There is no database file yet"},
		"a damaged journal":   {nil, func(t *testing.T, dir string) { write(t, filepath.Join(dir, "tagout.journal"), "nonsense\nnonsense\n") }, "✘ Journal: The journal " + "%DIR%/tagout.journal is damaged at line 1, so that every agent is halted.\n    Fix: Run `tagout journal repair`."},
		"no folder for it":    {[]string{"/tagout.journal", "/none/tagout.journal"}, nil, "✘ Journal: "},
		"no public address":   {[]string{"public_url: https://tagout.example.com", "public_url: \"\""}, nil, "! Public address: There is none"},
		"a control":           {nil, nil, "✘ Control webhook of mailer: "},
		"a pager":             {nil, nil, "✘ Pager webhook: "},
		"Prometheus":          {[]string{"\nagents:\n", prometheus}, nil, "✘ Prometheus: Prometheus could not be reached: the connection was refused.\n    Fix: Check health.prometheus"},
		"a user group":        {[]string{"S0ONCALL", "S0NOBODY"}, nil, "✘ Slack group of Engineering: There is no user group S0NOBODY."},
		"a configuration key": {[]string{"journal: ", "jurnal: "}, nil, "✘ Configuration: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config, dir := patient(t, c.change...)
			if c.arrange != nil {
				c.arrange(t, dir)
			}
			out, code := diagnosed(t, config)
			if says := strings.ReplaceAll(c.says, "%DIR%", filepath.ToSlash(dir)); !strings.Contains(out, says) || code != 1 { // the example's controls and pagers are not there
				t.Errorf("exit %d, it does not say %q:\n%s", code, says, out)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, ".tagout-doctor-*")); len(left) != 0 {
				t.Errorf("it left %v", left)
			}
			if _, err := os.Stat(filepath.Join(dir, "tagout.journal")); c.arrange == nil && err == nil {
				t.Error("it made a journal")
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func TestTheDoctorTellsProgramsTheSame(t *testing.T) {
	t.Parallel()
	config, _ := patient(t)
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"doctor", "--config", config, "--json"}, &out, &errs)
	var answer struct {
		OK     bool
		Checks []struct{ Part, Level, Text, Fix string }
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil || code != 1 || answer.OK || len(answer.Checks) < 8 || answer.Checks[0].Part != "Configuration" || answer.Checks[0].Level != "ok" {
		t.Errorf("exit %d, %v: %s", code, err, out.String())
	}
	if !strings.HasSuffix(errs.String(), " things will not work.\n") {
		t.Errorf("it says %s", errs.String())
	}
}
