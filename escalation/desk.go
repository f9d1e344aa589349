// Package escalation is the incident desk: everything that happens to an incident goes
// through it. It knows the policy — which alert means what, who is paged and for how long,
// who must sign — and leaves stopping to the gate and remembering to the store.
package escalation

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// everyOpen is the limit of a list of open incidents that must not miss one.
const everyOpen = math.MaxInt32

// Store is the part of a [tagout.Store] that the desk needs; the contracts are there.
type Store interface {
	Update(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error)
	Decide(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error)
	Join(ctx context.Context, m tagout.Match, fn tagout.Transition) (*tagout.Incident, bool, error)
	Fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition) ([]tagout.Folded, error)
	Prepare(in []tagout.Incoming)
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error)
	Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error)
	Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error)
	AlertsBrief(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error)
	AlertOf(ctx context.Context, id tagout.IncidentID, alert string) (tagout.Incoming, error)
	Holds(ctx context.Context) ([]tagout.Hold, error)
	KnownHolds(ctx context.Context, ids []tagout.HoldID) (map[tagout.HoldID]tagout.Hold, error)
	UnsignedLiftings(ctx context.Context, ids []tagout.HoldID) ([]tagout.Hold, error)
	QuietOn(ctx context.Context, scope tagout.Scope, since time.Time) (tagout.Quiet, error)
	NewAlerts(ctx context.Context, agent string, since time.Time, except tagout.IncidentID) ([]tagout.NewAlert, error)
	Changes(ctx context.Context, agent string, since time.Time) ([]tagout.Deployment, error)
	VersionHistory(ctx context.Context, agent string) (tagout.VersionHistory, error)
	Detections(ctx context.Context, agent string, since time.Time) ([]tagout.Detection, error)
	Recurrences(ctx context.Context, agent, class string, from, before time.Time) (int, error)
	Figures(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error)
	Measured(ctx context.Context, q tagout.FiguresQuery) ([]tagout.MeasuredIncident, error)
	Pins(ctx context.Context) ([]tagout.Pin, error)
	SawVersion(ctx context.Context, agent string, versions map[string]string, at time.Time) error
	RecordChange(ctx context.Context, change tagout.Deployment) error
	Pages(ctx context.Context, id tagout.IncidentID) ([]tagout.Page, error)
	OldEvidence(ctx context.Context, before time.Time, limit int) ([]tagout.Evidence, error)
	DatabaseID(ctx context.Context) (string, error)
	Secret(ctx context.Context, name string) ([]byte, error)
	tagout.OverrideStore
	tagout.DraftStore
	tagout.DelegationStore
	tagout.ActionStore
	tagout.FlagStore
	tagout.DigestStore
	tagout.SilenceStore
	tagout.DrillStore
	Routines(ctx context.Context) ([]tagout.RoutineState, error)
}

// Gate is the authority over what agents may do, with its own view of its health.
type Gate interface {
	tagout.Gate
	Status() tagout.GateStatus
	// Knows reports whether a hold stands in the gate, or has been lifted there since.
	Knows(id tagout.HoldID) bool
	// HoldsOn lists the holds that may touch an agent; all of them for "". Among thousands of
	// others it costs no more.
	HoldsOn(agent string) []tagout.Hold
	// Instances lists the running copies of an agent that asked lately.
	Instances(agent string) []tagout.Instance
}

// Groups tells who is in a Slack user group. It returns an error rather than an old answer.
type Groups interface {
	GroupMembers(ctx context.Context, group string) ([]tagout.UserID, error)
}

// Options are what a desk is made of. Store, Gate and Policy are required.
type Options struct {
	Store      Store
	Gate       Gate
	Policy     *tagout.Policy
	Pagers     []tagout.Pager                              // in the order in which they are tried
	Mailer     tagout.Mailer                               // for status notes; nil: none
	Groups     Groups                                      // nil: user groups have no members
	Schedules  map[string]tagout.Schedule                  // of other services, by rotation
	Trackers   map[string]tagout.Tracker                   // where corrective actions get tickets, by name
	Telemetry  tagout.Telemetry                            // where metrics are read; nil: nowhere
	HomeTeam   func() string                               // the workspace whose people may sign; "" while unknown
	Peers      Peers                                       // the other replicas; nil: there are none
	Away       func() bool                                 // tells that the database is known to be away; nil: it is not
	Draw       func(charts []tagout.Chart) ([]byte, error) // as a PNG; nil: mails go without pictures
	Zone       string                                      // of digests that somebody asks for; "": UTC
	PublicURL  string
	Clock      tagout.Clock
	Logger     *slog.Logger
	Registerer prometheus.Registerer // nil: no metrics
}

// Desk carries out what people, alerts and clocks do to incidents.
type Desk struct {
	store     Store
	gate      Gate
	policy    *tagout.Policy
	routes    *Router
	pagers    []tagout.Pager
	mailer    tagout.Mailer
	groups    Groups
	directory Directory // nil: nobody can be looked up
	schedules map[string]tagout.Schedule
	trackers  map[string]tagout.Tracker
	telemetry tagout.Telemetry
	knowledge *knowledge
	homeTeam  func() string
	url       string
	clock     tagout.Clock
	log       *slog.Logger
	intake    *intake
	watchers  watchers
	recorder  *recorder
	metrics   *metrics
	refusals  refusals
	own       installation
	links     links
	trials    trials
	hushes    hushes
	peers     Peers
	away      func() bool
	draw      func([]tagout.Chart) ([]byte, error)
	zone      string
	alone     bool // nothing is connected, and nobody is asked; see [Foreteller]
}

// New makes a desk. It returns Invalid, naming the place, for a route whose expression
// does not compile.
func New(o Options) (*Desk, error) {
	routes, err := NewRouter(o.Policy)
	if err != nil {
		return nil, err
	}
	if o.Clock == nil {
		o.Clock = tagout.SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.HomeTeam == nil {
		o.HomeTeam = func() string { return "" }
	}
	if o.Away == nil {
		o.Away = func() bool { return false }
	}
	d := &Desk{
		store: o.Store, gate: o.Gate, policy: o.Policy, routes: routes, pagers: o.Pagers, mailer: o.Mailer, groups: o.Groups,
		schedules: o.Schedules, trackers: o.Trackers, telemetry: o.Telemetry, knowledge: newKnowledge(),
		homeTeam: o.HomeTeam, peers: o.Peers, away: o.Away, draw: o.Draw, zone: o.Zone, url: o.PublicURL, clock: o.Clock, log: o.Logger, metrics: newMetrics(o.Registerer),
	}
	if o.Registerer != nil {
		o.Registerer.MustRegister(rosterAge{d})
	}
	d.intake = newIntake(d)
	d.recorder = newRecorder(d)
	return d, nil
}

// Run records what was obeyed before it could be recorded, and keeps in mind who is to be
// paged, until ctx ends.
func (d *Desk) Run(ctx context.Context) {
	var asking sync.WaitGroup
	asking.Go(func() { d.keepAsking(ctx) })
	d.recorder.run(ctx)
	asking.Wait()
}

// Connect adds what comes from the Slack edge, which itself needs the desk: the user groups,
// the home workspace and its pager. It is called once, before anything runs.
func (d *Desk) Connect(groups Groups, homeTeam func() string, pagers ...tagout.Pager) {
	d.groups, d.homeTeam = groups, homeTeam
	d.pagers = append(pagers, d.pagers...)
}

// Committed tells the desk of a committed change; the wiring connects it to the store.
func (d *Desk) Committed(i *tagout.Incident) { d.watchers.tell(i) }

// Policy is what was decided in advance.
func (d *Desk) Policy() *tagout.Policy { return d.policy }

// Decide answers for one action of one agent.
func (d *Desk) Decide(agent string, asked tagout.Attributes) tagout.Decision {
	return d.gate.Decide(agent, asked)
}

// Holds lists what stands, recorded or not.
func (d *Desk) Holds() []tagout.Hold { return d.gate.Holds() }

// GateStatus is the gate's health.
func (d *Desk) GateStatus() tagout.GateStatus { return d.gate.Status() }

// Incident reads one incident. Returns NotFound if it does not exist.
func (d *Desk) Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	return d.store.Incident(ctx, id)
}

// Incidents lists incidents, newest first.
func (d *Desk) Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error) {
	return d.store.Incidents(ctx, q)
}

// Sees reports whether somebody may read about an incident, by the one rule of
// [tagout.Incident.VisibleTo]. Roles that cannot be found out now do not count.
func (d *Desk) Sees(ctx context.Context, i *tagout.Incident, v tagout.Viewer) bool {
	if i.VisibleTo(v, d.policy) {
		return true
	}
	if v.User.ID == "" || v.User.Bot {
		return false
	}
	roles, err := d.signerRoles(ctx, v.User.ID)
	if err != nil {
		return false
	}
	v.Roles = roles
	if delegated, err := d.delegatedTo(ctx, v.User.ID); err == nil && !v.User.Guest {
		for _, g := range delegated { // whoever signs must read
			v.Roles = append(v.Roles, g.Role)
		}
	}
	return i.VisibleTo(v, d.policy)
}

// Timeline reads an incident's events in order.
func (d *Desk) Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error) {
	return d.store.Timeline(ctx, id)
}

// IncidentOfChannel is the incident that is talked about in a Slack channel, or 0.
func (d *Desk) IncidentOfChannel(ctx context.Context, channel string) (tagout.IncidentID, error) {
	if channel == "" {
		return 0, nil
	}
	found, err := d.store.Incidents(ctx, tagout.IncidentQuery{Channel: channel, Limit: 1})
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0].ID, nil
}

// SetRoom changes where an incident is talked about.
func (d *Desk) SetRoom(ctx context.Context, id tagout.IncidentID, change func(*tagout.Room)) (tagout.Room, error) {
	i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		before := i.Room
		change(&i.Room)
		var c tagout.Change
		if i.Room.Decision != "" && i.Room.DecisionOf != before.DecisionOf { // now there is something to link to
			c.Effects = []tagout.Effect{tagout.NewEffect(tagout.EffectSigners, id, i.Room.DecisionOf+":shown", tagout.SignerCall{Request: i.Room.DecisionOf})}
		}
		if before.Channel != i.Room.Channel || before.Failure != i.Room.Failure {
			c.Events = []tagout.Event{tagout.NewEvent(tagout.EventRoom, tagout.Tagout, now,
				map[string]any{"channel": i.Room.Channel, "name": i.Room.Name, "failure": i.Room.Failure})}
		}
		return c, nil
	})
	if err != nil {
		return tagout.Room{}, err
	}
	return i.Room, nil
}
