package tagout

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Fleet is the running copies of an agent, as far as every replica has seen them.
type Fleet struct {
	Instances []Instance // by name
	Silent    []string   // replicas that did not say whom they saw
}

// HeardBy says how far the newest stop of the agent was heard, as [HeardBy] does, and whose
// knowledge is missing.
func (f Fleet) HeardBy(now time.Time) string {
	text := HeardBy(f.Instances, now)
	for n, name := range f.Silent {
		switch {
		case n > 0:
			text += ", " + name
		case text == "":
			text = "no instance known; no answer from replica " + name
		default:
			text += "; not counted, since they do not answer: those of replica " + name
		}
	}
	return text
}

// Sighting is the running copies of an agent that one replica saw.
type Sighting struct {
	Instances []Instance `json:"instances"`
	Holds     []HoldID   `json:"holds"` // that the replica knows to stand on the agent
}

// Add takes what another replica saw. An instance that asked both counts once. One that
// was answered by a replica which does not know all of these holds has not heard the stop.
func (f Fleet) Add(s Sighting, holds []Hold) Fleet {
	knows := !slices.ContainsFunc(holds, func(h Hold) bool { return !slices.Contains(s.Holds, h.ID) })
	stopped := f.stoppedAt()
	if stopped.IsZero() {
		for _, h := range holds {
			stopped = latest(stopped, h.At)
		}
	}
	byName := map[string]Instance{}
	for _, i := range f.Instances {
		byName[i.Name] = i
	}
	for _, i := range s.Instances {
		if !knows {
			i.HeardAt, i.StoppedAt = time.Time{}, stopped
		}
		if have, known := byName[i.Name]; known {
			i = merged(have, i)
		}
		byName[i.Name] = i
	}
	f.Instances = make([]Instance, 0, len(byName))
	for _, i := range byName {
		f.Instances = append(f.Instances, i)
	}
	slices.SortFunc(f.Instances, func(a, b Instance) int { return strings.Compare(a.Name, b.Name) })
	if len(holds) > 0 {
		f.level()
	}
	return f
}

// merged is one instance that two replicas saw: who answered it last knows its version, and
// it heard the stop when the first of them told it.
func merged(a, b Instance) Instance {
	if b.AskedAt.Before(a.AskedAt) {
		a, b = b, a
	}
	if b.Version == "" {
		b.Version = a.Version
	}
	if b.HeardAt.IsZero() || !a.HeardAt.IsZero() && a.HeardAt.Before(b.HeardAt) {
		b.HeardAt = a.HeardAt
	}
	if b.StoppedAt.IsZero() {
		b.StoppedAt = a.StoppedAt
	}
	return b
}

// level lets every instance count from the same moment: when the stop came into force
// where that was first.
func (f Fleet) level() {
	first := f.stoppedAt()
	for n := range f.Instances {
		i := &f.Instances[n]
		i.StoppedAt = first
		if !i.HeardAt.IsZero() && i.HeardAt.Before(first) {
			i.HeardAt = first
		}
	}
}

// stoppedAt is when the newest stop first came into force; zero: nothing holds the agent.
func (f Fleet) stoppedAt() (first time.Time) {
	for _, i := range f.Instances {
		if !i.StoppedAt.IsZero() && (first.IsZero() || i.StoppedAt.Before(first)) {
			first = i.StoppedAt
		}
	}
	return first
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// HoldsOn lists those holds that touch an agent.
func HoldsOn(holds []Hold, agent string) []Hold {
	var on []Hold
	for _, h := range holds {
		if h.Scope.Agent == "" || h.Scope.Agent == agent {
			on = append(on, h)
		}
	}
	return on
}

// Replica is one running Tagout among several on the same database.
type Replica struct {
	ID      string    // of the process
	URL     string    // where the others reach it; "": nowhere
	Version string    // of the program
	Leads   bool      // as it said when it was last seen
	SeenAt  time.Time // by the clock of the database
}

// Name is how people call the replica: its host and port, or its ID.
func (r Replica) Name() string {
	if u, err := url.Parse(r.URL); err == nil && u.Host != "" {
		return u.Host
	}
	return r.ID
}
