package commands

import (
	"strings"
	"time"

	"tagout"
)

// parsePerson reads a mention as Slack sends it (<@U0123|name>), or a bare member ID. It
// reports whether the word names a person at all, and returns Invalid for a name that Slack
// did not turn into an ID.
func parsePerson(word string) (tagout.UserID, bool, error) {
	id, mentioned := strings.CutPrefix(strings.TrimRight(word, punctuation), "<@")
	if mentioned {
		id, _, _ = strings.Cut(strings.TrimSuffix(id, ">"), "|")
	} else {
		id = bare(word)
	}
	if isUserID(id) {
		return tagout.UserID(id), true, nil
	}
	if mentioned || strings.HasPrefix(word, "@") {
		return "", true, tagout.Errorf(tagout.Invalid,
			"Slack sent the name %q and not the person. Pick the person from the list that Slack offers after @, or write the member ID from their profile, such as U0123456789. Nothing was changed. (An operator can update the app's manifest, so that Slack sends people.)", clip(word))
	}
	return "", false, nil
}

func isUserID(s string) bool {
	return len(s) >= 3 && (s[0] == 'U' || s[0] == 'W') && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" &&
		strings.ContainsAny(s, "0123456789")
}

// parseOverride reads `@PERSON 4h|until TIME [from TIME] [ROTATION] [why…]`. It returns
// Invalid, with what to write, for anything else.
func (o duties) parseOverride(words []string) (tagout.OverrideOrder, error) {
	const form = "Write /tagout oncall override @PERSON 4h, or @PERSON until 18:00. Nothing was changed."
	var order tagout.OverrideOrder
	if len(words) == 0 {
		return order, tagout.Errorf(tagout.Invalid, "Say who is on call, and for how long. %s", form)
	}
	id, ok, err := parsePerson(words[0])
	if err != nil || !ok {
		if err == nil {
			err = tagout.Errorf(tagout.Invalid, "%q is not a person. %s", clip(words[0]), form)
		}
		return order, err
	}
	order.Person = id
	var length time.Duration
	var from, until string
	words = words[1:]
	for len(words) > 0 {
		word := strings.ToLower(bare(words[0]))
		d, lengthErr := parseLength(word)
		switch {
		case (word == "until" || word == "from") && len(words) == 1:
			return order, tagout.Errorf(tagout.Invalid, "A time is missing after %q. %s", word, form)
		case word == "until" && until == "":
			until, words = words[1], words[1:]
		case word == "from" && from == "":
			from, words = words[1], words[1:]
		case lengthErr == nil && length == 0:
			length = d
		case order.Rotation == "" && o.policy.Rotations[word] != nil:
			order.Rotation = word
		default:
			order.Why = cutTo(strings.Join(words, " "), 300)
			words = words[:1]
		}
		words = words[1:]
	}
	if (length == 0) == (until == "") {
		return order, tagout.Errorf(tagout.Invalid, "Say either for how long or until when. %s", form)
	}
	return order, o.times(&order, from, until, length)
}

// times fills in from and until, which are read in the rotation's zone.
func (o duties) times(order *tagout.OverrideOrder, from, until string, length time.Duration) error {
	now := o.clock.Now()
	zone, err := o.zone(order.Rotation)
	if err != nil {
		return err
	}
	start := now
	if from != "" {
		if start, err = parseMoment(from, now, zone); err != nil {
			return err
		}
		order.From = start.UTC()
	}
	if length > 0 {
		order.Until = start.Add(length).UTC()
		return nil
	}
	end, err := parseMoment(until, start, zone)
	order.Until = end.UTC()
	return err
}

// zone is the time zone of a rotation: UTC where it has none.
func (o duties) zone(rotation string) (*time.Location, error) {
	name := "UTC"
	for key, r := range o.policy.Rotations {
		if (key == rotation || rotation == "" && len(o.policy.Rotations) == 1) && r.Timezone != "" {
			name = r.Timezone
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid,
			"The time zone %s of the rotation is not known on this machine; say for how long instead, such as 4h. Nothing was changed.",
			name)
	}
	return zone, nil
}

// parseLength reads 30m, 4h, 1h30m, 2d.
func parseLength(word string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(word, "d"); ok {
		d, err := time.ParseDuration(days + "h")
		return 24 * d, err
	}
	d, err := time.ParseDuration(word)
	if err == nil && d <= 0 {
		err = tagout.Errorf(tagout.Invalid, "not a length")
	}
	return d, err
}

// parseMoment reads 18:00, the next time that the clock shows that after a moment, or a date
// with a time such as 2026-11-30T18:00.
func parseMoment(word string, after time.Time, zone *time.Location) (time.Time, error) {
	word = bare(word)
	if at, err := time.ParseInLocation("2006-01-02T15:04", strings.ToUpper(word), zone); err == nil {
		return at, nil
	}
	clock, err := time.Parse("15:04", word)
	if err != nil {
		return time.Time{}, tagout.Errorf(tagout.Invalid,
			"%q is not a time: write 18:00, or a date and a time as 2026-11-30T18:00. Nothing was changed.",
			clip(word))
	}
	local := after.In(zone)
	at := time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), 0, 0, zone)
	if !at.After(after) {
		at = time.Date(local.Year(), local.Month(), local.Day()+1, clock.Hour(), clock.Minute(), 0, 0, zone)
	}
	return at, nil
}
