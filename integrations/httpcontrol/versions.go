package httpcontrol

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"tagout"
)

// settleTime is how long a version that was accepted may take to run before it is asked for
// again, unless the settings say otherwise.
const settleTime = time.Minute

// stopFirst is how long versions may take while a stop has not been read back yet.
const stopFirst = 2 * time.Second

// versionSettings are how one component is brought to a version and read back.
type versionSettings struct {
	Apply  *requestSettings     `yaml:"apply"`
	Read   *versionReadSettings `yaml:"read"`
	Settle time.Duration        `yaml:"settle" min:"1s"`
}

// versionReadSettings are the request that reads one version back.
type versionReadSettings struct {
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url" need:"true"`
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
	Path    string            `yaml:"path"`
}

// component is a part of the agent whose version this control can set and read back.
type component struct {
	name    string
	apply   *request // nil: the requests for the mode carry the version
	reading *request // nil: the version stands in the answer that tells the mode
	path    []step
	settle  time.Duration
}

// attempt is a version that was accepted.
type attempt struct {
	version string
	at      time.Time
}

// newComponents reads the settings; its errors lack the place.
func newComponents(s settings, signed bool) ([]component, error) {
	var list []component
	for _, name := range slices.Sorted(maps.Keys(s.Versions)) {
		v := s.Versions[name]
		c := component{name: name, settle: v.Settle}
		if c.settle == 0 {
			c.settle = settleTime
		}
		path, inAnswer := s.Read.Versions[name]
		if inAnswer == (v.Read != nil) {
			return nil, tagout.Errorf(tagout.Invalid, "It must be clear how the version of %s is read back. Fix: Write either versions.%s.read or read.versions.%s.", name, name, name)
		}
		at := "versions." + name
		var err error
		if v.Apply != nil {
			if c.apply, err = newRequest(at+".apply", http.MethodPost, *v.Apply, signed); err != nil {
				return nil, err
			}
		}
		if v.Read != nil {
			path = v.Read.Path
			read := requestSettings{v.Read.Method, v.Read.URL, v.Read.Headers, v.Read.Body}
			if c.reading, err = newRequest(at+".read", http.MethodGet, read, signed); err != nil {
				return nil, err
			}
		}
		if c.path, err = parsePath(path); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Read.Versions)) {
		if _, there := s.Versions[name]; there {
			continue
		}
		path, err := parsePath(s.Read.Versions[name])
		if err != nil {
			return nil, err
		}
		list = append(list, component{name: name, path: path})
	}
	return list, nil
}

// roll asks for every wanted version that does not run yet, all at the same time, so that
// none waits for another. The error names each component that could not be asked for.
func (c *Control) roll(ctx context.Context, w tagout.Wanted, mode tagout.Mode) error {
	errs := make([]error, len(c.components))
	var all sync.WaitGroup
	for n, one := range c.components {
		version := w.Versions[one.name]
		if one.apply == nil || version == "" || c.underWay(w.Agent, one, version) {
			continue
		}
		f := factsOf(w, mode)
		f.Component, f.Version = one.name, version
		all.Go(func() {
			if _, err := c.call(ctx, one.apply, f); err != nil {
				errs[n] = of(one, err)
				return
			}
			c.change(w.Agent, func(k *known) { k.attempts[one.name] = attempt{version, c.clock.Now()} })
		})
	}
	all.Wait()
	return tagout.Together(errs)
}

// afterStop bounds requests for versions while a stop waits to be read back, or its reading
// to be told.
func afterStop(ctx context.Context, stands bool) (context.Context, context.CancelFunc) {
	if stands {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, stopFirst)
}

// of says which component an error is about.
func of(c component, err error) error {
	told := tagout.Errorf(tagout.CodeOf(err), "Version of %s: %s", c.name, tagout.Sentence(err))
	if tagout.IsFinal(err) {
		return tagout.Final(told)
	}
	return told
}

// underWay reports whether a version was read back, or was asked for and may still settle.
func (c *Control) underWay(agent string, one component, version string) bool {
	k := c.known(agent)
	if seen, read := k.versions[one.name]; read && seen == version {
		return true
	}
	tried := k.attempts[one.name]
	return tried.version == version && c.clock.Now().Sub(tried.at) < one.settle
}

// arrived reports whether every wanted version that this control knows was read back.
func (c *Control) arrived(w tagout.Wanted) bool {
	seen := c.known(w.Agent).versions
	return !slices.ContainsFunc(c.components, func(one component) bool {
		want := w.Versions[one.name]
		return one.apply != nil && want != "" && seen[one.name] != want
	})
}

// readVersions is what runs, by component: "" where that cannot be found out, which never
// hides a stop; nil if this control knows no component. answer is the one that told the mode.
func (c *Control) readVersions(ctx context.Context, agent string, answer []byte) map[string]string {
	if len(c.components) == 0 {
		return nil
	}
	said := make([][]byte, len(c.components))
	var all sync.WaitGroup
	for n, one := range c.components {
		if one.reading == nil {
			said[n] = answer
			continue
		}
		f := factsOf(tagout.Wanted{Agent: agent}, tagout.Running)
		f.Component = one.name
		all.Go(func() {
			if text, err := c.call(ctx, one.reading, f); err == nil {
				said[n] = text
			}
		})
	}
	all.Wait()
	versions := map[string]string{}
	for n, one := range c.components {
		versions[one.name], _ = lookUp(said[n], one.path)
	}
	c.change(agent, func(k *known) {
		k.versions = versions
		for name, tried := range k.attempts {
			if versions[name] == tried.version {
				delete(k.attempts, name) // it ran; if it does not later, it is asked for at once
			}
		}
	})
	return maps.Clone(versions)
}
