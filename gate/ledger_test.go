package gate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"tagout"
)

func haltOf(id, scope string) tagout.Hold {
	return tagout.Hold{ID: tagout.HoldID(id), Scope: tagout.MustScope(scope), Mode: tagout.Halted}
}

// model is a ledger beside a database that several processes change at once. Every step is
// one thing that happens at a moment; the steps of different processes interleave.
type model struct {
	t        *testing.T
	ledger   *ledger
	database map[tagout.HoldID]tagout.Hold
	hung     map[tagout.HoldID]bool // here
	lifted   map[tagout.HoldID]bool // told here, after the database had it
	gone     map[tagout.HoldID]bool // lifted in the database
	log      []string
}

type step struct {
	name string
	do   func()
}

func (m *model) stopHere(id string) []step {
	h := haltOf(id, "mailer")
	return []step{
		{"hang " + id, func() { m.ledger.hang(h); m.hung[h.ID] = true }},
		{"store commits " + id, func() { m.database[h.ID] = h }},
		{"committed " + id, func() { m.ledger.committed([]tagout.Hold{h}, &touched{}) }},
	}
}

func (m *model) stopElsewhere(id string) []step {
	return []step{{"another replica hangs " + id, func() { m.database[tagout.HoldID(id)] = haltOf(id, "mailer") }}}
}

func (m *model) liftHere(id string, replacement string) []step {
	next, did := haltOf(replacement, "mailer/sms"), false
	return []step{
		{"store lifts " + id, func() {
			if _, did = m.database[tagout.HoldID(id)]; did {
				delete(m.database, tagout.HoldID(id))
				m.gone[tagout.HoldID(id)] = true
				m.database[next.ID] = next
			}
		}},
		{"lift " + id, func() {
			if did {
				m.ledger.swap([]tagout.HoldID{tagout.HoldID(id)}, []tagout.Hold{next}, &touched{})
				m.lifted[tagout.HoldID(id)] = true
			}
		}},
	}
}

func (m *model) liftElsewhere(id string) []step {
	return []step{{"another replica lifts " + id, func() {
		if _, ok := m.database[tagout.HoldID(id)]; ok {
			delete(m.database, tagout.HoldID(id))
			m.gone[tagout.HoldID(id)] = true
		}
	}}}
}

func (m *model) read(n int) []step {
	var mark ReadMark
	var found []tagout.Hold
	return []step{
		{fmt.Sprint("read starts ", n), func() { mark = ReadMark{seq: m.ledger.tick()} }},
		{fmt.Sprint("database answers ", n), func() { found = slices.Collect(maps.Values(m.database)) }},
		{fmt.Sprint("refresh ", n), func() { m.ledger.refresh(mark, found, nil, &touched{}) }},
	}
}

func (m *model) check() {
	for id := range m.hung {
		if _, stands := m.ledger.stands[id]; !stands && !m.gone[id] {
			m.t.Fatalf("%s was hung and never lifted, but does not stand after:\n%q", id, m.log)
		}
	}
	for id := range m.lifted {
		if _, stands := m.ledger.stands[id]; stands {
			m.t.Fatalf("%s was lifted, but stands after:\n%q", id, m.log)
		}
	}
}

func TestHoldsAgreeWithTheDatabaseHoweverChangesAndReadsInterleave(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20_000) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := &model{t: t, ledger: newLedger(), database: map[tagout.HoldID]tagout.Hold{}, hung: map[tagout.HoldID]bool{},
			lifted: map[tagout.HoldID]bool{}, gone: map[tagout.HoldID]bool{}}
		m.interleave(r, m.stopHere("a"), m.stopHere("b"), m.stopElsewhere("c"), m.liftHere("a", "a2"), m.liftHere("c", "c2"),
			m.liftElsewhere("b"), m.read(1), m.read(2), m.read(3))
		for _, s := range m.read(4) {
			s.do()
		}
		if !maps.EqualFunc(m.ledger.stands, m.database, func(s standing, h tagout.Hold) bool { return sameHold(s.hold, h) && !s.pending }) {
			t.Fatalf("after a last read the ledger has %v, the database %v:\n%q", m.ledger.stands, m.database, m.log)
		}
	}
}

// interleave runs the processes step by step, in a random order, and checks after each.
func (m *model) interleave(r *rand.Rand, processes ...[]step) {
	for len(processes) > 0 {
		i := r.IntN(len(processes))
		s := processes[i][0]
		m.log = append(m.log, s.name)
		s.do()
		m.check()
		if processes[i] = processes[i][1:]; len(processes[i]) == 0 {
			processes = slices.Delete(processes, i, i+1)
		}
	}
}

func TestAReadThatStartedBeforeAnotherOneIsIgnored(t *testing.T) {
	t.Parallel()
	l := newLedger()
	old, fresh := ReadMark{seq: l.tick()}, ReadMark{seq: l.tick()}
	if !l.refresh(fresh, []tagout.Hold{haltOf("a", "mailer")}, nil, &touched{}) || l.refresh(old, nil, nil, &touched{}) {
		t.Error("the older read was taken in")
	}
	if len(l.stands) != 1 {
		t.Errorf("stands: %v", l.stands)
	}
}

func TestPinsFollowTheDatabaseButNotAnOlderReadOfIt(t *testing.T) {
	t.Parallel()
	l := newLedger()
	v41, v42 := map[string]string{"prompt": "v41"}, map[string]string{"prompt": "v42"}
	older := ReadMark{seq: l.tick()}
	l.refreshPins(ReadMark{seq: l.tick()}, map[string]map[string]string{"mailer": v41, "other": v42}, &touched{})
	l.refresh(older, nil, map[string]map[string]string{"mailer": v42}, &touched{})
	if l.pins["mailer"]["prompt"] != "v41" || l.pins["other"]["prompt"] != "v42" {
		t.Errorf("the older read made of the pins %v", l.pins)
	}
	var to touched
	l.refresh(ReadMark{seq: l.tick()}, nil, map[string]map[string]string{"mailer": v42}, &to)
	if l.pins["mailer"]["prompt"] != "v42" || len(l.pins) != 1 || !to.agents["mailer"] || !to.agents["other"] {
		t.Errorf("pins = %v, touched %v", l.pins, to)
	}
	older = ReadMark{seq: l.tick()}
	l.refreshPins(ReadMark{seq: l.tick()}, nil, &touched{})
	l.refreshPins(older, map[string]map[string]string{"mailer": v42}, &touched{})
	if len(l.pins) != 0 {
		t.Errorf("an older read brought back %v, which was let go of", l.pins)
	}
	l.refreshPins(ReadMark{seq: l.tick()}, map[string]map[string]string{"mailer": v42}, &touched{})
	var again touched
	l.refresh(ReadMark{seq: l.tick()}, nil, map[string]map[string]string{"mailer": v42}, &again)
	if !again.nobody() {
		t.Errorf("nothing changed, but %v were touched", again)
	}
}

func TestLiftedHoldsAreForgottenInTheEnd(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for i := range keptLifted + 10 {
		l.swap([]tagout.HoldID{tagout.HoldID(fmt.Sprint(i))}, nil, &touched{})
	}
	l.refresh(ReadMark{seq: l.tick()}, nil, nil, &touched{})
	if len(l.lifted) > keptLifted {
		t.Errorf("%d lifted holds are remembered", len(l.lifted))
	}
}
