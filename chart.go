package tagout

import (
	"strconv"
	"strings"
)

// Chart is a small picture of figures: groups of bars, or lines, over the same categories.
type Chart struct {
	Title      string        `json:"title"`
	Lines      bool          `json:"lines,omitempty"` // lines instead of bars
	Unit       string        `json:"unit"`            // of the values, such as "minutes"
	Over       string        `json:"over,omitempty"`  // what the categories are, such as "days"
	Categories []string      `json:"categories"`
	Series     []ChartSeries `json:"series"`
}

// ChartSeries is one row of values, one for each category.
type ChartSeries struct {
	Name   string    `json:"name"`
	Tint   Tint      `json:"tint,omitempty"`
	Values []float64 `json:"values"`
}

// Tint is the colour of a series, where the edge can choose it.
type Tint string

// The tints. Those of severities are those of the modes that they bring by default.
const (
	TintRed    Tint = "red"
	TintAmber  Tint = "amber"
	TintBlue   Tint = "blue"
	TintViolet Tint = "violet"
	TintGreen  Tint = "green"
	TintGrey   Tint = "grey"
)

// TintOf is the colour of a severity.
func TintOf(s Severity) Tint {
	switch s {
	case Sev1:
		return TintRed
	case Sev2:
		return TintAmber
	}
	return TintBlue
}

// Limits of charts that every edge can show: those of Slack.
const (
	MaxCharts     = 2  // of one message
	maxChartTitle = 50 // characters, of titles and axes
	maxChartLabel = 20 // of series and categories
	maxSeries     = 6
	maxPoints     = 20
)

// Fits reports whether an edge can show the chart: it has values, one for each category, and
// what it says is short enough and told apart.
func (c Chart) Fits() bool {
	if c.Title == "" || runes(c.Title) > maxChartTitle || runes(c.Unit) > maxChartTitle || runes(c.Over) > maxChartTitle {
		return false
	}
	names := make([]string, len(c.Series))
	for n, s := range c.Series {
		if names[n] = s.Name; len(s.Values) != len(c.Categories) {
			return false
		}
	}
	return apart(names, maxSeries) && apart(c.Categories, maxPoints)
}

// apart reports whether these are labels: some, not too many, each short and there once.
func apart(labels []string, most int) bool {
	seen := map[string]bool{}
	for _, l := range labels {
		if l == "" || runes(l) > maxChartLabel || seen[l] {
			return false
		}
		seen[l] = true
	}
	return len(labels) > 0 && len(labels) <= most
}

func runes(s string) int { return len([]rune(s)) }

// String is the chart in words, for those who cannot see it.
func (c Chart) String() string {
	var b strings.Builder
	b.WriteString(c.Title)
	if c.Unit != "" {
		b.WriteString(", in " + c.Unit)
	}
	for n, category := range c.Categories {
		b.WriteString(". " + category + ": ")
		for k, s := range c.Series {
			if k > 0 {
				b.WriteString(", ")
			}
			b.WriteString(s.Name + " " + strconv.FormatFloat(s.Values[n], 'f', -1, 64))
		}
	}
	return b.String() + "."
}
