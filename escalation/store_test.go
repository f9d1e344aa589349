package escalation_test

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"tagout"
)

// memory is a store that keeps everything in maps. A transition works on a deep copy, which
// is kept only if it succeeds, as a transaction would.
type memory struct {
	clock tagout.Clock
	log   *calls

	mu          sync.Mutex
	last        tagout.IncidentID
	incidents   map[tagout.IncidentID]*tagout.Incident
	events      map[tagout.IncidentID][]tagout.Event
	pages       map[tagout.PageID]tagout.Page
	alerts      map[tagout.IncidentID][]tagout.Incoming // newest last
	seen        map[string]*sighting
	below       []tagout.Incoming
	effects     []tagout.Effect // not carried out yet
	versions    []tagout.Version
	changes     []tagout.Deployment
	evidence    []tagout.Evidence
	drafts      map[string]tagout.FormDraft
	flags       flagsOf
	silences    silencesOf
	delegations []tagout.Delegation
	overrides   []tagout.Override
	told        []tagout.Effect // those of the Slack edge, once they were due
	posted      []tagout.Effect
	loudest     time.Time // when the last alert came or ended
	folds       [][]tagout.Incoming
	direct      map[tagout.UserID][]string // messages to people
	figures     func(q tagout.FiguresQuery) tagout.Figures

	// before is called at the start of every operation; an error makes it fail unchanged.
	before func(ctx context.Context, op string) error
	// after is called once an operation is committed; an error hides that it was.
	after func(op string) error
}

// sighting is what is known of an alert.
type sighting struct {
	status   tagout.AlertStatus
	incident tagout.IncidentID // 0 while below the threshold
	scope    tagout.Scope
}

func newMemory(clock tagout.Clock, log *calls) *memory {
	return &memory{
		clock: clock, log: log, incidents: map[tagout.IncidentID]*tagout.Incident{}, events: map[tagout.IncidentID][]tagout.Event{},
		pages: map[tagout.PageID]tagout.Page{}, alerts: map[tagout.IncidentID][]tagout.Incoming{}, seen: map[string]*sighting{},
	}
}

func (m *memory) enter(ctx context.Context, op string) error {
	if m.before != nil {
		if err := m.before(ctx, op); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (m *memory) leave(op string) error {
	m.log.add("store." + op)
	if m.after != nil {
		return m.after(op)
	}
	return nil
}

func (m *memory) Update(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	i, _, err := m.change(ctx, "update", tagout.Match{Incident: id}, fn)
	return i, err
}

// Decide is Update: whoever tests what comes meanwhile has the real one.
func (m *memory) Decide(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	return m.Update(ctx, id, fn)
}

func (m *memory) Join(ctx context.Context, match tagout.Match, fn tagout.Transition) (*tagout.Incident, bool, error) {
	return m.change(ctx, "join", match, fn)
}

func (m *memory) change(ctx context.Context, op string, match tagout.Match, fn tagout.Transition) (*tagout.Incident, bool, error) {
	if err := m.enter(ctx, op); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	id, err := m.find(match)
	if err != nil {
		m.mu.Unlock()
		return nil, false, err
	}
	work := m.open(id)
	fresh := work.State == ""
	m.mu.Unlock() // a transition may read; tests that race use one incident each
	change, err := fn(work, m.clock.Now())
	if err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	m.commit(work, change)
	m.mu.Unlock()
	if err := m.leave(op); err != nil {
		return nil, false, err
	}
	return deepCopy(work), fresh, nil
}

// open is a copy of an incident to work on; a fresh one for 0.
func (m *memory) open(id tagout.IncidentID) *tagout.Incident {
	if id == 0 {
		m.last++
		return &tagout.Incident{ID: m.last}
	}
	return deepCopy(m.incidents[id])
}

func (m *memory) commit(i *tagout.Incident, c tagout.Change) {
	if i.State == "" {
		return
	}
	for _, e := range c.Events {
		i.Head = e.Seal(i.ID, i.Head)
		m.events[i.ID] = append(m.events[i.ID], e)
	}
	for _, p := range c.Pages {
		m.pages[p.ID] = p
	}
	m.tell(c.Effects)
	m.evidence = append(m.evidence, c.Evidence...)
	m.versions = append(m.versions, c.Seen...)
	m.incidents[i.ID] = deepCopy(i)
}

// tell has effects carried out, and remembers what people are told.
func (m *memory) tell(effects []tagout.Effect) {
	m.effects = append(m.effects, effects...)
	for _, e := range effects {
		var note tagout.DirectNote
		if e.Kind == tagout.EffectDirect && e.Decode(&note) == nil {
			if m.direct == nil {
				m.direct = map[tagout.UserID][]string{}
			}
			m.direct[note.To] = append(m.direct[note.To], note.Message.String())
		}
		if e.Kind == tagout.EffectPost {
			m.posted = append(m.posted, e)
		}
	}
}

// newestFirst lists the incidents.
func (m *memory) newestFirst() []*tagout.Incident {
	var list []*tagout.Incident
	for id := m.last; id > 0; id-- {
		if i := m.incidents[id]; i != nil {
			list = append(list, i)
		}
	}
	return list
}

// find is the incident that a match means, or 0 for a fresh one.
func (m *memory) find(match tagout.Match) (tagout.IncidentID, error) {
	if match.Incident != 0 {
		if m.incidents[match.Incident] == nil {
			return 0, tagout.Errorf(tagout.NotFound, "There is no %s.", match.Incident)
		}
		return match.Incident, nil
	}
	fits := []func(*tagout.Incident) bool{
		func(i *tagout.Incident) bool { _, ok := i.Hold(match.Hold); return match.Hold != "" && ok },
		func(i *tagout.Incident) bool {
			return match.CorrelationID != "" && !i.State.Ended() && i.CorrelationID == match.CorrelationID
		},
		func(i *tagout.Incident) bool {
			return match.Agent+match.Class != "" && !i.State.Ended() && !i.Drill && i.Scope.Agent == match.Agent && i.Class == match.Class
		},
		func(i *tagout.Incident) bool {
			return match.Overlaps != nil && !i.State.Ended() && !i.Drill && slices.ContainsFunc(i.ActiveHolds(), func(h tagout.Hold) bool {
				return h.Scope.Touches(*match.Overlaps, nil)
			})
		},
	}
	for _, fit := range fits {
		for _, i := range m.newestFirst() {
			if fit(i) {
				return i.ID, nil
			}
		}
	}
	return 0, nil
}

func (m *memory) Prepare([]tagout.Incoming) {}

func (m *memory) Fold(ctx context.Context, in []tagout.Incoming, fn tagout.FoldTransition) ([]tagout.Folded, error) {
	if err := m.enter(ctx, "fold"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	m.folds = append(m.folds, in)
	out := make([]tagout.Folded, len(in))
	for n, alert := range in {
		out[n] = m.fold(alert, fn)
	}
	m.mu.Unlock()
	return out, m.leave("fold")
}

func (m *memory) fold(in tagout.Incoming, fn tagout.FoldTransition) tagout.Folded {
	known := m.seen[in.ID]
	in.WasFiring = known != nil && known.status == tagout.Firing
	if known != nil && known.status == in.Alert.Status && (known.incident != 0 || in.Alert.Status == tagout.Resolved) {
		m.loudest = m.clock.Now()
		return tagout.Folded{Repeat: true}
	}
	if in.Alert.Status == tagout.Resolved && (!in.WasFiring || known.incident == 0) {
		if known != nil {
			known.status = tagout.Resolved
		}
		return tagout.Folded{}
	}
	var id tagout.IncidentID
	if known != nil && known.incident != 0 && !m.incidents[known.incident].State.Ended() {
		id = known.incident
	} else {
		id, _ = m.find(tagout.Match{CorrelationID: in.Alert.CorrelationID, Agent: in.Verdict.Scope.Agent, Class: in.Verdict.Class})
	}
	m.loudest = m.clock.Now()
	if id == 0 && in.Counted {
		m.quiet(in, 0)
		m.seen[in.ID] = &sighting{status: in.Alert.Status, scope: in.Verdict.Scope}
		return tagout.Folded{Silenced: true}
	}
	if id == 0 && !m.reaches(in) {
		m.below = append(m.below, in)
		m.seen[in.ID] = &sighting{status: in.Alert.Status, scope: in.Verdict.Scope}
		return tagout.Folded{}
	}
	work := m.open(id)
	fresh := work.State == ""
	change, err := fn(work, in, m.clock.Now())
	if err != nil {
		return tagout.Folded{Err: err}
	}
	m.commit(work, change)
	if in.Silence != nil && work.Hush != nil {
		m.quiet(in, work.ID)
	}
	m.seen[in.ID] = &sighting{status: in.Alert.Status, incident: work.ID, scope: in.Verdict.Scope}
	m.alerts[work.ID] = append(m.alerts[work.ID], in)
	return tagout.Folded{Incident: deepCopy(work), Fresh: fresh}
}

// reaches counts what is below its threshold, with this one.
func (m *memory) reaches(in tagout.Incoming) bool {
	t := in.Verdict.Threshold
	count := 1
	for _, b := range m.below {
		same := b.Verdict.Scope.Agent == in.Verdict.Scope.Agent && b.Verdict.Class == in.Verdict.Class
		if same && in.At.Sub(b.At) < t.Within {
			count++
		}
	}
	return count >= t.Count
}

func (m *memory) Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	if err := m.enter(ctx, "incident"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.incidents[id] == nil {
		return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
	}
	return deepCopy(m.incidents[id]), nil
}

func (m *memory) Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error) {
	if err := m.enter(ctx, "incidents"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []*tagout.Incident
	for _, i := range m.newestFirst() {
		held := slices.ContainsFunc(i.Holds, func(h tagout.Hold) bool { return h.Scope.Agent == q.Agent })
		switch {
		case q.Agent != "" && i.Scope.Agent != q.Agent && !held:
		case q.Open && i.State.Ended(), q.Resumed && i.State != tagout.StateResumed:
		case q.Channel != "" && i.Room.Channel != q.Channel, q.Before > 0 && i.ID >= q.Before:
		case q.Limit > 0 && len(list) == q.Limit:
		default:
			list = append(list, deepCopy(i))
		}
	}
	return list, nil
}

func (m *memory) Timeline(ctx context.Context, id tagout.IncidentID) ([]tagout.Event, error) {
	if err := m.enter(ctx, "timeline"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events[id]), nil
}

func (m *memory) Alerts(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	if err := m.enter(ctx, "alerts"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Clone(m.alerts[id])
	slices.Reverse(list)
	return list[:min(limit, len(list))], nil
}

func (m *memory) AlertOf(ctx context.Context, id tagout.IncidentID, alert string) (tagout.Incoming, error) {
	list, err := m.Alerts(ctx, id, 10000)
	for _, in := range list {
		if in.ID == alert {
			return in, nil
		}
	}
	return tagout.Incoming{}, cmp.Or(err, error(tagout.Errorf(tagout.NotFound, "none")))
}

func (m *memory) Holds(ctx context.Context) ([]tagout.Hold, error) {
	if err := m.enter(ctx, "holds"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var holds []tagout.Hold
	for _, i := range m.newestFirst() {
		holds = append(holds, i.ActiveHolds()...)
	}
	return holds, nil
}

func (m *memory) QuietOn(ctx context.Context, scope tagout.Scope, since time.Time) (tagout.Quiet, error) {
	if err := m.enter(ctx, "quiet"); err != nil {
		return tagout.Quiet{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var q tagout.Quiet
	for _, s := range m.seen {
		if s.status == tagout.Firing && s.scope.Touches(scope, nil) {
			q.Firing++
		}
	}
	if !m.loudest.Before(since) {
		q.LastAt = m.loudest
	}
	return q, nil
}

func (m *memory) NewAlerts(ctx context.Context, agent string, since time.Time, except tagout.IncidentID) ([]tagout.NewAlert, error) {
	if err := m.enter(ctx, "news"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var news []tagout.NewAlert
	for _, in := range m.below {
		if in.At.After(since) && (agent == "" || in.Verdict.Scope.Agent == agent) {
			news = append(news, tagout.NewAlert{Scope: in.Verdict.Scope})
		}
	}
	for id, events := range m.events {
		for _, e := range events {
			var said struct{ Scope tagout.Scope }
			if id == except || e.Kind != tagout.EventAlert && e.Kind != tagout.EventReport || !e.At.After(since) || json.Unmarshal([]byte(e.Data), &said) != nil {
				continue
			}
			if agent == "" || said.Scope.Agent == agent {
				news = append(news, tagout.NewAlert{Incident: id, Scope: said.Scope})
			}
		}
	}
	return news, nil
}

func (m *memory) Changes(ctx context.Context, agent string, since time.Time) ([]tagout.Deployment, error) {
	if err := m.enter(ctx, "changes"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []tagout.Deployment
	for _, c := range m.changes {
		if (agent == "" || c.Agent == agent) && !c.At.Before(since) {
			list = append(list, c)
		}
	}
	slices.SortStableFunc(list, func(a, b tagout.Deployment) int { return b.At.Compare(a.At) })
	return list, nil
}

func (m *memory) AddDelegation(ctx context.Context, d tagout.Delegation, effects []tagout.Effect) (bool, error) {
	if err := m.enter(ctx, "delegate"); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delegations, m.effects = append(m.delegations, d), append(m.effects, effects...)
	return true, nil
}

func (m *memory) RevokeDelegation(ctx context.Context, id string, by tagout.UserID, at time.Time, effects []tagout.Effect) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delegations = slices.DeleteFunc(m.delegations, func(d tagout.Delegation) bool { return d.ID == id })
	m.effects = append(m.effects, effects...)
	return true, nil
}

func (m *memory) Delegations(ctx context.Context, at time.Time) ([]tagout.Delegation, error) {
	if err := m.enter(ctx, "delegations"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(m.delegations), func(d tagout.Delegation) bool { return !at.Before(d.Until) }), nil
}

func (m *memory) KeepDraft(ctx context.Context, d tagout.FormDraft) error {
	if err := m.enter(ctx, "draft"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drafts == nil {
		m.drafts = map[string]tagout.FormDraft{}
	}
	if key := d.Incident.String() + d.Form + string(d.Person); !d.At.Before(m.drafts[key].At) {
		m.drafts[key] = d
	}
	return nil
}

func (m *memory) Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error) {
	if err := m.enter(ctx, "draft"); err != nil {
		return tagout.FormDraft{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.drafts[id.String()+form+string(person)], nil
}

func (m *memory) Detections(ctx context.Context, agent string, since time.Time) (list []tagout.Detection, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.newestFirst() {
		if i.Scope.Agent != "" && (agent == "" || i.Scope.Agent == agent) && !i.Drill && i.State != tagout.StateCancelled && !i.At(tagout.Detected).Before(since) {
			list = append(list, tagout.Detection{Incident: i.ID, Agent: i.Scope.Agent, Class: i.Class, Private: i.Private, At: i.At(tagout.Detected)})
		}
	}
	return list, nil
}

func (m *memory) Recurrences(ctx context.Context, agent, class string, from, before time.Time) (int, error) {
	if err := m.enter(ctx, "recurrences"); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, i := range m.newestFirst() {
		if at := i.At(tagout.Detected); i.Scope.Agent == agent && i.Class == class && i.State != tagout.StateCancelled && !at.Before(from) && at.Before(before) {
			n++
		}
	}
	return n, nil
}

func (m *memory) VersionHistory(ctx context.Context, agent string) (tagout.VersionHistory, error) {
	if err := m.enter(ctx, "versions"); err != nil {
		return tagout.VersionHistory{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	h := tagout.VersionHistory{Agent: agent}
	for _, v := range m.versions {
		if v.Agent == agent {
			h.Runs = append(h.Runs, tagout.VersionRun{Component: v.Component, Version: v.Version, Began: v.FirstSeen})
		}
	}
	for _, i := range m.newestFirst() {
		if i.Scope.Agent == agent {
			h.Incidents = append(h.Incidents, i.At(tagout.Detected))
		}
	}
	return h, nil
}

func (m *memory) SawVersion(ctx context.Context, agent string, versions map[string]string, at time.Time) error {
	if err := m.enter(ctx, "saw"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for component, version := range versions {
		m.versions = append(m.versions, tagout.Version{Agent: agent, Component: component, Version: version, FirstSeen: at})
	}
	return nil
}

func (m *memory) RecordChange(ctx context.Context, c tagout.Deployment) error {
	m.mu.Lock()
	if !slices.ContainsFunc(m.changes, func(old tagout.Deployment) bool { return old.ID == c.ID }) {
		m.changes = append(m.changes, c)
	}
	m.mu.Unlock()
	return m.SawVersion(ctx, c.Agent, map[string]string{c.Component: c.To}, c.At)
}

func (m *memory) Pins(ctx context.Context) ([]tagout.Pin, error) {
	if err := m.enter(ctx, "pins"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var pins []tagout.Pin
	for _, i := range m.newestFirst() {
		if !i.State.Ended() {
			pins = append(pins, i.Pins...)
		}
	}
	return pins, nil
}

func (m *memory) Pages(ctx context.Context, id tagout.IncidentID) ([]tagout.Page, error) {
	if err := m.enter(ctx, "pages"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []tagout.Page
	for _, p := range m.pages {
		if p.Incident == id {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b tagout.Page) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list, nil
}

func (m *memory) DatabaseID(ctx context.Context) (string, error) {
	return "00000000-0000-4000-8000-00000000d471", m.enter(ctx, "id")
}

func (m *memory) Secret(ctx context.Context, name string) ([]byte, error) {
	return []byte("the shared secret called " + name), m.enter(ctx, "secret")
}

// kinds lists the kinds of an incident's events in order.
func (m *memory) AddOverride(ctx context.Context, o tagout.Override, effects []tagout.Effect) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(ctx, "override"); err != nil {
		return false, err
	}
	if slices.ContainsFunc(m.overrides, func(p tagout.Override) bool { return p.ID == o.ID }) {
		return false, nil
	}
	m.overrides, m.effects = append(m.overrides, o), append(m.effects, effects...)
	return true, nil
}

func (m *memory) CancelOverride(_ context.Context, id string, by tagout.Actor, at time.Time, effects []tagout.Effect) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for n := range m.overrides {
		if o := &m.overrides[n]; o.ID == id {
			if !o.CancelledAt.IsZero() {
				return false, nil
			}
			o.CancelledAt, o.CancelledBy = at, by
			m.effects = append(m.effects, effects...)
			return true, nil
		}
	}
	return false, tagout.Errorf(tagout.NotFound, "There is no such override.")
}

func (m *memory) Overrides(ctx context.Context, at time.Time) ([]tagout.Override, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.enter(ctx, "overrides"); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(m.overrides), func(o tagout.Override) bool {
		return !o.CancelledAt.IsZero() || !o.Until.After(at)
	}), nil
}

func (m *memory) kinds(id tagout.IncidentID) []tagout.EventKind {
	m.mu.Lock()
	defer m.mu.Unlock()
	var kinds []tagout.EventKind
	for _, e := range m.events[id] {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// posts lists what is still to be said in an incident's channel.
func (m *memory) posts(id tagout.IncidentID) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var said []string
	for _, e := range m.posted {
		var note tagout.PostNote
		if e.Incident == id && e.Decode(&note) == nil {
			said = append(said, note.Message.String())
		}
	}
	return said
}

// Figures are those that the test has laid down.
func (m *memory) Figures(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error) {
	if err := m.enter(ctx, "figures"); err != nil {
		return tagout.Figures{}, err
	}
	if err := q.Check(); err != nil || m.figures == nil {
		return tagout.Figures{Query: q}, err
	}
	return m.figures(q), nil
}

// Measured lists nothing.
func (m *memory) Measured(context.Context, tagout.FiguresQuery) ([]tagout.MeasuredIncident, error) {
	return nil, nil
}
