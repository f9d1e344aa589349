package httpcontrol

import (
	"net/http"

	"tagout"
)

// settings are the keys of the control.
type settings struct {
	Auth         authSettings     `yaml:"auth"`
	Apply        *requestSettings `yaml:"apply"`
	ApplyHeld    *requestSettings `yaml:"apply_held"`
	ApplyRunning *requestSettings `yaml:"apply_running"`
	Read         readSettings     `yaml:"read" need:"true"`
	Modes        []string         `yaml:"modes" allow:"halted,paused,review,capped"`
	Partial      string           `yaml:"partial" allow:"refuse,widen"`
	Renew        bool             `yaml:"renew"`

	Versions map[string]versionSettings `yaml:"versions"`
}

// readSettings are the request that reads back, and what its answer means.
type readSettings struct {
	Method   string            `yaml:"method"`
	URL      string            `yaml:"url" need:"true"`
	Headers  map[string]string `yaml:"headers"`
	Body     string            `yaml:"body"`
	Path     string            `yaml:"path"`
	Values   map[string]string `yaml:"values" need:"true"`
	Versions map[string]string `yaml:"versions"`
}

// New makes a control from its settings. It returns Invalid, with the place, if they cannot
// work: each template is tried first.
func New(v tagout.Vendor, client *http.Client, clock tagout.Clock) (*Control, error) {
	var s settings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	c := &Control{name: v.Name, widen: s.Partial == "widen", renew: s.Renew, client: *client, clock: clock, agents: map[string]*known{}}
	c.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if err := c.configure(s); err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The HTTP control cannot be used as it is. %s", v.Place, tagout.Sentence(err))
	}
	return c, nil
}

// configure reads the settings; its errors lack the place.
func (c *Control) configure(s settings) (err error) {
	signed := s.Auth.Bearer != "" || s.Auth.Header != nil || s.Auth.OAuth2 != nil
	if c.held, c.running, err = applying(s, signed); err != nil {
		return err
	}
	read := requestSettings{s.Read.Method, s.Read.URL, s.Read.Headers, s.Read.Body}
	if c.reading, err = newRequest("read", http.MethodGet, read, signed); err != nil {
		return err
	}
	if c.path, err = parsePath(s.Read.Path); err != nil {
		return err
	}
	if c.components, err = newComponents(s, signed); err != nil {
		return err
	}
	if err := c.setModes(s); err != nil {
		return err
	}
	c.what = "control " + c.name + " at " + c.reading.host
	c.auth, err = newCredential(s.Auth, c.what, &c.client)
	return err
}

// applying reads the request for held and for running agents, which may be one.
func applying(s settings, signed bool) (held, running *request, err error) {
	switch {
	case s.Apply != nil && s.ApplyHeld == nil && s.ApplyRunning == nil:
		held, err = newRequest("apply", http.MethodPost, *s.Apply, signed)
		return held, held, err
	case s.Apply != nil || s.ApplyHeld == nil || s.ApplyRunning == nil:
		return nil, nil, tagout.Errorf(tagout.Invalid, "It must be clear what to send. Fix: Write either apply, or both apply_held and apply_running.")
	}
	if held, err = newRequest("apply_held", http.MethodPost, *s.ApplyHeld, signed); err != nil {
		return nil, nil, err
	}
	running, err = newRequest("apply_running", http.MethodPost, *s.ApplyRunning, signed)
	return held, running, err
}

func (c *Control) setModes(s settings) error {
	c.values = map[string]tagout.Mode{}
	holds := false
	for value, name := range s.Read.Values {
		mode, err := tagout.ParseMode(name)
		if err != nil {
			return tagout.Errorf(tagout.Invalid, "A value in read.values means no mode. Fix: Write halted, paused, review, capped or running.")
		}
		c.values[value] = mode
		holds = holds || mode != tagout.Running
	}
	if !holds {
		return tagout.Errorf(tagout.Invalid, "No value in read.values means that the agent is held, so that no stop could be observed. Fix: Add one, such as \"false\": halted.")
	}
	c.modes = []tagout.Mode{tagout.Halted, tagout.Paused}
	if len(s.Modes) > 0 {
		c.modes = nil
	}
	for _, name := range s.Modes {
		mode, err := tagout.ParseMode(name)
		if err != nil || mode == tagout.Running {
			return tagout.Errorf(tagout.Invalid, "A mode in modes is none. Fix: Write halted, paused, review or capped.")
		}
		c.modes = append(c.modes, mode)
	}
	return nil
}
