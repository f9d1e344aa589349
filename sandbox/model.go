package sandbox

import (
	"encoding/json"
	"time"
)

// User is a person or bot of the workspace.
type User struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	RealName          string `json:"real_name"`
	Email             string `json:"email,omitempty"`
	Title             string `json:"title"`
	Color             string `json:"color"` // hexadecimal, without #
	IsBot             bool   `json:"is_bot"`
	IsRestricted      bool   `json:"is_restricted"`       // multi-channel guest
	IsUltraRestricted bool   `json:"is_ultra_restricted"` // single-channel guest
	Deleted           bool   `json:"deleted,omitempty"`
	TZ                string `json:"tz,omitempty"` // default Etc/UTC
}

// UserGroup is a mentionable group of users.
type UserGroup struct {
	ID     string   `json:"id"`
	Handle string   `json:"handle"`
	Name   string   `json:"name"`
	Users  []string `json:"users"`
}

// Bookmark is a link in a channel's header.
type Bookmark struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Link  string `json:"link"`
	Emoji string `json:"emoji,omitempty"`
}

// Channel is a public or private channel, or a direct message.
type Channel struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	IsPrivate  bool       `json:"is_private"`
	IsArchived bool       `json:"is_archived"`
	IsIM       bool       `json:"is_im"`
	IsMPIM     bool       `json:"is_mpim,omitempty"`
	IsMember   bool       `json:"is_member"` // the app's bot is in it
	User       string     `json:"user,omitempty"`
	Creator    string     `json:"creator,omitempty"`
	Created    int64      `json:"created,omitempty"` // Unix seconds
	Members    []string   `json:"members"`
	Topic      string     `json:"topic"`
	Purpose    string     `json:"purpose"`
	Pinned     []string   `json:"pinned"` // message timestamps
	Bookmarks  []Bookmark `json:"bookmarks"`
}

// Edited says when a message was last changed.
type Edited struct {
	User string `json:"user,omitempty"`
	TS   string `json:"ts"`
}

// Reaction is one emoji under a message.
type Reaction struct {
	Name  string   `json:"name"`
	Users []string `json:"users"`
}

// File is an uploaded file.
type File struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Mimetype string `json:"mimetype"`
	Size     int    `json:"size"`
	URL      string `json:"url_private"`
	AltText  string `json:"alt_txt,omitempty"`
}

// Message is one message of a channel, as Slack keeps it. Text and Blocks are
// stored raw: nothing is escaped or unescaped.
type Message struct {
	Channel     string          `json:"channel"`
	TS          string          `json:"ts"`
	User        string          `json:"user"`
	BotID       string          `json:"bot_id,omitempty"`
	Username    string          `json:"username,omitempty"`
	Text        string          `json:"text"`
	Blocks      json.RawMessage `json:"blocks,omitempty"`      // array of Block Kit blocks, IDs filled in
	Attachments json.RawMessage `json:"attachments,omitempty"` // array
	ThreadTS    string          `json:"thread_ts,omitempty"`
	ReplyCount  int             `json:"reply_count"`
	Edited      *Edited         `json:"edited,omitempty"`
	Ephemeral   bool            `json:"ephemeral"`
	EphemeralTo string          `json:"ephemeral_to,omitempty"`
	Metadata    json.RawMessage `json:"metadata,omitempty"`
	Files       []File          `json:"files,omitempty"`
	Reactions   []Reaction      `json:"reactions,omitempty"`
	// Mentions that Slack would act on: user IDs, "!channel", "!here", "!everyone",
	// and "!subteam^S…" followed by the group's members. Sorted, without repeats.
	Mentions []string `json:"mentions,omitempty"`
}

// View is an open modal or a Home tab.
type View struct {
	ID              string
	Hash            string
	Type            string // "modal" or "home"
	User            string // who sees it
	CallbackID      string
	PrivateMetadata string
	ExternalID      string
	Title           string
	RootViewID      string
	PreviousViewID  string
	NotifyOnClose   bool
	ClearOnClose    bool
	Blocks          json.RawMessage // array of blocks, IDs filled in
	Raw             json.RawMessage // the whole view as Slack sends it
}

// MarshalJSON writes the view as Slack sends it.
func (v View) MarshalJSON() ([]byte, error) {
	if v.Raw == nil {
		return []byte("null"), nil
	}
	return v.Raw, nil
}

// Command is one registered slash command.
type Command struct {
	Command     string `json:"command"` // with its slash
	Description string `json:"description"`
	UsageHint   string `json:"usage_hint"`
	// Escape turns @name of a person into <@ID|name>, and escapes & < >, as an app can ask.
	Escape bool `json:"-"`
}

// Shortcut is one registered shortcut of the app.
type Shortcut struct {
	CallbackID string `json:"callback_id"`
	Name       string `json:"name"`
	Type       string `json:"type"` // "message" or "global"
}

// Call is one request that the app made: a Web API method, "response_url", or an
// acknowledgement that carried a payload ("ack:slash_commands", "ack:interactive").
type Call struct {
	Method string            `json:"method"`
	Args   map[string]string `json:"args"`  // without the token; nested values as JSON
	Error  string            `json:"error"` // Slack's error name, empty if it went well
	At     time.Time         `json:"at"`
}

// Error is an error name of Slack, such as "dispatch_failed".
type Error string

// Error returns the name.
func (e Error) Error() string { return string(e) }

// Errors that a person sees when the app does not answer.
const (
	DispatchFailed   Error = "dispatch_failed"   // the app cannot be reached or refused
	OperationTimeout Error = "operation_timeout" // the app did not acknowledge in time
)

// obj is a JSON object in the making.
type obj = map[string]any
