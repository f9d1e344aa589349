package store

import (
	"fmt"
	"runtime/debug"

	"tagout"
)

// What becomes of one alert of a folding.

// take deals with one alert.
func (f *folding) take(n int) error {
	in := &f.in[n]
	if in.ID == "" {
		f.out[n].Err = tagout.Errorf(tagout.Invalid, "An alert without an ID cannot be told from a repeat.")
		return nil
	}
	row := f.known[key(in.ID)]
	in.Repeat, in.WasFiring = false, row != nil && row.Status == string(tagout.Firing)
	switch {
	case f.recorded:
		return f.asForeseen(n, row)
	case f.onlyCounts(row, *in):
		f.repeat(n, row)
		return nil
	case in.Alert.Status == tagout.Resolved:
		return f.resolve(n, row)
	}
	delete(f.over, key(in.ID)) // the next one of the batch repeats this one
	return f.news(n, row)
}

// onlyCounts reports a repeat of what has its incident. What fires on, as far as anybody can
// say, after its incident has ended is no repeat.
func (f *folding) onlyCounts(row *alertRow, in tagout.Incoming) bool {
	return row != nil && !f.over[row.ID] && row.Status == string(in.Alert.Status) && (row.Incident != nil || in.Alert.Status == tagout.Resolved)
}

// repeat counts an alert that came again.
func (f *folding) repeat(n int, row *alertRow) {
	f.in[n].Repeat, f.out[n].Repeat = true, true
	f.written.repeats[row.ID]++
	if row.Incident != nil {
		f.written.repeated[*row.Incident]++
	}
	if row.Status == string(tagout.Momentary) {
		f.written.noisy(row)
	}
}

// resolve ends an alert. If it never fired here there is nothing to end; it is kept.
func (f *folding) resolve(n int, row *alertRow) error {
	in := f.in[n]
	if row == nil {
		return f.written.record(f, n, nil)
	}
	if in.WasFiring && row.Incident != nil {
		w, err := f.workOn(*row.Incident)
		if err != nil {
			return err
		}
		if taken, err := f.fold(n, w); !taken {
			return err
		}
	}
	return f.written.record(f, n, row.Incident)
}

// news deals with an alert that was not seen before, or fires again, or was kept below its
// threshold.
func (f *folding) news(n int, row *alertRow) error {
	in := f.in[n]
	w, err := f.match(in, row)
	if err != nil {
		return err
	}
	if w == nil && in.Counted {
		f.out[n].Silenced, f.out[n].Repeat = true, row != nil && row.Status == string(in.Alert.Status)
		return f.written.count(f, n, row)
	}
	if w == nil {
		reached, err := f.reaches(in)
		if err != nil {
			return err
		}
		if !reached {
			f.out[n].Repeat = row != nil && row.Status == string(in.Alert.Status)
			return f.written.keep(f, n, row)
		}
		return f.open(n)
	}
	if taken, err := f.fold(n, w); !taken {
		return err
	}
	id := int64(w.incident.ID)
	return f.written.record(f, n, &id)
}

// fold runs the transition for one alert. If it fails the incident is as before, and taken is
// false.
func (f *folding) fold(n int, w *work) (taken bool, err error) {
	failure, err := f.transit(w, f.in[n])
	if failure != nil || err != nil {
		f.out[n].Err = failure
		return false, err
	}
	f.out[n].Incident = w.incident
	if f.in[n].Silence != nil && w.incident.Hush != nil {
		f.written.keptQuiet(f.in[n], int64(w.incident.ID))
	}
	return true, nil
}

// transit runs the transition on an incident that others of the batch share. Copies of the
// incident are only made once it is known that one is needed: until then a failure is
// errSpoiled, and ends the transaction.
func (f *folding) transit(w *work, in tagout.Incoming) (failure, err error) {
	if f.caution < careful {
		change, failure := f.attempt(w.incident, in)
		if failure != nil {
			return nil, errSpoiled
		}
		w.change = w.change.And(change)
		return nil, nil
	}
	before := clone(*w.incident)
	change, failure := f.attempt(w.incident, in)
	if failure != nil {
		*w.incident = before
		return failure, nil
	}
	w.change = w.change.And(change)
	return nil, nil
}

func (f *folding) attempt(i *tagout.Incident, in tagout.Incoming) (change tagout.Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			f.store.log.Error("folding an alert panicked", "alert", in.ID, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = tagout.Errorf(tagout.Internal, "The alert could not be taken, by a defect of Tagout's.")
		}
	}()
	return f.fn(i, in, f.now)
}
