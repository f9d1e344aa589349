package tagout

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// foreignTitle is how many characters of a title that people or programs wrote are shown.
const foreignTitle = 70

// facts are the headline figures, each with what it was before. Those of nothing are left out.
func (d Digest) facts() []Fact {
	now, before := d.Figures.Now, d.Figures.Before
	var m Message
	m = m.Fact("Incidents", Bold(fmt.Sprint(now.Incidents)), severitiesOf(now), "\n"+countTrend(now.Incidents, before.Incidents))
	for _, s := range []struct {
		label       string
		now, before Spread
	}{
		{"Time to detect", now.TimeToDetect, before.TimeToDetect},
		{"Time to acknowledge", now.TimeToAcknowledge, before.TimeToAcknowledge},
		{"Time to contain", now.TimeToContain, before.TimeToContain},
		{"Time to kill", now.TimeToKill, before.TimeToKill},
		{"Time to restore", now.TimeToRestore, before.TimeToRestore},
		{"Time to sign off", now.TimeToSignOff, before.TimeToSignOff},
	} {
		if s.now.N > 0 {
			m = m.Fact(s.label, Bold(Elapsed(s.now.Median)), " median\n9 of 10 in "+Elapsed(s.now.P90)+"\n"+spreadTrend(s.now, s.before))
		}
	}
	for _, s := range []struct {
		label       string
		now, before Share
		more        bool
	}{
		{"Pages that reached somebody", now.PageReach, before.PageReach, true},
		{"Recurring incidents", now.Recurring, before.Recurring, false},
		{"Rollbacks that worked", now.RollbackSuccess, before.RollbackSuccess, true},
	} {
		if rate, any := s.now.Rate(); any {
			m = m.Fact(s.label, Bold(percent(rate)), fmt.Sprintf(" (%d of %d)\n", s.now.Of, s.now.All)+shareTrend(s.now, s.before, s.more))
		}
	}
	if rate, any := now.NoGo.Rate(); any {
		m = m.Fact("Resume requests refused", Bold(percent(rate)), fmt.Sprintf(" (%d of %d)", now.NoGo.Of, now.NoGo.All))
	}
	if missed := sum(now.MissedDeadlines); missed+sum(before.MissedDeadlines) > 0 {
		m = m.Fact("Missed deadlines", Bold(fmt.Sprint(missed)), kindsOf(now.MissedDeadlines), "\n"+countTrend(missed, sum(before.MissedDeadlines)))
	}
	return m.Facts
}

func sum(counts map[DeadlineKind]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// severitiesOf tells the incidents apart: " (1 SEV-1, 2 SEV-3)".
func severitiesOf(t Tally) string { return inBrackets(t.BySeverity, Severity.Label) }

func kindsOf(counts map[DeadlineKind]int) string {
	return inBrackets(counts, func(k DeadlineKind) string { return "to " + string(k) })
}

func inBrackets[K ~string](counts map[K]int, label func(K) string) string {
	var keys []K
	for k, n := range counts {
		if n > 0 {
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return ""
	}
	slices.Sort(keys)
	parts := make([]string, len(keys))
	for n, k := range keys {
		parts[n] = fmt.Sprintf("%d %s", counts[k], label(k))
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// link is an incident, and the channel where it is talked about.
func (d Digest) link(id IncidentID, room string) Text {
	if room == "" {
		room = d.Rooms[id]
	}
	if room == "" {
		return T(Bold(id.String()))
	}
	return T(Bold(id.String()), " ", ChannelLink(room))
}

func (d Digest) stopLines() (lines []Text) {
	for _, s := range d.Stops {
		t := T(Fixed(s.Scope.String()), " "+s.Mode.Coloured()+" since "+d.When(s.At))
		if s.Incident != 0 {
			t = append(append(t, T(", ")...), d.link(s.Incident, s.Room)...)
		}
		lines = append(lines, t)
	}
	return lines
}

func (d Digest) waitingLines(p *Policy) (lines []Text) {
	for _, i := range d.Waiting {
		r := i.Request
		t := append(d.link(i.ID, i.Room.Channel),
			T(": ", Fixed(r.Scope.String()), " to "+r.Target.Coloured()+", waits for "+p.RuleText(r.Missing())+" since "+d.When(r.At))...)
		lines = append(lines, t)
	}
	return lines
}

func (d Digest) overdueLines() (lines []Text) {
	for _, a := range d.Overdue {
		t := T(Bold(a.Name()), " "+clip(flat(a.Title), foreignTitle)+", ", Mention(a.Owner), ", was due "+d.When(a.Due))
		lines = append(lines, t)
	}
	return lines
}

func (d Digest) reviewLines() (lines []Text) {
	for _, i := range d.Reviews {
		t := append(d.link(i.ID, i.Room.Channel), T(" "+clip(flat(i.Title), foreignTitle)+", ")...)
		switch owner := cmp.Or(i.Roles[RCAFacilitator], i.Roles[IncidentCommander]); owner {
		case "":
			t = append(t, T("nobody has it")...)
		default:
			t = append(t, Mention(owner))
		}
		if due, owed := i.ReviewDue(); owed {
			t = append(t, T(", was due "+d.When(due.Due))...)
		}
		lines = append(lines, t)
	}
	return lines
}

func (d Digest) flagLines() (lines []Text) {
	for _, f := range d.Flags {
		t := T(Bold(f.ID.String()), " since "+d.When(f.At))
		if len(f.Reports) > 0 && f.Reports[0].Words != "" {
			t = append(t, T(": "+clip(flat(f.Reports[0].Words), foreignTitle))...)
		}
		if f.TS != "" {
			t = append(t, T(" ", MessageLink(f.Channel, f.TS, "decide it"))...)
		}
		lines = append(lines, t)
	}
	return lines
}

func (d Digest) recurringLines(p *Policy) (lines []Text) {
	for _, r := range d.Figures.Recurring {
		t := T(Bold(r.Agent), ", "+p.ClassTitle(r.Class)+": "+plural(r.Incidents, "incident"))
		shown := 0
		for _, id := range r.Last {
			if shown++; shown > 3 {
				break
			}
			t = append(append(t, T(", ")...), d.link(id, "")...)
		}
		lines = append(lines, t)
	}
	return lines
}

// When is a time as a digest tells it: short, in its zone.
func (d Digest) When(t time.Time) string { return t.In(d.Order.Location()).Format("2 Jan 15:04") }

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
