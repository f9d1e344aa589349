package bot_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"tagout"
)

// memory is an inbox that can be down or hang.
type memory struct {
	mu       sync.Mutex
	claims   map[string][]byte
	at       map[string]time.Time
	finished map[string]bool
	down     error
	hang     chan struct{}
}

func newMemory() *memory {
	return &memory{claims: map[string][]byte{}, at: map[string]time.Time{}, finished: map[string]bool{}}
}

func (m *memory) Claim(ctx context.Context, key string, payload []byte, at time.Time) (bool, error) {
	m.mu.Lock()
	down, hang := m.down, m.hang
	m.mu.Unlock()
	if hang != nil {
		select {
		case <-hang:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if down != nil {
		return false, down
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.claims[key]; known {
		return false, nil
	}
	m.claims[key], m.at[key] = payload, at
	return true, nil
}

func (m *memory) Finish(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return m.down
	}
	m.finished[key] = true
	return nil
}

func (m *memory) Unfinished(_ context.Context, before time.Time) (map[string][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down != nil {
		return nil, m.down
	}
	left := map[string][]byte{}
	for key, payload := range m.claims {
		if !m.finished[key] && m.at[key].Before(before) {
			left[key] = payload
		}
	}
	return left, nil
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = err
}

// open lists the claims of deliveries that are not finished.
func (m *memory) open() []string {
	left, _ := m.Unfinished(context.Background(), time.Now().Add(time.Hour))
	var keys []string
	for key := range left {
		if !strings.HasPrefix(key, "slack:intent:") {
			keys = append(keys, key)
		}
	}
	return keys
}

// desk is the incidents, in memory.
type desk struct {
	reads     int // of incidents
	mu        sync.Mutex
	incidents map[tagout.IncidentID]*tagout.Incident
	cards     map[tagout.IncidentID]string // what the card says
	invitees  []tagout.UserID
	links     []tagout.RoomLink
	reviews   map[tagout.IncidentID]string // what the document of the review says
	home      func(tagout.User) tagout.Home
	setRoom   func() error // fails SetRoom if not nil
	down      error
	heard     []string // of Slack's events
}

func newDesk() *desk {
	return &desk{incidents: map[tagout.IncidentID]*tagout.Incident{}, cards: map[tagout.IncidentID]string{}, reviews: map[tagout.IncidentID]string{}}
}

func (d *desk) add(inc tagout.Incident) *tagout.Incident {
	d.mu.Lock()
	defer d.mu.Unlock()
	if inc.Class == "" {
		inc.Class, inc.Severity, inc.Title = "policy_violation", "sev1", "Complaints"
		inc.Scope = tagout.MustScope("mailer/email")
	}
	if inc.Milestones == nil {
		inc.Milestones = map[tagout.Milestone]time.Time{tagout.Detected: time.Now()}
	}
	d.incidents[inc.ID] = &inc
	return &inc
}

func (d *desk) Incident(_ context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	if d.down != nil {
		return nil, d.down
	}
	inc, ok := d.incidents[id]
	if !ok {
		return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
	}
	copied := *inc
	return &copied, nil
}

func (d *desk) room(id tagout.IncidentID) tagout.Room {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.incidents[id].Room
}

func (d *desk) IncidentOfChannel(_ context.Context, channel string) (tagout.IncidentID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, inc := range d.incidents {
		if inc.Room.Channel == channel {
			return id, nil
		}
	}
	return 0, nil
}

func (d *desk) SetRoom(_ context.Context, id tagout.IncidentID, change func(*tagout.Room)) (tagout.Room, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.setRoom != nil {
		if err := d.setRoom(); err != nil {
			return tagout.Room{}, err
		}
	}
	change(&d.incidents[id].Room)
	return d.incidents[id].Room, nil
}

func (d *desk) say(id tagout.IncidentID, text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cards[id] = text
}

func (d *desk) Card(_ context.Context, id tagout.IncidentID) (tagout.Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return tagout.Message{Title: "Card of " + id.String()}.Para("state: " + d.cards[id]), nil
}

func (d *desk) Announcement(_ context.Context, id tagout.IncidentID) (tagout.Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	m := tagout.Say(id.String()+" is open: ", d.cards[id])
	room := d.incidents[id].Room
	if room.Channel != "" {
		m = m.Para("Talk in ", tagout.ChannelLink(room.Channel))
	}
	if room.Failure != "" {
		m = m.Para("No channel: ", room.Failure)
	}
	return m, nil
}

func (d *desk) Decision(_ context.Context, id tagout.IncidentID) (tagout.Message, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.incidents[id].Request
	m := tagout.Say("Resume request "+r.ID+" is ", string(r.State))
	if r.State == tagout.RequestPending {
		m.Buttons = []tagout.Button{{Action: "go", Label: "GO", Value: r.ID, Tone: tagout.ToneGood}, {Action: "nogo", Label: "NO-GO", Value: r.ID, Tone: tagout.ToneDanger}}
	}
	return m, nil
}

func (d *desk) Left(_ context.Context, channel string, id tagout.UserID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down != nil {
		return d.down
	}
	d.heard = append(d.heard, string(id)+" left "+channel)
	return nil
}

func (d *desk) Reread(group string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.heard = append(d.heard, "reread "+group)
}

// hears reports whether the desk was told so.
func (d *desk) hears(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.heard, what)
}

func (d *desk) Links(_ context.Context, id tagout.IncidentID) ([]tagout.RoomLink, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.links, nil
}

func (d *desk) Home(_ context.Context, user tagout.User) (tagout.Home, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.home == nil {
		return tagout.Home{}, nil
	}
	return d.home(user), nil
}

func (d *desk) Invitees(context.Context, tagout.IncidentID) ([]tagout.UserID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.invitees, nil
}
