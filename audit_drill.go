package tagout

import (
	"encoding/json"
	"time"
)

// toldDrill is a drill as the timeline of its incident tells of it. What it says may lift the
// drill's own hold, and nothing else: see [toldDrill.lift].
type toldDrill struct {
	events int    // that were taken
	opened bool   // the first event opened the incident
	drill  *Drill // as it began, right after that
	at     time.Time
	holds  int  // that were hung since
	own    Hold // the drill's
	real   bool // it is no drill any more, or something real came
	became bool // it is an incident by an event
	lifted bool
	ended  DrillResult
}

// take reads one event, in their order. It returns a Conflict for a lifting by a drill that no
// drill could do.
func (t *toldDrill) take(e Event) error {
	t.events++
	switch e.Kind {
	case EventOpened:
		t.opened = t.events == 1
	case EventDrillBegan:
		var d Drill
		if json.Unmarshal([]byte(e.Data), &d) != nil || !t.opened || t.events != 2 {
			return Errorf(Conflict, "%s: event %d begins a drill in the midst of an incident.", e.Incident, e.Seq)
		}
		t.drill, t.at = &d, e.At
	case EventHeld:
		var h Hold
		if t.holds++; json.Unmarshal([]byte(e.Data), &h) != nil || t.drill == nil || !t.drill.hung(h) {
			t.real = true
			break
		}
		t.own = h
	case EventDrillReal:
		t.real, t.became = true, true
	case EventAlert, EventReport, EventSeverity, EventRequested, EventResumed:
		t.real = true
	case EventDrillLifted:
		return t.lift(e)
	case EventDrillEnded:
		var d Drill
		if json.Unmarshal([]byte(e.Data), &d) == nil {
			t.ended = d.Result
		}
	}
	return nil
}

// lift checks a lifting by a drill: of the one hold that this drill hung, on its canary, once,
// by Tagout, within the time of a drill, and before anything real came into the incident.
func (t *toldDrill) lift(e Event) error {
	var said struct {
		Hold  HoldID
		Drill string
	}
	err := json.Unmarshal([]byte(e.Data), &said)
	switch {
	case err != nil, t.drill == nil, t.real, t.lifted, t.holds != 1, e.Actor != Tagout:
	case said.Drill != t.drill.ID, said.Hold != t.own.ID, said.Hold != DrillHold(t.drill.ID):
	case e.At.Before(t.at), !e.At.Before(t.at.Add(DrillLimit)):
	default:
		t.lifted = true
		return nil
	}
	return Errorf(Conflict, "%s: event %d lifts a hold as if it were that of a drill.", e.Incident, e.Seq)
}

// LiftedByDrill is the hold that the drill of an incident lifted by the rules, by its whole
// timeline in order; "" if there is none. What is told otherwise lifts nothing.
func LiftedByDrill(events []Event) HoldID {
	var t toldDrill
	for _, e := range events {
		if t.take(e) != nil {
			return ""
		}
	}
	if !t.lifted {
		return ""
	}
	return t.own.ID
}

// takeDrill follows what the timeline tells of a drill, and lets it lift its own hold.
func (a *audit) takeDrill(e Event) error {
	if err := a.drill.take(e); err != nil || e.Kind != EventDrillLifted {
		return err
	}
	h := a.holds[a.drill.own.ID]
	h.LiftedAt, h.LiftedBy = e.At, "drill:"+a.drill.drill.ID
	a.holds[h.ID] = h
	return nil
}

// compareDrill holds what the record calls a drill against what the timeline tells: nothing is
// kept out of the figures that was none.
func (a *audit) compareDrill() error {
	i, t := a.incident, &a.drill
	switch {
	case i.Drill && (t.drill == nil || t.became):
		return Errorf(Conflict, "%s: the record calls it a drill, but the timeline does not.", i.ID)
	case !i.Drill && t.drill != nil && !t.became:
		return Errorf(Conflict, "%s: the timeline tells of a drill, but the record does not.", i.ID)
	case i.Exercise != nil && t.drill == nil, i.Exercise != nil && i.Exercise.ID != t.drill.ID:
		return Errorf(Conflict, "%s: the record has a drill of which the timeline knows nothing.", i.ID)
	case i.Exercise != nil && t.ended != "" && i.Exercise.Result != t.ended:
		return Errorf(Conflict, "%s: the record says that the drill %s, but the timeline that it %s.", i.ID, i.Exercise.Result, t.ended)
	}
	return nil
}
