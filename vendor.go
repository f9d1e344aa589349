package tagout

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
