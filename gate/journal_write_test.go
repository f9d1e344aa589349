package gate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

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
