package bot

import (
	"context"
	"time"

	"tagout"
)

// responseURLLife is how long a response_url works, with some reserve.
const responseURLLife = 29 * time.Minute

// triggerLife is how long a form may be opened after the command, with some reserve.
const triggerLife = 2900 * time.Millisecond

// origin is where an answer goes.
type origin struct {
	user        tagout.UserID
	channel     string
	responseURL string
	at          time.Time // of the delivery, by the domain's clock
}

// origin is where the answer to a delivery goes.
func (d *delivery) origin() origin {
	if d.kind == kindCommand {
		return origin{user: tagout.UserID(d.command.User), channel: d.command.Channel, responseURL: d.command.ResponseURL, at: d.at}
	}
	if d.kind == kindReaction {
		return origin{user: tagout.UserID(d.reaction.Event.User), channel: d.reaction.Event.Item.Channel, at: d.at}
	}
	i := d.interaction
	o := origin{user: tagout.UserID(i.User.ID), channel: i.channel(), responseURL: i.ResponseURL, at: d.at}
	if d.kind == kindSubmit {
		o.channel, o.responseURL = i.View.note().Channel, ""
	}
	return o
}

// lastAck is what the acknowledgement of a form carries: what is wrong with it, or the
// next form. says reports that it tells the person all there is.
func (b *Bot) lastAck(d *delivery, done result) (body any, says bool) {
	if d.kind != kindSubmit {
		return nil, false
	}
	problems := done.reply.Outcome.Problems
	if done.err != nil {
		problems = []tagout.FieldProblem{{Message: tagout.Sentence(done.err)}}
	}
	if fields := d.interaction.View.fields(); len(problems) > 0 && len(fields) > 0 {
		return errorsBody(problems, fields), true
	}
	if form := done.reply.Form; form != nil {
		view, err := b.render.view(*form, d.interaction.View.note().Channel)
		if err == nil {
			return map[string]any{"response_action": "update", "view": view}, true
		}
		b.log.Error("a form could not be rendered", "form", form.ID, "error", err)
	}
	return lateBody(d), false
}

// answer tells the person what became of a delivery and keeps that up to date. It calls
// cancel when nothing needs the delivery's context any more.
func (b *Bot) answer(d *delivery, done result, cancel context.CancelCauseFunc) {
	to := d.origin()
	if d.kind == kindSubmit {
		if from, ok := b.origins.get(d.interaction.View.ID); ok {
			to.responseURL, to.at = from.responseURL, from.at
		}
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(b.base), workBudget)
	defer stop()
	switch {
	case done.err != nil:
		b.tell(ctx, to, tagout.Message{Tone: tagout.ToneWarning, Body: []tagout.Text{tagout.T(tagout.Sentence(done.err))}})
	case len(done.reply.Outcome.Problems) > 0:
		b.tell(ctx, to, problemsMessage(done.reply.Outcome.Problems))
	case done.reply.Form != nil:
		b.openForm(ctx, d, *done.reply.Form, to)
	case isEmpty(done.reply.Message):
		if d.kind == kindClick { // a click is never left without an answer
			b.tell(ctx, to, tagout.Say("Done."))
		}
	default:
		live := done.reply.Updates != nil
		sent := b.send(ctx, to, done.reply.Message, manner{public: done.reply.Public, live: live})
		if live {
			b.keepUpToDate(done.ctx, to, sent, done.reply, cancel)
			return
		}
	}
	cancel(nil)
}

func isEmpty(m tagout.Message) bool {
	return m.Title == "" && len(m.Body)+len(m.Facts)+len(m.Lines)+len(m.Items)+len(m.Buttons)+len(m.Footer) == 0
}

func problemsMessage(problems []tagout.FieldProblem) tagout.Message {
	m := tagout.Message{Tone: tagout.ToneWarning}.Para("Nothing was changed: the form took too long to check, and something in it is not right. Please run the command again.")
	for _, p := range problems {
		m = m.Para(p.Message)
	}
	return m
}

// openForm opens a form; if Slack's three seconds are over it says so.
func (b *Bot) openForm(ctx context.Context, d *delivery, form tagout.Form, to origin) {
	trigger := d.command.Trigger + d.interaction.Trigger
	late := tagout.Errorf(tagout.Expired, "The form could not be opened within the three seconds that Slack gives. Nothing was changed; please run it again.")
	if d.replay || b.clock.Now().Sub(d.at) > triggerLife {
		b.tell(ctx, to, unopened(form, late))
		return
	}
	view, err := b.render.view(form, to.channel)
	var id string
	if err == nil {
		err = b.do(ctx, call{method: "views.open", priority: answersNext, once: true}, func(ctx context.Context) (err error) {
			id, err = b.api.OpenView(ctx, trigger, view)
			return err
		})
	}
	if err != nil {
		b.log.Warn("a form could not be opened", "form", form.ID, "error", slackName(err))
		if readFailure(err).refused() && slackName(err) != "missing_scope" {
			err = late
		}
		b.tell(ctx, to, unopened(form, err))
		return
	}
	b.origins.put(id, to)
}

// unopened is what is said instead of a form: what was done before it, else why it is not there.
func unopened(form tagout.Form, why error) tagout.Message {
	if !isEmpty(form.Unopened) {
		return form.Unopened
	}
	return tagout.Say(tagout.Sentence(why))
}

// sent is where an answer stands, so that it can be brought up to date.
type sent struct {
	byURL bool
	place Place // of a message that can be updated
}

// manner is how an answer is given.
type manner struct {
	public bool // everybody in the channel sees it
	live   bool // it will be brought up to date
}

// tell sends a message to one person only.
func (b *Bot) tell(ctx context.Context, to origin, m tagout.Message) { b.send(ctx, to, m, manner{}) }

// send answers: by the response_url, else in the channel, else by direct message. What
// everybody sees and will be brought up to date is a message of ours, if the channel
// takes one: Slack replaces nothing that was sent by the response_url of a command.
func (b *Bot) send(ctx context.Context, to origin, m tagout.Message, how manner) sent {
	post := how.public && to.channel != ""
	if post && how.live {
		if place, err := b.reply(ctx, to.channel, m); err == nil {
			return sent{place: place}
		}
		post = false
	}
	if to.responseURL != "" && b.clock.Now().Sub(to.at) < responseURLLife {
		err := b.respond(ctx, to, m, how.public)
		if withoutCharts(&m, err) {
			err = b.respond(ctx, to, m.Para("This workspace shows no charts in answers."), how.public)
		}
		if err == nil {
			return sent{byURL: true}
		}
		b.log.Warn("an answer could not be sent by its response_url", "error", slackName(err))
	}
	if post {
		if place, err := b.reply(ctx, to.channel, m); err == nil {
			return sent{place: place}
		}
	} else if !how.public && to.channel != "" {
		content := b.render.content(m)
		err := b.do(ctx, call{method: "chat.postEphemeral", priority: answersNext}, func(ctx context.Context) error {
			return b.api.Whisper(ctx, to.channel, string(to.user), content)
		})
		if err == nil {
			return sent{}
		}
	}
	channel, err := b.dm(ctx, to.user, answersNext)
	if err == nil {
		place, postErr := b.reply(ctx, channel, m)
		if err = postErr; err == nil {
			return sent{place: place}
		}
	}
	b.log.Error("an answer could not be delivered", "user", to.user, "error", tagout.Sentence(err))
	return sent{}
}

// reply posts an answer as a message. It is not looked for afterwards: an answer twice
// is better than none.
func (b *Bot) reply(ctx context.Context, channel string, m tagout.Message) (first Place, err error) {
	for i, part := range b.render.parts(m) {
		content := b.render.content(part)
		err = b.do(ctx, call{method: "chat.postMessage", priority: answersNext, at: Place{Channel: channel}}, func(ctx context.Context) error {
			place, err := b.api.Post(ctx, channel, content)
			if i == 0 {
				first = place
			}
			return err
		})
		if err != nil {
			return first, err
		}
	}
	return first, nil
}

// respond posts to the response_url, in parts if it must. It never replaces the message
// that the URL belongs to.
func (b *Bot) respond(ctx context.Context, to origin, m tagout.Message, public bool) error {
	for _, part := range b.render.parts(m) {
		r := Response{Content: b.render.content(part), InChannel: public}
		err := b.do(ctx, call{method: "response_url", priority: answersNext}, func(ctx context.Context) error {
			return b.api.Respond(ctx, to.responseURL, r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
