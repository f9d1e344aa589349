package tagout_test

import (
	"testing"
	"time"

	"tagout"
)

func TestQuietHoursEndOnTheClockOfTheirZone(t *testing.T) {
	t.Parallel()
	night := tagout.QuietHours{From: "22:00", To: "07:00", Timezone: "Europe/Berlin"}
	lunch := tagout.QuietHours{From: "12:00", To: "13:30"}
	utc := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
	}
	for name, c := range map[string]struct {
		quiet tagout.QuietHours
		now   time.Time
		until time.Time
	}{
		"before the night":                       {night, utc(1, 10, 20, 59), time.Time{}},
		"as it begins":                           {night, utc(1, 10, 21, 0), utc(1, 11, 6, 0)},
		"after midnight":                         {night, utc(1, 11, 3, 0), utc(1, 11, 6, 0)},
		"as it ends":                             {night, utc(1, 11, 6, 0), time.Time{}},
		"in summer":                              {night, utc(7, 10, 20, 0), utc(7, 11, 5, 0)},
		"the night that summer time begins":      {night, utc(3, 28, 22, 0), utc(3, 29, 5, 0)},
		"the night that summer time ends":        {night, utc(10, 24, 22, 0), utc(10, 25, 6, 0)},
		"by day":                                 {lunch, utc(1, 10, 12, 0), utc(1, 10, 13, 30)},
		"after lunch":                            {lunch, utc(1, 10, 13, 30), time.Time{}},
		"none":                                   {tagout.QuietHours{}, utc(1, 10, 3, 0), time.Time{}},
		"what cannot be read spares nobody":      {tagout.QuietHours{From: "late", To: "early"}, utc(1, 10, 3, 0), time.Time{}},
		"a zone that is not there spares nobody": {tagout.QuietHours{From: "22:00", To: "07:00", Timezone: "Mars/Olympus"}, utc(1, 10, 3, 0), time.Time{}},
	} {
		until, quiet := c.quiet.Until(c.now)
		if !until.Equal(c.until) || quiet == c.until.IsZero() {
			t.Errorf("%s: quiet %t until %s, want %s", name, quiet, until, c.until)
		}
	}
}
