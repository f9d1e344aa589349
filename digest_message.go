package tagout

import (
	"fmt"
	"strings"
	"time"
)

// digestShown is how many entries of a list a digest shows.
const digestShown = 5

// Message is the digest as people read it: short lines, the most important first. A quiet
// window is one line.
func (d Digest) Message(p *Policy) Message {
	m := Message{Title: d.title(), Footer: d.footer()}
	if late := d.late(); late != nil {
		m.Body = append(m.Body, late)
	}
	m.Body = append(m.Body, d.summary())
	if p.Notice != "" {
		m.Body = append(m.Body, T(Bold(p.Notice)))
	}
	for _, doubt := range d.Doubts {
		m.Body = append(m.Body, T(Bold("Not known: "), doubt))
	}
	if d.Quiet() {
		return m
	}
	m.Facts = d.facts()
	if d.Order.Charts != ChartsNone {
		m.Charts = d.Charts()
	}
	for _, part := range []struct {
		title  string
		lines  []Text
		hidden int
	}{
		{"Still held, the oldest first", d.stopLines(), d.Hidden.Stops},
		{"Waits for sign-off", d.waitingLines(p), d.Hidden.Waiting},
		{"Corrective actions overdue", d.overdueLines(), d.Hidden.Overdue},
		{"Reviews overdue", d.reviewLines(), d.Hidden.Reviews},
		{"Flags that nobody has decided", d.flagLines(), 0},
		{"Comes back again and again", d.recurringLines(p), 0},
		{"Drills", d.Drills.Lines, 0},
		{"Health and safety", d.Health.Lines, 0},
	} {
		if item, any := digestPart(part.title, part.lines, part.hidden); any {
			m.Items = append(m.Items, item)
		}
	}
	return m
}

// digestPart is one list in one paragraph, so that the whole digest stays one message.
func digestPart(title string, lines []Text, hidden int) (Message, bool) {
	if len(lines)+hidden == 0 {
		return Message{}, false
	}
	t := T(Bold(title))
	for n, line := range lines {
		if n == digestShown {
			t = append(t, T(fmt.Sprintf("\n… and %d more", len(lines)-n))...)
			break
		}
		t = append(append(t, T("\n• ")...), line...)
	}
	if hidden > 0 {
		t = append(t, T(fmt.Sprintf("\n• %d of private incidents", hidden))...)
	}
	return Message{Body: []Text{t}}, true
}

func (d Digest) title() string {
	q := d.Figures.Query
	zone := d.Order.Location()
	from, to := q.From.In(zone), q.To.In(zone)
	form := "2 Jan"
	if q.To.Sub(q.From) < 48*time.Hour {
		form = "2 Jan 15:04"
	}
	first := from.Format(form)
	if from.Year() != to.Year() {
		first = from.Format(form + " 2006")
	}
	name := "Digest"
	if d.Order.Name != "" {
		letters := []rune(d.Order.Name)
		name = strings.ToUpper(string(letters[:1])) + clip(string(letters[1:]), 40) + " digest"
	}
	return name + ": " + first + " – " + to.Format(form+" 2006")
}

// late says that the digest did not come when it should have; nil if it did.
func (d Digest) late() Text {
	if !d.Turn.Late {
		return nil
	}
	t := T(Bold("Late: "), "it was due "+d.When(d.Turn.Due)+" and could not be sent then.")
	if d.Turn.Missed > 0 {
		t = append(t, T(fmt.Sprintf(" %s before it will not be sent.", plural(d.Turn.Missed, "digest")))...)
	}
	return t
}

// summary is the digest in one line.
func (d Digest) summary() Text {
	now, before := d.Figures.Now, d.Figures.Before
	this, than := windowWords(d.Order.Window)
	if d.Quiet() {
		quiet := "A quiet " + this
		if strings.HasPrefix(this, "the ") {
			quiet = "Quiet in " + this
		}
		t := T(quiet + ": no incident, nothing is held, nothing is overdue.")
		if now.Drills > 0 {
			t = append(t, T(" "+plural(now.Drills, "drill")+".")...)
		}
		return t
	}
	t := T(Bold(plural(now.Incidents, "incident")), ", "+countWords(now.Incidents, before.Incidents, than)+".")
	if now.Incidents == 0 && before.Incidents == 0 {
		t = T(Bold("No incident"), ", as in "+than+".")
	}
	if now.Cancelled > 0 {
		t = append(t, T(" "+plural(now.Cancelled, "false alarm")+" beside.")...)
	}
	var waits []string
	for _, w := range []struct {
		n    int
		noun string
	}{
		{len(d.Stops) + d.Hidden.Stops, "stop still held"}, {len(d.Waiting) + d.Hidden.Waiting, "sign-off awaited"},
		{len(d.Overdue) + d.Hidden.Overdue, "action overdue"}, {len(d.Reviews) + d.Hidden.Reviews, "review overdue"}, {len(d.Flags), "flag undecided"},
	} {
		if w.n > 0 {
			noun, what, _ := strings.Cut(w.noun, " ")
			waits = append(waits, plural(w.n, noun)+" "+what)
		}
	}
	if len(waits) > 0 {
		t = append(t, T(" Now: "+strings.Join(waits, ", ")+".")...)
	}
	return t
}

func (d Digest) footer() Text {
	t := T("Record: nothing is recorded yet.")
	if d.Head.N > 0 {
		t = T(fmt.Sprintf("Record: checkpoint %d ", d.Head.N), Fixed(d.Head.Hash), ". Anybody can check it later: ",
			Fixed("tagout verify --head HASH"), ".")
	}
	zone := d.Order.Location()
	if !d.Next.IsZero() {
		t = append(t, T(" Next digest: "+d.Next.In(zone).Format("Mon 2 Jan 15:04")+".")...)
	}
	return append(t, T(" Times in "+zone.String()+".")...)
}
