package commands

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// Corrector is what keeping corrective actions needs.
type Corrector interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Actions lists the corrective actions that somebody may read about, what is due first
	// first.
	Actions(ctx context.Context, q tagout.ActionQuery, v tagout.Viewer) ([]tagout.ActionOf, error)
	// AddAction adds a corrective action. It returns Invalid or Forbidden, with the reason, for
	// one that will not do.
	AddAction(ctx context.Context, id tagout.IncidentID, draft tagout.ActionDraft, by tagout.User) (*tagout.Incident, error)
	// ChangeAction changes an open one. It returns Forbidden for whoever does not tend it, and
	// Conflict if it is done or dropped.
	ChangeAction(ctx context.Context, id tagout.IncidentID, number int, draft tagout.ActionDraft, by tagout.User) (*tagout.Incident, error)
	// FinishAction marks one as done, with its regression test or why there can be none.
	FinishAction(ctx context.Context, id tagout.IncidentID, number int, test, noTest string, by tagout.User) (*tagout.Incident, error)
	// DropAction records that one will not be done, and why.
	DropAction(ctx context.Context, id tagout.IncidentID, number int, why string, by tagout.User) (*tagout.Incident, error)
	// RetryTicket tries once more to make its ticket.
	RetryTicket(ctx context.Context, id tagout.IncidentID, number int, by tagout.User) (*tagout.Incident, error)
}

const inTagoutAlone = "-" // no tracker

// action adds a corrective action to an incident, and has the buttons of those there are.
func action(f floor, d Corrector) tagout.Command {
	a := correction{f, d}
	return tagout.Command{
		Name: "action", Summary: "Add a corrective action to an incident.", Usage: "[INC-n] [what is to be changed…]", Right: tagout.MayNot,
		Detail: detail("full members add; the owner of an action, the incident commander, the RCA facilitator and the platform owner change, finish and drop it. No guest and no API token.",
			[]string{"/action INC-7", "/action narrow the mail tool to opted-in lists"},
			"It opens a form: what is to be changed, who does it, until when, in which layer, and the regression test that fails without it. If a tracker is configured, the action gets a ticket there.",
			"Done asks for the regression test, or for why there can be none. The owner is reminded a day before it is due and every day after; whoever answers for the agent from the third day on."),
		Run: a.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"action":        a.pressed,
			"action-change": a.change,
			"action-done":   a.done,
			"action-drop":   a.drop,
			"action-ticket": a.retry,
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			"action":      a.submitted,
			"action-done": a.finished,
			"action-drop": a.dropped,
		},
	}
}

type correction struct {
	floor
	desk Corrector
}

func (a correction) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := member(in.User, "add corrective actions"); err != nil {
		return tagout.Reply{}, err
	}
	id, title, err := incidentOf("action", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	return a.ask(ctx, id, line(title), in.User)
}

func (a correction) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "add corrective actions"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(subject(c.Value))
	if err != nil {
		return tagout.Reply{}, err
	}
	return a.ask(ctx, id, "", c.User)
}

// ask opens the form of a new action.
func (a correction) ask(ctx context.Context, id tagout.IncidentID, title string, by tagout.User) (tagout.Reply, error) {
	i, err := a.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := a.form(i, tagout.CorrectiveAction{Title: title, Owner: by.ID, Due: a.policy.ActionDue(i, a.clock.Now()), Layer: tagout.LayerTools})
	form.Title, form.Submit, form.State = "New action "+id.String(), "Add", id.String()
	return tagout.Reply{Form: &form, Message: tagout.Say("A corrective action is added in Slack, with ", tagout.Typed("action "+id.String()), ".")}, nil
}

// form asks for all that an action says, filled with what it says now.
func (a correction) form(i *tagout.Incident, now tagout.CorrectiveAction) tagout.Form {
	layers := make([]tagout.Option, 0, len(tagout.Layers()))
	for _, l := range tagout.Layers() {
		layers = append(layers, tagout.Option{Value: string(l), Label: l.Label()})
	}
	form := tagout.Form{ID: "action", Fields: []tagout.Field{
		{Key: "title", Label: "What is to be changed", Kind: tagout.FieldLine, Value: now.Title, Hint: "In a few words. It is the title of its ticket."},
		{Key: "owner", Label: "Who does it", Kind: tagout.FieldPerson, Value: string(now.Owner), Hint: "A full member of the workspace."},
		{Key: "due", Label: "Until when", Kind: tagout.FieldMoment, Value: now.Due.Truncate(time.Minute).Format(time.RFC3339)},
		{Key: "layer", Label: "Which layer it changes", Kind: tagout.FieldChoice, Value: string(now.Layer), Options: layers, Hint: "A prompt asks the agent; it controls nothing."},
		{Key: "detail", Label: "Details", Kind: tagout.FieldParagraph, Value: now.Detail, Optional: true},
		{Key: "test", Label: "Regression test", Kind: tagout.FieldLine, Value: now.Test, Optional: true, Hint: "The test that fails without this change: its name, path or link. It is needed before the action is done."},
	}}
	if i.Private {
		form.Intro = append(form.Intro, tagout.T(i.ID.String(), " is private: whoever does it can read about the incident from then on."))
	}
	if trackers := a.policy.TrackersFor(i); len(trackers) > 0 && now.Ticket == nil {
		pick := tagout.Field{Key: "tracker", Label: "Ticket in", Kind: tagout.FieldChoice, Value: inTagoutAlone}
		for _, t := range trackers[:min(len(trackers), 99)] {
			pick.Options = append(pick.Options, tagout.Option{Value: t.Name, Label: t.Name})
		}
		pick.Options = append(pick.Options, tagout.Option{Value: inTagoutAlone, Label: "Nowhere: kept in Tagout alone"})
		if usual := a.policy.TrackerOf(i); usual != "" && now.Number == 0 {
			pick.Value = usual
		}
		form.Fields = append(form.Fields, pick)
	}
	return form
}

// draft reads the form, and says what is wrong with it.
func (a correction) draft(s tagout.Submission) (tagout.ActionDraft, []tagout.FieldProblem) {
	d := tagout.ActionDraft{ID: tagout.DeriveID("action", s.ID), Title: line(s.Values["title"]),
		Detail: prose(s.Values["detail"]), Owner: tagout.UserID(s.Values["owner"]),
		Layer: tagout.Layer(s.Values["layer"]), Test: line(s.Values["test"]), Tracker: s.Values["tracker"]}
	if d.Tracker == inTagoutAlone {
		d.Tracker = ""
	}
	var problems []tagout.FieldProblem
	refuse := func(key, message string) {
		problems = append(problems, tagout.FieldProblem{Key: key, Message: message})
	}
	switch {
	case d.Title == "":
		refuse("title", "Say in a few words what is to be changed.")
	case len(d.Title) > tagout.MaxActionTitle:
		refuse("title", "At most "+strconv.Itoa(tagout.MaxActionTitle)+" characters; the rest goes under Details.")
	}
	if d.Owner == "" {
		refuse("owner", "Say who does it.")
	}
	if !slices.Contains(tagout.Layers(), d.Layer) {
		refuse("layer", "Choose the layer that it changes.")
	}
	at, err := time.Parse(time.RFC3339, s.Values["due"])
	if err != nil {
		refuse("due", "Choose a date and a time.")
	}
	d.Due = at
	return d, problems
}

// submitted takes a new action, or what an action says from now on.
func (a correction) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "keep corrective actions"); err != nil {
		return tagout.Reply{}, err
	}
	draft, problems := a.draft(s)
	if len(problems) > 0 {
		return tagout.Reply{Message: tagout.Say("The action is not complete."), Outcome: tagout.Outcome{Problems: problems}}, nil
	}
	if !strings.Contains(s.State, "|") {
		id, err := tagout.ParseIncidentID(s.State)
		if err != nil {
			return tagout.Reply{}, err
		}
		i, err := a.desk.AddAction(ctx, id, draft, s.User)
		if err != nil {
			return a.refused(err)
		}
		n := slices.IndexFunc(i.Actions, func(a tagout.CorrectiveAction) bool { return a.ID == draft.ID })
		if n < 0 {
			return tagout.Reply{}, tagout.Errorf(tagout.Internal, "The action was not kept.")
		}
		return a.shown(i, i.Actions[n].Number, "Added"), nil
	}
	id, number, err := actionOf(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := a.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	if now := i.Action(number); now != nil {
		draft.NoTest = now.NoTest
		if draft.Due.Equal(now.Due.Truncate(time.Minute)) {
			draft.Due = now.Due // it was not touched
		}
	}
	if i, err = a.desk.ChangeAction(ctx, id, number, draft, s.User); err != nil {
		return a.refused(err)
	}
	return a.shown(i, number, "Changed"), nil
}

// refused shows what is wrong at the field that it is about.
func (a correction) refused(err error) (tagout.Reply, error) {
	key, text := "title", tagout.Sentence(err)
	switch {
	case strings.Contains(text, "time to come"):
		key = "due"
	case strings.Contains(text, "tracker"):
		key = "tracker"
	case strings.Contains(text, "guest, a bot or deactivated"), strings.Contains(text, "nobody with the ID"):
		field := tagout.FieldProblem{Key: "owner", Message: text}
		return tagout.Reply{Message: tagout.Say(text), Outcome: tagout.Outcome{Problems: []tagout.FieldProblem{field}}}, nil
	}
	return problem(key, err)
}

// shown answers with the action as it stands.
func (a correction) shown(i *tagout.Incident, number int, what string) tagout.Reply {
	found := i.Action(number)
	if found == nil {
		return tagout.Reply{Message: tagout.Say(what + "."), Outcome: tagout.Outcome{Incident: i.ID}}
	}
	of := tagout.ActionOf{Incident: i, CorrectiveAction: *found}
	m := of.Item(a.clock.Now())
	m.Title, m.Tone = what+" "+of.Name(), tagout.ToneGood
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}
}

// actionOf reads INC-7|2, as buttons and forms carry it.
func actionOf(value string) (tagout.IncidentID, int, error) {
	return tagout.ParseActionName(strings.Replace(value, "|", "/", 1))
}

// find reads the action of a button or form.
func (a correction) find(ctx context.Context, value string, by tagout.User) (*tagout.Incident, *tagout.CorrectiveAction, error) {
	if err := member(by, "keep corrective actions"); err != nil {
		return nil, nil, err
	}
	id, number, err := actionOf(value)
	if err != nil {
		return nil, nil, err
	}
	i, err := a.desk.Incident(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	found := i.Action(number)
	if found == nil {
		return nil, nil, tagout.Errorf(tagout.NotFound, "%s has no corrective action %d.", id, number)
	}
	if err := i.MayTend(found, by); err != nil {
		return nil, nil, err
	}
	if found.State != tagout.ActionOpen {
		return nil, nil, tagout.Errorf(tagout.Conflict, "%s is %s already, by %s. Nothing was changed.", found.Name(id), found.State, found.EndedBy.Text())
	}
	return i, found, nil
}
