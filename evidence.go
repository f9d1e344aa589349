package tagout

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// Evidence is something kept as it was, with its incident: what ran before a rollback, say.
// It is content-addressed, and once kept it is never changed.
type Evidence struct {
	Incident  IncidentID
	Name      string // what it is, such as before-rollback-20261121T120000Z.json
	MediaType string // such as application/json
	SHA256    string // of the content, in lower-case hex
	Size      int64  // bytes
	Content   []byte // left out where evidence is only listed
	At        time.Time
	Redacted  string // why the content was taken away; the hash stays
}

// NewEvidence describes content.
func NewEvidence(name, mediaType string, content []byte, at time.Time) Evidence {
	sum := sha256.Sum256(content)
	return Evidence{Name: name, MediaType: mediaType, SHA256: hex.EncodeToString(sum[:]), Size: int64(len(content)), Content: content, At: Moment(at)}
}

// Intact reports whether the content is what was kept, or was taken away with a reason.
func (e Evidence) Intact() bool {
	if e.Redacted != "" {
		return len(e.Content) == 0
	}
	sum := sha256.Sum256(e.Content)
	return hex.EncodeToString(sum[:]) == e.SHA256 && int64(len(e.Content)) == e.Size
}

// Keep keeps evidence with the incident. The timeline tells its hash, so that it cannot be
// changed without a trace.
func (i *Incident) Keep(e Evidence, by Actor, at time.Time) Change {
	e.Incident = i.ID
	c := Change{Evidence: []Evidence{e}}
	c.event(EventEvidence, by, at, map[string]any{"name": e.Name, "media_type": e.MediaType, "size": e.Size, "sha256": e.SHA256})
	return c
}

// Redact takes the content of evidence away, such as personal data that must not be kept.
// Its name, size and hash stay, and the timeline tells who took it away and why: the chain
// is not broken. It returns Invalid without a reason, and Conflict if that was done before.
func (i *Incident) Redact(e Evidence, reason string, by Actor, at time.Time) (Change, error) {
	reason = clip(oneLine(strings.TrimSpace(reason)), 500)
	switch {
	case reason == "":
		return Change{}, Errorf(Invalid, "Say why the evidence is redacted: the reason stays on the record in its place.")
	case e.Redacted != "":
		return Change{}, Errorf(Conflict, "This evidence was redacted before: %s", e.Redacted)
	}
	e.Incident, e.Content, e.Redacted = i.ID, nil, reason
	c := Change{Evidence: []Evidence{e}}
	c.event(EventRedacted, by, at, map[string]any{"name": e.Name, "sha256": e.SHA256, "reason": reason})
	return c, nil
}

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
