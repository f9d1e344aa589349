package tagout

import (
	"fmt"
	"strings"
	"time"
)

// ReviewMarkdown is the document of the review as Markdown: what the record tells, then what
// people wrote. around is what is known beside it. The same
// record always gives the same document, and no text of it becomes markup.
func (i *Incident) ReviewMarkdown(events []Event, p *Policy, around ReviewAround) string {
	d := reviewDocument{incident: i, policy: p, facts: i.FactsForReview(events), evidence: around.Evidence, around: around}
	d.head()
	d.kind()
	d.times()
	d.response()
	d.parts()
	d.actions()
	d.exhibits()
	d.line("Timeline head: event %d, `%s`", i.Head.Seq, i.Head.Hash)
	return d.text.String()
}

type reviewDocument struct {
	incident *Incident
	policy   *Policy
	facts    ReviewFacts
	evidence string
	around   ReviewAround
	text     strings.Builder
}

func (d *reviewDocument) line(format string, args ...any) {
	fmt.Fprintf(&d.text, format+"\n", args...)
}

func (d *reviewDocument) heading(text string) { d.line("\n## %s\n", text) }

func (d *reviewDocument) head() {
	i := d.incident
	d.line("# Review of %s: %s\n", i.ID, unmarkedLine(i.Title))
	d.line("%s, %s, scope `%s`, %s. Times are UTC.", i.HighestSeverity.Label(), unmarkedLine(d.policy.ClassTitle(i.Class)), i.Scope, i.State)
	r := i.Review
	switch i.ReviewState() {
	case "":
		d.line("\nNobody has written it yet.")
	case ReviewApproved:
		d.line("\nVersion %d, approved by %s at %s. Digest of what was approved: `%s`", r.Version(),
			unmarkedLine(string(r.DecidedBy)), stamp(r.DecidedAt), r.Digest)
	case ReviewSubmitted:
		d.line("\nVersion %d, submitted by %s at %s. It waits for its approval. Digest: `%s`", r.Version(),
			unmarkedLine(string(r.SubmittedBy.ID)), stamp(r.SubmittedAt), r.Digest)
	case ReviewSentBack:
		d.line("\nVersion %d, sent back by %s at %s: %s", r.Version(), unmarkedLine(string(r.DecidedBy)), stamp(r.DecidedAt), unmarkedLine(r.Reason))
	default:
		d.line("\nVersion %d, a draft.", r.Version())
	}
	if authors := r.Authors(); len(authors) > 0 {
		names := make([]string, len(authors))
		for n, id := range authors {
			names[n] = unmarkedLine(string(id))
		}
		d.line("Written by %s.", strings.Join(names, ", "))
	}
	if due, owed := i.ReviewDue(); owed && due.Waits() {
		d.line("Due %s.", stamp(due.Due))
	}
}

func (d *reviewDocument) times() {
	d.heading("Times")
	d.line("| | when | took |\n|---|---|---|")
	for _, t := range d.facts.Times {
		took := ""
		if t.From != "" {
			took = Elapsed(t.Took) + " since " + string(t.From)
		}
		if t.Note != "" {
			took += ", " + unmarkedLine(t.Note)
		}
		d.line("| %s | %s | %s |", t.Milestone, stamp(t.At), took)
	}
}

// response tells what did not go as it should, and who decided.
func (d *reviewDocument) response() {
	d.heading("Response")
	none := true
	say := func(format string, args ...any) {
		none = false
		d.line("- "+format, args...)
	}
	for _, m := range d.facts.Missed {
		late := "not met"
		if !m.Met.IsZero() {
			late = "met at " + stamp(m.Met) + ", " + m.Late()
		}
		say("Missed deadline: %s, due %s, %s", unmarkedLine(m.Name), stamp(m.Due), late)
	}
	for _, why := range d.facts.Unreached {
		say("A page reached nobody by any pager: %s", unmarkedLine(why))
	}
	for _, try := range d.facts.Rollbacks {
		say("%s: %s", stamp(try.At), unmarkedLine(try.String()))
	}
	for _, s := range Explained(d.facts.Signed) {
		text := fmt.Sprintf("%s: %s of %s for %s", stamp(s.At), s.Verdict, unmarkedLine(string(s.By)), unmarkedLine(d.policy.RoleName(s.Role)))
		if s.Reason != "" {
			text += ": " + unmarkedLine(s.Reason)
		}
		say("%s", text)
	}
	if none {
		d.line("Nothing is on record: no missed deadline, no page that reached nobody, no rollback and no sign-off.")
	}
}

func (d *reviewDocument) parts() {
	var written map[string]string
	if d.incident.Review != nil {
		written = d.incident.Review.Parts
	}
	for _, p := range ReviewParts() {
		if p.Key == layerPart(ControlLayers()[0]) {
			d.heading("Control layers")
		}
		level := "##"
		if strings.HasPrefix(p.Key, "layer_") {
			level = "###"
		}
		d.line("\n%s %s\n", level, p.Label)
		text := Unmarked(written[p.Key])
		if text == "" {
			text = "*Not written yet.*"
		}
		d.line("%s", text)
	}
}

func (d *reviewDocument) actions() {
	d.heading("Corrective actions")
	if len(d.incident.Actions) == 0 {
		d.line("*None yet.*")
		return
	}
	d.line("| | action | owner | due | layer | state | regression test |\n|---|---|---|---|---|---|---|")
	for _, a := range d.incident.Actions {
		test := a.Test
		if test == "" && a.NoTest != "" {
			test = "none: " + a.NoTest
		}
		d.line("| %s | %s | %s | %s | %s | %s | %s |", a.Name(d.incident.ID), unmarkedLine(a.Title),
			unmarkedLine(string(a.Owner)), a.Due.UTC().Format("2006-01-02"), a.Layer.Label(), a.State,
			unmarkedLine(test))
	}
}

func (d *reviewDocument) exhibits() {
	d.heading("Evidence")
	for _, x := range d.facts.Evidence {
		where := ""
		if d.evidence != "" {
			where = ", " + d.evidence + x.SHA256
		}
		d.line("- %s, SHA-256 `%s`%s", unmarkedLine(x.Name), x.SHA256, where)
	}
	if len(d.facts.Evidence) == 0 {
		d.line("*None was kept.*")
	}
	d.text.WriteString("\n")
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// Unmarked is a text that Markdown shows as it stands: neither markup, nor HTML, nor a link.
// Its lines stay lines.
func Unmarked(text string) string {
	marks := strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`, "~", `\~`, "&", `\&`,
		"://", `:\//`, "www.", `www\.`, "WWW.", `WWW\.`)
	var b strings.Builder
	before := ""
	for line := range strings.Lines(strings.ReplaceAll(strings.TrimSpace(text), "\r", "\n")) {
		line = marks.Replace(strings.TrimSpace(line))
		if digits := strings.TrimLeft(line, "0123456789"); digits != line && digits != "" && (digits[0] == '.' || digits[0] == ')') {
			line = line[:len(line)-len(digits)] + `\` + digits // it would be a numbered list
		} else if line != "" && strings.ContainsRune("#+-=!", rune(line[0])) {
			line = `\` + line
		}
		switch {
		case b.Len() == 0:
		case line != "" && before != "":
			b.WriteString("\\\n")
		default:
			b.WriteString("\n")
		}
		b.WriteString(line)
		before = line
	}
	return b.String()
}

// unmarkedLine is [Unmarked] for what must stay on one line.
func unmarkedLine(text string) string { return Unmarked(strings.Join(strings.Fields(text), " ")) }
