package gate

import (
	"os"
	"path/filepath"

	"tagout"
)

// JournalLook is what was seen of a journal without touching it.
type JournalLook struct {
	Busy     bool   // another process has it open: a Tagout runs
	Found    bool   // there is a file
	Database string // the ID of the database to which it belongs; "": to none yet
	Pending  int    // stops in it, recorded in the database or not
}

// JournalStops is what stands in a journal.
type JournalStops struct {
	Found    bool                 // there is a file
	Database string               // the ID of the database to which it belongs; "": to none yet
	Stops    []tagout.StopRequest // recorded in the database or not
}

// ReadJournal reads the stops of a journal, also while a running Tagout writes it: it takes no
// lock and changes nothing. A last line that is not whole yet is left out. It returns
// Unavailable, with what to do, for one that is damaged or cannot be read.
func ReadJournal(path string) (JournalStops, error) { return readStops(path, osDisk{}) }

func readStops(path string, d disk) (JournalStops, error) {
	data, found, err := d.read(path)
	stops := JournalStops{Found: found}
	if err != nil {
		return stops, tagout.Errorf(tagout.Unavailable, "The journal %s cannot be read: %w. Fix: Let the user that runs Tagout read it.", path, err)
	}
	if len(data) == 0 {
		return stops, nil
	}
	text := readJournal(data)
	switch {
	case text.newer != "":
		return stops, tagout.Errorf(tagout.Unavailable, "The journal %s is of format version %s, which this Tagout does not know. Fix: Run the newer one.", path, text.newer)
	case len(text.damaged) > 0:
		return stops, tagout.Errorf(tagout.Unavailable, "The journal %s is damaged at line %d, so that every agent is halted. Fix: Run `tagout journal repair`.", path, text.damaged[0])
	}
	stops.Database, stops.Stops = text.header.Database, text.stops
	return stops, nil
}

// LookAtJournal tells how a journal stands, and that it could be written. It changes nothing but
// its lock and a file beside it that is removed at once. It returns Unavailable, with what to
// do, for one that is damaged, or cannot be read or written.
func LookAtJournal(path string) (look JournalLook, err error) {
	return lookAtJournal(path, osDisk{})
}

func lookAtJournal(path string, d disk) (look JournalLook, err error) {
	unlock, err := d.lock(path)
	switch {
	case tagout.CodeOf(err) == tagout.Conflict:
		look.Busy = true
	case err != nil:
		return look, tagout.Errorf(tagout.Unavailable, "The journal %s cannot be locked: %w. Fix: Let the user that runs Tagout write in its folder.", path, err)
	default:
		defer func() { _ = unlock() }()
	}
	stops, err := readStops(path, d)
	look.Found = stops.Found
	if err != nil {
		return look, err
	}
	look.Database, look.Pending = stops.Database, len(stops.Stops)
	if look.Busy {
		return look, nil
	}
	trial, err := os.CreateTemp(filepath.Dir(path), ".tagout-doctor-*")
	if err != nil {
		return look, tagout.Errorf(tagout.Unavailable, "Nothing can be written beside the journal %s: %w. Fix: Let the user that runs Tagout write in its folder.", path, err)
	}
	name := trial.Name()
	_, err = trial.WriteString("a trial\n")
	if err == nil {
		err = trial.Sync()
	}
	_ = trial.Close()
	_ = os.Remove(name)
	if err != nil {
		return look, tagout.Errorf(tagout.Unavailable, "The disk of the journal %s takes nothing: %w. Fix: Make room on it.", path, err)
	}
	return look, nil
}
