package tagout

import "time"

// QuietHours are when somebody is not paged for less than SEV-1. The zero value is never.
type QuietHours struct {
	From, To string // "22:00", on the clocks of Timezone
	Timezone string // of the IANA list; "": UTC
}

// IsZero reports whether there are none.
func (q QuietHours) IsZero() bool { return q.From == q.To }

// Until tells when the quiet that now is in ends. It returns false if now is not quiet, or
// if the hours cannot be read: then nobody may be spared.
func (q QuietHours) Until(now time.Time) (time.Time, bool) {
	from, err := time.Parse("15:04", q.From)
	to, err2 := time.Parse("15:04", q.To)
	zone, err3 := time.LoadLocation(q.Timezone)
	if err != nil || err2 != nil || err3 != nil || q.IsZero() {
		return time.Time{}, false
	}
	today := now.In(zone)
	for _, day := range []int{-1, 0} { // the night that began yesterday, and the one that begins today
		wall := func(clock time.Time, more int) time.Time {
			return time.Date(today.Year(), today.Month(), today.Day()+day+more, clock.Hour(), clock.Minute(), 0, 0, zone)
		}
		next := 0
		if to.Before(from) {
			next = 1
		}
		if end := wall(to, next); !now.Before(wall(from, 0)) && now.Before(end) {
			return Moment(end), true
		}
	}
	return time.Time{}, false
}
