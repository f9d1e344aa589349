package tagout

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

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

// Elapsed is a duration as people read it: 0.004 s, 0.31 s, 12 s, 3 min 5 s.
func Elapsed(d time.Duration) string {
	switch s := max(0, d).Seconds(); {
	case s == 0:
		return "0 s"
	case s < 0.0995:
		return decimals(s, 3)
	case s < 9.95:
		return decimals(s, 2)
	case s < 120:
		return fmt.Sprintf("%.0f s", s)
	case s < 7200:
		whole := int(s)
		if whole%60 == 0 {
			return fmt.Sprintf("%d min", whole/60)
		}
		return fmt.Sprintf("%d min %d s", whole/60, whole%60)
	default:
		return fmt.Sprintf("%d h %d min", int(s)/3600, int(s)/60%60)
	}
}

// decimals is a number of seconds with at most n decimals.
func decimals(s float64, n int) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(s, 'f', n, 64), "0"), ".") + " s"
}
