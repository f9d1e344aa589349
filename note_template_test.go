package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestTheBuiltInTemplatesAreReadAndSayWhatTheyMust(t *testing.T) {
	t.Parallel()
	for name, text := range tagout.NoteTemplates() {
		parsed, err := tagout.ParseNoteTemplate(name, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := name != "internal"; parsed.Transparent != want {
			t.Errorf("%s is transparent: %t", name, parsed.Transparent)
		}
	}
}

func TestAMistakeInATemplateIsFoundWithItsLine(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"a\n{{.Incidnt}}":               "line 2 of the template: can't evaluate field Incidnt",
		"{{if .Next}}":                  "line 1 of the template: unexpected EOF",
		"\n\n{{.Known | shout}}":        `line 3 of the template: function "shout" not defined`,
		"":                              "empty",
		"Subject: only":                 "empty",
		strings.Repeat("far too ", 900): "longer than",
	} {
		if _, err := tagout.ParseNoteTemplate("x", text); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20q: %v, want %q", text, err, says)
		}
	}
}

func TestANoteSaysStoppedOnlyOfWhatWasObserved(t *testing.T) {
	t.Parallel()
	p := &tagout.Policy{Agents: tagout.Registry{"mailer": {Name: "mailer", Title: "Lifecycle mailer"}}}
	i := opened(t, sev1)
	fields := func() tagout.NoteFields {
		return p.NoteFields(i, tagout.NoteDraft{Known: "k", Doing: "d"}, "help@example.com", noon)
	}
	if got := fields(); got.Stopped != "nothing" || got.AI != "An AI system was involved: Lifecycle mailer." || got.Affected != "Lifecycle mailer" || got.Next != "" {
		t.Errorf("%+v", got)
	}
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon))
	if got := fields().Stopped; got != "being stopped, confirmed at 0 of 1 points so far: mailer halted" {
		t.Error(got)
	}
	i.TakeReport(observed(noon.Add(time.Second), "h1"))
	if got := fields().Stopped; got != "mailer halted (confirmed)" {
		t.Error(got)
	}
	i.Controls[0].Control, i.Controls[0].ObservedAt, i.Controls[0].LeaseUntil = "", time.Time{}, noon
	if got := fields().Stopped; !strings.Contains(got, "lease") && !strings.Contains(got, "being stopped") {
		t.Error(got)
	}
}
