package tagout

// kind notes what the timeline says that somebody called the incident.
func (a *audit) kind(e Event) error {
	var s struct{ To Kind }
	if err := a.read(e, &s); err != nil {
		return err
	}
	a.called = s.To
	return nil
}

// compareKind holds the kind in the record against what the timeline tells.
func (a *audit) compareKind() error {
	i := a.incident
	switch {
	case i.Kind == nil && a.called == "":
		return nil
	case i.Kind == nil:
		return Errorf(Conflict, "%s: the timeline calls it %s, but the record does not.", i.ID, a.called.Label())
	case i.Kind.Kind != a.called:
		return Errorf(Conflict, "%s: the record calls it %s, of which the timeline knows nothing.", i.ID, i.Kind.Kind.Label())
	}
	return nil
}
