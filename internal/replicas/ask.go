package replicas

import (
	"context"
	"sync"
	"time"

	"tagout"
)

const (
	fresh       = time.Second     // for so long an answer is not asked for again
	currentFor  = 5 * time.Second // a replica that has read the holds within that is current
	maxRemember = 1000            // agents whose sightings are remembered
)

// sightings are the newest answers about agents.
type sightings struct {
	mu sync.Mutex
	of map[string]*sighting
}

type sighting struct {
	once   sync.Mutex // one asks, the others wait
	at     time.Time
	seen   []tagout.Sighting
	silent []string
}

// Sightings are what the other replicas saw of an agent's instances, not older than a
// second, and the names of those that did not say so in time.
func (p *Peers) Sightings(ctx context.Context, agent string) (seen []tagout.Sighting, silent []string) {
	one := p.cached.about(agent)
	one.once.Lock()
	defer one.once.Unlock()
	if p.clock.Now().Sub(one.at) < fresh {
		return one.seen, one.silent
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	one.seen, one.silent = nil, nil
	for _, a := range p.ask(ctx, agent) {
		if a.err != nil {
			one.silent = append(one.silent, a.from.Name())
			continue
		}
		one.seen = append(one.seen, a.Sight)
	}
	one.at = p.clock.Now()
	return one.seen, one.silent
}

func (s *sightings) about(agent string) *sighting {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || len(s.of) > maxRemember {
		s.of = map[string]*sighting{}
	}
	if s.of[agent] == nil {
		s.of[agent] = &sighting{}
	}
	return s.of[agent]
}

// answered is what one replica knows, or why it did not say.
type answered struct {
	knowledge
	from tagout.Replica
	err  error
}

// ask asks every other replica at the same time.
func (p *Peers) ask(ctx context.Context, agent string) []answered {
	peers := p.reachable()
	answers := make([]answered, len(peers))
	var all sync.WaitGroup
	for n, peer := range peers {
		answers[n].from = peer
		all.Go(func() { answers[n].err = p.call(ctx, peer, lookPath, question{agent}, &answers[n].knowledge) })
	}
	all.Wait()
	return answers
}

// leadElsewhere is until when another replica is believed to lead.
type leadElsewhere struct {
	mu    sync.Mutex
	until time.Time
}

// LedElsewhere reports whether another replica said within the last seconds that it leads
// and knows the holds. [Peers.Watch] keeps asking.
func (p *Peers) LedElsewhere() bool {
	p.lead.mu.Lock()
	defer p.lead.mu.Unlock()
	return p.clock.Now().Before(p.lead.until)
}

// Watch asks who leads while this replica is cut off from the database, until ctx ends.
func (p *Peers) Watch(ctx context.Context, cutOff func() bool) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if cutOff() && p.secret() != nil {
			p.whoLeads(ctx)
		}
	}
}

func (p *Peers) whoLeads(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	for _, a := range p.ask(ctx, "") {
		if a.err == nil && a.Leads && a.Current {
			p.lead.mu.Lock()
			p.lead.until = p.clock.Now().Add(currentFor)
			p.lead.mu.Unlock()
		}
	}
}
