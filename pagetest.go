package tagout

import "time"

// PageTest is somebody's wish to be paged as a trial.
type PageTest struct {
	ID    string // of the request
	By    User
	Pager string // "": each of theirs
}

// PageTried is how far a trial by one pager got.
type PageTried struct {
	Pager      string
	BeganAt    time.Time
	SentAt     time.Time // zero: not yet
	Error      string    // why it could not be sent, without secrets
	ReceivedAt time.Time // zero: its reader has not said so
}

// Done reports whether nothing more is to be told of it.
func (t PageTried) Done() bool { return t.Error != "" || !t.ReceivedAt.IsZero() }
