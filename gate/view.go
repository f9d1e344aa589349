package gate

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tagout"
)

// maxContexts is up to how many different contexts of one agent the answers are kept.
const maxContexts = 4096

// view is what the gate answers from. It is never changed, only replaced as a whole.
type view struct {
	generation int64
	agents     map[string]*agentView // the declared ones, and those that a hold names
	general    []standing            // holds that name no agent
	everywhere []tagout.Hold         // the same
	pending    int                   // those of them that the database does not know
	loaded     bool                  // the database was read at least once
	readAt     time.Time             // when the newest read began
	readSince  time.Time             // the same by the machine's own clock, which nobody sets back
	epoch      int64                 // grows when the holds become known, or known again

	listing sync.Once
	listed  []tagout.Hold
}

// holds are all that stand, in the order in which they came. They are listed when first
// asked for, so that a change costs no more for all the holds that it leaves alone.
func (v *view) holds() []tagout.Hold {
	v.listing.Do(func() {
		all := slices.Clone(v.general)
		for _, a := range v.agents {
			all = append(all, a.own...)
		}
		slices.SortFunc(all, func(a, b standing) int { return cmp.Compare(a.order, b.order) })
		v.listed = holdsOf(all)
	})
	return v.listed
}

// agentView is one agent with the holds that touch it.
type agentView struct {
	name       string
	shape      *shape
	own        []standing        // what names it
	holds      []tagout.Hold     // what touches it: what names none, then those
	versions   map[string]string // pinned
	generation int64             // of the view in which it last changed
	stop       int64             // of the view in which its newest hold came; 0: nothing holds it
	stoppedAt  time.Time         // when that was
	ready      sync.Once
	answers    []atomic.Pointer[answer] // by context, made when first asked
	canaries   []canary                 // those of its holds, each once
}

// canary is a share of the instances that holds of a plan leave alone.
type canary struct {
	plan  string
	share float64
}

// maxCanaries is up to how many canaries of one agent the answers are kept.
const maxCanaries = 3

func canariesOf(holds []tagout.Hold) []canary {
	var all []canary
	for _, h := range holds {
		if one := (canary{h.Plan, h.CanaryShare}); h.CanaryShare > 0 && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// pattern tells, a bit each, of which canaries an instance is one.
func (v *agentView) pattern(key string) int {
	in := 0
	for n, c := range v.canaries {
		if tagout.InCanary(v.name, c.plan, key, c.share) {
			in |= 1 << n
		}
	}
	return in
}

// shape is what of a declared agent tells contexts apart.
type shape struct {
	declared *tagout.Agent // nil: the agent is not declared
	channels map[string]int
	regions  map[string]int
	tools    map[string]int
	contexts int
}

// newShape numbers the declared values from 1; 0 is any other value, which all evaluate alike.
func newShape(a *tagout.Agent) *shape {
	s := &shape{declared: a, contexts: 1}
	if a == nil {
		return s
	}
	number := func(values []string) map[string]int {
		numbers := make(map[string]int, len(values))
		for _, v := range values {
			if _, twice := numbers[v]; !twice {
				numbers[v] = len(numbers) + 1
			}
		}
		return numbers
	}
	s.channels, s.regions = number(a.Channels), number(a.Regions)
	s.tools = number(slices.Sorted(maps.Keys(a.Tools)))
	s.contexts = (len(s.channels) + 1) * (len(s.regions) + 1) * (len(s.tools) + 1)
	return s
}

func (s *shape) index(asked tagout.Attributes) int {
	i := s.channels[asked.Channel]
	i = i*(len(s.regions)+1) + s.regions[asked.Region]
	return i*(len(s.tools)+1) + s.tools[asked.Tool]
}

// answer is what the agent may do in the context asked, which must be canonical.
func (v *agentView) answer(asked tagout.Attributes) *answer {
	kept := v.shape.contexts << min(len(v.canaries), maxCanaries)
	if kept > maxContexts || len(v.canaries) > maxCanaries {
		return newAnswer(v.decide(asked), v.versions)
	}
	v.ready.Do(func() {
		n := kept
		if len(v.holds) == 0 {
			n = 1 // every context is answered alike
		}
		v.answers = make([]atomic.Pointer[answer], n)
	})
	slot := &v.answers[0]
	if len(v.answers) > 1 {
		slot = &v.answers[v.pattern(asked.Key)*v.shape.contexts+v.shape.index(asked)]
	}
	if a := slot.Load(); a != nil {
		return a
	}
	a := newAnswer(v.decide(asked), v.versions)
	slot.Store(a)
	return a
}

func (v *agentView) decide(asked tagout.Attributes) tagout.Decision {
	return tagout.Evaluate(v.name, v.shape.declared, v.holds, asked)
}

// next is the view after a change of the ledger that touched these agents.
func (g *Gate) next(before *view, t *touched) *view {
	v := &view{generation: before.generation, agents: before.agents, general: before.general, everywhere: before.everywhere,
		pending: g.ledger.pending(), loaded: before.loaded, readAt: before.readAt, readSince: before.readSince, epoch: before.epoch}
	if t.nobody() {
		return v
	}
	v.generation++
	v.agents = maps.Clone(before.agents)
	changed := t.agents
	if t.everyone {
		v.general = g.ledger.of("")
		v.everywhere = holdsOf(v.general)
		changed = map[string]bool{}
		for name := range v.agents {
			changed[name] = true
		}
		maps.Copy(changed, t.agents)
	}
	for name := range changed {
		g.rebuild(v, name)
	}
	g.markStops(before, v, changed)
	return v
}

// markStops tells the agents of a view that is being made when their newest hold came.
func (g *Gate) markStops(before, v *view, changed map[string]bool) {
	everyone := cameSince(before.general, v.general)
	now := g.clock.Now()
	for name := range changed {
		a := v.agents[name]
		if a == nil || len(a.holds) == 0 {
			continue
		}
		var stood []standing
		if was := before.agents[name]; was != nil {
			a.stop, a.stoppedAt, stood = was.stop, was.stoppedAt, was.own
		}
		if everyone || cameSince(stood, a.own) {
			a.stop, a.stoppedAt = v.generation, now
		}
	}
}

// cameSince reports whether something stands that came after all that stood before.
func cameSince(before, now []standing) bool {
	newest := func(all []standing) uint64 {
		if len(all) == 0 {
			return 0
		}
		return all[len(all)-1].order
	}
	return newest(now) > newest(before)
}

// rebuild replaces one agent of a view that is being made.
func (g *Gate) rebuild(v *view, name string) {
	s, own := g.shapes[name], g.ledger.of(name)
	if s == nil && len(own) == 0 {
		delete(v.agents, name) // neither declared nor held by name
		return
	}
	if s == nil {
		s = newShape(nil)
	}
	holds := slices.Concat(v.everywhere, holdsOf(own))
	v.agents[name] = &agentView{
		name:       name,
		shape:      s,
		own:        own,
		holds:      holds,
		canaries:   canariesOf(holds),
		versions:   g.ledger.pins[name],
		generation: v.generation,
	}
}
