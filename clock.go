package tagout

import "time"

// Clock tells the time. Everything that depends on time takes one, so that tests move it
// by hand.
type Clock interface {
	// Now is the current time; Tagout keeps times in UTC at microseconds.
	Now() time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now is the machine's time in UTC at microseconds.
func (SystemClock) Now() time.Time { return Moment(time.Now()) }

// Moment is t as Tagout stores it: UTC, cut to microseconds, without a monotonic reading,
// so that it survives both databases unchanged.
func Moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
