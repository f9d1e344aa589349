package commands

import (
	"context"

	"tagout"
)

// change opens the form of an action that there is.
func (a correction) change(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	i, found, err := a.find(ctx, c.Value, c.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := a.form(i, *found)
	form.Title, form.Submit, form.State = "Change "+found.Name(i.ID), "Save", c.Value
	return tagout.Reply{Form: &form}, nil
}

// done asks for the regression test.
func (a correction) done(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	i, found, err := a.find(ctx, c.Value, c.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: "action-done", Title: "Done: " + found.Name(i.ID), Submit: "It is done", State: c.Value,
		Intro: []tagout.Text{tagout.T(tagout.Bold(found.Title)), tagout.T("An incident may come back unless a test fails when its fix is missing. Name that test, or say why there can be none.")},
		Fields: []tagout.Field{
			{Key: "test", Label: "Regression test", Kind: tagout.FieldLine, Value: found.Test, Optional: true, Hint: "Its name, path or link."},
			{Key: "no_test", Label: "Why there can be none", Kind: tagout.FieldParagraph, Value: found.NoTest, Optional: true, Hint: "Only if no test is named."},
		}}
	return tagout.Reply{Form: &form}, nil
}

func (a correction) finished(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "close corrective actions"); err != nil {
		return tagout.Reply{}, err
	}
	id, number, err := actionOf(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	test, why := line(s.Values["test"]), prose(s.Values["no_test"])
	if test != "" {
		why = ""
	}
	i, err := a.desk.FinishAction(ctx, id, number, test, why, s.User)
	if err != nil {
		return problem("test", err)
	}
	reply := a.shown(i, number, "Done:")
	if found := i.Action(number); found != nil {
		if t := found.Ticket; t != nil && t.Key != "" && !t.Closed && !t.Gone {
			reply.Message = reply.Message.Para("Its ticket is still open: close it there.")
		}
	}
	return reply, nil
}

// drop asks why it will not be done.
func (a correction) drop(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	i, found, err := a.find(ctx, c.Value, c.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: "action-drop", Title: "Drop " + found.Name(i.ID), Submit: "Drop it", State: c.Value,
		Intro:  []tagout.Text{tagout.T(tagout.Bold(found.Title))},
		Fields: []tagout.Field{{Key: "why", Label: "Why it will not be done", Kind: tagout.FieldParagraph, Hint: "It stands on the timeline."}}}
	return tagout.Reply{Form: &form}, nil
}

func (a correction) dropped(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "close corrective actions"); err != nil {
		return tagout.Reply{}, err
	}
	id, number, err := actionOf(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := a.desk.DropAction(ctx, id, number, prose(s.Values["why"]), s.User)
	if err != nil {
		return problem("why", err)
	}
	reply := a.shown(i, number, "Dropped")
	reply.Message.Tone = tagout.ToneWarning
	return reply, nil
}

// retry tries once more to make a ticket.
func (a correction) retry(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "make tickets"); err != nil {
		return tagout.Reply{}, err
	}
	id, number, err := actionOf(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := a.desk.RetryTicket(ctx, id, number, c.User)
	if err != nil {
		return tagout.Reply{}, err
	}
	return a.shown(i, number, "Trying again:"), nil
}
