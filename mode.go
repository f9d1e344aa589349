package tagout

// Mode is how far a scope is held.
type Mode string

// The modes, strictest first.
const (
	Halted  Mode = "halted"  // drop what is in flight, start nothing
	Paused  Mode = "paused"  // finish what is in flight, start nothing
	Review  Mode = "review"  // a human approves every output
	Capped  Mode = "capped"  // work on within a spend cap, without the disabled tools
	Running Mode = "running" // no hold covers it
)

// Modes lists every mode, strictest first.
func Modes() []Mode { return []Mode{Halted, Paused, Review, Capped, Running} }

// ParseMode reads a mode. It returns Invalid for anything else.
func ParseMode(s string) (Mode, error) {
	for _, m := range Modes() {
		if string(m) == s {
			return m, nil
		}
	}
	return "", Errorf(Invalid, "%q is not a mode: use halted, paused, review, capped or running.", clip(s, 40))
}

// rank is 0 for the strictest mode; an unknown mode ranks with halted.
func (m Mode) rank() int {
	for i, known := range Modes() {
		if m == known {
			return i
		}
	}
	return 0
}

// Stricter reports whether m holds further than o.
func (m Mode) Stricter(o Mode) bool { return m.rank() < o.rank() }

// AtLeast reports whether m holds as far as o or further.
func (m Mode) AtLeast(o Mode) bool { return m.rank() <= o.rank() }

// Glyph is the mode's shape, shown beside its word so that colour is never the only sign.
func (m Mode) Glyph() string {
	switch m {
	case Paused:
		return "▮▮"
	case Review:
		return "◆"
	case Capped:
		return "▲"
	case Running:
		return "●"
	}
	return "■"
}

// Coloured is the mode in its colour, shape and word, where all that text can show of a colour
// is a sign: "🔴 ■ halted".
func (m Mode) Coloured() string {
	colour := "🔴"
	switch m {
	case Paused:
		colour = "🟠"
	case Review:
		colour = "🔵"
	case Capped:
		colour = "🟣"
	case Running:
		colour = "🟢"
	}
	return colour + " " + m.Label()
}

// Label is the glyph and the word, as people see it: "■ halted".
func (m Mode) Label() string { return m.Glyph() + " " + string(m) }
