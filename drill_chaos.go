package tagout

import (
	"context"
	"slices"
)

// Breakable is a control that a drill can break on purpose. What is broken is told by the
// drill's own hold: as soon as anything else is to be held, or the drill is over, the control
// works as ever.
func Breakable(c Control) Control { return breakable{c} }

type breakable struct{ Control }

// Apply asks for the wanted state; of a drill that breaks this control, for all but its hold.
func (b breakable) Apply(ctx context.Context, w Wanted) error {
	broken := w.broken(b.Name())
	if broken == "" {
		return b.Control.Apply(ctx, w)
	}
	w.Holds = nil // its lease goes on, or the whole agent would stop
	if err := b.Control.Apply(ctx, w); err != nil {
		return err
	}
	if broken == ControlHangs {
		return Errorf(Unavailable, "%sthe control %s does not answer, as this drill wants it.", DrillMark, b.Name())
	}
	return nil
}

// broken is what a drill breaks of a control; "" if nothing, or if anything real is wanted.
func (w Wanted) broken(control string) Breakage {
	if len(w.Holds) != 1 || len(w.Versions) > 0 {
		return ""
	}
	for _, what := range []Breakage{ControlHangs, StopIgnored} {
		if slices.ContainsFunc(w.Holds, func(h Hold) bool { return h.Drill == DrillTag(string(what)+" "+control) }) {
			return what
		}
	}
	return ""
}
