package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// StepTicker is what working through a runbook needs.
type StepTicker interface {
	// RunbookList is the checklist of an incident, with its ticks. It returns NotFound if the
	// incident has no runbook.
	RunbookList(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
	// TickStep records that somebody did a step, from 1. Ticking it again changes nothing. It
	// returns NotFound for a step that there is not, and Conflict once the incident is closed.
	TickStep(ctx context.Context, id tagout.IncidentID, step int, by tagout.Actor) (*tagout.Incident, error)
	// UntickStep takes a tick back. It returns what TickStep does.
	UntickStep(ctx context.Context, id tagout.IncidentID, step int, by tagout.Actor) (*tagout.Incident, error)
}

// runbooks works through the steps that a failure class foresees.
type runbooks struct{ desk StepTicker }

func runbook(d StepTicker) tagout.Command {
	r := runbooks{d}
	return tagout.Command{
		Name: "runbook", Summary: "Show the runbook of an incident and tick its steps.", Usage: "[INC-n] [done STEP|undo STEP]", Right: tagout.MayNot,
		Detail: detail(anyPerson, []string{"/runbook INC-7", "/runbook done 2", "/runbook INC-7 undo 2"},
			"The steps come from the failure class and stand as a checklist in the incident's channel. Who ticked what, and when, stands on the timeline."),
		Run:    r.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){"runbook": r.pressed},
	}
}

func (r runbooks) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := person(in.User, "work through a runbook"); err != nil {
		return tagout.Reply{}, err
	}
	id, rest, err := incidentOf("runbook", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	words := strings.Fields(line(rest))
	if len(words) == 0 {
		m, err := r.desk.RunbookList(ctx, id)
		return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, err
	}
	number, bad := 0, error(nil)
	if len(words) == 2 {
		number, bad = strconv.Atoi(words[1])
	}
	if verb := strings.ToLower(words[0]); len(words) == 2 && bad == nil && (verb == "done" || verb == "undo") {
		return r.tick(ctx, id, number, verb, in.User)
	}
	return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
		"%q was not understood: write /tagout runbook %s done 2. Nothing was ticked.", clip(line(rest)), id)
}

// pressed reads the button of a step: INC-7|2|done. The button says what is wanted, so that
// pressing it twice does no more than once.
func (r runbooks) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := person(c.User, "work through a runbook"); err != nil {
		return tagout.Reply{}, err
	}
	parts := strings.Split(c.Value, "|")
	if len(parts) != 3 || parts[2] != "done" && parts[2] != "undo" {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "This button is of another version of Tagout: type /tagout runbook.")
	}
	id, err := tagout.ParseIncidentID(parts[0])
	if err != nil {
		return tagout.Reply{}, err
	}
	number, err := strconv.Atoi(parts[1])
	if err != nil {
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "This button names no step: type /tagout runbook.")
	}
	return r.tick(ctx, id, number, parts[2], c.User)
}

func (r runbooks) tick(ctx context.Context, id tagout.IncidentID, number int, verb string, u tagout.User) (tagout.Reply, error) {
	do := r.desk.TickStep
	if verb == "undo" {
		do = r.desk.UntickStep
	}
	i, err := do(ctx, id, number, u.Actor())
	if err != nil {
		return tagout.Reply{}, err
	}
	s := i.Runbook[number-1]
	m := tagout.Say("Step "+strconv.Itoa(number)+" of the runbook of ", tagout.Bold(id.String()), " is open again: ", s.Text, ". Done: "+i.Progress()+".")
	if s.Done() {
		m = tagout.Say("Step "+strconv.Itoa(number)+" of the runbook of ", tagout.Bold(id.String()), " is done: ",
			s.Text, " — ", s.By.Text(), ", ", s.At, ". Done: "+i.Progress()+".")
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}
