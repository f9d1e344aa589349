package commands

import (
	"strings"

	"tagout"
)

// parse reads `SCOPE [class=NAME] [from TIME] [for] 2h|until TIME reason…`.
func (s silences) parse(in tagout.Invocation) (tagout.SilenceOrder, error) {
	words := strings.Fields(line(in.Text))
	said := silenceWords{order: tagout.SilenceOrder{ID: in.ID, By: in.User}, path: bare(words[0])}
	for rest := words[1:]; len(rest) > 0; {
		rest = said.take(rest)
	}
	o := said.order
	if (o.For == 0) == (said.until == "") {
		return o, tagout.Errorf(tagout.Invalid, "Say for how long, or until when. %s", silenceForm)
	}
	if o.Reason == "" {
		return o, tagout.Errorf(tagout.Invalid, "Say why, so that others know what is going on. %s", silenceForm)
	}
	if err := s.times(&o, said.from, said.until); err != nil {
		return o, err
	}
	scope, err := s.scope(said.path)
	o.Scope = scope
	return o, err
}

// silenceWords is what was read so far of the words that order a silence.
type silenceWords struct {
	order       tagout.SilenceOrder
	path        string // of the scope
	from, until string // as they were typed
}

// take reads the next of the words and returns those that are left. The first that means
// nothing else begins the reason.
func (s *silenceWords) take(words []string) (rest []string) {
	word, next := strings.ToLower(bare(words[0])), ""
	if len(words) > 1 {
		next = bare(words[1])
	}
	length, err := parseLength(word)
	class, isClass := strings.CutPrefix(word, "class=")
	switch {
	case isClass && s.order.Class == "":
		s.order.Class = class
	case strings.HasPrefix(word, "tool:") && !strings.Contains(s.path, "tool:"):
		s.path += " " + word
	case word == "from" && s.from == "" && isTime(next):
		s.from = next
		return words[2:]
	case word == "until" && s.until == "" && isTime(next):
		s.until = next
		return words[2:]
	case word == "for" && isLength(next):
	case err == nil && s.order.For == 0 && s.until == "":
		s.order.For = length
	default:
		s.order.Reason = cutTo(strings.Join(words, " "), 300)
		return nil
	}
	return words[1:]
}

func isLength(word string) bool {
	_, err := parseLength(strings.ToLower(word))
	return err == nil
}

// isTime tells a time from a word of the reason, whether or not it can be read.
func isTime(word string) bool { return strings.Contains(word, ":") && word[0] >= '0' && word[0] <= '9' }

// times fills in from and for how long. Times of day are read in the zone of the rotation, as
// those of /oncall are.
func (s silences) times(o *tagout.SilenceOrder, from, until string) error {
	zone, err := duties{floor: s.floor}.zone("")
	if err != nil {
		return err
	}
	start := s.clock.Now()
	if from != "" {
		if start, err = parseMoment(from, start, zone); err != nil {
			return err
		}
		o.From = start.UTC()
	}
	if until == "" {
		return nil
	}
	end, err := parseMoment(until, start, zone)
	if err != nil {
		return err
	}
	o.For = end.Sub(start)
	return nil
}
