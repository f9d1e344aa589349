package gate

import (
	"bytes"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// Repair is what [RepairJournal] did.
type Repair struct {
	Kept  int    // stops that could be read and stay in the journal
	Lost  int    // lines that could not be read
	Aside string // where the damaged file was copied to; "": it was well
}

// RepairJournal keeps the stops of a damaged journal that can be read and copies the
// damaged file aside, named after the time now. A journal that is well is left alone. It
// returns NotFound if there is no journal, Conflict if a running Tagout has it open,
// Invalid if a newer version wrote it, and Unavailable if the disk refuses.
func RepairJournal(path string, now time.Time) (Repair, error) {
	return repairJournal(path, now, osDisk{})
}

func repairJournal(path string, now time.Time, d disk) (r Repair, err error) {
	unlock, err := d.lock(path)
	if err != nil {
		return Repair{}, err
	}
	defer func() { _ = unlock() }() // the process ends soon, and the lock with it
	data, found, err := d.read(path)
	if err != nil {
		return Repair{}, tagout.Errorf(tagout.Unavailable, "The journal %s cannot be read: %w.", path, err)
	}
	if !found {
		return Repair{}, tagout.Errorf(tagout.NotFound, "There is no journal %s, so there is nothing to repair. Check `journal` in the configuration.", path)
	}
	text := readJournal(data)
	if text.newer != "" {
		return Repair{}, tagout.Errorf(tagout.Invalid, "The journal %s is of format version %s: repair it with the Tagout that wrote it.", path, text.newer)
	}
	j := &journal{path: path, disk: d, log: slog.New(slog.DiscardHandler), database: text.header.Database, next: newWriting(),
		fsync: prometheus.ObserverFunc(func(float64) {})}
	j.keep(text.stops)
	r = Repair{Kept: len(j.live), Lost: len(text.damaged)}
	if len(text.damaged) == 0 && !text.torn {
		return r, nil
	}
	if text.torn {
		r.Lost++
	}
	r.Aside = path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	if err := j.aside(r.Aside, data); err != nil {
		return Repair{}, err
	}
	if err := j.write(); err != nil {
		return Repair{}, err
	}
	return r, j.file.Close()
}

// aside keeps a copy of what the journal was.
func (j *journal) aside(path string, data []byte) error {
	aside := &journal{path: path, disk: j.disk}
	if err := aside.replace(bytes.Clone(data)); err != nil {
		return tagout.Errorf(tagout.Unavailable, "The damaged journal could not be copied to %s, so that nothing was changed: %w.", path, err)
	}
	return aside.file.Close()
}
