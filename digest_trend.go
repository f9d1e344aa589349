package tagout

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// fewest is of how many times or cases a figure must be made to be compared.
const fewest = 3

// sameWithin is how much two figures may differ, as a share of the earlier one, and still count
// as about the same.
const sameWithin = 0.1

// windowWords names a window: what it is, and the one before it.
func windowWords(window time.Duration) (this, before string) {
	days := int(window / (24 * time.Hour))
	switch {
	case window%(24*time.Hour) != 0:
		return "the last " + inHours(window), "the " + inHours(window) + " before"
	case days == 1:
		return "day", "the day before"
	case days == 7:
		return "week", "the week before"
	}
	return fmt.Sprintf("the last %d days", days), fmt.Sprintf("the %d days before", days)
}

func inHours(d time.Duration) string {
	if d%time.Hour == 0 {
		return plural(int(d/time.Hour), "hour")
	}
	return plural(int(d/time.Minute), "minute")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// countTrend compares two counts of which fewer is better.
func countTrend(now, before int) string {
	switch {
	case now == before:
		return "→ as many as before"
	case now < before:
		return fmt.Sprintf("▼ %d fewer, was %d", before-now, before)
	}
	return fmt.Sprintf("▲ %d more, was %d", now-before, before)
}

// countWords is the same in a sentence.
func countWords(now, before int, than string) string {
	switch {
	case now == before:
		return "as many as " + than
	case now < before:
		return fmt.Sprintf("%d fewer than %s", before-now, than)
	}
	return fmt.Sprintf("%d more than %s", now-before, than)
}

// spreadTrend compares two medians of which a shorter one is better.
func spreadTrend(now, before Spread) string {
	if now.N < fewest || before.N < fewest {
		return "too few to compare"
	}
	was := Elapsed(before.Median)
	switch ratio := moved(now.Median.Seconds(), before.Median.Seconds()); {
	case math.Abs(ratio) <= sameWithin:
		return "→ about the same (" + was + ")"
	case ratio < 0:
		return "▼ faster, was " + was
	}
	return "▲ slower, was " + was
}

// shareTrend compares two rates; more says whether more of it is better.
func shareTrend(now, before Share, more bool) string {
	if now.All < fewest || before.All < fewest {
		return "too few to compare"
	}
	is, _ := now.Rate()
	was, _ := before.Rate()
	arrow := "▲"
	if is < was {
		arrow = "▼"
	}
	switch {
	case math.Abs(is-was) < 0.005:
		return "→ the same"
	case (is > was) == more:
		return arrow + " better, was " + percent(was)
	}
	return arrow + " worse, was " + percent(was)
}

// moved is by how much a figure changed, as a share of what it was.
func moved(now, before float64) float64 {
	if before == 0 {
		if now == 0 {
			return 0
		}
		return math.Inf(1)
	}
	return now/before - 1
}

func percent(rate float64) string { return strconv.Itoa(int(math.Round(rate*100))) + " %" }
