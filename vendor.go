package tagout

import "context"

// Vendor is one configured adapter — a source, a pager, a control — whose own settings
// only its package knows.
type Vendor struct {
	Name  string // unique among its kind
	Kind  string // which adapter: "email", "alertmanager", "webhook"
	Place string // file:line:column in the configuration
	// Decode reads the settings strictly into a struct with yaml tags. It returns Invalid
	// with the place and the fix for an unknown key, a wrong type or a missing variable.
	Decode func(into any) error
}

// Plain returns Invalid, with the place and the fix, if an adapter that has no settings of
// its own was given any.
func (v Vendor) Plain() error {
	var none struct{}
	return v.Decode(&none)
}

// CheckLevel says how a checked part is.
type CheckLevel string

// The levels.
const (
	CheckOK      CheckLevel = "ok"
	CheckWarning CheckLevel = "warning" // it works, or may; somebody should look
	CheckProblem CheckLevel = "problem" // something will not work
)

// Glyph is the shape that goes with the level.
func (l CheckLevel) Glyph() string {
	switch l {
	case CheckOK:
		return "✔"
	case CheckWarning:
		return "!"
	}
	return "✘"
}

// Checkup is what was found out about one part of an installation. It holds no secret.
type Checkup struct {
	Part  string     `json:"part"`
	Level CheckLevel `json:"level"`
	Text  string     `json:"text"`
	Fix   string     `json:"fix,omitempty"` // what to do; "" where nothing is to be done
}

// Fine is a checkup that found nothing wrong.
func Fine(part, text string) Checkup { return Checkup{Part: part, Level: CheckOK, Text: text} }

// Doubtful is a checkup at which somebody should look.
func Doubtful(part, text, fix string) Checkup {
	return Checkup{Part: part, Level: CheckWarning, Text: text, Fix: fix}
}

// Broken is a checkup of something that will not work.
func Broken(part, text, fix string) Checkup {
	return Checkup{Part: part, Level: CheckProblem, Text: text, Fix: fix}
}

// Prober is an adapter that can tell whether its service would be reached, without paging
// anybody and without changing anything there.
type Prober interface {
	// Probe returns the error that a real use would meet, as far as that can be known, and
	// [ErrUntried] where only a real use can tell.
	Probe(ctx context.Context) error
}

// ErrUntried is what a [Prober] returns that cannot tell whether its service is reached.
var ErrUntried error = &Error{Code: Unavailable, Message: "A proxy stands before it, so only a real use can tell whether it is reached."}
