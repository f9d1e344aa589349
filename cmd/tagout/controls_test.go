package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheControlsOfTheDocumentationAreSound: what is written there passes the check of a
// configuration.
func TestTheControlsOfTheDocumentationAreSound(t *testing.T) {
	t.Setenv("SWITCH_TOKEN", "s3cret")
	t.Setenv("LAUNCHDARKLY_TOKEN", "s3cret")
	t.Setenv("UNLEASH_TOKEN", "s3cret")
	page, err := os.ReadFile("../../docs/controls.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"SLACK_BOT_TOKEN": "xoxb-x", "SLACK_APP_TOKEN": "xapp-x"} {
		t.Setenv(name, value)
	}
	blocks := regexp.MustCompile("(?s)```yaml\ncontrols:\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != 5 {
		t.Fatalf("%d examples of controls", len(blocks))
	}
	for _, block := range blocks {
		indented := "    controls:\n    " + strings.ReplaceAll(strings.TrimSpace(block[1]), "\n", "\n    ")
		text := strings.Replace(string(example), "  researcher:\n", "  mailer2:\n    title: x\n"+strings.ReplaceAll(indented, "mailer/email", "mailer2/email")+"\n  researcher:\n", 1)
		path := filepath.Join(t.TempDir(), "tagout.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if code := run(t.Context(), []string{"config", "check", "--config", path}, &out, &errs); code != 0 || strings.Contains(out.String(), "s3cret") {
			t.Errorf("exit %d: %s%s\n%s", code, out.String(), errs.String(), block[1])
		}
		broken := strings.NewReplacer("selector: app=mailer ", "selektor: app=mailer ", "read:", "reed:").Replace(text)
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		errs.Reset()
		if code := run(t.Context(), []string{"config", "check", "--config", path}, &out, &errs); code != 1 || !strings.Contains(errs.String(), "tagout.yaml:") {
			t.Errorf("a misspelt key: exit %d: %s", code, errs.String())
		}
	}
}
