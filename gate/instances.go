package gate

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tagout"
)

// How many instances are remembered, and for how long.
const (
	instancesPerAgent = 4096
	instancesInAll    = 65_536
	leasesRemembered  = 10
)

// Ways in which an instance asks.
const viaOFREP = "ofrep"

// roster is the instances of one declared agent.
type roster struct {
	mu sync.RWMutex
	by map[string]*sighting
}

// sighting is what is known of one instance.
type sighting struct {
	name    string
	asked   atomic.Int64 // Unix microseconds
	lease   time.Duration
	version atomic.Pointer[string]
	via     atomic.Pointer[string]
	heard   atomic.Pointer[hearing]
}

// hearing is when an instance first heard a stop.
type hearing struct {
	stop int64 // the generation of the stop
	at   time.Time
}

// rosters are the instances of every declared agent. The map never changes.
type rosters struct {
	of  map[string]*roster
	all atomic.Int64
}

func newRosters(declared []string) map[string]*roster {
	of := make(map[string]*roster, len(declared))
	for _, name := range declared {
		of[name] = &roster{by: map[string]*sighting{}}
	}
	return of
}

// Heard remembers that an instance was told over a stream how its agent stood in that
// generation of its [tagout.Standing]. One without a name is not remembered.
func (g *Gate) Heard(agent string, who tagout.Instance, generation int64) {
	if v := g.now.Load().agents[agent]; v != nil {
		g.told(v, clip(who.Name, longestInstance), clip(who.Version, longestVersion), who.Via, generation)
	}
}

// saw remembers that an instance was answered from this view of its agent.
func (g *Gate) saw(v *agentView, instance, version, via string) {
	if instance != "" && v != nil {
		g.told(v, instance, version, via, v.stop)
	}
}

// told is saw for an answer as of some generation.
func (g *Gate) told(v *agentView, instance, version, via string, generation int64) {
	r := g.rosters.of[v.name]
	if r == nil || instance == "" {
		return
	}
	r.mu.RLock()
	one := r.by[instance]
	r.mu.RUnlock()
	now := g.clock.Now()
	if one == nil {
		one = g.enlist(r, v.name, instance, now)
	}
	one.saw(now, version, via)
	if v.stop == 0 || generation < v.stop {
		return
	}
	if before := one.heard.Load(); before == nil || before.stop < v.stop {
		one.heard.CompareAndSwap(before, &hearing{v.stop, now})
	}
}

func (one *sighting) saw(now time.Time, version, via string) {
	one.asked.Store(now.UnixMicro())
	if have := one.via.Load(); have == nil || *have != via {
		one.via.Store(&via)
	}
	if have := one.version.Load(); version != "" && (have == nil || *have != version) {
		version = strings.Clone(version)
		one.version.Store(&version)
	}
}

// enlist adds an instance, and makes room if there is none.
func (g *Gate) enlist(r *roster, agent, instance string, now time.Time) *sighting {
	r.mu.Lock()
	if one := r.by[instance]; one != nil {
		r.mu.Unlock()
		return one
	}
	if len(r.by) >= instancesPerAgent {
		g.rosters.all.Add(-int64(r.forget(len(r.by) / 8)))
	}
	one := &sighting{name: strings.Clone(instance), lease: g.options.Agents.LeaseOf(agent)}
	one.asked.Store(now.UnixMicro())
	r.by[one.name] = one
	r.mu.Unlock()
	if g.rosters.all.Add(1) > instancesInAll {
		g.rosters.makeRoom()
	}
	return one
}

// makeRoom forgets an eighth of the largest roster: those that have not asked for longest.
func (r *rosters) makeRoom() {
	var largest *roster
	most := 0
	for _, one := range r.of {
		one.mu.RLock()
		n := len(one.by)
		one.mu.RUnlock()
		if n > most {
			largest, most = one, n
		}
	}
	if largest != nil {
		largest.mu.Lock()
		defer largest.mu.Unlock()
		r.all.Add(-int64(largest.forget(max(1, len(largest.by)/8))))
	}
}

// forget drops the n that have not asked for longest, and returns how many it dropped.
func (r *roster) forget(n int) int {
	all := make([]*sighting, 0, len(r.by))
	for _, one := range r.by {
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *sighting) int { return cmp.Compare(a.asked.Load(), b.asked.Load()) })
	n = min(n, len(all))
	for _, one := range all[:n] {
		delete(r.by, one.name)
	}
	return n
}

// expired drops those that have not asked for so many leases.
func (r *roster) expired(now time.Time) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(r.by)
	for name, one := range r.by {
		leases := time.Duration(leasesRemembered)
		if via := one.via.Load(); via != nil && *via != viaOFREP {
			leases = 1 // who is told over a stream is told every third of it
		}
		if now.Sub(time.UnixMicro(one.asked.Load())) > leases*one.lease {
			delete(r.by, name)
		}
	}
	return before - len(r.by)
}

// Instances lists the running copies of a declared agent that asked within its last ten
// leases, or were told over a stream within the last one, by name. It knows those that ask this replica and say who they are.
func (g *Gate) Instances(agent string) []tagout.Instance {
	r, v := g.rosters.of[agent], g.now.Load().agents[agent]
	if r == nil || v == nil {
		return nil
	}
	g.rosters.all.Add(-int64(r.expired(g.clock.Now())))
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]tagout.Instance, 0, len(r.by))
	for _, one := range r.by {
		list = append(list, one.instance(v))
	}
	slices.SortFunc(list, func(a, b tagout.Instance) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func (one *sighting) instance(v *agentView) tagout.Instance {
	i := tagout.Instance{Name: one.name, AskedAt: time.UnixMicro(one.asked.Load()).UTC(), StoppedAt: v.stoppedAt}
	if version := one.version.Load(); version != nil {
		i.Version = *version
	}
	if via := one.via.Load(); via != nil {
		i.Via = *via
	}
	if h := one.heard.Load(); h != nil && v.stop != 0 && h.stop == v.stop {
		i.HeardAt = h.at
	}
	return i
}
