package gate

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tagout"
)

// keptLifted is how many lifted holds are remembered, so that a late repeat of the request
// that hung one does not hang it again.
const keptLifted = 10_000

// ReadMark is taken before the holds are read from the database, and handed to
// [Gate.Refresh] with what was read. It orders that read among the changes made here: what
// was committed or lifted here after the mark is not undone by the older read.
type ReadMark struct {
	seq   uint64
	at    time.Time
	since time.Time // at, by the machine's own clock
}

// ledger is the bookkeeping of holds and pins: what the database said, what it does not
// know yet, and what was lifted here. It is not safe for concurrent use.
type ledger struct {
	seq    uint64 // grows with every change made here and every read that starts
	taken  uint64 // the mark of the newest read taken in
	stands map[tagout.HoldID]standing
	on     map[string][]standing        // the same by the agent they name, "" for all, in the order in which they came
	unsure int                          // how many of them are pending
	trusts map[tagout.HoldID]bool       // what these hold is taken from the database, though it was known otherwise
	lifted map[tagout.HoldID]uint64     // when it was lifted here
	pins   map[string]map[string]string // the versions that controls are to run, by agent and component

	pinsTaken uint64 // the mark of the newest read of them taken in
}

// standing is one hold that stands.
type standing struct {
	hold    tagout.Hold
	pending bool   // the database does not know it yet
	since   uint64 // when it was learned that the database has it; a read that started before may miss it
	order   uint64 // in which it came
}

func newLedger() *ledger {
	return &ledger{
		stands: map[tagout.HoldID]standing{},
		on:     map[string][]standing{},
		lifted: map[tagout.HoldID]uint64{},
		trusts: map[tagout.HoldID]bool{},
	}
}

func (l *ledger) tick() uint64 {
	l.seq++
	return l.seq
}

// hang adds a stop that the database does not know. It reports false for a repeat.
func (l *ledger) hang(h tagout.Hold) bool {
	if l.knows(h.ID) {
		return false
	}
	now := l.tick()
	l.keep(standing{hold: h, pending: true, since: now, order: now})
	return true
}

// keep adds what stands, or replaces what is known of it.
func (l *ledger) keep(s standing) {
	l.drop(s.hold.ID)
	name := s.hold.Scope.Agent
	at, _ := slices.BinarySearchFunc(l.on[name], s.order, func(other standing, order uint64) int { return cmp.Compare(other.order, order) })
	l.on[name] = slices.Insert(l.on[name], at, s)
	l.stands[s.hold.ID] = s
	if s.pending {
		l.unsure++
	}
}

// drop forgets what stood.
func (l *ledger) drop(id tagout.HoldID) {
	s, stood := l.stands[id]
	if !stood {
		return
	}
	delete(l.stands, id)
	name := s.hold.Scope.Agent
	l.on[name] = slices.DeleteFunc(l.on[name], func(other standing) bool { return other.hold.ID == id })
	if len(l.on[name]) == 0 {
		delete(l.on, name)
	}
	if s.pending {
		l.unsure--
	}
}

// knows reports whether the hold stands or was lifted here.
func (l *ledger) knows(id tagout.HoldID) bool {
	_, stands := l.stands[id]
	_, lifted := l.lifted[id]
	return stands || lifted
}

// belongs notes the incident of a hold that the database has, as another replica says.
func (l *ledger) belongs(id tagout.HoldID, incident tagout.IncidentID, t *touched) {
	if s, ok := l.stands[id]; ok && s.pending && s.hold.Incident != incident {
		s.hold.Incident = incident
		l.keep(s)
		t.by(s.hold.Scope)
	}
}

// committed takes holds that the database has. One that was lifted meanwhile stays lifted,
// and one that the database says is lifted goes.
func (l *ledger) committed(holds []tagout.Hold, t *touched) {
	now := l.tick()
	for _, h := range holds {
		if !h.Active() {
			l.lift(h.ID, now, t)
		} else if _, gone := l.lifted[h.ID]; !gone {
			l.put(h, t)
		}
	}
}

// swap lifts holds and puts others in their place.
func (l *ledger) swap(lifted []tagout.HoldID, replacements []tagout.Hold, t *touched) {
	now := l.tick()
	for _, id := range lifted {
		l.lift(id, now, t)
	}
	for _, h := range replacements {
		if _, gone := l.lifted[h.ID]; !gone && h.Active() {
			l.put(h, t)
		}
	}
}

func (l *ledger) lift(id tagout.HoldID, now uint64, t *touched) {
	if s, ok := l.stands[id]; ok {
		t.by(s.hold.Scope)
		l.drop(id)
	}
	l.lifted[id] = now
}

// put takes a hold that the database has. A read that starts before now may miss it. What a
// recorded hold holds never changes: if the database says otherwise, that is not taken before
// [Gate.Trust].
func (l *ledger) put(h tagout.Hold, t *touched) {
	s, known := l.stands[h.ID]
	if known && l.doubts(s, h) {
		h = s.hold
	}
	delete(l.trusts, h.ID)
	if !known || !sameHold(s.hold, h) {
		t.by(h.Scope)
		if known {
			t.by(s.hold.Scope)
		}
	}
	if !known || s.pending {
		s.since = l.tick()
	}
	if !known {
		s.order = s.since
	}
	s.hold, s.pending = h, false
	l.keep(s)
}

// refresh takes what a read of the database found. It reports false if a newer read was
// taken in already; then nothing changes.
func (l *ledger) refresh(mark ReadMark, holds []tagout.Hold, pins map[string]map[string]string, t *touched) bool {
	if mark.seq <= l.taken {
		return false
	}
	l.taken = mark.seq
	read := make(map[tagout.HoldID]bool, len(holds))
	for _, h := range holds {
		if liftedAt, gone := l.lifted[h.ID]; !h.Active() || gone && liftedAt > mark.seq {
			continue // the read may be older than the lift
		}
		delete(l.lifted, h.ID) // the database is right: it stands
		if s, known := l.stands[h.ID]; known && !s.pending && s.since > mark.seq {
			read[h.ID] = true
			continue // what is known of it is newer
		}
		read[h.ID] = true
		l.put(h, t)
	}
	for id, s := range l.stands {
		if !read[id] && !s.pending && s.since < mark.seq {
			t.by(s.hold.Scope)
			l.drop(id) // lifted by another replica
		}
	}
	l.refreshPins(mark, pins, t)
	l.forgetLifted(mark)
	return true
}

// refreshPins takes the pins that a read of the database found, unless they are of a read
// that began before one taken in already.
func (l *ledger) refreshPins(mark ReadMark, pins map[string]map[string]string, t *touched) {
	if mark.seq < l.pinsTaken {
		return
	}
	l.pinsTaken = mark.seq
	for agent, versions := range pins {
		if !maps.Equal(l.pins[agent], versions) {
			t.agent(agent)
		}
	}
	for agent, versions := range l.pins {
		if len(pins[agent]) == 0 && len(versions) > 0 {
			t.agent(agent)
		}
	}
	l.pins = pins
}

// doubts reports whether a hold stands here otherwise than the database says.
func (l *ledger) doubts(s standing, h tagout.Hold) bool {
	return !s.pending && !l.trusts[h.ID] && !s.hold.SameTerms(h)
}

func (l *ledger) forgetLifted(mark ReadMark) {
	if len(l.lifted) <= keptLifted {
		return
	}
	for id, at := range l.lifted {
		if at < mark.seq {
			delete(l.lifted, id)
		}
	}
}

// pending counts the holds that the database does not know.
func (l *ledger) pending() int { return l.unsure }

// settled lists those of the holds that are not pending any more, lifted or committed.
func (l *ledger) settled(ids []tagout.HoldID) []tagout.HoldID {
	return slices.DeleteFunc(ids, func(id tagout.HoldID) bool {
		s, ok := l.stands[id]
		return ok && s.pending || !ok && !l.knows(id) // still in the journal's care
	})
}

// of lists what names an agent, or with "" what names none, in the order in which it came.
func (l *ledger) of(agent string) []standing { return slices.Clone(l.on[agent]) }

// holdsOf are the holds of what stands.
func holdsOf(all []standing) []tagout.Hold {
	if len(all) == 0 {
		return nil
	}
	holds := make([]tagout.Hold, len(all))
	for i, s := range all {
		holds[i] = s.hold
	}
	return holds
}

// touched collects the agents whose answers may have changed.
type touched struct {
	everyone bool
	agents   map[string]bool
}

func (t *touched) by(s tagout.Scope) {
	if s.Agent == "" {
		t.everyone = true
		return
	}
	t.agent(s.Agent)
}

func (t *touched) agent(name string) {
	if t.agents == nil {
		t.agents = map[string]bool{}
	}
	t.agents[name] = true
}

func (t *touched) nobody() bool { return !t.everyone && len(t.agents) == 0 }

func sameHold(a, b tagout.Hold) bool {
	return a.ID == b.ID && a.Scope == b.Scope && a.Mode == b.Mode && a.Cap == b.Cap && a.Incident == b.Incident &&
		a.Private == b.Private && a.Reason == b.Reason && a.By == b.By && a.At.Equal(b.At) && slices.Equal(a.DisabledTools, b.DisabledTools) &&
		a.Plan == b.Plan && a.CanaryShare == b.CanaryShare && a.Drill == b.Drill
}
