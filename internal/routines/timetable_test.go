package routines_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"tagout"
	"tagout/internal/routines"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestAScheduleFollowsItsWallClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spec, zone, after string
		want              []string
	}{
		"a week": {"0 9 * * MON", "America/New_York", "2026-11-22T00:00:00Z", []string{"2026-11-23T14:00:00Z", "2026-11-30T14:00:00Z"}},
		"winter": {"0 9 * * MON", "America/New_York", "2026-10-25T00:00:00Z", []string{"2026-10-26T13:00:00Z", "2026-11-02T14:00:00Z"}},
		"02:30 does not exist on 8 March, so it comes at 03:00": {"30 2 * * *", "America/New_York", "2026-03-07T00:00:00-05:00",
			[]string{"2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"}},
		"01:30 comes twice on 1 November, and counts once": {"30 1 * * *", "America/New_York", "2026-10-31T00:00:00-04:00",
			[]string{"2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"}},
		"midnight does not exist in Santiago on 6 September": {"@daily", "America/Santiago", "2026-09-05T12:00:00Z",
			[]string{"2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"}},
		"several skipped times come once": {"0,20,40 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", []string{"2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"}},
		"every hour keeps to real hours in autumn": {"0 * * * *", "America/New_York", "2026-11-01T00:30:00-04:00",
			[]string{"2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"}},
		"and in spring":  {"30 * * * *", "America/New_York", "2026-03-08T01:00:00-05:00", []string{"2026-03-08T06:30:00Z", "2026-03-08T07:30:00Z"}},
		"UTC":            {"15 10 1 * *", "UTC", "2026-11-22T00:00:00Z", []string{"2026-12-01T10:15:00Z", "2027-01-01T10:15:00Z"}},
		"half an hour":   {"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", []string{"2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"}},
		"a day is gone":  {"0 12 * * *", "Pacific/Apia", "2011-12-29T20:00:00Z", []string{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"}},
		"on the instant": {"0 9 * * *", "UTC", "2026-11-22T09:00:00Z", []string{"2026-11-23T09:00:00Z"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			next, err := routines.Parse(c.spec, zone(t, c.zone))
			if err != nil {
				t.Fatal(err)
			}
			at, _ := time.Parse(time.RFC3339, c.after)
			for _, want := range c.want {
				if at = next(at); at.Format(time.RFC3339) != want {
					t.Fatalf("it comes at %s, want %s", at.Format(time.RFC3339), want)
				}
			}
		})
	}
}

func TestEachDayHasItsTimeExactlyOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago", "Africa/Cairo", "Asia/Tokyo", "America/Havana"} {
		z := zone(t, name)
		for range 20 {
			hour, minute := random.IntN(24), random.IntN(60)
			next, err := routines.Parse(time.Date(2026, 1, 1, hour, minute, 0, 0, time.UTC).Format("4 15 * * *"), z)
			if err != nil {
				t.Fatal(err)
			}
			begins := time.Date(2025, 12, 31, 23, 59, 59, 0, z)
			days := 0
			for at := next(begins); at.Before(time.Date(2027, 1, 1, 0, 0, 0, 0, z)); at = next(at) {
				days++
				if !next(at.Add(-time.Microsecond)).Equal(at) {
					t.Fatalf("%s %02d:%02d: what comes after the moment before %s is not it", name, hour, minute, at)
				}
			}
			if days != 365 {
				t.Errorf("%s %02d:%02d: it comes on %d days of 2026", name, hour, minute, days)
			}
		}
	}
}

func TestWhatIsNoScheduleIsRefused(t *testing.T) {
	t.Parallel()
	for _, spec := range []string{"", "* * *", "61 * * * *", "@every 1h", "TZ=Europe/Berlin 0 9 * * *", "CRON_TZ=UTC 0 9 * * *"} {
		if _, err := routines.Parse(spec, time.UTC); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%q: %v", spec, err)
		}
	}
	never, err := routines.Parse("0 0 30 2 *", nil)
	if err != nil || !never(time.Now()).IsZero() {
		t.Errorf("30 February comes: %v", err)
	}
}
