package gate

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// memoryDisk is a file system in memory that can be full, slow or broken.
type memoryDisk struct {
	mu      sync.Mutex
	files   map[string]*memoryFile
	locked  map[string]bool
	room    int           // bytes that may still be written; negative: no limit
	stuck   chan struct{} // writes wait for it; nil: they do not
	syncErr error
	syncs   int
	created int
}

type memoryFile struct {
	disk *memoryDisk
	data []byte
}

var errFull = errors.New("no space left on device")

func newMemoryDisk() *memoryDisk {
	return &memoryDisk{files: map[string]*memoryFile{}, locked: map[string]bool{}, room: -1}
}

func (d *memoryDisk) lock(path string) (func() error, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[path] {
		return nil, tagout.Errorf(tagout.Conflict, "locked")
	}
	d.locked[path] = true
	return func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.locked, path)
		return nil
	}, nil
}

func (d *memoryDisk) read(path string) ([]byte, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f, ok := d.files[path]
	if !ok {
		return nil, false, nil
	}
	return bytes.Clone(f.data), true, nil
}

func (d *memoryDisk) create(path string) (journalFile, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.created++
	d.files[path] = &memoryFile{disk: d}
	return d.files[path], nil
}

func (d *memoryDisk) rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.files[to] = d.files[from]
	delete(d.files, from)
	return nil
}

func (f *memoryFile) Write(p []byte) (int, error) {
	f.disk.mu.Lock()
	stuck := f.disk.stuck
	f.disk.mu.Unlock()
	if stuck != nil {
		<-stuck
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	n := len(p)
	if f.disk.room >= 0 {
		n = min(n, f.disk.room)
		f.disk.room -= n
	}
	f.data = append(f.data, p[:n]...)
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (f *memoryFile) Sync() error {
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	f.disk.syncs++
	return f.disk.syncErr
}

func (f *memoryFile) Close() error { return nil }

func (d *memoryDisk) set(change func(*memoryDisk)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *memoryDisk) content(path string) []byte {
	data, _, _ := d.read(path)
	return data
}

func ignored() prometheus.Observer { return prometheus.ObserverFunc(func(float64) {}) }

func openOn(t testing.TB, d disk, path string) *journal {
	t.Helper()
	j, err := openJournal(path, d, slog.New(slog.DiscardHandler), ignored())
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func stop(id string) tagout.StopRequest {
	return tagout.StopRequest{
		Hold: tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope("mailer/email tool:@high"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 5, Per: "day"},
			DisabledTools: []string{"send"}, Incident: 3, By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, Reason: "line\nbreak ⚑ <!channel>", Private: true,
			At: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)},
		Severity: tagout.Sev1, Class: "policy_violation", Join: 7, Private: true, Flag: 3, Replaces: "h-before",
	}
}

func written(t testing.TB, j *journal, ids ...string) {
	t.Helper()
	for _, id := range ids {
		w := j.add(stop(id))
		<-w.done
		if w.err != nil {
			t.Fatal(w.err)
		}
	}
}

func idsIn(stops []tagout.StopRequest) []string {
	ids := []string{}
	for _, s := range stops {
		ids = append(ids, string(s.Hold.ID))
	}
	return ids
}

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

// sample is a journal of three stops as text, with where its lines end.
func sample(t testing.TB) (data []byte, ends []int) {
	t.Helper()
	d := newMemoryDisk()
	j := openOn(t, d, "j")
	written(t, j, "a", "b", "c")
	if err := j.close(); err != nil {
		t.Fatal(err)
	}
	data = d.content("j")
	for i, c := range data {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	return data, ends
}

func TestAJournalCutOffAnywhereKeepsTheWholeLines(t *testing.T) {
	t.Parallel()
	data, ends := sample(t)
	all := []string{"a", "b", "c"}
	for cut := range len(data) + 1 {
		text := readJournal(data[:cut])
		whole := 0
		for _, end := range ends {
			if cut >= end-1 && end > ends[0] || cut >= end { // a stop may lack its line feed
				whole++
			}
		}
		if cut < ends[0] {
			if !slices.Equal(text.damaged, []int{1}) {
				t.Fatalf("cut in the header at %d: %+v", cut, text)
			}
			continue
		}
		if len(text.damaged) > 0 || !slices.Equal(idsIn(text.stops), all[:whole-1]) {
			t.Fatalf("cut at %d: %q, damaged %v, want %q", cut, idsIn(text.stops), text.damaged, all[:whole-1])
		}
		atEnd := slices.Contains(ends, cut) || slices.Contains(ends, cut+1)
		if text.torn == atEnd {
			t.Fatalf("cut at %d: torn = %v", cut, text.torn)
		}
	}
}

func TestATornLastLineIsDroppedAndTheNextStopIsWhole(t *testing.T) {
	t.Parallel()
	data, ends := sample(t)
	for cut := ends[1]; cut < len(data); cut++ {
		d := newMemoryDisk()
		d.files["j"] = &memoryFile{disk: d, data: bytes.Clone(data[:cut])}
		j := openOn(t, d, "j")
		before := idsIn(j.pending())
		written(t, j, "z")
		if err := j.close(); err != nil {
			t.Fatal(err)
		}
		if text := readJournal(d.content("j")); text.torn || len(text.damaged) > 0 || !slices.Equal(idsIn(text.stops), append(before, "z")) {
			t.Fatalf("cut at %d: had %q, then %+v", cut, before, text)
		}
	}
}

// TestAFlippedByteIsNeverTakenForAnotherStop flips every byte of a journal in several ways.
func TestAFlippedByteIsNeverTakenForAnotherStop(t *testing.T) {
	t.Parallel()
	data, _ := sample(t)
	all := []string{"a", "b", "c"}
	for at := range data {
		for _, mask := range []byte{0x01, 0x20, 0x80, 0xff, data[at] ^ '\n'} {
			if mask == 0 {
				continue
			}
			bad := bytes.Clone(data)
			bad[at] ^= mask
			text := readJournal(bad)
			last := at == len(data)-1 // the last line feed: the line looks torn
			if !last && len(text.damaged) == 0 {
				t.Fatalf("byte %d ^ %#x: not noticed: %+v", at, mask, text)
			}
			if last && !text.torn {
				t.Fatalf("the last line feed ^ %#x: not noticed", mask)
			}
			if len(text.stops) > 3 || !isPartOf(idsIn(text.stops), all) {
				t.Fatalf("byte %d ^ %#x: %q", at, mask, idsIn(text.stops))
			}
			for _, s := range text.stops {
				if !reflect.DeepEqual(s, stop(string(s.Hold.ID))) {
					t.Fatalf("byte %d ^ %#x: read as %+v", at, mask, s)
				}
			}
		}
	}
}

func isPartOf(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

func TestADamagedJournalHaltsEverythingUntilItIsRepaired(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	data, ends := sample(t)
	data[ends[1]+20] ^= 1 // in the stop b
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	registry := tagout.Registry{"mailer": {Name: "mailer"}, "other": {Name: "other"}}
	g, err := New(Options{Agents: registry, Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	g.Refresh(g.StartRead(), nil, nil)
	if d := g.Decide("other", tagout.Attributes{}); d.Mode != tagout.Halted || strings.Contains(d.Reason, path) {
		t.Errorf("decision: %+v", d)
	}
	if err := g.JournalError(); err == nil || !strings.Contains(err.Error(), "tagout journal repair") || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("journal error: %v", err)
	}
	if err := g.Hang(t.Context(), stop("z")); err == nil || len(g.Holds()) != 3 {
		t.Errorf("hang: %v, holds %v", err, g.Holds())
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, data) {
		t.Error("the damaged file was written to")
	}
	checkRepair(t, path, data, registry)
}

func checkRepair(t *testing.T, path string, damaged []byte, registry tagout.Registry) {
	t.Helper()
	r, err := RepairJournal(path, time.Date(2026, 11, 21, 1, 2, 3, 0, time.UTC))
	if err != nil || r.Kept != 2 || r.Lost != 1 || r.Aside != path+".damaged-20261121T010203Z" {
		t.Fatalf("repair: %+v, %v", r, err)
	}
	if aside, err := os.ReadFile(r.Aside); err != nil || !bytes.Equal(aside, damaged) {
		t.Errorf("what was put aside differs: %v", err)
	}
	g, err := New(Options{Agents: registry, Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	g.Refresh(g.StartRead(), nil, nil)
	if g.JournalError() != nil || g.Decide("other", tagout.Attributes{}).Mode != tagout.Running || !slices.Equal(idsIn(g.Pending()), []string{"a", "c"}) {
		t.Errorf("after the repair: %v, pending %q", g.JournalError(), idsIn(g.Pending()))
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if r, err := RepairJournal(path, time.Now()); err != nil || r.Aside != "" || r.Kept != 2 {
		t.Errorf("repairing what is well: %+v, %v", r, err)
	}
}

func TestRepairChangesNothingWhenTheDiskIsFull(t *testing.T) {
	t.Parallel()
	data, ends := sample(t)
	data[ends[1]+20] ^= 1
	for room := range len(data) {
		d := newMemoryDisk()
		d.files["j"] = &memoryFile{disk: d, data: bytes.Clone(data)}
		d.room = room
		if _, err := repairJournal("j", time.Now(), d); err == nil || !bytes.Equal(d.content("j"), data) {
			t.Fatalf("with room for %d bytes: %v", room, err)
		}
	}
}

func TestAFullDiskLosesNoEarlierStopAndIsRecoveredFrom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for room := range 700 {
			d := newMemoryDisk()
			j := openOn(t, d, "j")
			written(t, j, "a")
			d.set(func(d *memoryDisk) { d.room = room })
			w := j.add(stop("b"))
			<-w.done
			if text := readJournal(d.content("j")); len(text.damaged) > 0 || idsIn(text.stops)[0] != "a" || w.err == nil && len(text.stops) != 2 {
				t.Fatalf("room for %d: %v, %+v", room, w.err, text)
			}
			d.set(func(d *memoryDisk) { d.room = -1 })
			time.Sleep(2 * journalPause) // the bubble's clock: tried again
			synctest.Wait()
			if text := readJournal(d.content("j")); len(text.damaged) > 0 || text.torn || !slices.Equal(idsIn(text.stops), []string{"a", "b"}) || j.problem() != nil {
				t.Fatalf("room for %d, then enough: %+v, %v", room, text, j.problem())
			}
			if err := j.close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAStopIsInForceWithinATenthOfASecondHoweverSlowTheDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newMemoryDisk()
		g := gateOn(t, d)
		stuck := make(chan struct{})
		d.set(func(d *memoryDisk) { d.stuck = stuck })
		began := time.Now()
		err := g.Hang(t.Context(), stop("a"))
		if took := time.Since(began); took != journalPatience || tagout.CodeOf(err) != tagout.Unavailable {
			t.Errorf("took %s, %v", took, err)
		}
		if d := g.Decide("mailer", tagout.Attributes{}); len(d.Holds) != 1 {
			t.Errorf("decision: %+v", d)
		}
		close(stuck)
		synctest.Wait()
		if text := readJournal(d.content("j")); !slices.Equal(idsIn(text.stops), []string{"a"}) {
			t.Errorf("written late: %+v", text)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestARepeatWaitsUntilTheStopIsInForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newMemoryDisk()
		g := gateOn(t, d)
		stuck := make(chan struct{})
		d.set(func(d *memoryDisk) { d.stuck = stuck })
		go func() { _ = g.Hang(t.Context(), stop("a")) }()
		synctest.Wait()
		if err := g.Hang(t.Context(), stop("a")); err != nil || len(g.Holds()) != 1 {
			t.Errorf("the repeat returned %v with holds %v", err, g.Holds())
		}
		close(stuck)
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestADatabaseThatCouldNotBeWrittenDownIsWrittenLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newMemoryDisk()
		j := openOn(t, d, "j")
		d.set(func(d *memoryDisk) { d.room = 0 })
		if err := j.bind("db-1"); tagout.CodeOf(err) != tagout.Unavailable {
			t.Errorf("full disk: %v", err)
		}
		d.set(func(d *memoryDisk) { d.room = -1 })
		time.Sleep(2 * journalPause)
		synctest.Wait()
		if text := readJournal(d.content("j")); text.header.Database != "db-1" {
			t.Errorf("header: %+v", text.header)
		}
		_ = j.close()
	})
}

// gateOn is a gate with its journal on d.
func gateOn(t *testing.T, d disk) *Gate {
	t.Helper()
	g, err := New(Options{Agents: tagout.Registry{"mailer": {Name: "mailer"}}})
	if err != nil {
		t.Fatal(err)
	}
	g.journal = openOn(t, d, "j")
	g.Refresh(g.StartRead(), nil, nil)
	return g
}

func TestAStopIsInForceWhenTheDiskFails(t *testing.T) {
	t.Parallel()
	d := newMemoryDisk()
	g := gateOn(t, d)
	defer func() { _ = g.Close() }()
	d.set(func(d *memoryDisk) { d.syncErr = errors.New("input/output error") })
	if err := g.Hang(t.Context(), stop("a")); tagout.CodeOf(err) != tagout.Unavailable || !strings.Contains(err.Error(), "in force") {
		t.Errorf("warning: %v", err)
	}
	if len(g.Decide("mailer", tagout.Attributes{}).Holds) != 1 || g.JournalError() == nil {
		t.Error("the stop is not in force, or the gate does not know of its journal's failure")
	}
}

func TestStopsThatComeTogetherShareAnFsync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newMemoryDisk()
		j := openOn(t, d, "j")
		stuck := make(chan struct{})
		d.set(func(d *memoryDisk) { d.stuck = stuck })
		first := j.add(stop("first"))
		synctest.Wait() // it waits for the disk
		var rest []*writing
		for i := range 100 {
			rest = append(rest, j.add(stop(fmt.Sprint(i))))
		}
		before := d.syncs
		d.set(func(d *memoryDisk) { d.stuck = nil })
		close(stuck)
		for _, w := range append(rest, first) {
			if <-w.done; w.err != nil {
				t.Fatal(w.err)
			}
		}
		if n := d.syncs - before; n != 2 {
			t.Errorf("%d fsyncs for 101 stops", n)
		}
		if text := readJournal(d.content("j")); len(text.stops) != 101 {
			t.Errorf("%d stops", len(text.stops))
		}
		_ = j.close()
	})
}

func TestTheFileIsCompactedOnlyAfterTheCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newMemoryDisk()
		j := openOn(t, d, "j")
		written(t, j, "a", "b")
		time.Sleep(time.Minute)
		if text := readJournal(d.content("j")); len(text.stops) != 2 || d.created != 1 {
			t.Errorf("before the commit: %+v, created %d times", text, d.created)
		}
		j.strike([]tagout.HoldID{"a"})
		time.Sleep(2 * journalPause)
		synctest.Wait()
		if text := readJournal(d.content("j")); !slices.Equal(idsIn(text.stops), []string{"b"}) {
			t.Errorf("after it: %+v", text)
		}
		written(t, j, "c")
		_ = j.close()
		if text := readJournal(d.content("j")); !slices.Equal(idsIn(text.stops), []string{"b", "c"}) {
			t.Errorf("at the end: %+v", text)
		}
	})
}

func TestManyCommittedStopsAreCompactedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newMemoryDisk()
		j := openOn(t, d, "j")
		for i := range journalSpare {
			id := fmt.Sprint(i)
			written(t, j, id)
			j.strike([]tagout.HoldID{tagout.HoldID(id)})
		}
		synctest.Wait()
		if text := readJournal(d.content("j")); len(text.stops) != 0 {
			t.Errorf("%d stops are left", len(text.stops))
		}
		_ = j.close()
	})
}

func FuzzReadJournal(f *testing.F) {
	data, ends := sample(f)
	f.Add(data)
	f.Add(data[:ends[1]+9])
	f.Add([]byte("00000000 {}\n"))
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		text := readJournal(data)
		if text.newer != "" {
			return
		}
		d := newMemoryDisk()
		d.files["j"] = &memoryFile{disk: d, data: bytes.Clone(data)}
		if _, err := repairJournal("j", time.Unix(0, 0), d); err != nil {
			t.Fatal(err)
		}
		again := readJournal(d.content("j"))
		if len(again.damaged) > 0 || again.torn {
			t.Fatalf("still damaged after the repair: %+v", again)
		}
		for _, s := range again.stops {
			if s.Hold.ID == "" || !slices.Contains(idsIn(text.stops), string(s.Hold.ID)) {
				t.Fatalf("the repair made up %+v", s)
			}
		}
	})
}
