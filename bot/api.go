package bot

import (
	"context"
	"time"

	"github.com/slack-go/slack"

	"tagout"
)

// API is the part of Slack's Web API that the bot uses, one call each without retries.
// Errors may be anything that slack-go returns; they never hold a token or a URL.
type API interface {
	// Identify is auth.test.
	Identify(ctx context.Context) (Identity, error)

	// Post is chat.postMessage. The channel may be "#name"; the answer has its ID.
	Post(ctx context.Context, channel string, c Content) (Place, error)
	// Whisper is chat.postEphemeral.
	Whisper(ctx context.Context, channel string, user string, c Content) error
	// Update is chat.update.
	Update(ctx context.Context, at Place, c Content) error
	// Respond posts to a response_url.
	Respond(ctx context.Context, url string, r Response) error
	// Message reads one message, also one in a thread, by conversations.replies.
	Message(ctx context.Context, at Place) (Said, error)
	// Permalink is chat.getPermalink.
	Permalink(ctx context.Context, at Place) (string, error)
	// Hidden reports, by conversations.info, whether a channel is not open to everybody.
	Hidden(ctx context.Context, channel string) (bool, error)
	// History is one page of conversations.history with all metadata, newest first.
	History(ctx context.Context, channel string, oldest time.Time) ([]Posted, error)

	// OpenView is views.open; it returns the view's ID.
	OpenView(ctx context.Context, trigger string, view slack.ModalViewRequest) (string, error)
	// OpenDM is conversations.open for one person; it returns the channel's ID.
	OpenDM(ctx context.Context, user string) (string, error)

	// CreateChannel is conversations.create.
	CreateChannel(ctx context.Context, channel NewChannel) (Channel, error)
	// OwnChannels is one page of users.conversations: the channels that the bot is in,
	// archived ones too.
	OwnChannels(ctx context.Context, cursor string) (page []Channel, next string, err error)
	// Channels is one page of conversations.list without archived ones.
	Channels(ctx context.Context, cursor string) (page []Channel, next string, err error)
	// Join is conversations.join.
	Join(ctx context.Context, channel string) error
	// Invite is conversations.invite with force, so that one bad ID does not fail the rest.
	Invite(ctx context.Context, channel string, users []string) error
	// SetTopic is conversations.setTopic.
	SetTopic(ctx context.Context, channel, topic string) error
	// SetPurpose is conversations.setPurpose.
	SetPurpose(ctx context.Context, channel, purpose string) error
	// Pin is pins.add.
	Pin(ctx context.Context, at Place) error
	// Archive is conversations.archive.
	Archive(ctx context.Context, channel string) error
	// Bookmarks is bookmarks.list.
	Bookmarks(ctx context.Context, channel string) ([]tagout.Bookmark, error)
	// AddBookmark is bookmarks.add; it returns the bookmark's ID.
	AddBookmark(ctx context.Context, channel string, b tagout.Bookmark) (string, error)
	// EditBookmark is bookmarks.edit: the bookmark of this ID gets this title and URL.
	EditBookmark(ctx context.Context, channel string, b tagout.Bookmark) error
	// RemoveBookmark is bookmarks.remove.
	RemoveBookmark(ctx context.Context, channel, id string) error

	// UploadURL is files.getUploadURLExternal; it returns where to send the bytes, and the file's ID.
	UploadURL(ctx context.Context, u Upload) (url, file string, err error)
	// SendFile posts the bytes of a file to the address that UploadURL returned.
	SendFile(ctx context.Context, url string, content []byte) error
	// ShareFile is files.completeUploadExternal.
	ShareFile(ctx context.Context, file string, u Upload) error

	// PublishHome is views.publish.
	PublishHome(ctx context.Context, user string, view slack.HomeTabViewRequest) error

	// User is users.info.
	User(ctx context.Context, id string) (Member, error)
	// UserByEmail is users.lookupByEmail.
	UserByEmail(ctx context.Context, email string) (Member, error)
	// GroupMembers is usergroups.users.list.
	GroupMembers(ctx context.Context, group string) ([]string, error)
}

// Identity is who the bot is, and where.
type Identity struct {
	Team string // the workspace's ID
	User string // the bot's own user ID
	Bot  string // the bot's ID
	URL  string // of the workspace, such as https://acme.slack.com/
}

// Place is where a message stands.
type Place struct {
	Channel string // its ID
	TS      string // the message's timestamp
}

// Content is what a message holds, rendered.
type Content struct {
	Text   string        // the fallback, escaped
	Blocks []slack.Block //
	Key    string        // kept in the metadata, to find the message again; may be empty
	Thread string        // the timestamp of the message that it answers; "": none
}

// Response is what is sent to a response_url.
type Response struct {
	Content
	InChannel bool // everybody sees it
}

// Said is what somebody wrote.
type Said struct {
	Author string // a user ID, or the name of an app
	Text   string // as Slack keeps it, with its marks
}

// Posted is a message that is there already.
type Posted struct {
	TS    string
	Key   string   // of its metadata; "" if it has none of ours
	Bot   string   // the posting bot's ID
	Files []string // names of the files in it
}

// NewChannel is a channel to be created.
type NewChannel struct {
	Name    string
	Private bool
}

// Channel is a Slack channel.
type Channel struct {
	ID       string
	Name     string
	Creator  string // a user ID
	Purpose  string
	Created  time.Time // to the second
	Archived bool
}

// Member is somebody in the workspace.
type Member struct {
	ID    string
	Name  string
	Team  string
	Guest bool // single- or multi-channel guest
	Bot   bool
	Gone  bool // deactivated
}
