package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
	"tagout/store"
)

// journals has a running gate hang a stop that its database does not know.
func journals(t *testing.T, path, database, scope string) *gate.Gate {
	t.Helper()
	g, err := gate.New(gate.Options{Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	if err := g.BindDatabase(database); err != nil {
		t.Fatal(err)
	}
	by := tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}
	s := tagout.StopRequest{Hold: tagout.Hold{ID: "waits", Scope: tagout.MustScope(scope), Mode: tagout.Halted, By: by, At: time.Now()}}
	if err := g.Hang(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return g
}

// TestTheReleaseCheckSeesStopsThatStandOnlyInTheJournal: also while the Tagout that wrote them
// runs.
func TestTheReleaseCheckSeesStopsThatStandOnlyInTheJournal(t *testing.T) {
	t.Parallel()
	file := past(t, learnt)
	dir := filepath.Dir(file)
	path := filepath.Join(dir, "stops.journal")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "journal: tagout.journal", "journal: "+path, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(agent string) (int, string) {
		code, out, errs := runs(t, "release-check", "--agent", agent, "--config", file)
		return code, out + errs
	}
	if code, said := check("mailer"); code != 0 {
		t.Errorf("without a journal: exit %d: %s", code, said)
	}
	s, err := store.Open(t.Context(), "sqlite://"+filepath.ToSlash(filepath.Join(dir, "tagout.db")), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	id, err := s.DatabaseID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := journals(t, path, id, "mailer/email")
	if code, said := check("mailer"); code != 1 || !strings.Contains(said, "It still holds the agent: mailer/email ■ halted.") {
		t.Errorf("while it waits in the journal: exit %d: %s", code, said)
	}
	if code, said := check("researcher"); code != 0 {
		t.Errorf("of another agent: exit %d: %s", code, said)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _ := check("mailer"); code != 1 {
		t.Errorf("when nothing runs: exit %d", code)
	}
	lifted := func(i *tagout.Incident, now time.Time) (tagout.Change, error) { // recorded since, and over
		i.Title, i.Class, i.Severity, i.HighestSeverity, i.Scope, i.State = "x", "judgment_error", tagout.Sev3, tagout.Sev3, tagout.MustScope("mailer/email"), tagout.StateClosed
		i.Actions = []tagout.CorrectiveAction{{Number: 1, ID: "a", Title: "x", Due: now.Add(time.Hour), State: tagout.ActionOpen, Test: "x"}}
		i.Holds = []tagout.Hold{{ID: "waits", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Halted, At: now, LiftedAt: now, LiftedBy: "r"}}
		return tagout.Change{}, nil
	}
	if _, _, err := s.Join(t.Context(), tagout.Match{}, lifted); err != nil {
		t.Fatal(err)
	}
	if code, said := check("mailer"); code != 0 {
		t.Errorf("it was recorded and lifted: exit %d: %s", code, said)
	}
	if err := os.WriteFile(path, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, said := check("mailer"); code != 3 || !strings.Contains(said, "damaged at line 1") {
		t.Errorf("damaged: exit %d: %s", code, said)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	journals(t, path, "another", "mailer")
	if code, said := check("mailer"); code != 3 || !strings.Contains(said, "belongs to another database") {
		t.Errorf("of another database: exit %d: %s", code, said)
	}
}
