package story_test

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tagout/sandbox"
)

// TestTheDoctorNamesWhatIsBroken: beside a running Tagout everything is found well, then what is
// taken away is named, each with what to do; nothing is posted, paged or changed by it.
func TestTheDoctorNamesWhatIsBroken(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		config := filepath.Join(w.dir, "tagout.yaml")
		out, code := w.runs("doctor", "--config", config)
		for _, part := range []string{
			"✔ Configuration: ", "✔ Database: It is reached, and its schema is up to date.", "✔ Journal: A running Tagout has it.", "✔ Public address: A Tagout answers there.",
			"✔ Slack: Connected to the workspace Sandbox as @tagout.", "✔ Announce channel: #incidents is there", "✔ Slack group of Legal: 1 person", "✔ Control webhook of mailer: It can be read back.", "✔ Pager email: It takes connections.",
		} {
			if !strings.Contains(out, part) {
				t.Errorf("it does not say %q", part)
			}
		}
		if code != 0 || strings.Contains(out, "✘") || strings.Contains(out, "xoxb-sandbox") || strings.Contains(out, "sandbox-secret") {
			t.Errorf("exit %d:\n%s", code, out)
		}

		w.log.expect("") // Tagout notices all of this too
		w.slack.SetScopes(slices.DeleteFunc(sandbox.DefaultScopes(), func(s string) bool { return s == "usergroups:read" || s == "pins:write" })...)
		w.slack.Deactivate("U0LEGAL")
		w.mailer.server.CloseClientConnections()
		w.mailer.server.Close()
		out, code = w.runs("doctor", "--config", config, "--json")
		var answer struct {
			OK     bool
			Checks []struct{ Part, Level, Text, Fix string }
		}
		body, _, _ := strings.Cut(out, "\n")
		if err := json.Unmarshal([]byte(body), &answer); err != nil || code != 1 || answer.OK {
			t.Fatalf("exit %d, %v:\n%s", code, err, out)
		}
		var problems []string
		for _, c := range answer.Checks {
			if c.Level == "problem" {
				problems = append(problems, c.Part)
				if c.Fix == "" {
					t.Errorf("it is not said what to do about %s: %s", c.Part, c.Text)
				}
			}
		}
		if want := []string{"Slack permissions", "Slack group of Legal", "People", "Control webhook of mailer"}; !slices.Equal(problems, want) {
			t.Errorf("it names %q, want %q:\n%s", problems, want, out)
		}
	})
}
