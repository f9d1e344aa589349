package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

type deliveryURLs struct{ commands, interactions, events string }

// state is everything that changes. Sandbox.mu guards it; methods whose names end
// in Locked expect the lock to be held.
type state struct {
	baseURL   string
	urls      deliveryURLs
	scopes    []string
	commands  []Command
	shortcuts []Shortcut

	users    []User
	groups   []UserGroup
	channels []*Channel
	messages map[string][]*Message // by channel ID, oldest first, replies included
	whispers map[string][]*Message // ephemeral messages by user ID
	files    map[string]*storedFile
	lastTS   int64 // microseconds

	stacks    map[string][]*view // open modals by user ID, bottom first
	homes     map[string]*view   // Home tabs by user ID
	triggers  map[string]*trigger
	responses map[string]*responseGrant

	calls    []Call
	faults   []*activeFault
	buckets  map[string][]time.Time
	limits   map[string]limited // that the app was told of, by what they limit
	ignored  []string
	refusals map[string]int // calls answered with 429, by method
	down     bool
	noCharts bool // data_visualization blocks are refused
	copies   int  // how many of the next payloads are delivered twice
	last     *Delivery

	tickets map[string]bool
	sockets []*socket
	turn    int                  // round-robin position
	pending map[string]*envelope // sent over a socket and not settled yet
	closed  bool

	change  chan struct{} // closed and replaced on every change
	streams map[*stream]bool
	eventID int
}

func newState(o Options) state {
	st := state{
		urls:      deliveryURLs{o.CommandURL, o.InteractionURL, o.EventURL},
		scopes:    slices.Clone(o.Scopes),
		commands:  slices.Clone(o.Commands),
		shortcuts: append([]Shortcut{}, o.Shortcuts...),
		users:     slices.Clone(o.Users),
		groups:    slices.Clone(o.Groups),
		messages:  map[string][]*Message{},
		whispers:  map[string][]*Message{},
		files:     map[string]*storedFile{},
		stacks:    map[string][]*view{},
		homes:     map[string]*view{},
		triggers:  map[string]*trigger{},
		responses: map[string]*responseGrant{},
		buckets:   map[string][]time.Time{},
		limits:    map[string]limited{},
		refusals:  map[string]int{},
		tickets:   map[string]bool{},
		pending:   map[string]*envelope{},
		change:    make(chan struct{}),
		streams:   map[*stream]bool{},
	}
	if !slices.ContainsFunc(st.users, func(u User) bool { return u.ID == BotUserID }) {
		st.users = append(st.users, User{ID: BotUserID, Name: "tagout", RealName: "Tagout", IsBot: true})
	}
	for _, c := range o.Channels {
		kept := c.clone()
		kept.IsMember = slices.Contains(kept.Members, BotUserID)
		if kept.Created == 0 {
			kept.Created = o.Now().Unix()
		}
		st.channels = append(st.channels, &kept)
	}
	return st
}

func (c *Channel) clone() Channel {
	out := *c
	out.Members = append([]string{}, c.Members...)
	out.Pinned = append([]string{}, c.Pinned...)
	out.Bookmarks = append([]Bookmark{}, c.Bookmarks...)
	return out
}

func (m *Message) clone() Message {
	out := *m
	out.Files = slices.Clone(m.Files)
	out.Mentions = slices.Clone(m.Mentions)
	out.Reactions = nil
	for _, r := range m.Reactions {
		out.Reactions = append(out.Reactions, Reaction{Name: r.Name, Users: slices.Clone(r.Users)})
	}
	if m.Edited != nil {
		edited := *m.Edited
		out.Edited = &edited
	}
	return out
}

// changedLocked wakes everybody who waits for the workspace to change.
func (s *Sandbox) changedLocked() {
	close(s.change)
	s.change = make(chan struct{})
}

// WaitFor returns once ok is true. It evaluates ok now and after every change of
// the workspace. If ctx ends first, the error names what was waited for.
func (s *Sandbox) WaitFor(ctx context.Context, what string, ok func(*Sandbox) bool) error {
	for {
		s.mu.Lock()
		change := s.change
		s.mu.Unlock()
		if ok(s) {
			return nil
		}
		select {
		case <-change:
		case <-ctx.Done():
			return fmt.Errorf("sandbox: waited for %s: %w", what, ctx.Err())
		case <-s.ctx.Done():
			return fmt.Errorf("sandbox: closed while waiting for %s", what)
		}
	}
}

// nextTSLocked returns a timestamp that no other message has.
func (s *Sandbox) nextTSLocked() string {
	s.lastTS = max(s.lastTS+1, s.opts.Now().UnixMicro())
	return fmt.Sprintf("%d.%06d", s.lastTS/1e6, s.lastTS%1e6)
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b)
	return hex.EncodeToString(b)
}

// newID returns an ID in Slack's form, such as C0A1B2C3D4E. It is random, so that
// an app that outlives the workspace never meets the same ID twice.
func newID(prefix string) string {
	return prefix + "0" + strings.ToUpper(randomHex(5))
}

func newUUID() string {
	h := randomHex(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-8" + h[17:20] + "-" + h[20:]
}

func (s *Sandbox) userLocked(id string) (User, bool) {
	for _, u := range s.users {
		if u.ID == id {
			return u, true
		}
	}
	return User{}, false
}

// channelLocked finds a channel by ID, or by name with or without "#".
func (s *Sandbox) channelLocked(nameOrID string) *Channel {
	for _, c := range s.channels {
		if c.ID == nameOrID {
			return c
		}
	}
	name := strings.TrimPrefix(nameOrID, "#")
	for _, c := range s.channels {
		if !c.IsIM && c.Name == name {
			return c
		}
	}
	return nil
}

// imLocked returns the direct message between the app and a user, made on demand.
func (s *Sandbox) imLocked(user string) *Channel {
	id := "D" + strings.TrimPrefix(user, "U")
	if c := s.channelLocked(id); c != nil {
		return c
	}
	c := &Channel{
		ID: id, IsIM: true, IsPrivate: true, IsMember: true, User: user,
		Created: s.opts.Now().Unix(), Members: []string{user, BotUserID},
	}
	s.channels = append(s.channels, c)
	s.emitChannelLocked(c)
	return c
}

func (s *Sandbox) messageLocked(channel, ts string) *Message {
	for _, m := range s.messages[channel] {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

func (s *Sandbox) baseLocked() string {
	if s.baseURL == "" {
		return "http://sandbox.invalid"
	}
	return s.baseURL
}
