package bot

import (
	"context"
	"encoding/json"
	"time"

	"tagout"
)

const (
	helpVerb     = "help"
	lookPatience = 700 * time.Millisecond
	roomPatience = 2 * time.Second // it is acknowledged by then; a form must open within 3 s
	workPatience = 8 * time.Second // where something is to be changed
	stopPatience = 150 * time.Millisecond
)

// patience is how long a delivery may wait for what it would like to know: who the person
// is, and which incident's channel this is.
func (b *Bot) patience(d *delivery) (person, room time.Duration) {
	if b.isStop(d) {
		return 0, stopPatience
	}
	if d.kind == kindCommand && b.needsClaim(d) {
		return lookPatience, workPatience
	}
	return lookPatience, roomPatience
}

// runCommand runs a slash command.
func (b *Bot) runCommand(ctx context.Context, d *delivery) result {
	c := d.command
	forPerson, forRoom := b.patience(d)
	user := b.person(ctx, c.User, c.UserName, c.Team, forPerson)
	if err := b.admit(ctx, user, []string{c.Team}, b.isStop(d)); err != nil {
		return result{err: err}
	}
	verb, text := b.verbOf(c)
	command, known := b.verbs[verb]
	if !known {
		command, known = b.verbs[helpVerb]
		if text = verb; verb == umbrella {
			text = ""
		}
	}
	if !known {
		return result{reply: tagout.Reply{Message: b.ownHelp()}}
	}
	in := tagout.Invocation{ID: d.key, By: user.Actor(), User: user, Text: text, Channel: c.Channel, At: d.at}
	in.Incident, in.Unsure = b.incidentOf(ctx, c.Channel, forRoom)
	reply, err := command.Run(ctx, in)
	return result{reply: reply, err: err}
}

// ownHelp lists the commands, for a set of commands without a help command.
func (b *Bot) ownHelp() tagout.Message {
	m := tagout.Message{Title: "Tagout commands"}
	for _, c := range commandsInOrder(b.verbs) {
		m = m.Para(tagout.Typed(c.Name+" "+c.Usage), " "+c.Summary)
	}
	return m
}

// runClick runs what a button does.
func (b *Bot) runClick(ctx context.Context, d *delivery) result {
	i := d.interaction
	forPerson, forRoom := b.patience(d)
	user := b.person(ctx, i.User.ID, orText(i.User.UserName, i.User.Name), orText(i.User.Team, i.Team.ID), forPerson)
	if err := b.admit(ctx, user, []string{i.Team.ID, i.User.Team}, b.isStop(d)); err != nil {
		return result{err: err}
	}
	pressed := i.Actions[0]
	action := actionName(pressed.ID)
	handle, known := b.clicks[action].Clicks[action]
	if !known || handle == nil {
		return result{err: tagout.Errorf(tagout.NotFound, "This button belongs to another version of Tagout and does nothing any more. Nothing was changed.")}
	}
	id, _ := b.incidentOf(ctx, i.channel(), forRoom)
	reply, err := handle(ctx, tagout.Click{
		ID: d.key, User: user, Action: action, Value: orText(pressed.Value, pressed.SelectedOption.Value),
		Channel: i.channel(), Incident: id, At: d.at,
	})
	return result{reply: reply, err: err}
}

// runSubmission runs what a form is for.
func (b *Bot) runSubmission(ctx context.Context, d *delivery) result {
	i := d.interaction
	forPerson, forRoom := b.patience(d)
	user := b.person(ctx, i.User.ID, orText(i.User.UserName, i.User.Name), orText(i.User.Team, i.Team.ID), forPerson)
	if err := b.admit(ctx, user, []string{i.Team.ID, i.User.Team}, b.isStop(d)); err != nil {
		return result{err: err}
	}
	handle, known := b.forms[i.View.Callback].Forms[i.View.Callback]
	if !known || handle == nil {
		return result{err: tagout.Errorf(tagout.NotFound, "This form belongs to another version of Tagout. Nothing was changed; please run the command again.")}
	}
	note := i.View.note()
	id, _ := b.incidentOf(ctx, note.Channel, forRoom)
	reply, err := handle(ctx, tagout.Submission{
		ID: "slack:form:" + i.View.sum(), User: user, Form: i.View.Callback, State: note.State, Values: i.View.values(),
		Channel: note.Channel, Incident: id, At: d.at,
	})
	return result{reply: reply, err: err}
}

// keepTyped keeps what somebody has typed into a form so far. Nobody waits for it.
func (b *Bot) keepTyped(ctx context.Context, d *delivery) {
	i := d.interaction
	handle := b.forms[i.View.Callback].Typed[i.View.Callback]
	if handle == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, workBudget)
	defer cancel()
	b.guarded("keep a draft", func() {
		user := b.person(ctx, i.User.ID, orText(i.User.UserName, i.User.Name), orText(i.User.Team, i.Team.ID), lookPatience)
		err := b.admit(ctx, user, []string{i.Team.ID, i.User.Team}, false)
		if err == nil {
			note := i.View.note()
			err = handle(ctx, tagout.Submission{User: user, Form: i.View.Callback, State: note.State, Values: i.View.values(), Channel: note.Channel, At: d.at})
		}
		if err != nil {
			b.log.Warn("what was typed into a form could not be kept", "form", i.View.Callback, "error", tagout.Sentence(err))
		}
	})
}

// note is what travelled with the form.
func (v viewBody) note() formNote {
	var note formNote
	_ = json.Unmarshal([]byte(v.Metadata), &note)
	return note
}
