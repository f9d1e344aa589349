package bundle_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/bundle"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC)

// recorded is an incident that was stopped, noted with hostile words, signed and resumed.
func recorded(t *testing.T) bundle.Record {
	t.Helper()
	i := &tagout.Incident{ID: 7}
	r := bundle.Record{Incident: i, At: noon.Add(time.Hour), By: "tagout test"}
	take := func(c tagout.Change, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Events {
			i.Head = e.Seal(i.ID, i.Head)
			r.Events = append(r.Events, e)
		}
	}
	row := &tagout.SeverityPolicy{Severity: tagout.Sev1, Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}, Expires: time.Hour}}
	scope := tagout.MustScope("mailer")
	user := tagout.User{ID: "U0IC", Team: "T1"}
	take(i.Open(tagout.Opening{Title: `<script>alert("x")</script> | *bold*`, Scope: scope, Row: row}, noon))
	take(i.Hang(tagout.Hold{ID: "h1", Scope: scope, Mode: tagout.Halted, By: user.Actor(), At: noon}, nil, noon))
	take(i.AddNote("ünï \u2028 \\n \"quoted\" </td> 🛑 %s $HOME `id` \\u0041", user.Actor(), noon))
	take(i.RequestResume(tagout.ResumeDraft{ID: "r1", By: user, Target: tagout.Running, Deliverables: map[string]string{"cause": "<b>"}}, row, nil, nil, noon))
	_, c, err := i.Sign(tagout.Signing{User: tagout.User{ID: "U0LEGAL", Team: "T1"}, HomeTeam: "T1", Roles: []string{"legal"}, Verdict: tagout.Go,
		Request: "r1", Digest: i.Request.Digest}, nil, noon.Add(time.Minute))
	take(c, err)
	r.Requests = []tagout.ResumeRequest{*i.Request}
	versions := tagout.NewEvidence("versions", "text/plain", []byte("versions: prompt v41\n"), noon)
	recipients := tagout.NewEvidence("recipients", "text/csv", []byte("ann@example.com\n"), noon)
	for _, e := range []tagout.Evidence{versions, recipients} {
		take(i.Keep(e, tagout.Tagout, noon), nil)
	}
	take(i.Redact(recipients, "personal data", user.Actor(), noon))
	recipients.Content, recipients.Redacted = nil, "personal data"
	r.Evidence = []tagout.Evidence{versions, recipients}
	r.Alerts = []tagout.Incoming{{ID: "a1", At: noon, Alert: tagout.Alert{Source: "generic", Name: "x", Raw: []byte(`{"b": 1, "a": [ ]}`)}}, {ID: "a2", Alert: tagout.Alert{Raw: []byte("not json")}}}
	return r
}

// unpacked is the folder of a packed record.
func unpacked(t *testing.T, r bundle.Record) (string, []bundle.Finding) {
	t.Helper()
	var packed bytes.Buffer
	findings, err := bundle.Write(&packed, r)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(packed.Bytes()), int64(packed.Len()))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range z.File {
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "INC-7"), findings
}

// verifies runs the script of the bundle with standard tools.
func verifies(t *testing.T, dir string, args ...string) (string, bool) {
	t.Helper()
	for _, tool := range []string{"sh", "sha256sum", "jq"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed: apt-get install coreutils jq", tool)
			}
			t.Skipf("%s is needed: apt-get install coreutils jq", tool)
		}
	}
	out, err := exec.Command("sh", append([]string{filepath.Join(dir, "verify.sh")}, args...)...).CombinedOutput()
	return string(out), err == nil
}

func TestAStrangerCanVerifyABundleWithStandardTools(t *testing.T) {
	t.Parallel()
	r := recorded(t)
	dir, findings := unpacked(t, r)
	if !bundle.OK(findings) {
		t.Errorf("findings %v", findings)
	}
	out, ok := verifies(t, dir)
	if !ok || !strings.Contains(out, "ok: ") || !strings.Contains(out, r.Incident.Head.Hash) {
		t.Errorf("the script says %q", out)
	}
	if out, ok := verifies(t, dir, r.Events[1].Hash); !ok {
		t.Errorf("a head that was published earlier: %q", out)
	}
	if out, ok := verifies(t, dir, strings.Repeat("0", 64)); ok {
		t.Errorf("a head that never was: %q", out)
	}
}

func TestWhatWasChangedInABundleIsFoundByTheScript(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) func([]byte) []byte {
		return func(text []byte) []byte { return bytes.Replace(text, []byte(old), []byte(with), 1) }
	}
	for name, c := range map[string]struct {
		file   string
		change func([]byte) []byte
	}{
		"a word":           {"timeline.jsonl", replace("quoted", "quotes")},
		"who it was":       {"timeline.jsonl", replace("user:U0LEGAL", "user:U0MOPS")},
		"an event is gone": {"timeline.jsonl", func(text []byte) []byte { _, rest, _ := bytes.Cut(text, []byte("\n")); return rest }},
		"the end is gone":  {"timeline.jsonl", func(text []byte) []byte { return text[:bytes.LastIndexByte(text[:len(text)-1], '\n')+1] }},
		"two are swapped": {"timeline.jsonl", func(text []byte) []byte {
			l := bytes.SplitAfter(text, []byte("\n"))
			l[1], l[2] = l[2], l[1]
			return bytes.Join(l, nil)
		}},
		"what was signed": {"decisions/*.json", replace("cause", "pause")},
		"the evidence":    {"evidence/*", replace("v41", "v42")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := unpacked(t, recorded(t))
			files, _ := filepath.Glob(filepath.Join(dir, c.file))
			if len(files) != 1 {
				t.Fatal(files)
			}
			text, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			changed := c.change(text)
			if bytes.Equal(changed, text) {
				t.Fatal("nothing was changed")
			}
			if err := os.WriteFile(files[0], changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, ok := verifies(t, dir); ok {
				t.Errorf("found by no checksum: %q", out)
			}
			resum(t, dir) // a careful forger
			if out, ok := verifies(t, dir); ok || !strings.Contains(out, "NOT AS IT WAS WRITTEN") {
				t.Errorf("the script says %q", out)
			}
		})
	}
}

// resum makes the checksums fit whatever the files are now.
func resum(t *testing.T, dir string) {
	t.Helper()
	command := exec.Command("sh", "-c", "find . -type f ! -name SHA256SUMS | sed 's,^./,,' | xargs sha256sum > sums && mv sums SHA256SUMS")
	command.Dir = dir
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
}

func TestABrokenRecordIsPackedWithWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := recorded(t)
	r.Events = append(r.Events[:2:2], r.Events[3:]...)
	r.Evidence[0].Content = []byte("other")
	r.Incident.HighestSeverity = tagout.Sev3
	dir, findings := unpacked(t, r)
	bad := 0
	for _, f := range findings {
		if !f.OK {
			bad++
		}
	}
	if bad != 3 || bundle.OK(findings) {
		t.Errorf("findings %v", findings)
	}
	page, err := os.ReadFile(filepath.Join(dir, "timeline.html"))
	if err != nil || strings.Count(string(page), "NOT OK") != 3 {
		t.Errorf("the page tells of %d findings (%v)", strings.Count(string(page), "NOT OK"), err)
	}
}

func TestForeignWordsAreNoMarkup(t *testing.T) {
	t.Parallel()
	dir, _ := unpacked(t, recorded(t))
	page, _ := os.ReadFile(filepath.Join(dir, "timeline.html"))
	text, _ := os.ReadFile(filepath.Join(dir, "timeline.md"))
	if bytes.Contains(page, []byte("<script")) || !bytes.Contains(page, []byte("&lt;script&gt;")) {
		t.Error("the title is markup in the page")
	}
	if bytes.Contains(text, []byte("<script")) || !bytes.Contains(text, []byte(`\| \*bold\*`)) {
		t.Errorf("the title is markup in the text: %s", text[:200])
	}
}
