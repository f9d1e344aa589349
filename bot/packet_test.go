package bot_test

import (
	"context"
	"strings"
	"testing"

	"tagout"
	"tagout/sandbox"
)

// Packet is what the fake desk shows of a report.
func (d *desk) Packet(_ context.Context, id tagout.IncidentID, alert string) (tagout.Packet, error) {
	if alert == "none" {
		return tagout.Packet{}, tagout.Errorf(tagout.NotFound, "none")
	}
	return tagout.Packet{Message: tagout.Say("packet of " + id.String()), File: []byte("{}\n"), Name: id.String() + "-report.json", Comment: tagout.T("whole <!channel>")}, nil
}

func TestAReportIsPostedWithItsFileOnceWhateverHappens(t *testing.T) {
	t.Parallel()
	e := open(t, setup{idle: true})
	e.desk.add(tagout.Incident{ID: 7})
	if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
		t.Fatal(err)
	}
	room := e.desk.room(7).Channel
	e.slack.Fault(sandbox.Fault{Method: "files.completeUploadExternal", Kind: sandbox.LostReply, Times: 1})
	for range 3 { // the first may fail; whoever comes back looks for what was posted
		_ = e.effect(tagout.EffectPacket, 7, "r1", tagout.PacketOrder{Alert: "r1"})
	}
	names, text := e.files(room)
	if len(names) != 1 || names[0] != "INC-7-report.json" || !strings.Contains(text, "whole &lt;!channel&gt;") || e.count(room, "packet of INC-7") != 1 {
		t.Errorf("files %q beside %q, %d messages", names, text, e.count(room, "packet of INC-7"))
	}
	if err := e.effect(tagout.EffectPacket, 7, "none", tagout.PacketOrder{Alert: "none"}); !tagout.IsFinal(err) {
		t.Errorf("a report that is not there: %v", err)
	}
}

func TestAReportWithoutAFileSaysWhereTheWholeIs(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"missing_scope", "file_uploads_disabled"} {
		e := open(t, setup{idle: true})
		e.desk.add(tagout.Incident{ID: 7})
		if err := e.effect(tagout.EffectOpenChannel, 7, "", nil); err != nil {
			t.Fatal(err)
		}
		e.slack.Fault(sandbox.Fault{Method: "files.getUploadURLExternal", Kind: sandbox.APIError(fault)})
		if err := e.effect(tagout.EffectPacket, 7, "r1", tagout.PacketOrder{Alert: "r1"}); err != nil {
			t.Errorf("%s: %v", fault, err)
		}
		e.said(e.desk.room(7).Channel, "could not be sent as a file")
	}
}
