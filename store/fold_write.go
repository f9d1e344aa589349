package store

import (
	"cmp"
	"maps"
	"slices"

	"tagout"
)

// writes is what a folding changes beside the incidents, written in few statements at its
// end. Rows are always written in the order of their keys, so that nobody waits in a circle.
type writes struct {
	alerts    map[string]*alertRow // new, or of another status or incident
	added     map[string]int64     // occurrences of those, beyond what is recorded
	fresh     map[string]bool      // of alerts: nothing was recorded of it
	bodies    []bodyRow
	adopted   map[string]int64 // kept alerts that have an incident now
	repeats   map[string]int64 // how often again, by alert
	repeated  map[int64]int64  // how often again, by incident
	noise     map[tagout.Scope]bool
	sightings []sightingRow
	forget    []window
	silenced  []silencedRow
}

func newWrites() writes {
	return writes{
		alerts: map[string]*alertRow{}, added: map[string]int64{}, fresh: map[string]bool{}, adopted: map[string]int64{}, repeats: map[string]int64{},
		repeated: map[int64]int64{}, noise: map[tagout.Scope]bool{},
	}
}

// record writes an alert with its incident, or with none, and its body.
func (w *writes) record(f *folding, n int, incident *int64) error {
	in := f.in[n]
	row := alertRowOf(in, f.now)
	if before := f.known[row.ID]; before != nil {
		row.FirstAt = before.FirstAt
		if before.Incident == nil && incident != nil {
			w.adopt(f, in, *incident)
		}
	} else {
		w.fresh[row.ID] = true
	}
	row.Incident = incident
	f.known[row.ID] = row
	w.alerts[row.ID] = row
	w.added[row.ID]++
	w.noisy(row)
	var number int64
	if incident != nil {
		number = *incident
	}
	doc, err := in.Doc, error(nil)
	if doc == "" {
		doc, err = bodyOf(in)
	}
	w.bodies = append(w.bodies, bodyRow{Alert: key(in.ID), Incident: number, Status: string(in.Alert.Status), At: f.now, Doc: doc, Raw: in.Alert.Raw})
	return err
}

// keep writes an alert that is below its threshold.
func (w *writes) keep(f *folding, n int, before *alertRow) error {
	in := f.in[n]
	w.sightings = append(w.sightings, sightingRow{Agent: clean(in.Verdict.Scope.Agent), Class: clean(in.Verdict.Class), At: f.now, Alert: key(in.ID)})
	if before != nil && before.Status == string(in.Alert.Status) {
		w.repeats[before.ID]++
		w.noisy(before)
		return nil
	}
	return w.record(f, n, nil)
}

// adopt gives a kept alert its incident.
func (w *writes) adopt(f *folding, in tagout.Incoming, number int64) {
	id := key(in.ID)
	w.adopted[id] = number
	if row := f.known[id]; row != nil {
		row.Incident = &number // also in alerts, if it was recorded in this transaction
	}
	for n := range w.bodies {
		if w.bodies[n].Alert == id && w.bodies[n].Incident == 0 {
			w.bodies[n].Incident = number
		}
	}
}

// pendingKept is what this transaction keeps below the threshold of in.
func (w *writes) pendingKept(in tagout.Incoming) []bodyRow {
	var list []bodyRow
	for _, b := range w.bodies {
		row := w.alerts[b.Alert]
		if b.Incident == 0 && b.Status != string(tagout.Resolved) && b.Alert != key(in.ID) && row != nil &&
			row.Agent == clean(in.Verdict.Scope.Agent) && row.Class == clean(in.Verdict.Class) {
			list = append(list, b)
		}
	}
	return list
}

func (w *writes) noisy(row *alertRow) {
	if !row.NoAgent {
		w.noise[tagout.Scope{Agent: row.Agent, Channel: row.Channel, Region: row.Region, Tool: row.Tool}] = true
	}
}

// flush writes everything but the incidents. The counters that every repeat touches come
// last, so that they are locked as briefly as possible.
func (f *folding) flush() error {
	w := &f.written
	for _, step := range []func(*folding) error{w.flushAdopted, w.flushAlerts, w.flushBodies, w.flushSightings, w.flushSilenced, w.flushNoise, w.flushRepeats} {
		if err := step(f); err != nil {
			return err
		}
	}
	return nil
}

// flushAlerts and flushBodies write what is new without asking whether it is there, which is
// a quarter cheaper. It may be there all the same, by another process: see [Store.Fold].
func (w *writes) flushAlerts(f *folding) error {
	var fresh, known []alertRow
	for _, id := range slices.Sorted(maps.Keys(w.alerts)) {
		row := *w.alerts[id]
		row.Count = w.added[id]
		if w.fresh[id] && f.caution < careful {
			fresh = append(fresh, row)
		} else {
			known = append(known, row)
		}
	}
	if err := insert(f.tx, fresh, ""); err != nil {
		return err
	}
	return insert(f.tx, known, replace[alertRow]([]string{"id"}, []string{"count", "first_at", "source", "fingerprint"})+", count = alerts.count + excluded.count")
}

func (w *writes) flushBodies(f *folding) error {
	slices.SortStableFunc(w.bodies, func(a, b bodyRow) int { return cmp.Compare(a.Alert, b.Alert) })
	var fresh, known []bodyRow
	for n, row := range w.bodies {
		if w.fresh[row.Alert] && f.caution < careful && (n == 0 || w.bodies[n-1].Alert != row.Alert) {
			fresh = append(fresh, row)
		} else {
			known = append(known, row)
		}
	}
	if err := insert(f.tx, fresh, ""); err != nil {
		return err
	}
	return insert(f.tx, known, "ON CONFLICT DO NOTHING")
}

func (w *writes) flushAdopted(f *folding) error {
	for _, id := range slices.Sorted(maps.Keys(w.adopted)) {
		if err := f.Exec("UPDATE alerts SET incident = ? WHERE id = ? AND incident IS NULL", w.adopted[id], id).Error; err != nil {
			return err
		}
		if err := f.Exec("UPDATE alert_bodies SET incident = ? WHERE alert = ? AND incident = 0", w.adopted[id], id).Error; err != nil {
			return err
		}
	}
	return nil
}

func (w *writes) flushSightings(f *folding) error {
	for _, where := range w.forget {
		if err := f.Exec("DELETE FROM alert_sightings WHERE agent = ? AND class = ?", where.agent, where.class).Error; err != nil {
			return err
		}
	}
	if len(w.sightings) > 0 {
		old := utc(f.now.Add(-keepDeliveries))
		if err := f.Exec("DELETE FROM alert_sightings WHERE agent = ? AND class = ? AND at < ?", w.sightings[0].Agent, w.sightings[0].Class, old).Error; err != nil {
			return err
		}
	}
	return insert(f.tx, w.sightings, "")
}

func (w *writes) flushNoise(f *folding) error {
	rows := make([]noiseRow, 0, len(w.noise))
	for scope := range w.noise {
		rows = append(rows, noiseRow{Agent: scope.Agent, Channel: scope.Channel, Region: scope.Region, Tool: scope.Tool, LastAt: f.now})
	}
	slices.SortFunc(rows, func(a, b noiseRow) int {
		return cmp.Or(cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Channel, b.Channel), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Tool, b.Tool))
	})
	return insert(f.tx, rows, replace[noiseRow]([]string{"agent", "channel", "region", "tool"}, nil)+" WHERE excluded.last_at > alert_noise.last_at")
}

func (w *writes) flushRepeats(f *folding) error {
	rows := make([]repeatRow, 0, len(w.repeats))
	for _, id := range slices.Sorted(maps.Keys(w.repeats)) {
		rows = append(rows, repeatRow{id, w.repeats[id], f.now, f.known[id]})
	}
	if len(rows) > 0 {
		if err := f.sql.countRepeats(rows); err != nil {
			return err
		}
	}
	var totals []repeatsRow
	for _, id := range slices.Sorted(maps.Keys(w.repeated)) {
		totals = append(totals, repeatsRow{Incident: id, Count: w.repeated[id]})
	}
	return insert(f.tx, totals, "ON CONFLICT (incident) DO UPDATE SET count = alert_repeats.count + excluded.count")
}

// repeatsRow is how many repeats an incident has. It is kept apart from the incident, so
// that a repeat does not wait for the incident's lock.
type repeatsRow struct {
	Incident int64 `gorm:"primaryKey;autoIncrement:false"`
	Count    int64
}

// TableName is the table of the row.
func (repeatsRow) TableName() string { return "alert_repeats" }

// name tells which incidents those alerts belong to that no transition ran for: repeats,
// and what was kept until another one of the batch reached the threshold.
func (f *folding) name() {
	for n, in := range f.in {
		row := f.known[key(in.ID)]
		if row == nil || row.Incident == nil || f.out[n].Incident != nil || f.out[n].Err != nil {
			continue
		}
		if w := f.works[*row.Incident]; w != nil {
			f.out[n].Incident = w.incident
		} else {
			f.out[n].Incident = f.found.about[*row.Incident]
		}
	}
}
