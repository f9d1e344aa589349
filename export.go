package tagout

import "time"

// MaxRecord is how large the packed record of an incident may be to be posted in Slack, in
// bytes. A larger one is exported on the machine.
const MaxRecord = 64 << 20

// RecordOrder asks for the whole record of an incident, as one file in Slack.
type RecordOrder struct {
	ID      string `json:"id"` // of the request
	By      UserID `json:"by"`
	Channel string `json:"channel"` // the incident's own, if it was asked for there; "": it goes to who asked
	Private bool   `json:"private"` // the incident was private when it was asked for, by one of its people
}

// PackedRecord is the record of an incident as a zip file.
type PackedRecord struct {
	Content []byte
	Head    Head   // of the timeline that is in it
	Wrong   string // what was found not to be as it was written; "": nothing
}

// ShareRecord lets somebody have the whole record. The timeline tells who got it, and where. It
// returns Forbidden for guests and bots.
func (i *Incident) ShareRecord(o RecordOrder, by User, at time.Time) (Change, error) {
	if by.Guest || by.Bot || by.ID == "" {
		return Change{}, Errorf(Forbidden, "Only a full member of the workspace gets the record of an incident; guests and bots do not.")
	}
	o.By, o.Private = by.ID, i.Private
	to := "who asked"
	if o.Channel == "" || o.Channel != i.Room.Channel {
		o.Channel = ""
	} else {
		to = "the incident's channel"
	}
	var c Change
	c.event(EventRecordShared, by.Actor(), at, map[string]any{"to": to})
	c.effect(EffectRecord, i.ID, o.ID, o)
	return c, nil
}
