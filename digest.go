package tagout

import (
	"context"
	"encoding/json"
	"time"
)

// DigestOrder is the data of [EffectDigest] and [EffectDigestMail], in a [RoutineTurn]: which
// digest is due, and where it goes.
type DigestOrder struct {
	Name    string        `json:"name,omitempty"` // as it is configured; "": somebody asked for it
	Window  time.Duration `json:"window"`
	Zone    string        `json:"zone,omitempty"`    // "": UTC
	Channel string        `json:"channel,omitempty"` // where it is posted: an ID, or "#name"
	Email   string        `json:"email,omitempty"`   // where it is sent
	Charts  ChartsWish    `json:"charts,omitempty"`
	By      UserID        `json:"by,omitempty"` // who had it posted; "": the schedule, or an operator
}

// Location is the order's time zone; UTC if it is not known on this machine.
func (o DigestOrder) Location() *time.Location {
	if zone, err := time.LoadLocation(o.Zone); err == nil {
		return zone
	}
	return time.UTC
}

// ChartsWish says how charts are shown in Slack.
type ChartsWish string

// The ways to show charts.
const (
	ChartsAuto    ChartsWish = ""        // as Slack draws them; as a picture where the workspace refuses that
	ChartsPicture ChartsWish = "picture" // always as a picture
	ChartsNone    ChartsWish = "none"
)

// Digest is everything that a digest tells, for one reader or one place. What its readers may
// not read is counted in the figures and in Hidden, and not in the lists.
type Digest struct {
	Order   DigestOrder
	Turn    RoutineTurn // which time of its schedule it is; zero: somebody asked for it
	Figures Figures
	Past    []DigestPeriod // the window and those before it, oldest first; for the charts

	Stops   []DigestStop // that stand, the oldest first
	Waiting []*Incident  // with a resume request that waits for its sign-offs
	Reviews []*Incident  // whose review is overdue
	Overdue []ActionOf   // corrective actions, what is due longest first
	Flags   []*Flag      // that nobody has decided, the oldest first
	Drills  DigestPart   // of the window, and what comes
	Health  DigestPart   // metrics with their targets

	Rooms  map[IncidentID]string // the channels of incidents that may be named
	Hidden DigestHidden          // of private incidents
	Head   Checkpoint            // the newest; N 0: nothing is recorded yet
	Next   time.Time             // when the digest comes next; zero: it does not
	Doubts []string              // what could not be read, a sentence each
}

// DigestPeriod is the figures of one window.
type DigestPeriod struct {
	From  time.Time
	Tally Tally
}

// DigestStop is a hold that stands.
type DigestStop struct {
	Hold
	Room string // the channel of its incident
}

// DigestHidden counts what belongs to private incidents that the readers may not read about.
type DigestHidden struct{ Stops, Waiting, Reviews, Overdue int }

// DigestPart is a part that somebody else words.
type DigestPart struct {
	Lines    []Text
	Alarming bool // so that the digest is not called quiet
}

// Quiet reports whether nothing happened in the window, and nothing waits for anybody.
func (d Digest) Quiet() bool {
	now := d.Figures.Now
	return now.Incidents == 0 && now.Cancelled == 0 && d.Hidden == DigestHidden{} && len(d.Doubts) == 0 &&
		len(d.Stops)+len(d.Waiting)+len(d.Reviews)+len(d.Overdue)+len(d.Flags) == 0 && !d.Drills.Alarming && !d.Health.Alarming
}

// DigestStore is what digests need of the store beside figures and lists.
type DigestStore interface {
	// Checkpoint seals the heads of all timelines that grew since the last checkpoint, and
	// returns the newest one; its N is 0 if there is none.
	Checkpoint(ctx context.Context) (Checkpoint, error)
	// Queue commits effects that belong to no incident.
	Queue(ctx context.Context, effects []Effect) error
}

// AskedDigest is the turn of a digest that somebody asked for.
func AskedDigest(o DigestOrder, at time.Time) RoutineTurn {
	data, _ := json.Marshal(o) // our own types marshal
	return RoutineTurn{Due: Moment(at), Data: data}
}

// DigestOf reads which digest an effect is for. It returns a final error if it cannot.
func DigestOf(e Effect) (RoutineTurn, DigestOrder, error) {
	var turn RoutineTurn
	var o DigestOrder
	if err := e.Decode(&turn); err != nil {
		return turn, o, err
	}
	if err := json.Unmarshal(turn.Data, &o); err != nil {
		return turn, o, Final(Errorf(Internal, "effect %s holds no digest: %w", e.Key, err))
	}
	return turn, o, nil
}
