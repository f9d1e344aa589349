package gate

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

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
