package tagout

import (
	"context"
	"time"
)

// Store keeps everything durable. State and timeline cannot disagree, and a crash loses
// no effect: a transition's incident, events and effects are one transaction.
type Store interface {
	// Update locks incident id, runs fn on it and commits what it did. now is the store's
	// clock (the database's own on Postgres). If fn fails nothing is changed and its error
	// is returned. Returns NotFound if there is no such incident, Unavailable if the
	// database cannot be reached; then the outcome of the commit is unknown and must be
	// read as "not done" by whoever loosens.
	Update(ctx context.Context, id IncidentID, fn Transition) (*Incident, error)
	// Decide is Update while no new alert is being stored by any process: what fn reads of them
	// is all there is until it is committed, and what comes later finds it committed. All alerts
	// wait for it, so ctx should end soon, and fn must be quick and store none.
	Decide(ctx context.Context, id IncidentID, fn Transition) (*Incident, error)
	// Join is Update on the incident that m matches, or on a fresh one whose ID is
	// set and whose State is "". It also reports whether it was fresh.
	Join(ctx context.Context, m Match, fn Transition) (*Incident, bool, error)
	// Fold takes alerts in one transaction, as [Store.Join] does for each; a repeat only
	// counts, and one below its threshold is kept without an incident.
	Fold(ctx context.Context, in []Incoming, fn FoldTransition) ([]Folded, error)

	// Prepare does beforehand what Fold would do for each alert by itself, so that those who
	// bring alerts at the same time share that work. Nobody needs to call it.
	Prepare(in []Incoming)

	// Incident reads one incident. Returns NotFound if it does not exist.
	Incident(ctx context.Context, id IncidentID) (*Incident, error)
	// Incidents lists incidents, newest first.
	Incidents(ctx context.Context, q IncidentQuery) ([]*Incident, error)
	// Timeline reads an incident's events in order.
	Timeline(ctx context.Context, id IncidentID) ([]Event, error)
	// Alerts reads the alerts of an incident, newest first, with their raw bodies.
	Alerts(ctx context.Context, id IncidentID, limit int) ([]Incoming, error)
	// AlertsBrief is Alerts without the raw bodies.
	AlertsBrief(ctx context.Context, id IncidentID, limit int) ([]Incoming, error)
	// AlertOf reads one alert of an incident, as it began, with its raw body. Returns NotFound if
	// the incident has none of that ID.
	AlertOf(ctx context.Context, id IncidentID, alert string) (Incoming, error)
	// Requests lists an incident's resume requests, oldest first, with their sign-offs.
	Requests(ctx context.Context, id IncidentID) ([]ResumeRequest, error)
	// Pages lists an incident's pages in the order in which they were queued.
	Pages(ctx context.Context, id IncidentID) ([]Page, error)

	// Holds lists the holds that stand.
	Holds(ctx context.Context) ([]Hold, error)
	// KnownHolds tells which of these the database has ever recorded, lifted or not.
	KnownHolds(ctx context.Context, ids []HoldID) (map[HoldID]Hold, error)
	// UnsignedLiftings lists the holds that are lifted in the record although the timeline of
	// their incident tells of no lifting: of these, or of all that there ever were if ids is
	// nil, whatever the record says of their incidents.
	UnsignedLiftings(ctx context.Context, ids []HoldID) ([]Hold, error)
	// UnsignedChanges lists the holds that stand in the record otherwise than the timeline of
	// their incident tells, as that tells of them: of these, or of all that stand if ids is nil.
	// What a hold holds never changes while it stands.
	UnsignedChanges(ctx context.Context, ids []HoldID) ([]Hold, error)
	// QuietOn tells of the alerts on a scope, over all incidents.
	QuietOn(ctx context.Context, scope Scope, since time.Time) (Quiet, error)
	// NewAlerts tells of the new alerts about an agent ("": about any) since a time, in all
	// incidents but one and below the thresholds: where they came, each place once.
	NewAlerts(ctx context.Context, agent string, since time.Time, except IncidentID) ([]NewAlert, error)

	// SawVersion records that an agent said it runs these versions, by component.
	SawVersion(ctx context.Context, agent string, versions map[string]string, at time.Time) error
	// RecordChange records a deployment.
	RecordChange(ctx context.Context, change Deployment) error
	// Changes lists the deployments of an agent since a time, newest first; those of all
	// agents if it is "".
	Changes(ctx context.Context, agent string, since time.Time) ([]Deployment, error)
	// Recurrences counts the incidents of an agent and class that were detected from one time
	// until right before another; no drills, none that were cancelled.
	Recurrences(ctx context.Context, agent, class string, from, before time.Time) (int, error)
	// Detections lists when incidents of an agent, or of all if it is "", were detected since a
	// time; no drills, none that were cancelled.
	Detections(ctx context.Context, agent string, since time.Time) ([]Detection, error)
	// Versions lists the versions of an agent's components, newest first.
	Versions(ctx context.Context, agent string) ([]Version, error)
	// VersionHistory tells which versions of an agent were the current ones since when, and
	// when its incidents were detected.
	VersionHistory(ctx context.Context, agent string) (VersionHistory, error)
	// Pins lists what the open incidents pin.
	Pins(ctx context.Context) ([]Pin, error)
	// OldEvidence lists evidence of ended incidents that was kept before a time and still has its
	// content, oldest first, without the contents, at most limit pieces.
	OldEvidence(ctx context.Context, before time.Time, limit int) ([]Evidence, error)
	// EvidenceOf lists what was kept with an incident, oldest first, without the contents.
	// Returns NotFound if there is no such incident.
	EvidenceOf(ctx context.Context, id IncidentID) ([]Evidence, error)
	// EvidenceContent reads one piece by the hash of its content. Returns NotFound if the
	// incident has none of that hash.
	EvidenceContent(ctx context.Context, id IncidentID, sha256 string) (Evidence, error)

	// Figures computes the figures of the incidents that a query is about, all as of one moment.
	// Returns Invalid for a window that ends before it begins.
	Figures(ctx context.Context, q FiguresQuery) (Figures, error)
	// Measured lists the incidents that a query is about, drills and cancelled ones too, in the
	// order in which they were detected. Returns Invalid for a window that ends before it
	// begins, or that holds more than [MostMeasured].
	Measured(ctx context.Context, q FiguresQuery) ([]MeasuredIncident, error)

	OverrideStore
	DraftStore
	DelegationStore
	ActionStore
	FlagStore
	SilenceStore
	DrillStore
	RoutineStore
	DigestStore

	// Claim records a delivery under its key with its payload, and reports whether it is
	// new. A claim that was made but never [Store.Finish]ed is handed out by Unfinished.
	Claim(ctx context.Context, key string, payload []byte, at time.Time) (bool, error)
	// Finish marks a claimed delivery as dealt with.
	Finish(ctx context.Context, key string) error
	// Unfinished lists claims that were never finished, oldest first.
	Unfinished(ctx context.Context, before time.Time) (map[string][]byte, error)

	// Work runs the effects until ctx ends, then waits for those under way. It returns
	// once the workers have started; the returned func waits for the drain.
	Work(ctx context.Context, do map[EffectKind]EffectFunc) (drained func(), err error)
	// Ring moves the effects that are due into their queues, and reports how many.
	Ring(ctx context.Context, now time.Time) (int, error)

	// Beat records that this replica lives, and returns the others that were seen within the
	// last ten minutes. One that has started again at the same URL, with
	// no SeenAt yet, replaces its forerunner.
	Beat(ctx context.Context, me Replica) (others []Replica, err error)
	// Leave records that the replica ends.
	Leave(ctx context.Context, id string) error
	// Lead competes for the lead among the replicas until ctx ends. leads is told, again and
	// again, until when this process may believe that it leads; zero is not at all.
	Lead(ctx context.Context, leads func(until time.Time))
	// News calls heard, which must not block, whenever another process has hung or lifted
	// holds, and when that may have happened unheard, until ctx ends.
	News(ctx context.Context, heard func())
	// Marks gives each open incident that Slack shows, and each of these, a mark that changes with every
	// change of the incident.
	Marks(ctx context.Context, also []IncidentID) (map[IncidentID]string, error)

	// Secret is a random key of 32 bytes that all replicas of this database share, made when
	// it is first asked for: links and messages between replicas are signed with it.
	Secret(ctx context.Context, name string) ([]byte, error)
	// DatabaseID is a UUID made when the database was first migrated.
	DatabaseID(ctx context.Context) (string, error)
	// Ping returns Unavailable if the database does not answer.
	Ping(ctx context.Context) error
	// Close releases everything.
	Close() error
}

// Transition changes a locked incident and says what happened. It must not keep i.
type Transition func(i *Incident, now time.Time) (Change, error)

// FoldTransition is a [Transition] for one incoming alert. fresh tells that the incident
// was made for it.
type FoldTransition func(i *Incident, in Incoming, now time.Time) (Change, error)

// IncidentQuery selects incidents. Zero fields select all.
type IncidentQuery struct {
	Agent   string
	Open    bool       // not resumed, closed or cancelled
	Resumed bool       // resumed, but neither closed nor cancelled: a review may be owed
	Channel string     // whose Room.Channel this is
	Before  IncidentID // only older ones, to read on behind a list; 0: from the newest
	Limit   int        // 0: 100
}
