package bot

import (
	"context"
	"strings"

	"tagout"
	"tagout/internal/crashpoint"
)

// Digests is what the edge needs to know of digests.
type Digests interface {
	// DigestMessage is a digest as the people of a channel may read it.
	DigestMessage(ctx context.Context, turn tagout.RoutineTurn, o tagout.DigestOrder, v tagout.Viewer) (tagout.Message, error)
}

// digest posts a digest in its channel, once: with the charts that Slack draws or, where the
// workspace refuses them, with a picture below it.
func (b *Bot) digest(ctx context.Context, e tagout.Effect) error {
	turn, o, err := tagout.DigestOf(e)
	if err != nil {
		return err
	}
	m, err := b.desk.DigestMessage(ctx, turn, o, tagout.Viewer{Channel: o.Channel})
	if err != nil {
		return err
	}
	place, drawn, err := b.postDigest(ctx, e, o, m)
	crashpoint.Here("digest.posted")
	if err == nil && !drawn && len(m.Charts) > 0 {
		err = b.shareCharts(ctx, e, place.Channel, m)
	}
	if f := readFailure(err); err != nil && f.refused() && !refusedUs(f.name) {
		return b.noDigest(ctx, e, turn, o, err)
	}
	return err
}

// postDigest posts it, and reports whether its charts are in it.
func (b *Bot) postDigest(ctx context.Context, e tagout.Effect, o tagout.DigestOrder, m tagout.Message) (place Place, drawn bool, err error) {
	out := outgoing{channel: o.Channel, priority: postsThen, key: e.Key, message: m}
	if e.Again {
		if place, found, err := b.find(ctx, out, e.Key); err != nil || found {
			return place, true, err
		}
	}
	if o.Charts != tagout.ChartsPicture && !b.chartless.now(b.clock.Now()) {
		place, err = b.post(ctx, out)
		if !withoutCharts(&out.message, err) {
			return place, true, err
		}
	}
	refused := err
	out.key, out.message.Charts = e.Key+":plain", nil
	place, err = b.post(ctx, out)
	if refused != nil && err == nil {
		b.log.Warn("this workspace shows no charts; digests go with a picture instead", "error", slackName(refused))
		b.chartless.refused(b.clock.Now())
	}
	return place, false, err
}

// shareCharts posts the charts of a digest as a picture, once.
func (b *Bot) shareCharts(ctx context.Context, e tagout.Effect, channel string, m tagout.Message) error {
	name := "digest-" + tagout.DeriveID("charts", e.Key)[:8] + ".png"
	intent := intentOf("charts:" + e.Key)
	if !b.intend(ctx, intent) {
		if there, err := b.hasFile(ctx, channel, name); err != nil || there {
			return err
		}
	}
	picture, err := b.draw(m.Charts)
	if err != nil {
		b.log.Error("the charts of a digest could not be drawn", "error", tagout.Sentence(err))
		return nil // the figures stand in the message
	}
	var words []string
	for _, c := range m.Charts {
		words = append(words, c.String())
	}
	comment, _ := mrkdwn(tagout.T("Charts of “" + m.Title + "”"))
	err = b.upload(ctx, Upload{Channel: channel, Name: name, Content: picture, Comment: comment, Alt: cutUnits(strings.Join(words, " "), maxAlt)})
	if f := readFailure(err); err == nil || f.refused() && !refusedUs(f.name) {
		b.settle(ctx, intent)
	}
	if err != nil && readFailure(err).refused() && slackName(err) == "missing_scope" {
		b.log.Warn("the charts of a digest could not be uploaded: the app lacks the scope files:write")
		return nil
	}
	return err
}

// maxAlt is how much of the words for a picture Slack takes.
const maxAlt = 1000

// noDigest tells whoever had a digest posted why it was not. A scheduled one whose channel
// cannot be used goes to the announce channel.
func (b *Bot) noDigest(ctx context.Context, e tagout.Effect, turn tagout.RoutineTurn, o tagout.DigestOrder, why error) error {
	if o.By == "" && o.Channel != b.announce && lostChannel(slackName(why)) {
		return b.digestElsewhere(ctx, e, turn, o)
	}
	b.log.Error("a digest could not be posted", "digest", o.Name, "channel", o.Channel, "error", tagout.Sentence(why))
	if o.By == "" {
		return tagout.Final(why)
	}
	m := tagout.Say("The digest could not be posted: ", tagout.Sentence(why), " Tagout must be in the channel: type ", tagout.Fixed("/invite @Tagout"), " there, and try again.")
	m.Tone = tagout.ToneWarning
	return settled(b.directly(ctx, o.By, answersNext, e.Key+":failed", m))
}

// digestElsewhere posts a digest in the announce channel, since its own cannot be used.
func (b *Bot) digestElsewhere(ctx context.Context, e tagout.Effect, turn tagout.RoutineTurn, o tagout.DigestOrder) error {
	b.log.Warn("the channel of a digest cannot be used, so it goes to the announce channel", "digest", o.Name, "channel", o.Channel)
	lost := o.Channel
	o.Channel = b.announce
	m, err := b.desk.DigestMessage(ctx, turn, o, tagout.Viewer{Channel: o.Channel})
	if err != nil {
		return err
	}
	m = m.Para("It stands here since Tagout cannot post in "+lost+": invite it there, or change ", tagout.Fixed("digests"), " in its configuration.")
	e.Key += ":announce"
	place, drawn, err := b.postDigest(ctx, e, o, m)
	if err == nil && !drawn && len(m.Charts) > 0 {
		err = b.shareCharts(ctx, e, place.Channel, m)
	}
	return settled(err)
}
