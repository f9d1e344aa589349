package gate_test

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
	"tagout/gate"
)

// serving makes a control report its own components, and take versions of these alone.
func serving(versions map[string]string) *fakeControl {
	c := &fakeControl{name: "own"}
	c.state.Versions = versions
	c.enforces = func(w tagout.Wanted) {
		held := c.state.Versions
		c.enforce(w)
		c.state.Versions = maps.Clone(held)
		for component := range held {
			if w.Versions[component] != "" {
				c.state.Versions[component] = w.Versions[component]
			}
		}
	}
	return c
}

func TestAControlAnswersForTheComponentsThatItReports(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		prompts, models := serving(map[string]string{"prompt": "v42"}), serving(map[string]string{"model": "m2"})
		r := start(t, gate.Options{}, prompts, models)
		r.load()
		after(time.Second)
		pin(t, r.Gate, map[string]string{"prompt": "v41", "model": "m1"})
		after(time.Second)
		for _, s := range r.Controls("mailer") {
			if !s.Confirmed {
				t.Errorf("a control waits for what is not its own: %+v", s)
			}
		}
		models.set(func(c *fakeControl) {
			c.lies = true
			c.enforces = nil
			c.state.Versions = map[string]string{"model": "m2"}
		})
		after(15 * time.Second)
		if states := r.Controls("mailer"); !states[0].Confirmed || states[1].Confirmed {
			t.Errorf("with another model the controls are %+v", states)
		}
	})
}

func TestAComponentThatIsNotReportedForAWhileIsNotConfirmed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := serving(map[string]string{"prompt": "v42"})
		r := start(t, gate.Options{}, c)
		r.load()
		after(time.Second)
		c.set(func(c *fakeControl) { c.enforces = func(tagout.Wanted) { c.state.Versions = map[string]string{} } }) // being rolled out
		pin(t, r.Gate, map[string]string{"prompt": "v41"})
		after(time.Second)
		if s := r.Controls("mailer")[0]; s.Confirmed {
			t.Errorf("confirmed without having been read: %+v", s)
		}
		c.set(func(c *fakeControl) { c.state.Versions = map[string]string{"prompt": "v41"} })
		after(15 * time.Second)
		if s := r.Controls("mailer")[0]; !s.Confirmed {
			t.Errorf("not confirmed once it was read: %+v", s)
		}
	})
}

func TestVersionsAreReportedAsAcceptedAndAsReadBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := serving(map[string]string{"prompt": "v42"})
		r := start(t, gate.Options{}, c)
		r.load()
		after(time.Second)
		pin(t, r.Gate, map[string]string{"prompt": "v41"})
		after(time.Second)
		r.desk.mu.Lock()
		defer r.desk.mu.Unlock()
		var told []string
		for _, n := range r.desk.news {
			if n.Asked != nil {
				told = append(told, "asked "+tagout.Pairs(n.Asked))
			}
			if n.Versions != nil {
				told = append(told, "read "+tagout.Pairs(n.Versions))
			}
		}
		want := []string{"read prompt v42", "asked prompt v41", "read prompt v41"}
		if len(told) < 3 || told[0] != want[0] || told[len(told)-2] != want[1] || told[len(told)-1] != want[2] {
			t.Errorf("told %q, want %q", told, want)
		}
	})
}

func TestPinnedVersionsFreezeTheAgent(t *testing.T) {
	t.Parallel()
	g := loaded(t, gate.Options{})
	for _, c := range []struct {
		versions map[string]string
		frozen   bool
	}{{nil, false}, {map[string]string{"prompt": "v41"}, true}, {nil, false}} {
		pin(t, g, c.versions)
		_, _, got := post(t, g, evaluate+"/mailer.frozen", `{"context":{}}`)
		if got["value"] != c.frozen {
			t.Errorf("with %v pinned, frozen is %v", c.versions, got["value"])
		}
		if mode := modeOf(g, "mailer"); mode != tagout.Running {
			t.Errorf("a pin made the agent %s", mode)
		}
	}
}
