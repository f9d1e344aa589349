package escalation

import (
	"strings"

	"tagout"
)

// rollbackFacts tells how far a rollback got, component by component, and which versions the
// incident pins.
func rollbackFacts(m tagout.Message, i *tagout.Incident) tagout.Message {
	if rb := i.Rollback; rb != nil {
		m = m.Fact("Rollback", rollbackText(rb))
	}
	if text := pinsText(i); text != nil {
		m = m.Fact("Versions", text)
	}
	return m
}

func rollbackText(rb *tagout.Rollback) tagout.Text {
	var t tagout.Text
	switch {
	case len(rb.Components) == 0:
		return tagout.T(tagout.Bold("failed"), ": "+rb.Failure)
	case !rb.DoneAt.IsZero():
		t = tagout.T(rb.Agent+", read back at ", rb.DoneAt)
	case !rb.FailedAt.IsZero():
		t = tagout.T(rb.Agent+", ", tagout.Bold("failed in part"))
		if len(rb.Failed()) == len(rb.Components) {
			t = tagout.T(rb.Agent+", ", tagout.Bold("failed"))
		}
	default:
		t = tagout.T(rb.Agent + ", not confirmed yet")
	}
	for _, c := range rb.Components {
		t = append(t, tagout.T("\n"+c.Change()+": "+c.Progress())...)
	}
	return t
}

// pinsText tells which versions are pinned and what runs otherwise; nil if nothing is.
func pinsText(i *tagout.Incident) tagout.Text {
	var t tagout.Text
	if i.Frozen && !i.State.Ended() {
		t = tagout.T("changes are refused while this is open")
	}
	for _, p := range i.Pins {
		if len(t) > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(p.Agent+" "+p.Component+" pinned to "+p.Version)...)
		if len(p.Drifts) > 0 {
			found := make([]string, len(p.Drifts))
			for n, d := range p.Drifts {
				found[n] = d.Teller() + " " + d.Version
			}
			t = append(t, tagout.T(" — ", tagout.Bold("drift"), ": "+strings.Join(found, ", "))...)
		}
	}
	return t
}
