package api

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"tagout"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// fakeDesk answers with what a test put in, and keeps what it was given.
type fakeDesk struct {
	refused  []string
	figured  tagout.FiguresQuery
	figures  tagout.Figures
	measured []tagout.MeasuredIncident

	instances  []tagout.Instance
	mu         sync.Mutex
	accepted   []tagout.Alert
	acks       []string
	queries    []tagout.ActionQuery
	tickets    []string                                      // that moved
	accept     func([]tagout.Alert) ([]tagout.Folded, error) // nil: INC-7 takes everything
	incidents  map[tagout.IncidentID]*tagout.Incident
	events     []tagout.Event
	query      tagout.IncidentQuery
	holds      []tagout.Hold
	asked      tagout.Attributes
	duties     []tagout.Duty
	err        error // of every reading method
	policy     *tagout.Policy
	versions   map[string]map[string]string
	ranAt      time.Time
	changes    []tagout.Deployment
	known      tagout.AgentVersions
	frozen     []*tagout.Incident
	released   tagout.ReleaseQuery
	drills     []tagout.Drill
	drillQuery tagout.DrillQuery
	release    tagout.ReleaseReport
}

func (d *fakeDesk) Actions(_ context.Context, q tagout.ActionQuery, v tagout.Viewer) ([]tagout.ActionOf, error) {
	d.queries = append(d.queries, q)
	var found []tagout.ActionOf
	for _, i := range d.incidents {
		for _, a := range i.Actions {
			if i.VisibleTo(v, nil) {
				found = append(found, tagout.ActionOf{Incident: i, CorrectiveAction: a})
			}
		}
	}
	return found, d.err
}

func (d *fakeDesk) CheckRelease(_ context.Context, q tagout.ReleaseQuery) (tagout.ReleaseReport, error) {
	d.released = q
	return d.release, d.err
}

func (d *fakeDesk) TicketMoved(_ context.Context, tracker, key string) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	d.tickets = append(d.tickets, tracker+" "+key)
	return 1, nil
}

func (d *fakeDesk) Duties(context.Context) ([]tagout.Duty, error) { return d.duties, d.err }

func (d *fakeDesk) Refused(_ context.Context, source string, why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused = append(d.refused, source+": "+string(tagout.CodeOf(why)))
}

func (d *fakeDesk) Accept(_ context.Context, alerts []tagout.Alert) ([]tagout.Folded, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.accepted = append(d.accepted, alerts...)
	if d.accept != nil {
		return d.accept(alerts)
	}
	folded := make([]tagout.Folded, len(alerts))
	for n := range folded {
		folded[n].Incident = &tagout.Incident{ID: 7, Class: "integration_failure"}
	}
	return folded, nil
}

func (d *fakeDesk) AcknowledgeBy(_ context.Context, ack tagout.Acknowledgement, pager string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil {
		d.acks = append(d.acks, pager+": "+ack.By+" "+ack.Dedup)
	}
	return d.err
}

func (d *fakeDesk) Incident(_ context.Context, id tagout.IncidentID) (*tagout.Incident, error) {
	if d.err != nil {
		return nil, d.err
	}
	if i := d.incidents[id]; i != nil {
		return i, nil
	}
	return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
}

func (d *fakeDesk) Incidents(_ context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error) {
	d.query = q
	var list []*tagout.Incident
	for id := tagout.IncidentID(100); id > 0; id-- {
		if i := d.incidents[id]; i != nil {
			list = append(list, i)
		}
	}
	return list, d.err
}

func (d *fakeDesk) Timeline(context.Context, tagout.IncidentID) ([]tagout.Event, error) {
	return d.events, d.err
}

func (d *fakeDesk) ReviewMarkdown(_ context.Context, id tagout.IncidentID) (string, error) {
	return d.incidents[id].ReviewMarkdown(d.events, &tagout.Policy{}, tagout.ReviewAround{}), d.err
}

func (d *fakeDesk) Fleet(context.Context, string) tagout.Fleet {
	return tagout.Fleet{Instances: d.instances}
}

func (d *fakeDesk) AgentVersions(_ context.Context, agent string) (tagout.AgentVersions, error) {
	return d.known, d.err
}

func (d *fakeDesk) SawVersions(_ context.Context, agent string, versions map[string]string, at time.Time, _ tagout.Actor) error {
	if d.versions == nil {
		d.versions = map[string]map[string]string{}
	}
	d.versions[agent], d.ranAt = versions, at
	return d.err
}

func (d *fakeDesk) ChangeMade(ctx context.Context, change tagout.Deployment, by tagout.Actor) error {
	return d.RecordChange(ctx, change, by)
}

func (d *fakeDesk) RecordChange(_ context.Context, change tagout.Deployment, _ tagout.Actor) error {
	d.changes = append(d.changes, change)
	return d.err
}

func (d *fakeDesk) FrozenBy(context.Context, string) ([]*tagout.Incident, error) {
	return d.frozen, d.err
}

func (d *fakeDesk) Decide(agent string, asked tagout.Attributes) tagout.Decision {
	d.asked = asked
	return tagout.Evaluate(agent, d.policy.Agents[agent], d.holds, asked)
}

type fakeStore struct {
	alerts []tagout.Incoming
	limit  int
	kept   []tagout.Evidence
	err    error
}

func (s *fakeStore) Alerts(_ context.Context, _ tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	s.limit = limit
	return s.alerts, s.err
}

func (s *fakeStore) EvidenceOf(context.Context, tagout.IncidentID) ([]tagout.Evidence, error) {
	return s.kept, s.err
}

func (s *fakeStore) EvidenceContent(_ context.Context, id tagout.IncidentID, sha256 string) (tagout.Evidence, error) {
	for _, e := range s.kept {
		if e.SHA256 == sha256 {
			return e, s.err
		}
	}
	return tagout.Evidence{}, tagout.Errorf(tagout.NotFound, "%s has no evidence of this hash.", id)
}

// fakeSource takes one object or an array of objects with a name.
type fakeSource struct{ saw tagout.Delivery }

func (s *fakeSource) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	s.saw = in
	var many []json.RawMessage
	if json.Unmarshal(in.Body, &many) != nil {
		many = []json.RawMessage{in.Body}
	}
	alerts := make([]tagout.Alert, len(many))
	for n, raw := range many {
		if err := json.Unmarshal(raw, &alerts[n]); err != nil || alerts[n].Name == "" {
			return nil, tagout.Errorf(tagout.Invalid, "alert %d: name is missing.", n+1)
		}
		if len(many) > 1 {
			alerts[n].Raw = raw
		}
	}
	return alerts, nil
}

func decodeFailure(body []byte, at time.Time) (tagout.Alert, error) {
	var report tagout.FailureReport
	if err := json.Unmarshal(body, &report); err != nil || report.Agent == "" || report.Summary == "" {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "A failure report needs agent and summary.")
	}
	return tagout.Alert{Source: "failures", Name: "failure", StartsAt: at, Report: &report}, nil
}

// Kind is a suggestion.
func (d *fakeDesk) Kind(context.Context, *tagout.Incident) (tagout.KindView, error) {
	return tagout.KindView{Kind: tagout.KindLocal, Why: "first judgment_error of mailer in 90 days"}, nil
}

// FiguresOf are those that the test has laid down.
func (d *fakeDesk) FiguresOf(_ context.Context, q tagout.FiguresQuery) (tagout.Figures, error) {
	d.figured = q
	f := d.figures
	f.Query = q
	return f, q.Check()
}

// Measured lists those that the test has laid down.
func (d *fakeDesk) Measured(_ context.Context, q tagout.FiguresQuery) ([]tagout.MeasuredIncident, error) {
	d.figured = q
	return d.measured, q.Check()
}
