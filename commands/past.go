package commands

import (
	"strings"
	"time"

	"tagout"
)

// recently is how long ago something was of which the clock alone says when.
const recently = 24 * time.Hour

// parsePast reads a moment that has passed, and returns what is written behind it: 14:05 or
// 14:05:30 of the last 24 h, a date with a time, both in UTC or in the zone that follows, or
// 25m ago. around is when the thing happened that it is about: if that is longer ago, a date
// is needed. It returns Invalid, saying what to write, for anything else.
func parsePast(text string, now, around time.Time) (at time.Time, rest string, err error) {
	words := strings.Fields(text)
	if len(words) == 0 {
		return time.Time{}, "", tagout.Errorf(tagout.Invalid, "Say when it was, and why: NAME 14:05 REASON. Nothing was changed.")
	}
	if len(words) > 1 && strings.EqualFold(bare(words[1]), "ago") {
		length, err := parseLength(strings.ToLower(bare(words[0])))
		if err != nil || length <= 0 {
			return time.Time{}, "", badPast(words[0])
		}
		return now.Add(-length), strings.Join(words[2:], " "), nil
	}
	word := strings.ToUpper(bare(words[0]))
	words = words[1:]
	if len(words) > 0 && isDate(word) && strings.Contains(words[0], ":") { // "2026-11-21 14:05"
		word, words = word+"T"+strings.ToUpper(bare(words[0])), words[1:]
	}
	zone, words, err := zoneAt(words)
	if err != nil {
		return time.Time{}, "", err
	}
	rest = strings.Join(words, " ")
	for _, layout := range []string{"2006-01-02T15:04:05.999999999Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04"} {
		if at, err := time.ParseInLocation(layout, word, zone); err == nil {
			return at, rest, nil
		}
	}
	at, err = clockOf(word, zone, now, around)
	return at, rest, err
}

func isDate(word string) bool {
	_, err := time.Parse(time.DateOnly, word)
	return err == nil
}

// zoneAt takes a time zone off the front of words; without one it is UTC.
func zoneAt(words []string) (*time.Location, []string, error) {
	if len(words) == 0 {
		return time.UTC, nil, nil
	}
	name := bare(words[0])
	switch {
	case strings.EqualFold(name, "utc") || name == "Z":
		return time.UTC, words[1:], nil
	case !strings.Contains(name, "/") || strings.ContainsAny(name, "<>:|"):
		return time.UTC, words, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		if first := name[0]; first >= 'A' && first <= 'Z' {
			return nil, nil, tagout.Errorf(tagout.Invalid,
				"The time zone %s is not known here. Write it as Europe/Berlin or +01:00, or leave it out for UTC. Nothing was changed.",
				clip(name))
		}
		return time.UTC, words, nil // a reason such as client/server
	}
	return zone, words[1:], nil
}

// clockOf is when a clock in zone showed this last.
func clockOf(word string, zone *time.Location, now, around time.Time) (time.Time, error) {
	for _, layout := range []string{"15:04:05", "15:04", "15:04:05Z07:00", "15:04Z07:00"} {
		clock, err := time.Parse(layout, word)
		if err != nil {
			continue
		}
		if strings.Contains(layout, "Z") {
			zone = clock.Location()
		}
		if now.Sub(around) > recently {
			return time.Time{}, tagout.Errorf(tagout.Invalid, "The incident is of %s: write the date too, as %sT%s. Nothing was changed.",
				around.UTC().Format(time.DateOnly), around.UTC().Format(time.DateOnly), word)
		}
		local := now.In(zone)
		at := time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
		if at.After(now) {
			at = time.Date(local.Year(), local.Month(), local.Day()-1, clock.Hour(), clock.Minute(), clock.Second(), 0, zone)
		}
		return at, nil
	}
	return time.Time{}, badPast(word)
}

func badPast(word string) error {
	return tagout.Errorf(tagout.Invalid,
		"%q is not a time: write 14:05 (UTC), a date and a time as 2026-11-21T14:05, or 25m ago. Then the reason. Nothing was changed.",
		clip(word))
}
