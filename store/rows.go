package store

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"tagout"
)

// batchSize is how many rows one INSERT carries at most: both databases limit parameters.
const batchSize = 500

// incidentRow is one row of incidents. Doc holds the whole incident; the other columns
// repeat what is queried.
type incidentRow struct {
	ID             int64 `gorm:"primaryKey;autoIncrement:false"`
	Severity       string
	Highest        string
	Class          string
	Agent          string
	Scope          string
	State          string
	Correlation    string
	Channel        string
	Private        bool
	Drill          bool
	Shown          bool
	OnsetAt        *time.Time
	DetectedAt     *time.Time
	AcknowledgedAt *time.Time
	ContainedAt    *time.Time
	MitigatedAt    *time.Time
	ResumedAt      *time.Time
	ReviewedAt     *time.Time
	AlertsDistinct int
	AlertsFiring   int
	AlertedAt      *time.Time
	HeadSeq        int64
	HeadHash       string
	Doc            string
}

// TableName is the table of the row.
func (incidentRow) TableName() string { return "incidents" }

// docOf is the incident as text: all of it but what has rows of its own. How many alerts there
// are, and when the last one came, stands in columns as well, which are written alone if
// nothing else changed: then the text tells of fewer.
func docOf(i *tagout.Incident) (string, error) {
	doc := *i
	doc.ID, doc.Holds, doc.Head, doc.Alerts.Repeats = 0, nil, tagout.Head{}, 0
	text, err := json.Marshal(doc)
	return clean(string(text)), err
}

func incidentRowOf(i *tagout.Incident, doc string) incidentRow {
	at := func(m tagout.Milestone) *time.Time { return nullable(i.At(m)) }
	return incidentRow{
		ID: int64(i.ID), Severity: clean(string(i.Severity)), Highest: clean(string(i.HighestSeverity)), Class: clean(i.Class),
		Agent: clean(i.Scope.Agent), Scope: clean(i.Scope.String()), State: string(i.State), Correlation: correlation(i.CorrelationID),
		Channel: key(i.Room.Channel), Private: i.Private, Drill: i.Drill, Shown: i.Shown(),
		OnsetAt: at(tagout.Onset), DetectedAt: at(tagout.Detected), AcknowledgedAt: at(tagout.Acknowledged),
		ContainedAt: at(tagout.Contained), MitigatedAt: at(tagout.Mitigated), ResumedAt: at(tagout.Resumed), ReviewedAt: at(tagout.Reviewed),
		AlertsDistinct: i.Alerts.Distinct, AlertsFiring: i.Alerts.Firing, AlertedAt: nullable(i.Alerts.LastAt),
		HeadSeq: i.Head.Seq, HeadHash: i.Head.Hash, Doc: doc,
	}
}

// incident is the row without its holds and repeats.
func (r incidentRow) incident() (*tagout.Incident, error) {
	var i tagout.Incident
	if err := json.Unmarshal([]byte(r.Doc), &i); err != nil {
		return nil, tagout.Errorf(tagout.Internal, "%s cannot be read: its record has another shape: %w", tagout.IncidentID(r.ID), err)
	}
	r.tell(&i)
	return &i, nil
}

// tell tells an incident what stands in columns of its row only.
func (r incidentRow) tell(i *tagout.Incident) {
	i.ID, i.Head = tagout.IncidentID(r.ID), tagout.Head{Seq: r.HeadSeq, Hash: r.HeadHash}
	i.Alerts.Distinct, i.Alerts.Firing = r.AlertsDistinct, r.AlertsFiring
	if at := fromNullable(r.AlertedAt); at.After(i.Alerts.LastAt) {
		i.Alerts.LastAt = at
	}
}

// tallyRow is the part of an incident's row that every alert changes.
type tallyRow struct {
	ID             int64
	AlertsDistinct int
	AlertsFiring   int
	AlertedAt      *time.Time
	HeadSeq        int64
	HeadHash       string
}

// TableName is the table of the row.
func (tallyRow) TableName() string { return "incidents" }

func tallyRowOf(i *tagout.Incident) tallyRow {
	return tallyRow{int64(i.ID), i.Alerts.Distinct, i.Alerts.Firing, nullable(i.Alerts.LastAt), i.Head.Seq, i.Head.Hash}
}

// holdRow is one row of holds.
type holdRow struct {
	ID       string `gorm:"primaryKey"`
	Incident int64
	Position int
	Agent    string
	Scope    string
	Mode     string
	HungAt   time.Time
	LiftedAt *time.Time
	LiftedBy string
	Doc      string
}

// TableName is the table of the row.
func (holdRow) TableName() string { return "holds" }

func holdRowOf(id tagout.IncidentID, position int, h tagout.Hold) (holdRow, error) {
	h.Incident = id
	doc, err := json.Marshal(h)
	return holdRow{
		ID: key(string(h.ID)), Incident: int64(id), Position: position, Agent: clean(h.Scope.Agent), Scope: clean(h.Scope.String()),
		Mode: string(h.Mode), HungAt: utc(h.At), LiftedAt: nullable(h.LiftedAt), LiftedBy: clean(h.LiftedBy), Doc: clean(string(doc)),
	}, err
}

func (r holdRow) hold() (tagout.Hold, error) {
	var h tagout.Hold
	if err := json.Unmarshal([]byte(r.Doc), &h); err != nil {
		return h, tagout.Errorf(tagout.Internal, "A hold of %s cannot be read: its record has another shape: %w", tagout.IncidentID(r.Incident), err)
	}
	h.Incident, h.LiftedAt, h.LiftedBy = tagout.IncidentID(r.Incident), fromNullable(r.LiftedAt), r.LiftedBy
	return h, nil
}

// eventRow is one row of events.
type eventRow struct {
	Incident  int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq       int64 `gorm:"primaryKey;autoIncrement:false"`
	At        time.Time
	ActorKind string
	ActorID   string
	Kind      string
	Data      string
	Prev      string
	Hash      string
}

// TableName is the table of the row.
func (eventRow) TableName() string { return "events" }

func eventRowOf(e tagout.Event) eventRow {
	return eventRow{int64(e.Incident), e.Seq, utc(e.At), string(e.Actor.Kind), e.Actor.ID, string(e.Kind), e.Data, e.Prev, e.Hash}
}

func (r eventRow) event() tagout.Event {
	return tagout.Event{
		Incident: tagout.IncidentID(r.Incident), Seq: r.Seq, At: utc(r.At), Actor: tagout.Actor{Kind: tagout.ActorKind(r.ActorKind), ID: r.ActorID},
		Kind: tagout.EventKind(r.Kind), Data: r.Data, Prev: r.Prev, Hash: r.Hash,
	}
}

// pageRow is one row of pages.
type pageRow struct {
	ID       string `gorm:"primaryKey"`
	N        int64  `gorm:"->"` // the database numbers them
	Incident int64
	Round    int
	Pager    string
	Person   string
	Severity string
	Status   string
	QueuedAt time.Time
	SentAt   *time.Time
	Doc      string
}

// TableName is the table of the row.
func (pageRow) TableName() string { return "pages" }

func pageRowOf(id tagout.IncidentID, p tagout.Page) (pageRow, error) {
	p.Incident, p.QueuedAt, p.SentAt = id, tagout.Moment(p.QueuedAt), tagout.Moment(p.SentAt)
	doc, err := json.Marshal(p)
	return pageRow{
		ID: key(string(p.ID)), Incident: int64(id), Round: p.Round, Pager: clean(p.Pager), Person: clean(string(p.To.ID)),
		Severity: clean(string(p.Severity)), Status: string(p.Status), QueuedAt: p.QueuedAt, SentAt: nullable(p.SentAt), Doc: clean(string(doc)),
	}, err
}

// clean is s as both databases take it: valid UTF-8 without NUL, which Postgres refuses.
func clean(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

const maxKey = 200

// key is s as it can stand in an index: clean, and a long one by its hash.
func key(s string) string {
	if s = clean(s); len(s) <= maxKey {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// correlation is a correlation ID as incidents are found by it: no longer than they keep it.
func correlation(id string) string {
	if id = clean(id); len(id) > maxKey {
		id = strings.ToValidUTF8(id[:maxKey], "")
	}
	return strings.TrimSuffix(id, "…")
}

// utc is t as it is stored.
func utc(t time.Time) time.Time { return tagout.Moment(t) }

func nullable(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = utc(t)
	return &t
}

func fromNullable(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return utc(*t)
}
