package store

import (
	"encoding/json"
	"reflect"
	"slices"

	"tagout"
)

// save writes what became of the incidents and returns those that changed.
func (t *tx) save(works []*work) ([]*work, error) {
	var b batch
	for _, w := range works {
		if err := b.add(w); err != nil {
			return nil, err
		}
	}
	if err := insert(t, b.incidents, replace[incidentRow]([]string{"id"}, nil)); err != nil {
		return nil, err
	}
	if err := t.sql.count(b.tallies); err != nil {
		return nil, err
	}
	if len(b.real) > 0 { // what events added up of a drill is not counted of what it became
		if err := t.Exec("DELETE FROM measures WHERE incident IN ?", b.real).Error; err != nil {
			return nil, err
		}
	}
	if err := insert(t, b.measures, countMeasures); err != nil {
		return nil, err
	}
	if err := insert(t, b.hung, ""); err != nil {
		return nil, err
	}
	if err := insert(t, b.events, ""); err != nil {
		return nil, err
	}
	if err := t.savePages(b.pages); err != nil {
		return nil, err
	}
	now, later := parted(b.effects)
	if err := t.setTimers(later); err != nil {
		return nil, err
	}
	if len(b.hung)+len(b.lifted)+len(b.pins) > 0 {
		t.sql.announce()
	}
	t.sql.remember(b.counted, b.rewritten)
	if err := t.enqueue(now); err != nil {
		return nil, err
	}
	return b.changed, t.saveRest(b)
}

// saveRest writes what has statements of its own. Seldom is there any of it.
func (t *tx) saveRest(b batch) error {
	if len(b.lifted)+len(b.pins)+len(b.actions)+len(b.drills)+len(b.evidence)+len(b.seen)+len(b.requests) == 0 {
		return nil
	}
	if err := t.sql.flush(); err != nil {
		return err
	}
	if err := t.lift(b.lifted); err != nil {
		return err
	}
	if err := t.savePins(b.pins); err != nil {
		return err
	}
	if err := t.saveActions(b.actions); err != nil {
		return err
	}
	if err := t.saveDrills(b.drills); err != nil {
		return err
	}
	if err := t.saveEvidence(b.evidence); err != nil {
		return err
	}
	for _, v := range b.seen {
		if err := t.sawVersion(v.Agent, v.Component, v.Version, v.FirstSeen); err != nil {
			return err
		}
	}
	for _, r := range b.requests {
		if err := t.saveRequest(r); err != nil {
			return err
		}
	}
	return nil
}

// batch is everything that a transaction writes, over all its incidents.
type batch struct {
	changed   []*work
	incidents []incidentRow
	rewritten []int64    // incidents that are otherwise than they were read
	counted   []*work    // of which nothing else changed than how many alerts there are
	tallies   []tallyRow // of those
	measures  []measureRow
	real      []int64 // incidents that were drills until now
	hung      []holdRow
	lifted    []holdRow
	events    []eventRow
	pages     []pageRow
	requests  []requestRow
	effects   []dueEffect
	pins      map[tagout.IncidentID][]tagout.Pin
	actions   []actionRow
	drills    []drillRow
	evidence  []tagout.Evidence
	seen      []tagout.Version
}

// add collects one incident. It returns Internal for a transition that forgot a hold.
func (b *batch) add(w *work) error {
	i := w.incident
	if w.fresh && i.State == "" && w.change.IsEmpty() {
		return nil // it was not opened after all
	}
	moved := b.addEvents(w)
	doc, rehung, err := w.changed()
	if err != nil {
		return err
	}
	rewritten := doc != w.doc
	if rehung {
		if err := b.addHolds(w); err != nil {
			return err
		}
	}
	if rewritten {
		b.addRecord(w, doc)
	} else if moved {
		b.tallies = append(b.tallies, tallyRowOf(i))
		if !rehung {
			b.counted = append(b.counted, w)
		}
	}
	if rewritten || rehung {
		b.rewritten = append(b.rewritten, int64(i.ID))
	}
	if row, news := w.measured(rewritten || rehung); news {
		b.measures = append(b.measures, row)
		if w.change.Tells(tagout.EventDrillReal) {
			b.real = append(b.real, row.Incident)
		}
	}
	if err := b.addBeside(w); err != nil {
		return err
	}
	if rewritten || rehung || moved || !w.change.IsEmpty() {
		b.changed = append(b.changed, w)
	}
	return nil
}

// addRecord collects the row of an incident of which more changed than how many alerts there
// are, and what stands in tables beside it so that it can be asked for.
func (b *batch) addRecord(w *work, doc string) {
	i, before := w.incident, w.before
	b.incidents = append(b.incidents, incidentRowOf(i, doc))
	if request := textOf(i.Request); i.Request != nil && request != textOf(before.Request) {
		b.requests = append(b.requests, requestRow{i.ID, i.Request, request})
	}
	if !slices.Equal(pinRowsOf(i.ID, i.Pins), pinRowsOf(i.ID, before.Pins)) {
		if b.pins == nil {
			b.pins = map[tagout.IncidentID][]tagout.Pin{}
		}
		b.pins[i.ID] = i.Pins
	}
	if rows := actionRowsOf(i.ID, i.Actions); !slices.Equal(rows, actionRowsOf(i.ID, before.Actions)) {
		b.actions = append(b.actions, rows...)
	}
	if row := drillRowOf(i.ID, i.Exercise); row != drillRowOf(i.ID, before.Exercise) {
		b.drills = append(b.drills, row)
	}
}

// addEvents seals what happened into the incident's chain, and reports whether anything did.
func (b *batch) addEvents(w *work) (moved bool) {
	i := w.incident
	head := i.Head
	for n := range w.change.Events {
		e := &w.change.Events[n]
		e.Actor.ID, e.Data = clean(e.Actor.ID), clean(e.Data) // before it is hashed
		head = e.Seal(i.ID, head)
		b.events = append(b.events, eventRowOf(*e))
	}
	moved = head != i.Head
	i.Head = head
	return moved
}

// addBeside collects what a change brings along.
func (b *batch) addBeside(w *work) error {
	for _, p := range w.change.Pages {
		row, err := pageRowOf(w.incident.ID, p)
		if err != nil {
			return err
		}
		b.pages = append(b.pages, row)
	}
	for _, e := range w.change.Effects {
		b.effects = append(b.effects, dueEffect{e, w.now})
	}
	b.evidence = append(b.evidence, w.change.Evidence...)
	b.seen = append(b.seen, w.change.Seen...)
	return nil
}

func (b *batch) addHolds(w *work) error {
	i, before := w.incident, w.before.Holds
	if len(i.Holds) < len(before) {
		return tagout.Errorf(tagout.Internal, "A hold of %s was about to be forgotten; nothing was changed.", i.ID)
	}
	for n := range i.Holds {
		i.Holds[n].Incident = i.ID
		h := i.Holds[n]
		known := n < len(before)
		if known && h.ID != before[n].ID {
			return tagout.Errorf(tagout.Internal, "A hold of %s was about to be forgotten; nothing was changed.", i.ID)
		}
		if known && reflect.DeepEqual(h, before[n]) {
			continue
		}
		row, err := holdRowOf(i.ID, n, h)
		if err != nil {
			return err
		}
		if known {
			b.lifted = append(b.lifted, row)
		} else {
			b.hung = append(b.hung, row)
		}
	}
	return nil
}

// lift lifts holds; a trigger refuses to change one that was lifted before.
func (t *tx) lift(rows []holdRow) error {
	for _, r := range rows {
		done := t.Exec("UPDATE holds SET lifted_at = ?, lifted_by = ?, mode = ?, doc = ? WHERE id = ? AND lifted_at IS NULL", r.LiftedAt, r.LiftedBy, r.Mode, r.Doc, r.ID)
		if done.Error != nil {
			return done.Error
		}
		if done.RowsAffected != 1 {
			return tagout.Errorf(tagout.Conflict, "A hold of %s was lifted already; nothing was changed.", tagout.IncidentID(r.Incident))
		}
	}
	return nil
}

func (t *tx) savePages(rows []pageRow) error {
	latest := map[string]int{} // one statement cannot touch a row twice
	var once []pageRow
	for _, r := range rows {
		if n, ok := latest[r.ID]; ok {
			once[n] = r
			continue
		}
		latest[r.ID] = len(once)
		once = append(once, r)
	}
	return insert(t, once, replace[pageRow]([]string{"id"}, nil))
}

// requestRow is a resume request that was made or changed.
type requestRow struct {
	incident tagout.IncidentID
	request  *tagout.ResumeRequest
	doc      string
}

// textOf is the request as it is kept; "" is none.
func textOf(r *tagout.ResumeRequest) string {
	if r == nil {
		return ""
	}
	text, _ := json.Marshal(r) // our own type marshals
	return clean(string(text))
}

// saveRequest keeps every resume request, and its sign-offs as rows whose unique keys are
// a second net under the rule that each counts once.
func (t *tx) saveRequest(row requestRow) error {
	r := row.request
	decided, took := decidedOf(r)
	err := t.Exec(`INSERT INTO resume_requests (id, incident, requested_by, requested_at, expires_at, severity, digest, state, doc, decided, took)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, state = excluded.state, doc = excluded.doc,
		decided = excluded.decided, took = excluded.took`,
		key(r.ID), int64(row.incident), clean(string(r.By.ID)), utc(r.At), utc(r.Expires), clean(string(r.Severity)), clean(r.Digest),
		string(r.State), row.doc, decided, took).Error
	if err != nil {
		return err
	}
	for n, s := range r.Signoffs {
		err := t.Exec(`INSERT INTO signoffs (request, position, role, signed_by, verdict, digest, reason, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (request, position) DO NOTHING`,
			key(r.ID), n, clean(s.Role), clean(string(s.By)), clean(s.Verdict), clean(s.Digest), clean(s.Reason), utc(s.At)).Error
		if err != nil {
			return err
		}
	}
	return nil
}
