package escalation

import (
	"context"
	"time"

	"tagout"
)

// Cancel calls an incident a false alarm. What is held stays held until it is signed for; the
// incident is cancelled then, or at once if nothing is. It returns Forbidden for guests,
// Invalid without a reason, and Conflict if it is over.
func (d *Desk) Cancel(ctx context.Context, id tagout.IncidentID, reason string, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Cancel(d.clip(reason, reasonLength), by, now)
	})
}

// WithdrawCancel takes back that an incident is a false alarm. It returns Forbidden for
// guests, and Conflict if nobody called it one, or it is over.
func (d *Desk) WithdrawCancel(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Withdraw(by, now)
	})
}

// Close says that an incident of which nothing is held is over. It returns Forbidden for
// guests, Invalid without words, and Conflict if anything is held, or a review closes it.
func (d *Desk) Close(ctx context.Context, id tagout.IncidentID, what string, by tagout.User) (*tagout.Incident, error) {
	return d.change(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Close(what, by, now)
	})
}

// endingButtons lead an incident to its end, where nothing of it is held any more.
func endingButtons(i *tagout.Incident) []tagout.Button {
	id := i.ID.String()
	over := tagout.Button{Action: "close", Label: "It is over", Value: id}
	write := tagout.Button{Action: "review", Label: "Write the review", Value: id, Tone: tagout.ToneGood}
	if i.Review != nil {
		write = tagout.Button{Action: "review", Label: "Edit the review", Value: id}
	}
	switch {
	case i.State == tagout.StateClosed || i.State == tagout.StateCancelled || i.Binds() || i.Drill && i.Exercise.Running():
		return nil
	case !i.State.Ended():
		return []tagout.Button{over, {Action: "cancel", Label: "False alarm", Value: id}}
	case !i.OwesReview() && i.ReviewState() != tagout.ReviewSubmitted:
		over.Label = "Close"
		write.Tone = tagout.ToneNeutral
		return []tagout.Button{write, over}
	}
	return []tagout.Button{write}
}

// reviewFact tells on the card how far the review is.
func reviewFact(m tagout.Message, i *tagout.Incident) tagout.Message {
	if i.Review == nil {
		return m
	}
	t := tagout.T(string(i.ReviewState()))
	if i.Room.Channel != "" && i.Room.Review != "" {
		t = append(t, tagout.T(", ", tagout.MessageLink(i.Room.Channel, i.Room.Review, "read it"))...)
	}
	return m.Fact("Review", t)
}

// alarmText says on the card that somebody called the incident a false alarm.
func alarmText(mask *tagout.Redaction, m tagout.Message, i *tagout.Incident) tagout.Message {
	if i.FalseAlarm == nil {
		return m
	}
	t := tagout.T(tagout.Bold("A false alarm"), ", says ", i.FalseAlarm.By.Text(), ": "+cutMasked(mask, i.FalseAlarm.Reason, 300))
	if i.State != tagout.StateCancelled {
		t = append(t, tagout.T("\nIt is cancelled once what it holds is lifted by the sign-offs.")...)
	}
	return m.Para(t)
}
