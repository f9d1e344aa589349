package escalation

import (
	"time"

	"github.com/robfig/cron/v3"

	"tagout"
)

// rotationEpoch is when every rotation's first member had the first turn, so that turns
// are the same on every replica and after every restart.
var rotationEpoch = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)

// OnCall is whose turn it is in a rotation at a time: members follow each other at each
// handoff since 2024-01-01 UTC. A handoff is a reading of the clock on the wall: one that
// the change to or from summer time skips or repeats happens once. It returns false for a rotation that is nil, empty or has
// no valid handoff.
func OnCall(r *tagout.Rotation, now time.Time) (tagout.UserID, bool) {
	if r == nil || len(r.Members) == 0 {
		return "", false
	}
	if len(r.Members) == 1 {
		return r.Members[0], true
	}
	zone, err := time.LoadLocation(r.Timezone)
	if err != nil {
		return "", false
	}
	schedule, err := cron.ParseStandard(r.Handoff)
	if err != nil {
		return "", false
	}
	turns := 0
	for t := schedule.Next(onWall(rotationEpoch.In(zone), time.UTC)); !t.IsZero() && !onWall(t, zone).After(now); t = schedule.Next(t) {
		turns++
	}
	return r.Members[turns%len(r.Members)], true
}

// onWall is the time at which the clocks of a zone show what t shows.
func onWall(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone)
}
