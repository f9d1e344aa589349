package commands_test

import (
	"context"
	"strings"
	"testing"

	"tagout"
)

func (d *desk) ShareRecord(ctx context.Context, id tagout.IncidentID, o tagout.RecordOrder, _ tagout.User) (*tagout.Incident, error) {
	d.records = append(d.records, o)
	return d.Incident(ctx, id)
}

func TestTheRecordGoesToTheChannelOfItsIncidentOrToWhoAsked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	b.incidents[7].Room.Channel = "C0INC"
	reply, err := b.typed(t, "/evidence", func(in *tagout.Invocation) { in.Incident, in.Channel = 7, "C0INC" })
	if told := must(t, reply, err).Message.String(); b.records[0].Channel != "C0INC" || !strings.Contains(told, "posted here") {
		t.Errorf("ordered %+v, told %q", b.records[0], told)
	}
	reply, err = b.typed(t, "/evidence INC-7", func(in *tagout.Invocation) { in.Channel = "C0GENERAL" })
	if told := must(t, reply, err).Message.String(); b.records[1].Channel != "" || !strings.Contains(told, "sent to you") {
		t.Errorf("ordered %+v, told %q", b.records[1], told)
	}
	_, err = b.typed(t, "/evidence INC-7 please")
	wantCode(t, err, tagout.Invalid, "please")
	_, err = b.typed(t, "/evidence INC-7", as(guest))
	if wantCode(t, err, tagout.Forbidden, "Guests"); len(b.records) != 2 {
		t.Errorf("ordered %+v", b.records)
	}
}
