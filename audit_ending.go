package tagout

// toldEnd is how an incident came to its end, as its timeline tells.
type toldEnd struct {
	resumed, closed, cancelled bool
}

func (e *toldEnd) take(kind EventKind) {
	switch kind {
	case EventResumed:
		e.resumed = true
	case EventClosed:
		e.closed = true
	case EventCancelled:
		e.cancelled = true
	}
}

// compareEnd holds the end of the incident in the record against what the timeline tells:
// nothing is over that nobody ended, and the other way round.
func (a *audit) compareEnd() error {
	i := a.incident
	for _, c := range []struct {
		word           string
		recorded, told bool
	}{
		{"resumed", !i.At(Resumed).IsZero(), a.end.resumed},
		{"closed", i.State == StateClosed, a.end.closed},
		{"cancelled", i.State == StateCancelled, a.end.cancelled},
	} {
		switch {
		case c.recorded && !c.told:
			return Errorf(Conflict, "%s: the record calls it %s, but the timeline tells of nobody who did that.", i.ID, c.word)
		case c.told && !c.recorded:
			return Errorf(Conflict, "%s: the timeline says that it was %s, but the record does not.", i.ID, c.word)
		}
	}
	if err := a.compareReview(); err != nil {
		return err
	}
	if i.State == StateClosed || i.State == StateCancelled {
		if held := i.ActiveHolds(); len(held) > 0 {
			return Errorf(Conflict, "%s: the record calls it %s, but it still holds %s.", i.ID, i.State, held[0].Scope)
		}
	}
	return nil
}
