package story_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestAnAuditorChecksAnExportedIncidentWithoutTagout(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			needs(t, "sh", "sha256sum", "unzip", "jq")
			w := newWorld(t, setting{database, "socket"})
			w.starts()
			w.types("U0IC", "#general", "/kill mailer odd answers")
			room := w.room("inc-1-")
			w.types("U0IC", room, "/note looked at the logs")
			w.happens("INC-1", "incident.note", 1)
			w.types("U0IC", room, "/rollback mailer prompt=v41")
			w.happens("INC-1", "evidence.kept", 1)
			w.stops()

			file := filepath.Join(t.TempDir(), "record.zip")
			config := filepath.Join(w.dir, "tagout.yaml")
			if out, code := w.runs("export", "--config", config, "INC-1", "--out", file); code != 0 {
				t.Fatalf("exit %d: %s", code, out)
			}
			if out, code := w.runs("export", "--config", config, "INC-1", "--out", file); code != 1 || !strings.Contains(out, "already") {
				t.Errorf("a second export: exit %d: %s", code, out)
			}
			dir := t.TempDir()
			if out, err := exec.Command("unzip", "-q", file, "-d", dir).CombinedOutput(); err != nil {
				t.Fatal(err, string(out))
			}
			out, err := exec.Command("sh", filepath.Join(dir, "INC-1", "verify.sh")).CombinedOutput()
			if err != nil || !strings.Contains(string(out), "ok: ") {
				t.Errorf("%v: %s", err, out)
			}
			page, _ := os.ReadFile(filepath.Join(dir, "INC-1", "timeline.html"))
			if !strings.Contains(string(page), "looked at the logs") {
				t.Error("the page does not tell of the note")
			}

			db := w.opens()
			var sum string
			if err := db.QueryRow("SELECT sha256 FROM evidence").Scan(&sum); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Exec("UPDATE evidence SET content = 'x'"); err == nil {
				t.Error("evidence could be changed")
			}
			if out, code := w.runs("redact", "--config", config, "INC-1", sum, "--reason", "names of customers"); code != 0 {
				t.Fatalf("exit %d: %s", code, out)
			}
			if out, code := w.runs("redact", "--config", config, "INC-1", sum, "--reason", "again"); code != 1 || !strings.Contains(out, "redacted before") {
				t.Errorf("a second time: exit %d: %s", code, out)
			}
			if out, code := w.runs("verify", "--config", config); code != 0 {
				t.Errorf("after redacting: exit %d: %s", code, out)
			}
			if out, code := w.runs("export", "--config", config, "INC-1", "--out", file, "--force"); code != 0 {
				t.Errorf("after redacting: exit %d: %s", code, out)
			}
			w.disarms(db)
			if _, err := db.Exec(`UPDATE events SET data = '{"text":"nothing"}' WHERE kind = 'incident.note'`); err != nil {
				t.Fatal(err)
			}
			if out, code := w.runs("export", "--config", config, "INC-1", "--out", file, "--force"); code != 1 || !strings.Contains(out, "BAD") {
				t.Errorf("a record that was altered: exit %d: %s", code, out)
			}
		})
	}
}
