package tagout

import (
	"maps"
	"math"
	"slices"
	"time"
)

// chartMonth is the step of the charts of a digest over a longer time than [longStep].
const (
	chartMonth = 30 * 24 * time.Hour
	longStep   = 45 * 24 * time.Hour
)

// DigestPeriods is over how many windows the charts of a digest go, an even number, and how long
// each is: eight of its own, or months if that is long: as many as twice the digest has, so that
// it can be compared with what was before.
func DigestPeriods(window time.Duration) (step time.Duration, count int) {
	if window <= longStep {
		return window, 8
	}
	count = 2 * int((window+chartMonth-1)/chartMonth)
	return chartMonth, min(max(count, 6), 12)
}

// Charts are the pictures of a digest: how many incidents by severity, and how fast people
// were. There are none where they would show nothing.
func (d Digest) Charts() []Chart {
	past := d.Past
	for len(past) > 2 && past[0].Tally.Incidents == 0 { // what was before the first incident shows nothing
		past = past[1:]
	}
	var charts []Chart
	for _, c := range []Chart{d.counted(past), d.timed(past)} {
		if c.Fits() {
			charts = append(charts, c)
		}
	}
	return charts
}

// counted shows how many incidents there were, by severity.
func (d Digest) counted(past []DigestPeriod) Chart {
	c := Chart{Title: "Incidents by severity", Over: d.over()}
	severities := map[Severity]bool{}
	for _, p := range past {
		c.Categories = append(c.Categories, d.began(p.From))
		for s, n := range p.Tally.BySeverity {
			severities[s] = severities[s] || n > 0
		}
	}
	for _, s := range slices.Sorted(maps.Keys(severities)) {
		if !severities[s] {
			continue
		}
		row := ChartSeries{Name: s.Label(), Tint: TintOf(s)}
		for _, p := range past {
			row.Values = append(row.Values, float64(p.Tally.BySeverity[s]))
		}
		c.Series = append(c.Series, row)
	}
	return c
}

// timed shows how fast people were, by the medians: of the windows in which somebody acknowledged,
// if there are at least two.
func (d Digest) timed(past []DigestPeriod) Chart {
	past = slices.DeleteFunc(slices.Clone(past), func(p DigestPeriod) bool { return p.Tally.TimeToAcknowledge.N == 0 })
	if len(past) < 2 {
		return Chart{}
	}
	c := Chart{Title: "Median time to …", Over: d.over(), Lines: true}
	rows, longest := medians(past)
	if len(rows) == 1 {
		c.Title = "Median time to " + rows[0].name
	}
	unit := time.Minute
	switch c.Unit = "minutes"; {
	case longest <= 2*time.Minute:
		c.Unit, unit = "seconds", time.Second
	case longest > 3*time.Hour:
		c.Unit, unit = "hours", time.Hour
	}
	for _, p := range past {
		c.Categories = append(c.Categories, d.began(p.From))
	}
	for _, row := range rows {
		s := ChartSeries{Name: row.name, Tint: row.tint}
		for _, median := range row.times {
			s.Values = append(s.Values, rounded(median, unit))
		}
		c.Series = append(c.Series, s)
	}
	return c
}

// timedRow is one line of a chart of times.
type timedRow struct {
	name  string
	tint  Tint
	of    func(Tally) Spread
	times []time.Duration
}

// medians are the times that all windows tell, but for those that would lie along the axis since
// the others are far longer; and the longest of them.
func medians(past []DigestPeriod) (rows []timedRow, longest time.Duration) {
	for _, row := range []timedRow{
		{name: "detect", tint: TintAmber, of: func(t Tally) Spread { return t.TimeToDetect }},
		{name: "acknowledge", tint: TintBlue, of: func(t Tally) Spread { return t.TimeToAcknowledge }},
		{name: "contain", tint: TintViolet, of: func(t Tally) Spread { return t.TimeToContain }},
	} {
		for _, p := range past {
			if s := row.of(p.Tally); s.N > 0 {
				row.times = append(row.times, s.Median)
			}
		}
		if len(row.times) == len(past) {
			rows, longest = append(rows, row), max(longest, slices.Max(row.times))
		}
	}
	return slices.DeleteFunc(rows, func(r timedRow) bool { return slices.Max(r.times) < longest/20 }), longest
}

func rounded(d, unit time.Duration) float64 {
	return math.Round(float64(d)/float64(unit)*10) / 10
}

// over says what the categories are.
func (d Digest) over() string {
	switch step, _ := DigestPeriods(d.Order.Window); {
	case step == 7*24*time.Hour:
		return "weeks, by their first day"
	case step == 24*time.Hour:
		return "days"
	case step%(24*time.Hour) == 0:
		return plural(int(step/(24*time.Hour)), "day") + " each, by their first day"
	default:
		return inHours(step) + " each, by their beginning"
	}
}

// began names a window by its beginning.
func (d Digest) began(from time.Time) string {
	form := "2 Jan"
	switch step, count := DigestPeriods(d.Order.Window); {
	case step%(24*time.Hour) != 0:
		form = "2 Jan 15:04"
	case step*time.Duration(count) > 366*24*time.Hour:
		form = "2 Jan 2006"
	}
	return from.In(d.Order.Location()).Format(form)
}
