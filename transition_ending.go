package tagout

import (
	"strconv"
	"strings"
	"time"
)

// Cancel calls the incident a false alarm. Where nothing of it is held it is cancelled with
// this; otherwise it is once the sign-offs have lifted that, and a pending request becomes
// void, since who signs must read of it. It lifts nothing. It returns Forbidden for guests
// and bots, Invalid without a reason, and Conflict if the incident is over or was called one
// before, or goes on in stages that were signed for without that.
func (i *Incident) Cancel(reason string, by User, at time.Time) (Change, error) {
	reason = clip(strings.TrimSpace(reason), 1000)
	switch {
	case by.Guest || by.Bot || by.ID == "":
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can call an incident a false alarm. Nothing was changed.")
	case i.State == StateClosed || i.State == StateCancelled:
		return Change{}, Errorf(Conflict, "%s is %s already.", i.ID, i.State)
	case !i.At(Resumed).IsZero():
		return Change{}, Errorf(Conflict,
			"%s is over already, as an incident. If it was a false alarm, say so in its review: /tagout review %s.",
			i.ID, i.ID)
	case i.drilling():
		return Change{}, i.endsByItself()
	case i.FalseAlarm != nil:
		return Change{}, Errorf(Conflict,
			"%s was called a false alarm already, by %s. To take that back: /tagout cancel %s withdraw.", i.ID,
			i.FalseAlarm.By.Text(), i.ID)
	case i.Staging.Goes():
		return Change{}, Errorf(Conflict, "%s goes back to work in stages, and who signed for that did not read of a false alarm. Say so in its review: /tagout review %s. Nothing was changed.", i.ID, i.ID)
	case reason == "":
		return Change{}, Errorf(Invalid, "Say why it is a false alarm: /tagout cancel %s REASON. Nothing was changed.", i.ID)
	}
	i.FalseAlarm = &FalseAlarm{By: by.Actor(), At: Moment(at), Reason: reason}
	var c Change
	c.event(EventFalseAlarm, by.Actor(), at, map[string]any{"reason": reason, "holds": len(i.ActiveHolds()), "pins": len(i.Pins)})
	if !i.Binds() {
		return c.And(i.settle(by.Actor(), at)), nil
	}
	c.post(i, i.key("false_alarm"), Message{Tone: ToneWarning, Body: []Text{
		T(by.Actor().Text(), " calls ", Bold(i.ID.String()), " a false alarm: "+reason),
		T("Everything stays held. Ask for its return with ", Typed("resume "+i.ID.String()), "; once that is signed, "+i.ID.String()+" is cancelled.")},
		Buttons: []Button{{Action: "resume", Label: "Request resume", Value: i.ID.String()}}})
	return c.And(i.voidRequest("it was called a false alarm since", by.Actor(), at)), nil
}

// Withdraw takes back that the incident is a false alarm. It returns Forbidden for guests and
// bots, and Conflict if nobody called it one, or it is over.
func (i *Incident) Withdraw(by User, at time.Time) (Change, error) {
	switch {
	case by.Guest || by.Bot || by.ID == "":
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can take that back. Nothing was changed.")
	case i.State == StateClosed || i.State == StateCancelled:
		return Change{}, Errorf(Conflict, "%s is %s; declare a new incident with /tagout incident.", i.ID, i.State)
	case i.FalseAlarm == nil:
		return Change{}, Errorf(Conflict, "Nobody called %s a false alarm.", i.ID)
	}
	return i.doubtFalseAlarm("taken back", by.Actor(), at), nil
}

// doubtFalseAlarm takes the mark away, and with it the request that was made under it.
func (i *Incident) doubtFalseAlarm(reason string, by Actor, at time.Time) Change {
	if i.FalseAlarm == nil || i.State == StateCancelled {
		return Change{}
	}
	i.FalseAlarm = nil
	var c Change
	c.event(EventFalseAlarmWithdrawn, by, at, map[string]any{"reason": reason})
	c.post(i, i.key("no_false_alarm"), Message{Tone: ToneWarning, Body: []Text{
		T(Bold(i.ID.String()), " does not count as a false alarm any more: "+reason+".")}})
	return c.And(i.voidRequest("it does not count as a false alarm any more", by, at))
}

// disturb is for whatever new comes on the incident before its end: a stop, or an alert. What
// was believed of it before is in doubt.
func (i *Incident) disturb(reason string, by Actor, at time.Time) Change {
	if i.State.Ended() {
		return Change{}
	}
	return i.doubtFalseAlarm(reason, by, at).And(i.reopenReview(reason, by, at))
}

// Close says that an incident is over which nothing of holds: it counts as resumed with this
// if it did not before, and it is closed unless a review is owed, which closes it once it is
// approved. It lifts nothing. It returns Forbidden for guests and bots, Invalid without words,
// and Conflict if anything is held, a review is owed, or it is over.
func (i *Incident) Close(what string, by User, at time.Time) (Change, error) {
	what = clip(strings.TrimSpace(what), 1000)
	resumed := !i.At(Resumed).IsZero()
	switch {
	case by.Guest || by.Bot || by.ID == "":
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace can close an incident. Nothing was changed.")
	case i.State == StateClosed || i.State == StateCancelled:
		return Change{}, Errorf(Conflict, "%s is %s already.", i.ID, i.State)
	case i.drilling():
		return Change{}, i.endsByItself()
	case i.Binds():
		return Change{}, Errorf(Conflict,
			"%s still holds %s, and only the sign-offs let go of it. Ask for them with /tagout resume %s.", i.ID,
			i.bound(), i.ID)
	case resumed && i.OwesReview():
		return Change{}, Errorf(Conflict, "%s is closed by its approved review, and by nothing else: /tagout review %s.", i.ID, i.ID)
	case i.ReviewState() == ReviewSubmitted:
		return Change{}, Errorf(Conflict, "The review of %s waits for its approval, which closes it.", i.ID)
	case what == "":
		return Change{}, Errorf(Invalid, "Say what became of it: /tagout close %s WHAT. Nothing was changed.", i.ID)
	}
	var c Change
	if i.mark(Resumed, at) {
		c.event(EventResumed, by.Actor(), at, map[string]any{"by_hand": true, "what": what, "firing": i.Alerts.Firing})
	}
	if !i.OwesReview() {
		i.Closing = &Closing{By: by.Actor(), At: Moment(at), What: what}
	}
	return c.And(i.settle(by.Actor(), at)), nil
}

// bound names what the incident holds.
func (i *Incident) bound() string {
	var names []string
	for _, h := range i.ActiveHolds() {
		names = append(names, h.Scope.String())
	}
	for _, p := range i.Pins {
		names = append(names, "the versions of "+p.Agent)
	}
	if len(names) > 5 {
		names = append(names[:5], strconv.Itoa(len(names)-5)+" more")
	}
	return strings.Join(names, ", ")
}

// ended tells of the end of the incident for good.
func (i *Incident) ended(by Actor, at time.Time) Change {
	var c Change
	switch {
	case i.State == StateCancelled:
		c.event(EventCancelled, by, at, map[string]any{"reason": i.FalseAlarm.Reason, "by": i.FalseAlarm.By.String()})
		c.post(i, "cancelled", Message{Tone: ToneGood, Body: []Text{
			T(Bold(i.ID.String()+" is cancelled"), ": a false alarm, says ", i.FalseAlarm.By.Text(), ". "+i.FalseAlarm.Reason),
			T("No review is owed, and it does not count in the figures. A new alert or stop opens a new incident.")}})
	case i.State == StateClosed && i.Closing != nil:
		c.event(EventClosed, by, at, map[string]any{"what": i.Closing.What})
		c.post(i, "closed", Message{Tone: ToneGood, Body: []Text{
			T(Bold(i.ID.String()+" is closed"), " by ", i.Closing.By.Text(), ": "+i.Closing.What)}})
	case i.State == StateClosed:
		c.event(EventClosed, by, at, map[string]any{"review": i.Review.Digest})
		t := T(Bold(i.ID.String()+" is closed"), ": its review is approved, and nothing of it is held.")
		if open := len(i.OpenActions()); open > 0 {
			t = append(t, T(" Corrective actions that are still open: "+strconv.Itoa(open)+".")...)
		}
		c.post(i, "closed", Message{Tone: ToneGood, Body: []Text{t}})
	}
	return c
}

// key names something of which the incident may see several.
func (i *Incident) key(what string) string { return what + ":" + strconv.FormatInt(i.Head.Seq, 10) }
