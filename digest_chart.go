package tagout

import (
	"maps"
	"math"
	"slices"
	"time"
)

// DigestPeriods is over how many windows the charts of a digest go: about a year of long ones,
// and an even number.
func DigestPeriods(window time.Duration) int {
	if window > 45*24*time.Hour {
		return 4
	}
	return 8
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

// timed shows within what time incidents were acknowledged: of the windows that tell it, if
// there are at least two.
func (d Digest) timed(past []DigestPeriod) Chart {
	half, most := ChartSeries{Name: "half of them", Tint: TintBlue}, ChartSeries{Name: "9 of 10", Tint: TintViolet}
	c := Chart{Title: "Acknowledged within", Over: d.over(), Lines: true}
	longest := time.Duration(0)
	var told []DigestPeriod
	for _, p := range past {
		if p.Tally.TimeToAcknowledge.N > 0 {
			told = append(told, p)
			longest = max(longest, p.Tally.TimeToAcknowledge.P90)
		}
	}
	if len(told) < 2 {
		return Chart{}
	}
	unit := time.Minute
	switch c.Unit = "minutes"; {
	case longest <= 2*time.Minute:
		c.Unit, unit = "seconds", time.Second
	case longest > 3*time.Hour:
		c.Unit, unit = "hours", time.Hour
	}
	for _, p := range told {
		c.Categories = append(c.Categories, d.began(p.From))
		half.Values = append(half.Values, rounded(p.Tally.TimeToAcknowledge.Median, unit))
		most.Values = append(most.Values, rounded(p.Tally.TimeToAcknowledge.P90, unit))
	}
	c.Series = []ChartSeries{half, most}
	return c
}

func rounded(d, unit time.Duration) float64 {
	return math.Round(float64(d)/float64(unit)*10) / 10
}

// over says what the categories are.
func (d Digest) over() string {
	switch d.Order.Window {
	case 7 * 24 * time.Hour:
		return "week beginning"
	case 24 * time.Hour:
		return "day beginning"
	}
	return "beginning"
}

// began names a window by its beginning.
func (d Digest) began(from time.Time) string {
	form := "2 Jan"
	switch {
	case d.Order.Window%(24*time.Hour) != 0:
		form = "2 Jan 15:04"
	case d.Order.Window > 45*24*time.Hour:
		form = "2 Jan 2006"
	}
	return from.In(d.Order.Location()).Format(form)
}
