package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"tagout"
)

// uploadPatience is how long the bytes of a file may take on their way to Slack.
const uploadPatience = 40 * time.Second

// Upload is a file that is shared in a channel.
type Upload struct {
	Channel string // its ID
	Name    string
	Comment string // beside it; escaped
	Content []byte
	Alt     string // what a picture shows, in words
}

// shareRecord packs the record of an incident and posts it as a file: in the incident's
// channel, or to who asked.
func (b *Bot) shareRecord(ctx context.Context, e tagout.Effect) error {
	var o tagout.RecordOrder
	if err := e.Decode(&o); err != nil {
		return err
	}
	inc, err := b.incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if inc.Private && !o.Private {
		return b.noRecord(ctx, e, o, tagout.Errorf(tagout.Forbidden, "it has become private since you asked. Whoever is one of its people asks again."))
	}
	channel := o.Channel
	if channel == "" || channel != inc.Room.Channel { // it has moved since: then it is told to nobody else
		if channel, err = b.dm(ctx, o.By, answersNext); err != nil {
			return settled(err)
		}
	}
	name := inc.ID.String() + "-" + tagout.DeriveID("record", e.Key)[:8] + ".zip"
	intent := intentOf("record:" + e.Key)
	if !b.intend(ctx, intent) {
		if there, err := b.hasFile(ctx, channel, name); err != nil || there {
			return err
		}
	}
	packed, err := b.record(ctx, inc.ID)
	if tagout.CodeOf(err) == tagout.Invalid && err != nil { // it will never do
		b.settle(ctx, intent)
		return b.noRecord(ctx, e, o, err)
	}
	if err != nil {
		return err
	}
	err = b.upload(ctx, Upload{Channel: channel, Name: name, Content: packed.Content, Comment: b.recordText(inc.ID, o, packed)})
	if f := readFailure(err); err == nil || f.refused() && !refusedUs(f.name) {
		b.settle(ctx, intent)
		if err != nil {
			return b.noRecord(ctx, e, o, err)
		}
	}
	return err
}

// noRecord tells who asked why they do not get the record.
func (b *Bot) noRecord(ctx context.Context, e tagout.Effect, o tagout.RecordOrder, why error) error {
	m := tagout.Say("The record of ", tagout.Bold(e.Incident.String()), " could not be sent: ", tagout.Sentence(why),
		" Somebody who can run Tagout on its machine gets it with ", tagout.Fixed("tagout export "+e.Incident.String()), ".")
	m.Tone = tagout.ToneWarning
	return settled(b.directly(ctx, o.By, answersNext, e.Key+":failed", m))
}

// recordText is what stands beside the file, so that Slack is a witness of it.
func (b *Bot) recordText(id tagout.IncidentID, o tagout.RecordOrder, packed tagout.PackedRecord) string {
	sum := sha256.Sum256(packed.Content)
	t := tagout.T("The record of ", tagout.Bold(id.String()), " as of event "+strconv.FormatInt(packed.Head.Seq, 10)+", for ", tagout.Mention(o.By),
		". To check it without Tagout: ", tagout.Fixed("sh "+id.String()+"/verify.sh "+packed.Head.Hash), ". SHA-256 of the file: ", tagout.Fixed(hex.EncodeToString(sum[:])))
	if packed.Wrong != "" {
		t = append(t, tagout.T(". ", tagout.Bold("It is not what was written: "+packed.Wrong))...)
	}
	text, _ := mrkdwn(t)
	return text
}

// upload sends a file in Slack's three steps. Nothing is seen of it before the last one.
func (b *Bot) upload(ctx context.Context, u Upload) error {
	var to, file string
	err := b.do(ctx, call{method: "files.getUploadURLExternal", priority: answersNext}, func(ctx context.Context) (err error) {
		to, file, err = b.api.UploadURL(ctx, u)
		return err
	})
	if err != nil {
		return err
	}
	sending, cancel := context.WithTimeout(ctx, uploadPatience)
	defer cancel()
	if err := b.api.SendFile(sending, to, u.Content); err != nil {
		return explain("upload", err)
	}
	return b.do(ctx, call{method: "files.completeUploadExternal", priority: answersNext, once: true}, func(ctx context.Context) error {
		return b.api.ShareFile(ctx, file, u)
	})
}

// hasFile reports whether a file of this name was shared in the channel lately.
func (b *Bot) hasFile(ctx context.Context, channel, name string) (bool, error) {
	posted, err := b.history(ctx, channel, answersNext)
	for _, p := range posted {
		for _, file := range p.Files {
			if file == name {
				return true, nil
			}
		}
	}
	if readFailure(err).refused() {
		return false, nil // twice is better than never
	}
	return false, err
}
