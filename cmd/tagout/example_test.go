package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// checksChanges tries a configuration as it is ("") and with each change, "before|after": either
// nothing is wrong with it, or what is wrong is told with its place and without its secrets.
func checksChanges(t *testing.T, text, secret string, changes map[string]string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tagout.yaml")
	for change, says := range changes {
		changed := text
		if before, after, ok := strings.Cut(change, "|"); ok {
			if changed = strings.Replace(text, before, after, 1); changed == text {
				t.Errorf("%q changes nothing", change)
			}
		}
		if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code := run(t.Context(), []string{"config", "check", "--config", path}, &out, &errs)
		told := out.String() + errs.String()
		if (code == 0) != (says == "") || !strings.Contains(told, says) || says != "" && !strings.Contains(told, "tagout.yaml:") || strings.Contains(told, secret) {
			t.Errorf("%q: exit %d: %s", change, code, told)
		}
	}
}
