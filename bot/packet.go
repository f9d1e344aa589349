package bot

import (
	"context"

	"tagout"
)

// Packets is what the edge needs to know of failure reports.
type Packets interface {
	// Packet is a failure report as people read it, and the whole of it as a file, both
	// masked. It returns NotFound if the incident has no such report.
	Packet(ctx context.Context, id tagout.IncidentID, alert string) (tagout.Packet, error)
}

// packet posts a failure report, and then the whole of it as a file. The file goes into the
// incident's own channel or nowhere.
func (b *Bot) packet(ctx context.Context, e tagout.Effect) error {
	var o tagout.PacketOrder
	if err := e.Decode(&o); err != nil {
		return err
	}
	inc, err := b.incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	if err := b.roomFirst(inc); err != nil {
		return err
	}
	p, err := b.desk.Packet(ctx, inc.ID, o.Alert)
	if tagout.CodeOf(err) == tagout.NotFound {
		return tagout.Final(err)
	}
	if err != nil {
		return err
	}
	place, err := b.postTo(ctx, inc, e.Key, p.Message)
	if err != nil || inc.Room.Channel == "" || place.Channel != inc.Room.Channel {
		return settled(err)
	}
	if left, err := b.hasLeft(ctx, inc); err != nil || left { // it became private: nothing more goes there
		return err
	}
	return b.packetFile(ctx, e, inc, p)
}

// packetFile sends the whole report. What Slack refuses for good is said in its place.
func (b *Bot) packetFile(ctx context.Context, e tagout.Effect, inc *tagout.Incident, p tagout.Packet) error {
	intent := intentOf("packet:" + e.Key)
	if !b.intend(ctx, intent) {
		if there, err := b.hasFile(ctx, inc.Room.Channel, p.Name); err != nil || there {
			return err
		}
	}
	comment, _ := mrkdwn(b.render.mask.Spans(p.Comment))
	err := b.upload(ctx, Upload{Channel: inc.Room.Channel, Name: p.Name, Content: p.File, Comment: comment})
	f := readFailure(err)
	if err != nil && (!f.refused() || refusedUs(f.name) && f.name != "missing_scope") {
		return err
	}
	b.settle(ctx, intent)
	if err == nil {
		return nil
	}
	b.log.Warn("the file of a failure report could not be sent", "incident", inc.ID.String(), "error", f.name)
	m := tagout.Say("The whole report could not be sent as a file: ", tagout.Sentence(err), " ", tagout.Typed("evidence "+inc.ID.String()), " has all of it.")
	m.Tone = tagout.ToneWarning
	_, err = b.postTo(ctx, inc, e.Key+":file", m)
	return settled(err)
}
