package escalation

import (
	"context"
	"strings"
	"time"

	"tagout"
)

// mailDigest sends a digest to one address. A repeat has the same Message-ID, so that it is one
// mail to its reader.
func (d *Desk) mailDigest(ctx context.Context, e tagout.Effect) error {
	turn, o, err := tagout.DigestOf(e)
	if err != nil {
		return err
	}
	if d.mailer == nil {
		return tagout.Final(tagout.Errorf(tagout.Invalid, "The digest %s cannot be mailed: no e-mail pager is configured. Fix: add one to pagers, or take digests[].email out.", o.Name))
	}
	turn.Routine, _, _ = strings.Cut(turn.Routine, ",") // when the digest itself comes next
	mail, err := d.DigestMail(ctx, turn, o)
	if err != nil {
		return err
	}
	mail.ID, mail.To = e.Key, o.Email
	return d.mailer.Mail(ctx, mail)
}

// DigestMail is a digest as it is mailed, to nobody yet. Mail may be passed on, so that it names
// nothing of private incidents.
func (d *Desk) DigestMail(ctx context.Context, turn tagout.RoutineTurn, o tagout.DigestOrder) (tagout.Mail, error) {
	m, err := d.DigestMessage(ctx, turn, o, tagout.Viewer{})
	if err != nil {
		return tagout.Mail{}, err
	}
	m = d.policy.Redaction.Message(m)
	m = d.outsideSlack(ctx, m, o.Location())
	mail := tagout.Mail{Subject: m.Title, Text: m.String(), Letter: &m}
	if len(m.Charts) == 0 || d.draw == nil {
		return mail, nil
	}
	picture, err := d.draw(m.Charts)
	if err != nil {
		d.log.Error("the charts of a digest could not be drawn", "error", tagout.Sentence(err))
		return mail, nil // the figures stand in the letter
	}
	var words []string
	for _, c := range m.Charts {
		words = append(words, c.String())
	}
	mail.Pictures = []tagout.Picture{{Name: "charts.png", Alt: strings.Join(words, " "), PNG: picture}}
	return mail, nil
}

// outsideSlack is a message as it is read where Slack is not: people by their names, times in a
// zone, and no links into Slack.
func (d *Desk) outsideSlack(ctx context.Context, m tagout.Message, zone *time.Location) tagout.Message {
	say := func(t tagout.Text) tagout.Text {
		var out tagout.Text
		for _, s := range t {
			switch s.Kind {
			case tagout.SpanMention:
				s = tagout.Span{Text: d.nameOf(ctx, tagout.User{ID: tagout.UserID(s.Text)}.Actor())}
			case tagout.SpanTime:
				s = tagout.Span{Text: s.At.In(zone).Format("Mon 2 Jan 2006, 15:04 MST")}
			case tagout.SpanChannel, tagout.SpanMessage:
				if n := len(out); n > 0 {
					out[n-1].Text = strings.TrimRight(out[n-1].Text, " ")
				}
				continue
			}
			out = append(out, s)
		}
		return out
	}
	texts := func(list []tagout.Text) []tagout.Text {
		out := make([]tagout.Text, len(list))
		for n, t := range list {
			out[n] = say(t)
		}
		return out
	}
	m.Body, m.Footer, m.Buttons = texts(m.Body), say(m.Footer), nil
	facts := make([]tagout.Fact, len(m.Facts))
	for n, f := range m.Facts {
		facts[n] = tagout.Fact{Label: f.Label, Value: say(f.Value)}
	}
	items := make([]tagout.Message, len(m.Items))
	for n, item := range m.Items {
		items[n] = tagout.Message{Body: texts(d.policy.Redaction.Message(item).Body)}
	}
	m.Facts, m.Items = facts, items
	return m
}
