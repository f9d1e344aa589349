package escalation

import (
	"time"

	"github.com/robfig/cron/v3"

	"tagout"
)

// rotationEpoch is when every rotation's first member had the first turn, so that turns
// are the same on every replica and after every restart.
var rotationEpoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// turn is whose turn it is, and until when; zero: for good.
type turn struct {
	who   tagout.UserID
	until time.Time
}

// OnCall is whose turn it is in a rotation at a time: members follow each other at each
// handoff since 2024-01-01 UTC. A handoff is a reading of the clock on the wall: one that
// the change to or from summer time skips or repeats happens once. It returns false for a rotation that is nil, empty or has
// no valid handoff.
func OnCall(r *tagout.Rotation, now time.Time) (tagout.UserID, bool) {
	t, problem := turnAt(r, now)
	return t.who, problem == ""
}

// turnAt is [OnCall] with the end of the turn, or with what is wrong as a sentence.
func turnAt(r *tagout.Rotation, now time.Time) (turn, string) {
	switch {
	case r == nil:
		return turn{}, "This rotation is not configured."
	case len(r.Members) == 0:
		return turn{}, "Nobody is in this rotation."
	case len(r.Members) == 1:
		return turn{who: r.Members[0]}, ""
	}
	zone, err := time.LoadLocation(r.Timezone)
	if err != nil {
		return turn{}, "Its time zone is not known on this machine, so nobody can tell whose turn it is."
	}
	schedule, err := cron.ParseStandard(r.Handoff)
	if err != nil {
		return turn{}, "Its handoff is not a schedule, so nobody can tell whose turn it is."
	}
	turns := 0
	next := schedule.Next(onWall(rotationEpoch.In(zone), time.UTC))
	for ; !next.IsZero() && !onWall(next, zone).After(now); next = schedule.Next(next) {
		turns++
	}
	t := turn{who: r.Members[turns%len(r.Members)]}
	if !next.IsZero() {
		t.until = onWall(next, zone)
	}
	return t, ""
}

// onWall is the time at which the clocks of a zone show what t shows.
func onWall(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}
