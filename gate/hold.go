package gate

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"tagout"
	"tagout/internal/crashpoint"
)

// journalPatience is how long a stop waits for the disk before it is applied without.
const journalPatience = 100 * time.Millisecond

// Hang writes the stop to the journal, applies it in memory and tells every client and
// control. It always applies; the error is only a warning: Unavailable if the journal
// failed or took longer than 100 ms, Invalid if the mode was none that holds, and halted
// was used. A repeat of a hold that stands, or that was lifted here, does nothing; a repeat
// of one that is on its way waits for it. A cancelled ctx does not stop a stop.
func (g *Gate) Hang(_ context.Context, s tagout.StopRequest) error {
	var warning error
	if _, err := tagout.ParseMode(string(s.Hold.Mode)); err != nil || s.Hold.Mode == tagout.Running {
		warning = tagout.Errorf(tagout.Invalid, "The stop had no mode that holds anything, so that %s was halted.", s.Hold.Scope)
		s.Hold.Mode = tagout.Halted
	}
	if s.Hold.ID == "" {
		s.Hold.ID = tagout.HoldID(rand.Text()) // nothing to tell a repeat by
	}
	s.Hold.LiftedAt, s.Hold.LiftedBy = time.Time{}, ""
	first, done := g.startHanging(s.Hold.ID)
	if !first {
		<-done
		return warning
	}
	defer g.endHanging(s.Hold.ID, done)
	if err := g.writeDown(s); err != nil {
		g.log.Warn("a stop is not in the journal", "hold", s.Hold.ID, "error", err)
		warning = err
	}
	crashpoint.Here("stop.journaled")
	g.change(func(t *touched) {
		if g.ledger.hang(s.Hold) {
			t.by(s.Hold.Scope)
		}
	})
	g.settle([]tagout.HoldID{s.Hold.ID}) // lifted while it was being written
	crashpoint.Here("stop.applied")
	return warning
}

// startHanging reports whether the caller is the one to hang this hold; if not, done is
// closed when it stands.
func (g *Gate) startHanging(id tagout.HoldID) (first bool, done chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if done, busy := g.hanging[id]; busy {
		return false, done
	}
	done = make(chan struct{})
	if g.ledger.knows(id) {
		close(done)
		return false, done
	}
	g.hanging[id] = done
	return true, done
}

func (g *Gate) endHanging(id tagout.HoldID, done chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.hanging, id)
	close(done)
}

// writeDown has the stop in the journal, or gives up waiting for it.
func (g *Gate) writeDown(s tagout.StopRequest) error {
	if g.journal == nil {
		return nil
	}
	patience := time.NewTimer(journalPatience)
	defer patience.Stop()
	written := g.journal.add(s)
	select {
	case <-written.done:
		return written.err
	case <-patience.C:
		return tagout.Errorf(tagout.Unavailable, "The stop is in force, but its journal took longer than %s to write; until the database has it, a crash could lose it.", journalPatience)
	}
}

// Belongs tells in what incident another replica has recorded a hold that this one could
// not. It stays pending here.
func (g *Gate) Belongs(id tagout.HoldID, incident tagout.IncidentID) {
	g.change(func(t *touched) { g.ledger.belongs(id, incident, t) })
}

// Committed tells that the database holds these now, with their incident. One that carries
// the time of its lifting is taken as lifted.
func (g *Gate) Committed(holds []tagout.Hold) {
	g.change(func(t *touched) { g.ledger.committed(holds, t) })
	g.settle(idsOf(holds))
}

// Lift removes holds that the database has recorded as lifted and adds those that replace
// them, in one step. Never call it before the commit.
func (g *Gate) Lift(lifted []tagout.HoldID, replacements []tagout.Hold) {
	g.change(func(t *touched) { g.ledger.swap(lifted, replacements, t) })
	g.settle(slices.Concat(lifted, idsOf(replacements)))
}

// Repin reads which versions are pinned, by agent and component, and has the controls run
// them. Of two reads the one that began later wins. It returns read's error; then nothing
// changes.
func (g *Gate) Repin(ctx context.Context, read func(ctx context.Context) (map[string]map[string]string, error)) error {
	mark := g.StartRead()
	pins, err := read(ctx)
	if err == nil {
		g.change(func(t *touched) { g.ledger.refreshPins(mark, pins, t) })
	}
	return err
}

// StartRead must be called before the holds are read from the database; what was read goes
// to [Gate.Refresh] with the mark.
func (g *Gate) StartRead() ReadMark {
	g.mu.Lock()
	defer g.mu.Unlock()
	return ReadMark{seq: g.ledger.tick(), at: g.clock.Now(), since: time.Now()}
}

// Refresh takes the standing holds and the pins as the database has them. Stops that the
// database does not know yet stay, and so does everything that was committed or lifted here
// after the mark. A read that started before one already taken in is ignored, but for
// telling that the database was reached.
func (g *Gate) Refresh(mark ReadMark, holds []tagout.Hold, pins map[string]map[string]string) {
	g.mu.Lock()
	before := g.now.Load()
	var t touched
	g.ledger.refresh(mark, holds, pins, &t)
	after := g.next(before, &t)
	doubted := g.doubt(before)
	after.loaded = true
	if mark.since.After(after.readSince) { // by the other clock it may be earlier: that can be set back
		after.readAt, after.readSince = mark.at, mark.since
	}
	if g.doubt(after) != doubted {
		after.generation++ // every answer changes
		after.epoch++
	}
	g.now.Store(after)
	g.mu.Unlock()
	if after.generation != before.generation {
		g.tell(after.generation)
	}
	g.settle(idsOf(holds))
}

// change edits the ledger, replaces the view and tells who listens.
func (g *Gate) change(edit func(t *touched)) {
	g.mu.Lock()
	before := g.now.Load()
	var t touched
	edit(&t)
	after := g.next(before, &t)
	g.now.Store(after)
	g.mu.Unlock()
	if after.generation != before.generation {
		g.tell(after.generation)
	}
}

// tell wakes subscribers, event streams and the drivers of controls.
func (g *Gate) tell(generation int64) {
	g.heard.tell(generation)
	g.streams.notify()
	for _, drivers := range g.drivers {
		for _, d := range drivers {
			d.notice()
		}
	}
}

// settle strikes holds that the database has from the journal.
func (g *Gate) settle(ids []tagout.HoldID) {
	if g.journal == nil || len(ids) == 0 {
		return
	}
	g.mu.Lock()
	done := g.ledger.settled(ids)
	g.mu.Unlock()
	g.journal.strike(done)
}

// Holds lists what stands, committed or not, in the order in which it came.
func (g *Gate) Holds() []tagout.Hold { return slices.Clone(g.now.Load().holds()) }

// Knows reports whether this hold stands here, or has been lifted since.
func (g *Gate) Knows(id tagout.HoldID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.knows(id)
}

// HoldsOn lists what stands and may touch an agent; all that stands for "". What it takes
// does not grow with the holds of others.
func (g *Gate) HoldsOn(agent string) []tagout.Hold {
	if agent == "" {
		return g.Holds()
	}
	v := g.now.Load()
	if a := v.agents[agent]; a != nil {
		return slices.Clone(a.holds)
	}
	return slices.Clone(v.everywhere)
}

// Decide answers for one action of one agent, by its canonical name.
func (g *Gate) Decide(agent string, asked tagout.Attributes) tagout.Decision {
	v := g.now.Load()
	d := g.answer(v, g.doubt(v), agent, asked.Canonical()).decision
	d.Holds, d.DisabledTools = slices.Clone(d.Holds), slices.Clone(d.DisabledTools)
	if a := v.agents[agent]; a != nil {
		d.Versions = maps.Clone(a.versions)
	}
	return d
}

// doubt is why the holds in memory cannot be relied on.
type doubt struct {
	reason   string // of OpenFeature; "": no doubt
	sentence string
}

func (g *Gate) doubt(v *view) doubt {
	if g.journal != nil && g.journal.damage != nil {
		return doubt{reasonUnknown, "holds unknown: the journal is damaged"}
	}
	if !v.loaded {
		return doubt{reasonUnknown, "holds unknown: the database was not read yet"}
	}
	if limit := g.options.StaleAfter; limit > 0 && max(g.clock.Now().Sub(v.readAt), time.Since(v.readSince)) > limit {
		return doubt{reasonStale, "holds unknown: they were last read from the database at " + v.readAt.UTC().Format("15:04:05 UTC")}
	}
	return doubt{}
}

// answer is what the agent may do in a canonical context: halted in doubt.
func (g *Gate) answer(v *view, unsure doubt, agent string, asked tagout.Attributes) *answer {
	a, known := v.agents[agent]
	if !known {
		return newAnswer(tagout.Evaluate(agent, nil, v.everywhere, asked), nil)
	}
	if unsure.reason == "" {
		return a.answer(asked)
	}
	d := a.decide(asked)
	d.Mode, d.Allowed, d.Reason = tagout.Halted, false, unsure.sentence
	if declared := a.shape.declared; declared != nil {
		d.Fallback = declared.Fallback
	}
	return renderAnswer(d, a.versions, unsure.reason)
}

func idsOf(holds []tagout.Hold) []tagout.HoldID {
	ids := make([]tagout.HoldID, len(holds))
	for i, h := range holds {
		ids[i] = h.ID
	}
	return ids
}
