package tagout

import (
	"slices"
	"strings"
	"time"
)

// CorrectKind records what a person says about the kind of the incident, in place of now,
// which is how it looked or what was said before. It returns Invalid for a kind that there is
// not or without a reason, and Conflict if that is its kind by somebody's word already, or if
// it is closed or cancelled.
func (i *Incident) CorrectKind(to Kind, reason string, now KindView, by Actor, at time.Time) (Change, error) {
	reason = strings.TrimSpace(reason)
	switch {
	case !slices.Contains(Kinds(), to):
		return Change{}, Errorf(Invalid, "%q is not a kind: use local, systemic or rollout. Nothing was changed.", clip(string(to), 40))
	case reason == "":
		return Change{}, Errorf(Invalid, "Say why it is %s: the reason is kept on the timeline and stands in the review.", to.Label())
	case i.State == StateClosed || i.State == StateCancelled:
		return Change{}, Errorf(Conflict, "%s is %s; its kind stays as it was.", i.ID, i.State)
	case i.Kind != nil && i.Kind.Kind == to:
		return Change{}, Errorf(Conflict, "%s is called %s already: %s", i.ID, to.Label(), i.Kind.Why)
	}
	guessed := now.Kind
	if i.Kind != nil {
		now, guessed = *i.Kind, i.Kind.Guessed
	}
	i.Kind = &KindView{Kind: to, Why: clip(reason, 1000), By: by, At: Moment(at), Guessed: guessed}
	var c Change
	c.event(EventKindCorrected, by, at,
		map[string]any{"from": now.Kind, "from_why": now.Why, "suggested": !now.Corrected(), "to": to, "reason": i.Kind.Why})
	c.post(i, "kind:"+Moment(at).Format(time.RFC3339Nano),
		Say(by.Text(), " calls this ", Bold(to.Label()), ": "+i.Kind.Why, ". Before: "+now.Kind.Label()+" ("+now.Why+")."))
	return c, nil
}

// maxToldChanges bounds how many changes one incident tells of by itself.
const maxToldChanges = 200

// TakeChange notes on the timeline that an agent of the incident was changed while it is open.
// The same change again is noted once. frozen tells that the incident asked for no changes.
func (i *Incident) TakeChange(d Deployment, frozen bool, by Actor, at time.Time) Change {
	var c Change
	if i.State.Ended() || slices.Contains(i.Changed, d.ID) || len(i.Changed) >= maxToldChanges {
		return c
	}
	i.Changed = append(i.Changed, d.ID)
	facts := map[string]any{"agent": d.Agent, "component": d.Component, "from": d.From, "to": d.To, "by": d.By, "url": d.URL, "made_at": Moment(d.At)}
	if frozen {
		facts["frozen"] = true
		c.post(i, "changed:"+d.ID, Message{Tone: ToneWarning, Body: []Text{
			T(Bold("Changed although this incident refuses changes: "), clip(d.Text(), 300), " by "+clip(d.By, 100)+" at ", d.At, ". Whoever made it cannot sign.")}})
	}
	c.event(EventChange, by, at, facts)
	return c
}
