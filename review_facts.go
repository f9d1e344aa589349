package tagout

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ReviewFacts are what the record tells for a review, whoever writes it.
type ReviewFacts struct {
	Times     []ReviewTime
	Missed    []MissedDeadline
	Unreached []string // why each round was paged that reached nobody by any pager
	Rollbacks []RollbackTry
	Signed    []Signoff // every GO and NO-GO on a resumption
	Evidence  []ReviewExhibit
}

// ReviewTime is one milestone, with how long it took.
type ReviewTime struct {
	Milestone Milestone
	At        time.Time
	Took      time.Duration
	From      Milestone // since which; "" for the first
	Note      string
}

// MissedDeadline is a deadline whose time ran out, and when it was met after all; zero: not
// yet, or never.
type MissedDeadline struct {
	Name     string
	Due, Met time.Time
}

// Late says how late it was met; by a later correction it may not have been late at all.
func (m MissedDeadline) Late() string {
	if !m.Met.After(m.Due) {
		return "in time by a later correction"
	}
	return Elapsed(m.Met.Sub(m.Due)) + " late"
}

// RollbackTry is one attempt to go back to earlier versions.
type RollbackTry struct {
	Agent, To string
	At        time.Time
	Ended     time.Time // zero: nobody knows yet
	Failure   string    // "": it was read back
}

// ReviewExhibit is a piece of evidence that was kept.
type ReviewExhibit struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// FactsForReview reads an incident and its timeline for a review.
func (i *Incident) FactsForReview(events []Event) ReviewFacts {
	f := ReviewFacts{Times: i.reviewTimes()}
	for _, e := range events {
		f.take(i, e)
	}
	return f
}

// reviewTimes are the milestones that were reached, each with the time since detection, or
// for the detection since the onset.
func (i *Incident) reviewTimes() []ReviewTime {
	var list []ReviewTime
	for _, m := range Milestones() {
		at := i.When(m)
		if at.IsZero() || m == Reviewed {
			continue
		}
		t := ReviewTime{Milestone: m, At: at, From: Detected}
		switch {
		case m == Onset, m == Detected && i.When(Onset).IsZero():
			t.From = ""
		case m == Detected:
			t.From = Onset
		case m == Contained && i.containedByLease():
			t.Note = "by lease, not observed"
		}
		if t.From != "" {
			t.Took = at.Sub(i.When(t.From))
		}
		if c, corrected := i.Corrected(m); corrected {
			t.Note = strings.TrimPrefix(t.Note+", "+c.Text(), ", ")
		}
		list = append(list, t)
	}
	return list
}

// containedByLease reports whether an agent without controls was among those that were held.
func (i *Incident) containedByLease() bool {
	for _, c := range i.Controls {
		if c.ByLease() {
			return true
		}
	}
	return false
}

// take reads one event of the timeline. What cannot be read is left out: the timeline has it.
func (f *ReviewFacts) take(i *Incident, e Event) {
	var d struct {
		Deadline, Name, Why, Agent, Error string
		Due                               time.Time
		To                                map[string]string
	}
	switch e.Kind {
	case EventSigned:
		var s Signoff
		if json.Unmarshal([]byte(e.Data), &s) == nil {
			f.Signed = append(f.Signed, s)
		}
		return
	case EventEvidence:
		var x ReviewExhibit
		if json.Unmarshal([]byte(e.Data), &x) == nil {
			f.Evidence = append(f.Evidence, x)
		}
		return
	case EventDeadlineMissed, EventUnreached, EventRollback, EventRollbackFailed, EventRollbackSucceeded:
		_ = json.Unmarshal([]byte(e.Data), &d) // what fits is read
	}
	switch e.Kind {
	case EventDeadlineMissed:
		f.Missed = append(f.Missed, MissedDeadline{d.Name, d.Due, i.metAt(d.Deadline)})
	case EventUnreached:
		f.Unreached = append(f.Unreached, d.Why)
	case EventRollback:
		f.Rollbacks = append(f.Rollbacks, RollbackTry{Agent: d.Agent, To: Pairs(d.To), At: e.At})
	case EventRollbackFailed, EventRollbackSucceeded:
		f.ended(d.Agent, d.Error, e)
	}
}

// ended tells what became of the newest rollback of an agent; one that could not even begin is
// an attempt too.
func (f *ReviewFacts) ended(agent, failure string, e Event) {
	for n := len(f.Rollbacks) - 1; n >= 0; n-- {
		if try := &f.Rollbacks[n]; try.Agent == agent && (try.Ended.IsZero() || e.Kind == EventRollbackSucceeded) {
			try.Ended, try.Failure = e.At, failure
			return
		}
	}
	f.Rollbacks = append(f.Rollbacks, RollbackTry{Agent: agent, At: e.At, Ended: e.At, Failure: failure})
}

// metAt is when a deadline was met, or zero.
func (i *Incident) metAt(key string) time.Time {
	for _, d := range i.Deadlines() {
		if d.Key == key {
			return d.Stopped
		}
	}
	return time.Time{}
}

// PrefillReview is what the record lets one begin a review with, by the key of its parts. It
// is to be read and corrected by people.
func (i *Incident) PrefillReview(events []Event) map[string]string {
	facts := i.FactsForReview(events)
	parts := map[string]string{"happened": i.happened(facts), "detection": i.howDetected(events, facts)}
	if r := i.Request; r != nil {
		parts["trigger"] = r.Deliverables["cause"]
		parts["impact"] = strings.TrimSpace(r.Deliverables["impact"] + "\n" + r.Deliverables["remediation"])
	}
	for key, text := range parts {
		if parts[key] = clip(text, 2000); text == "" {
			delete(parts, key)
		}
	}
	return parts
}

// happened tells the course of the incident.
func (i *Incident) happened(f ReviewFacts) string {
	lines := []string{i.Title}
	if i.Summary != "" && i.Summary != i.Title {
		lines = append(lines, i.Summary)
	}
	var held []string
	for _, h := range i.Holds {
		held = append(held, h.Scope.String()+" "+string(h.Mode))
	}
	if len(held) > 0 {
		lines = append(lines, "Held: "+strings.Join(held[:min(5, len(held))], ", ")+".")
	}
	for _, try := range f.Rollbacks {
		lines = append(lines, try.String())
	}
	return strings.Join(lines, "\n")
}

// String is the attempt in words.
func (r RollbackTry) String() string {
	text := "Rollback of " + r.Agent
	if r.To != "" {
		text += " to " + r.To
	}
	switch {
	case r.Ended.IsZero():
		return text + ": not read back yet."
	case r.Failure != "":
		return text + " failed: " + r.Failure
	}
	return text + ": read back after " + Elapsed(r.Ended.Sub(r.At)) + "."
}

// howDetected tells by what the incident was noticed first, and how soon.
func (i *Incident) howDetected(events []Event, f ReviewFacts) string {
	text := "Opened by " + i.OpenedBy.Text().String() + "."
	for _, e := range events {
		if e.Kind != EventAlert && e.Kind != EventReport {
			continue
		}
		var d struct{ Name, Source string }
		_ = json.Unmarshal([]byte(e.Data), &d) // without a name it is told without one
		text = "First noticed by " + e.Actor.Text().String() + ": " + d.Name + "."
		break
	}
	for _, t := range f.Times {
		if t.Milestone == Detected && t.From == Onset {
			text += " It had begun " + Elapsed(t.Took) + " before."
		}
	}
	if i.Alerts.Distinct > 1 {
		text += " " + strconv.Itoa(i.Alerts.Distinct) + " alerts came in all."
	}
	return text
}

// ReviewAround is what a review tells that does not stand on the incident's own timeline.
type ReviewAround struct {
	Evidence string       // the URL under which the API serves kept evidence, or ""
	Kind     KindView     // zero: it is not known
	Changes  []Deployment // of the agents, from 24 h before the detection on, newest first
}

// maxReviewChanges is how many changes a review lists, the newest ones.
const maxReviewChanges = 50

// kind tells what the incident looks like, and what was changed around it.
func (d *reviewDocument) kind() {
	d.heading("Kind and changes")
	if k := d.around.Kind; k.Kind != "" {
		who := "It seems"
		if k.Corrected() {
			who = unmarkedLine(k.By.Text().String()) + " calls it"
		}
		d.line("%s **%s**: %s.\n", who, k.Kind.Label(), unmarkedLine(k.Why))
	}
	if len(d.around.Changes) == 0 {
		d.line("No change of the agent was reported from 24 h before the detection on.")
		return
	}
	for n, c := range d.around.Changes {
		if n == maxReviewChanges {
			d.line("- … %d more", len(d.around.Changes)-n)
			return
		}
		text := fmt.Sprintf("- %s: %s by %s", stamp(c.At), unmarkedLine(c.Text()), unmarkedLine(c.By))
		if c.URL != "" {
			text += ", " + unmarkedLine(c.URL)
		}
		d.line("%s", text)
	}
}
