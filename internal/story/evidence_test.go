package story_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheRecordIsHandedOutInSlackAndCheckedWithoutTagout: a responder asks for the evidence,
// and an auditor checks the very file that Slack shows.
func TestTheRecordIsHandedOutInSlackAndCheckedWithoutTagout(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		needs(t, "sh", "sha256sum", "unzip", "jq")
		w.types("U0IC", "#general", "/kill mailer odd answers")
		room := w.room("inc-1-")
		w.types("U0IC", room, "/note ann@example.com wrote to us")
		w.happens("INC-1", "incident.note", 1)
		w.types("U0GUEST", room, "/evidence")
		w.reads("U0GUEST", room, "not get the record of an incident")
		w.types("U0IC", room, "/evidence")
		w.reads("U0IC", room, "being packed")
		file := w.downloads(room)
		dir := t.TempDir()
		if out, err := exec.Command("unzip", "-q", file, "-d", dir).CombinedOutput(); err != nil {
			t.Fatal(err, string(out))
		}
		out, err := exec.Command("sh", filepath.Join(dir, "INC-1", "verify.sh")).CombinedOutput()
		if err != nil || !strings.Contains(string(out), "ok: ") {
			t.Errorf("%v: %s", err, out)
		}
		w.happens("INC-1", "record.shared", 1)

		w.types("U0ENG", "#general", "/evidence INC-1")
		w.eventually("U0ENG gets it alone", func() bool {
			for _, m := range w.slack.Messages(w.slack.DM("U0ENG")) {
				if len(m.Files) == 1 && strings.Contains(m.Text, "verify.sh") {
					return true
				}
			}
			return false
		})
		w.happens("INC-1", "record.shared", 2)
		w.types("U0IC", "#general", "/incident INC-1 private")
		w.eventually("it is private", func() bool {
			return w.call(http.MethodGet, "/v1/incidents/INC-1/timeline", "breakglass-token", nil, nil) == http.StatusForbidden
		})
		w.types("U0OUTSIDER", "#general", "/evidence INC-1")
		w.reads("U0OUTSIDER", "#general", "INC-1 is private")
	})
}

// downloads saves the newest file of a channel as a browser would.
func (w *world) downloads(channel string) string {
	w.t.Helper()
	url := ""
	w.eventually("a file is posted in "+channel, func() bool {
		for _, m := range w.slack.Messages(channel) {
			for _, f := range m.Files {
				url = f.URL
			}
		}
		return url != ""
	})
	answer, err := http.Get(url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	path := filepath.Join(w.t.TempDir(), "record.zip")
	if err == nil {
		err = os.WriteFile(path, content, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return path
}
