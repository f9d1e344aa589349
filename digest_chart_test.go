package tagout_test

import (
	"slices"
	"testing"
	"time"

	"tagout"
)

func TestTheChartsOfALongDigestGoByMonths(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for window, want := range map[time.Duration][2]int{ // days of a step, and how many
		time.Hour: {0, 8}, day: {1, 8}, week: {7, 8}, 30 * day: {30, 8}, 60 * day: {30, 6}, 90 * day: {30, 6}, 180 * day: {30, 12}, 366 * day: {30, 12},
	} {
		if step, count := tagout.DigestPeriods(window); int(step/day) != want[0] || count != want[1] || count%2 != 0 {
			t.Errorf("%s: %d of %s", window, count, step)
		}
	}
}

func TestTheChartsSayWhatTheirBarsAre(t *testing.T) {
	t.Parallel()
	for window, want := range map[time.Duration][2]string{
		week:                {"weeks, by their first day", "16 Nov"},
		24 * time.Hour:      {"days", "16 Nov"},
		90 * 24 * time.Hour: {"30 days each, by their first day", "16 Nov"},
		36 * time.Hour:      {"36 hours each, by their beginning", "16 Nov 09:00"},
	} {
		d := fullDigest()
		d.Order.Window = window
		charts := d.Charts()
		if len(charts) != 2 {
			t.Fatalf("%s: %d charts", window, len(charts))
		}
		for _, c := range charts {
			if last := c.Categories[len(c.Categories)-1]; c.Over != want[0] || last != want[1] {
				t.Errorf("%s: %q, %q", window, c.Over, last)
			}
		}
	}
}

func TestTheTimesThatAllWindowsTellAreDrawn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*tagout.Tally)
		title  string
		want   []string
	}{
		"as it is":            {func(*tagout.Tally) {}, "Median time to …", []string{"detect", "acknowledge"}}, // to contain takes seconds
		"all of them":         {func(t *tagout.Tally) { t.TimeToContain = spread(9, 3*time.Minute, time.Hour) }, "Median time to …", []string{"detect", "acknowledge", "contain"}},
		"no onset was known":  {func(t *tagout.Tally) { t.TimeToDetect = tagout.Spread{} }, "Median time to acknowledge", []string{"acknowledge"}},
		"nobody acknowledged": {func(t *tagout.Tally) { t.TimeToAcknowledge = tagout.Spread{} }, "", nil},
	} {
		d := fullDigest()
		for n := range d.Past {
			c.change(&d.Past[n].Tally)
		}
		charts := d.Charts()
		var got []string
		if len(charts) == 2 {
			for _, s := range charts[1].Series {
				got = append(got, s.Name)
			}
			if charts[1].Title != c.title {
				t.Errorf("%s: %q", name, charts[1].Title)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
