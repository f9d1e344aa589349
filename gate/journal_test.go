package gate

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestTheJournalKeepsTheWholeStop(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j := openOn(t, osDisk{}, path)
	written(t, j, "a", "b")
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, osDisk{}, path)
	defer func() { _ = again.close() }()
	if got, want := again.pending(), []tagout.StopRequest{stop("a"), stop("b")}; !reflect.DeepEqual(got, want) {
		t.Errorf("read back %+v\nwant %+v", got, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v", info.Mode(), err)
	}
	everyField(t, reflect.ValueOf(again.pending()[0]))
}

// everyField fails if a field of the stop above is zero, and so not tested to be kept.
func everyField(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() && !slices.Contains([]string{"LiftedAt", "LiftedBy", "Plan", "CanaryShare", "Drill"}, name) { // what no stop has
			t.Errorf("the test's stop has no %s", name)
		}
		if name == "Hold" {
			everyField(t, v.Field(i))
		}
	}
}

func TestALooseFileModeIsTightened(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	written(t, openOn(t, osDisk{}, path), "a")
	copied := path + "2"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, data, 0o644); err != nil {
		t.Fatal(err)
	}
	j := openOn(t, osDisk{}, copied)
	defer func() { _ = j.close() }()
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 || len(j.pending()) != 1 {
		t.Errorf("mode = %v, pending = %v, %v", info.Mode(), j.pending(), err)
	}
}

func TestASecondOpenerIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j := openOn(t, osDisk{}, path)
	if _, err := openJournal(path, osDisk{}, slog.New(slog.DiscardHandler), ignored()); tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "another Tagout") {
		t.Errorf("second opener: %v", err)
	}
	if _, err := RepairJournal(path, time.Now()); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("repair: %v", err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	if err := openOn(t, osDisk{}, path).close(); err != nil {
		t.Error(err)
	}
}

func TestAJournalThatCannotBeOpenedIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "missing", "journal"), dir} {
		_, err := openJournal(path, osDisk{}, slog.New(slog.DiscardHandler), ignored())
		if tagout.CodeOf(err) != tagout.Unavailable || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
	d := newMemoryDisk()
	newer, _ := line(journalHeader{journalFormat, 2, "db"})
	d.files["j"] = &memoryFile{disk: d, data: newer}
	if _, err := openJournal("j", d, slog.New(slog.DiscardHandler), ignored()); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("newer: %v", err)
	}
	if d.locked["j"] {
		t.Error("the lock was kept")
	}
}

func TestTheJournalBelongsToOneDatabase(t *testing.T) {
	t.Parallel()
	d := newMemoryDisk()
	j := openOn(t, d, "j")
	written(t, j, "a")
	if err := j.bind("db-1"); err != nil {
		t.Fatal(err)
	}
	if err := j.bind("db-1"); err != nil {
		t.Error(err)
	}
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	again := openOn(t, d, "j")
	defer func() { _ = again.close() }()
	if err := again.bind("db-2"); tagout.CodeOf(err) != tagout.Conflict || !strings.Contains(err.Error(), "db-1") {
		t.Errorf("another database: %v", err)
	}
	if err := again.bind("db-1"); err != nil || len(again.pending()) != 1 {
		t.Errorf("the same database: %v, pending %v", err, again.pending())
	}
}
