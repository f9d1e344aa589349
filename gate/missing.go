package gate

import "tagout"

// Missing lists the recorded holds that stand here, but that a read which began at mark did
// not find: they were lifted elsewhere, or the database has lost them. [Gate.Refresh] takes
// the first for granted, so that its caller has to add those that were never lifted.
func (g *Gate) Missing(mark ReadMark, holds []tagout.Hold) []tagout.Hold {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.ledger.missing(mark, holds)
}

// Changed lists those of the holds that a read found otherwise than they stand here: what a hold
// holds never changes, so somebody has changed the database. They go on standing as they did
// until [Gate.Trust].
func (g *Gate) Changed(holds []tagout.Hold) (ids []tagout.HoldID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, h := range holds {
		if s, stands := g.ledger.stands[h.ID]; stands && g.ledger.doubts(s, h) {
			ids = append(ids, h.ID)
		}
	}
	return ids
}

// Trust has the next read decide what these hold: what they held before is held by others, or
// was never theirs.
func (g *Gate) Trust(ids []tagout.HoldID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, id := range ids {
		g.ledger.trusts[id] = true
	}
}

// Unrecorded tells that the database has lost what these hung: they go back to the journal,
// and stay until they are recorded again. It does not wait for the disk.
func (g *Gate) Unrecorded(stops []tagout.StopRequest) {
	var again []tagout.StopRequest
	g.change(func(*touched) {
		for _, s := range stops {
			if g.ledger.unrecorded(s.Hold.ID) {
				again = append(again, s)
			}
		}
	})
	if g.journal == nil {
		return
	}
	ids := make([]tagout.HoldID, len(again))
	for n, s := range again {
		g.journal.add(s)
		ids[n] = s.Hold.ID
	}
	g.settle(ids) // recorded or lifted meanwhile
}

// unrecorded makes a hold pending again. It reports false if it does not stand, or is so
// already.
func (l *ledger) unrecorded(id tagout.HoldID) bool {
	s, stands := l.stands[id]
	if !stands || s.pending {
		return false
	}
	s.pending = true
	l.keep(s)
	return true
}

// missing lists what a refresh with these would drop.
func (l *ledger) missing(mark ReadMark, holds []tagout.Hold) []tagout.Hold {
	read := make(map[tagout.HoldID]bool, len(holds))
	for _, h := range holds {
		read[h.ID] = true
	}
	var missing []tagout.Hold
	for id, s := range l.stands {
		if !read[id] && !s.pending && s.since < mark.seq {
			missing = append(missing, s.hold)
		}
	}
	return missing
}
