// Package replicas lets the replicas on one Postgres reach each other without it: they
// know each other from a table, remember each other while it is away, hand stops on, and
// tell whom they saw.
//
// What travels is signed with a key that they share through the database. It can hang a
// hold and can ask; nothing that travels here lifts or loosens one.
package replicas

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

const (
	beatEvery = 3 * time.Second        // between two signs of life
	beatLimit = 3 * time.Second        // for one of them
	keyName   = "replicas"             // of the shared key
	askLimit  = 400 * time.Millisecond // for an answer that somebody waits for
	// stopLimit is for an answer to a stop: a second to record it, and the way.
	stopLimit = 2500 * time.Millisecond
)

// Store is the part of a [tagout.Store] by which replicas find each other.
type Store interface {
	Beat(ctx context.Context, me tagout.Replica) (others []tagout.Replica, err error)
	Leave(ctx context.Context, id string) error
	Secret(ctx context.Context, name string) ([]byte, error)
}

// Options are what the way to the other replicas is made of. Me, Store, Stop and Look are
// required.
type Options struct {
	Me    tagout.Replica // with its ID, URL and version
	Store Store
	// Leads tells whether this replica leads; nil: it does not.
	Leads func() bool
	// Stop obeys and records a stop, as the desk does for a person.
	Stop func(ctx context.Context, s tagout.StopRequest) (tagout.StopResult, error)
	// Look tells what this replica saw of an agent's instances.
	Look func(agent string) tagout.Sighting
	// Holds lists what stands here, for those who cannot read it; nil: nothing is told them.
	Holds func() []tagout.Hold
	// ReadAt tells when this replica last read the holds.
	ReadAt     func() time.Time
	Transport  http.RoundTripper // nil: straight to the address, past any proxy
	Clock      tagout.Clock      // nil: the machine's
	Logger     *slog.Logger      // nil: none
	Registerer prometheus.Registerer
}

// Peers are the other replicas. Make them with [New] and keep them known with [Peers.Run].
type Peers struct {
	options Options
	clock   tagout.Clock
	log     *slog.Logger
	client  http.Client
	metrics *metrics
	seen    seen
	cached  sightings
	lead    leadElsewhere
	base    context.Context // of what goes on in the background
	end     context.CancelFunc

	mu     sync.Mutex
	key    []byte           // nil: not known yet
	others []tagout.Replica // as the database last told
	slots  map[string]chan struct{}
	seenAt time.Time // when the database last told

	twin     bool      // another living replica names the same address
	twinSaid time.Time // when that was last logged
}

// New makes the way to the other replicas; nothing runs yet.
func New(o Options) *Peers {
	if o.Clock == nil {
		o.Clock = tagout.SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Leads == nil {
		o.Leads = func() bool { return false }
	}
	if o.ReadAt == nil {
		o.ReadAt = func() time.Time { return time.Time{} }
	}
	if o.Transport == nil {
		o.Transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: time.Second, KeepAlive: 15 * time.Second}).DialContext,
			MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: time.Second,
		}
	}
	p := &Peers{options: o, clock: o.Clock, log: o.Logger, slots: map[string]chan struct{}{}}
	p.client = http.Client{
		Transport:     o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p.base, p.end = context.WithCancel(context.Background())
	p.metrics = newMetrics(o.Registerer, p)
	return p
}

// Run shows that this replica lives and learns of the others, until ctx ends. What was
// learned last stays known while the database is away.
func (p *Peers) Run(ctx context.Context) {
	defer p.end()
	tick := time.NewTicker(beatEvery)
	defer tick.Stop()
	for {
		p.beat(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// Leave tells the others that this replica ends, so that nobody waits for it.
func (p *Peers) Leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if err := p.options.Store.Leave(ctx, p.options.Me.ID); err != nil {
		p.log.Warn("the other replicas were not told of the end of this one; they forget it after ten minutes", "error", tagout.Sentence(err))
	}
}

func (p *Peers) beat(parent context.Context) {
	ctx, cancel := context.WithTimeout(parent, beatLimit)
	defer cancel()
	if p.secret() == nil {
		key, err := p.options.Store.Secret(ctx, keyName)
		if err != nil {
			return // tried again soon, and the log tells of the database
		}
		p.mu.Lock()
		p.key = key
		p.mu.Unlock()
	}
	p.mu.Lock()
	me := p.me()
	if me.SeenAt.IsZero() {
		me.SeenAt = p.seenAt // zero the first time: it replaces whoever ended at this address
	}
	p.mu.Unlock()
	others, err := p.options.Store.Beat(ctx, me)
	if err != nil {
		return
	}
	p.mu.Lock()
	before := p.others
	p.others, p.seenAt = others, p.clock.Now()
	p.mu.Unlock()
	p.lookForTwins(others)
	for _, r := range others {
		if !slices.ContainsFunc(before, func(b tagout.Replica) bool { return b.ID == r.ID }) {
			p.log.Info("another replica is there", "replica", r.Name(), "version", r.Version)
		}
	}
}

// twinEvery is how often it is said that two replicas name one address.
const twinEvery = time.Minute

// lookForTwins says loudly if another living replica names the address of this one: a stop
// that is handed to the one would reach the other, or come back.
func (p *Peers) lookForTwins(others []tagout.Replica) {
	now := p.clock.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.twin = slices.ContainsFunc(others, func(r tagout.Replica) bool {
		return r.URL != "" && r.URL == p.options.Me.URL && now.Sub(r.SeenAt) < overdue
	})
	if p.twin && now.Sub(p.twinSaid) >= twinEvery {
		p.twinSaid = now
		p.log.Error("two replicas name the same address, so that stops cannot be handed from one to the other while the database is away: give each its own replicas.advertise", "address", p.options.Me.URL)
	}
}

// Ambiguous reports whether another living replica names the address of this one.
func (p *Peers) Ambiguous() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.twin
}

func (p *Peers) me() tagout.Replica {
	me := p.options.Me
	me.Leads = p.options.Leads()
	return me
}

func (p *Peers) secret() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key
}

// known are the others as the database last told of them.
func (p *Peers) known() []tagout.Replica {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.others)
}

// reachable are those of them that have an address.
func (p *Peers) reachable() []tagout.Replica {
	return slices.DeleteFunc(p.known(), func(r tagout.Replica) bool { return r.URL == "" })
}

// Replicas lists this replica, then the others as they were last known.
func (p *Peers) Replicas() []tagout.Replica {
	me := p.me()
	me.SeenAt = p.clock.Now()
	return append([]tagout.Replica{me}, p.known()...)
}
