package tagout

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of what a failure class may ask for, so that a checklist fits into one message.
const (
	MaxRunbook   = 20  // steps
	MaxStep      = 300 // characters of one
	MaxKept      = 20  // names of evidence
	MaxKeptName  = 40  // characters of one
	maxRuns      = 100 // that are counted apart
	MaxPackets   = 5   // failure reports of one incident that are shown whole in its channel
	latestReport = 200 // characters of a name that a report brings along
)

// versionSuffix ends the names of evidence that tell a version, such as policy_version.
const versionSuffix = "_version"

// Failing is what the class of an incident asks of the people who take over, as it stood
// when the incident was opened, and what its failure reports said.
type Failing struct {
	Runbook    []RunbookStep    `json:",omitempty"`
	Needs      []NeededEvidence `json:",omitempty"`
	Reports    int              `json:",omitempty"` // failure reports that came
	Runs       map[string]int   `json:",omitempty"` // of them by run, so that none retries for ever
	Implied    []string         `json:",omitempty"` // what they say that follows: rollback, narrower_permissions
	HandedTo   []string         `json:",omitempty"` // roles that were paged since a report of another class came
	Suggestion *Suggestion      `json:",omitempty"` // to roll back
}

// RunbookStep is one step for the people who take over.
type RunbookStep struct {
	Text string    `json:"text"`
	By   Actor     `json:"by,omitzero"` // who ticked it
	At   time.Time `json:"at,omitzero"` // zero: it is not done
}

// Done reports whether somebody ticked it.
func (s RunbookStep) Done() bool { return !s.At.IsZero() }

// NeededEvidence is evidence that the class wants preserved.
type NeededEvidence struct {
	Name string    `json:"name"`
	From string    `json:"from,omitempty"` // "report", "alert", "note", "history"
	At   time.Time `json:"at,omitzero"`    // when it was there; zero: it is missing
}

// Suggestion says why the agent should perhaps be rolled back. It does nothing by itself.
type Suggestion struct {
	Agent  string    `json:"agent"`
	When   string    `json:"when"` // new_version or repeated
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// classed takes over what the class asks for.
func (i *Incident) classed(c *FailureClass) Change {
	var change Change
	if c == nil {
		return change
	}
	for _, text := range c.Runbook[:min(len(c.Runbook), MaxRunbook)] {
		i.Runbook = append(i.Runbook, RunbookStep{Text: clip(oneLine(text), MaxStep)})
	}
	for _, name := range c.Keep[:min(len(c.Keep), MaxKept)] {
		i.Needs = append(i.Needs, NeededEvidence{Name: clip(oneLine(name), MaxKeptName)})
	}
	if len(i.Runbook) > 0 {
		change.effect(EffectRunbook, i.ID, "", nil)
	}
	ofVersions := func(n NeededEvidence) bool { return strings.HasSuffix(evidenceName(n.Name), versionSuffix) }
	if i.Scope.Agent != "" && (slices.ContainsFunc(i.Needs, ofVersions) || c.RollbackWhen != "" && c.RollbackWhen != WhenNever) {
		change.effect(EffectAssess, i.ID, "", nil)
	}
	return change
}

// StepsDone counts the ticked steps of the runbook.
func (i *Incident) StepsDone() int {
	done := 0
	for _, s := range i.Runbook {
		if s.Done() {
			done++
		}
	}
	return done
}

// step finds a step by its number, from 1.
func (i *Incident) step(number int) (*RunbookStep, error) {
	switch {
	case len(i.Runbook) == 0:
		return nil, Errorf(NotFound, "%s has no runbook: its failure class has none, or had none when it was opened.", i.ID)
	case number < 1 || number > len(i.Runbook):
		return nil, Errorf(NotFound, "The runbook of %s has the steps 1 to %d.", i.ID, len(i.Runbook))
	case i.State == StateClosed || i.State == StateCancelled:
		return nil, Errorf(Conflict, "%s is %s; its runbook stays as it is.", i.ID, i.State)
	}
	return &i.Runbook[number-1], nil
}

// TickStep records that somebody did a step of the runbook. Ticking it again changes nothing.
// It returns NotFound for a step that there is not, and Conflict once the incident is closed.
func (i *Incident) TickStep(number int, by Actor, at time.Time) (Change, error) {
	var c Change
	s, err := i.step(number)
	if err != nil || s.Done() {
		return c, err
	}
	s.By, s.At = by, Moment(at)
	c.event(EventStepDone, by, at, map[string]any{"step": number, "text": s.Text, "done": i.StepsDone(), "of": len(i.Runbook)})
	return c, nil
}

// UntickStep takes a tick back that was a mistake; both stay on the timeline. It returns what
// [Incident.TickStep] does.
func (i *Incident) UntickStep(number int, by Actor, at time.Time) (Change, error) {
	var c Change
	s, err := i.step(number)
	if err != nil || !s.Done() {
		return c, err
	}
	was := s.By
	s.By, s.At = Actor{}, time.Time{}
	c.event(EventStepUndone, by, at,
		map[string]any{"step": number, "text": s.Text, "ticked_by": was.String(), "done": i.StepsDone(), "of": len(i.Runbook)})
	return c, nil
}

// MissingEvidence names what the class wants kept and nothing has brought yet.
func (i *Incident) MissingEvidence() []string {
	var missing []string
	for _, n := range i.Needs {
		if n.At.IsZero() {
			missing = append(missing, n.Name)
		}
	}
	return missing
}

// Arrived notes evidence by its names; what was not asked for, or is there, changes nothing.
func (i *Incident) Arrived(names []string, from string, by Actor, at time.Time) Change {
	var c Change
	for n := range i.Needs {
		need := &i.Needs[n]
		if !need.At.IsZero() || !slices.Contains(names, evidenceName(need.Name)) {
			continue
		}
		need.From, need.At = from, Moment(at)
		c.event(EventEvidenceArrived, by, at, map[string]any{"name": need.Name, "from": from, "missing": i.MissingEvidence()})
	}
	return c
}

// TakePacket has a failure report shown in the incident's channel: the first ones whole, then a
// word that there are more. round pages whoever takes over from its class, if that is not one
// of those who are paged anyway; nil: they are.
func (i *Incident) TakePacket(in Incoming, round *PageRound) Change {
	var c Change
	f := in.Alert.Report
	if f == nil || i.State.Ended() {
		return c
	}
	i.Reports++
	if i.Runs == nil {
		i.Runs = map[string]int{}
	}
	i.Runs[i.runOf(f)]++
	if f.Implies != "" && !slices.Contains(i.Implied, f.Implies) {
		i.Implied = append(i.Implied, f.Implies)
	}
	switch {
	case i.Reports <= MaxPackets:
		c.effect(EffectPacket, i.ID, in.ID, PacketOrder{Alert: in.ID})
	case i.Reports == MaxPackets+1:
		c.post(i, "reports", Say("More failure reports come. The first "+strconv.Itoa(MaxPackets)+" are shown here; the card counts all of them, and ",
			Typed("timeline "+i.ID.String()), " and ", Typed("evidence "+i.ID.String()), " have them."))
	}
	if round != nil && !slices.Contains(i.HandedTo, round.Key) {
		i.HandedTo = append(i.HandedTo, round.Key)
		c.effect(EffectPage, i.ID, round.Key, *round)
	}
	return c
}

// runOf is the run of a report as it is counted: those without one, and those beyond the
// first so many, are counted together.
func (i *Incident) runOf(f *FailureReport) string {
	run := clip(f.RunID, 80)
	if _, known := i.Runs[run]; !known && len(i.Runs) >= maxRuns {
		return ""
	}
	return run
}

// Retried is how often the run of a report has failed before, whatever the report says.
func (i *Incident) Retried(f *FailureReport) int { return max(0, i.Runs[i.runOf(f)]-1) }

// arrivedBy is the evidence that a note names at its start, such as "recipients: …".
func (i *Incident) arrivedBy(note string, by Actor, at time.Time) Change {
	name, rest, named := strings.Cut(note, ":")
	if !named || len(name) > MaxKeptName || strings.TrimSpace(rest) == "" {
		return Change{}
	}
	return i.Arrived([]string{evidenceName(name)}, "note", by, at)
}

// evidenceName is a name of evidence as it is compared: "Policy version" is policy_version.
func evidenceName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == ' ' || r == '_' || r == '-' }), "_")
}

// Brings lists the evidence that an alert or report brings along, by name, as they are
// compared.
func (a Alert) Brings() []string {
	var names []string
	add := func(name string) {
		if name = evidenceName(name); name != "" && len(name) <= latestReport {
			names = append(names, name)
		}
	}
	for key, value := range a.Annotations {
		if strings.TrimSpace(value) != "" {
			add(key)
		}
	}
	if a.Report != nil {
		a.Report.brings(add)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// brings names what a report holds.
func (f *FailureReport) brings(add func(string)) {
	for _, e := range f.Evidence {
		if e.URL != "" || e.Text != "" {
			add(e.Name)
		}
	}
	for key, value := range f.Extra {
		if !isEmpty(value) {
			add(key)
		}
	}
	for component, version := range f.Versions {
		if version != "" {
			add(component + versionSuffix)
		}
	}
	for _, thing := range f.Affected {
		if thing.ID != "" {
			add(thing.Type)
			add(thing.Type + "s")
		}
	}
	for name, there := range map[string]bool{
		"error": f.Error != "", "task": f.Task != "", "tool_calls": len(f.ToolsCalled) > 0, "approval_state": f.ApprovalState != "",
		"model": f.Model != nil && f.Model.Name != "", "model_version": f.Model != nil && f.Model.Version != "",
	} {
		if there {
			add(name)
		}
	}
}

// kindOfAlert is "report" or "alert".
func kindOfAlert(a Alert) string {
	if a.Report != nil {
		return "report"
	}
	return "alert"
}

// isEmpty reports whether a value of JSON says nothing.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return strings.TrimSpace(v) == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// Progress is how far the runbook is, such as "2/3".
func (i *Incident) Progress() string {
	return strconv.Itoa(i.StepsDone()) + "/" + strconv.Itoa(len(i.Runbook))
}
