package escalation_test

import (
	"context"
	"slices"
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

// Decide is Update by another name: whoever tests what comes meanwhile has the real one.
func (m *memory) Decide(ctx context.Context, id tagout.IncidentID, fn tagout.Transition) (*tagout.Incident, error) {
	i, _, err := m.change(ctx, "decide", tagout.Match{Incident: id}, fn)
	return i, err
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

func (m *memory) DatabaseID(ctx context.Context) (string, error) {
	return "00000000-0000-4000-8000-00000000d471", m.enter(ctx, "id")
}

func (m *memory) Secret(ctx context.Context, name string) ([]byte, error) {
	return []byte("the shared secret called " + name), m.enter(ctx, "secret")
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
