// Package routines keeps the schedules of what comes again and again: it reads them, and has
// each time of each come exactly once, however many replicas run.
package routines

import (
	"time"

	"github.com/robfig/cron/v3"

	"tagout"
)

// starBit marks a field that any value fits.
const starBit = 1 << 63

// looking is how far back a search begins on the wall clock: more than any zone is ever set back.
const looking = 25 * time.Hour

// Parse reads a schedule of five fields, as robfig/cron writes them, on the wall clock of a zone
// (nil: UTC). It returns Invalid if it is none.
//
// The library leaves out times that a clock skips in spring, and has those that come twice in
// autumn come twice. Here they come once each: a skipped one at the first moment after the gap, a
// repeated one at its first coming. A schedule for every hour keeps to real hours.
func Parse(spec string, zone *time.Location) (tagout.Timetable, error) {
	if zone == nil {
		zone = time.UTC
	}
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "%q is not a schedule: %w", spec, err)
	}
	fields, ok := parsed.(*cron.SpecSchedule)
	if !ok || fields.Location != time.Local {
		return nil, tagout.Errorf(tagout.Invalid, "%q is not a schedule of five fields.", spec)
	}
	if fields.Hour&starBit != 0 {
		return func(after time.Time) time.Time { return moment(fields.Next(after.In(zone))) }, nil
	}
	wall := *fields
	wall.Location = time.UTC
	return func(after time.Time) time.Time {
		for at := wall.Next(onWall(after, zone).Add(-looking)); !at.IsZero(); at = wall.Next(at) {
			if comes := shown(at, zone); comes.After(after) {
				return moment(comes)
			}
		}
		return time.Time{}
	}, nil
}

func moment(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return tagout.Moment(t)
}

// onWall is what a wall clock in a zone shows at t, written as if it were UTC.
func onWall(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// shown is when a wall clock in a zone first shows this time, or has gone past it.
func shown(wall time.Time, zone *time.Location) time.Time {
	at := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, zone)
	begins, ends := at.ZoneBounds()
	switch there := onWall(at, zone); {
	case there.After(wall): // skipped, and at is after the gap
		return begins
	case there.Before(wall): // skipped, and at is before the gap
		return ends
	}
	if begins.IsZero() {
		return at
	}
	_, before := begins.Add(-time.Second).Zone()
	if first := wall.Add(-time.Duration(before) * time.Second); first.Before(begins) {
		return first.In(zone) // it comes twice; if it came once only, at would be that one
	}
	return at
}
