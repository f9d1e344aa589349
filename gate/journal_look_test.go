package gate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagout"
)

func TestAJournalIsLookedAtWithoutBeingTouched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "stops.journal")
	if look, err := LookAtJournal(path); err != nil || look.Found || look.Busy {
		t.Errorf("before there is one: %+v, %v", look, err)
	}
	j := openOn(t, osDisk{}, path)
	if err := j.bind("database-7"); err != nil {
		t.Fatal(err)
	}
	written := j.add(stop("h1"))
	if <-written.done; written.err != nil {
		t.Fatal(written.err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if look, err := LookAtJournal(path); err != nil || !look.Busy || look.Database != "database-7" || look.Pending != 1 {
		t.Errorf("while it is open: %+v, %v", look, err)
	}
	if found, err := ReadJournal(path); err != nil || !found.Found || found.Database != "database-7" || len(found.Stops) != 1 || found.Stops[0].Hold.ID != "h1" {
		t.Errorf("read while it is open: %+v, %v", found, err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	if look, err := LookAtJournal(path); err != nil || look.Busy || !look.Found || look.Pending != 1 {
		t.Errorf("when it is closed: %+v, %v", look, err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("it was changed: %q, %v", after, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".tagout-doctor-*")); err != nil || len(left) != 0 {
		t.Errorf("it left %v, %v", left, err)
	}
	newer, err := line(journalHeader{journalFormat, 2, "db"})
	if err != nil {
		t.Fatal(err)
	}
	for content, says := range map[string]string{"nonsense\n": "damaged at line 1", string(newer): "format version 2"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, looked := LookAtJournal(path)
		_, read := ReadJournal(path)
		for _, err := range []error{looked, read} {
			if tagout.CodeOf(err) != tagout.Unavailable || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "Fix: ") {
				t.Errorf("%q: %v", content, err)
			}
		}
	}
}
