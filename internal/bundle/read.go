package bundle

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"
	"time"

	"tagout"
)

//go:embed timeline.html
var pageText string

var pageTemplate = template.Must(template.New("timeline.html").Parse(pageText))

// sheet is what the printable page shows.
type sheet struct {
	Incident   *tagout.Incident
	Severity   string
	Milestones []moment
	Rows       []row
	Requests   []decision
	Evidence   []tagout.Evidence
	Findings   []Finding
	Packed     string
	By         string
}

type moment struct{ Name, At string }

// row is one event as people read it.
type row struct {
	Seq                   int64
	Day                   string // set where a day begins
	Time, Who, What, Hash string
}

type decision struct {
	tagout.ResumeRequest
	Asked string
	Signs []string
}

func page(r Record, findings []Finding) []byte {
	s := sheet{Incident: r.Incident, Severity: r.Incident.HighestSeverity.Label(), Rows: rows(r), Evidence: r.Evidence, Findings: findings,
		Packed: stamp(r.At), By: r.By, Milestones: milestones(r.Incident)}
	for _, q := range r.Requests {
		d := decision{ResumeRequest: q, Asked: stamp(q.At)}
		for _, g := range q.Signoffs {
			d.Signs = append(d.Signs, fmt.Sprintf("%s by %s for %s at %s %s", g.Verdict, g.By, g.Role, stamp(g.At), g.Reason))
		}
		s.Requests = append(s.Requests, d)
	}
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, s); err != nil {
		return []byte("This page could not be made: " + err.Error()) // the data is all in the other files
	}
	return text.Bytes()
}

func milestones(i *tagout.Incident) []moment {
	var list []moment
	for _, m := range tagout.Milestones() {
		if at := i.At(m); !at.IsZero() {
			list = append(list, moment{string(m), stamp(at)})
		}
	}
	return list
}

func rows(r Record) []row {
	describe := r.Describe
	if describe == nil {
		describe = func(e tagout.Event) string { return string(e.Kind) }
	}
	var list []row
	day := ""
	for _, e := range r.Events {
		one := row{Seq: e.Seq, Time: e.At.UTC().Format("15:04:05.000"), Who: e.Actor.Text().String(), What: describe(e), Hash: e.Hash}
		if today := e.At.UTC().Format("2006-01-02"); today != day {
			day, one.Day = today, today
		}
		list = append(list, one)
	}
	return list
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// markdown is the timeline as text. Foreign words are kept from being markup.
func markdown(r Record) []byte {
	i := r.Incident
	var b strings.Builder
	fmt.Fprintf(&b, "# %s %s: %s\n\n", i.ID, i.HighestSeverity.Label(), plain(i.Title))
	fmt.Fprintf(&b, "State %s, scope `%s`, class %s. Packed %s by %s. Times are UTC.\n\n", i.State, i.Scope, plain(i.Class), stamp(r.At), r.By)
	for _, m := range milestones(i) {
		fmt.Fprintf(&b, "- %s: %s\n", m.Name, m.At)
	}
	b.WriteString("\n| event | time | who | what |\n|---|---|---|---|\n")
	for _, one := range rows(r) {
		if one.Day != "" {
			fmt.Fprintf(&b, "| | **%s** | | |\n", one.Day)
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", one.Seq, one.Time, plain(one.Who), plain(one.What))
	}
	fmt.Fprintf(&b, "\nHead: event %d, `%s`\n", i.Head.Seq, i.Head.Hash)
	return []byte(b.String())
}

// plain takes from a text what Markdown would read as markup.
func plain(s string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", `\`, `\\`, "|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "!", `\!`).Replace(s)
}
