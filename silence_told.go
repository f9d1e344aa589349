package tagout

import (
	"strings"
)

// Message is the silence as the announce channel reads it, from its beginning to its end.
func (s *Silence) Message(kept SilenceTally) Message {
	m := Message{Title: "🔕 " + s.ID.String() + " · " + s.Scope.String() + s.state(), Tone: ToneNeutral}
	m = m.Para(s.By.Text(), " silenced ", s.about(), ": ", s.Reason)
	if s.EndedAt.IsZero() {
		m = m.Fact("From", s.From).Fact("Until", s.Until)
	} else {
		m = m.Fact("From", s.From).Fact("Ended", s.EndedAt, s.endedBy())
	}
	for _, l := range s.Longer {
		m = m.Fact("Extended", "until ", l.Until, " by ", l.By.Text())
	}
	if s.Began {
		m = m.Para(kept.Text(), ".")
	}
	if !s.EndedAt.IsZero() {
		return m
	}
	m.Buttons = []Button{s.EndButton()}
	m.Footer = T("Alerts on it page nobody and are not announced until then. Agents are held as ever; SEV-1, stops by hand and stops that cannot be confirmed page as ever.")
	return m
}

func (s *Silence) state() string {
	switch {
	case !s.EndedAt.IsZero():
		return " is not silenced any more"
	case s.Began:
		return " is silenced"
	}
	return " will be silenced"
}

func (s *Silence) endedBy() Text {
	if s.EndedBy.Kind == ByUser {
		return T(", by ", s.EndedBy.Text())
	}
	return T("")
}

// about is what it silences.
func (s *Silence) about() Text {
	if s.Class == "" {
		return T(Fixed(s.Scope.String()))
	}
	return T(Fixed(s.Scope.String()), " for ", strings.ReplaceAll(s.Class, "_", " "))
}

// Text is the silence in a line: what, until when, by whom and why.
func (s *Silence) Text() Text {
	when := T(" until ", s.Until)
	if !s.Began {
		when = T(" from ", s.From, " until ", s.Until)
	}
	return T(Bold(s.ID.String()), " ", s.about(), when, ", by ", s.By.Text(), ": ", s.Reason)
}

// Text says how much was kept quiet.
func (t SilenceTally) Text() Text {
	switch {
	case t.Alerts == 0:
		return T("It kept nothing quiet")
	case len(t.Incidents) == 0:
		return T("It kept quiet ", plural(t.Alerts, "alert"), " and no incident")
	}
	text := T("It kept quiet ", plural(t.Alerts, "alert"), " and ", plural(len(t.Incidents), "incident"), ": ")
	for n, id := range t.Incidents[:min(len(t.Incidents), 10)] {
		if n > 0 {
			text = append(text, T(", ")...)
		}
		text = append(text, T(Bold(id.String()))...)
	}
	if len(t.Incidents) > 10 {
		text = append(text, T(" and more")...)
	}
	return text
}
