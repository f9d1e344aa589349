package escalation_test

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"tagout"
)

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

func (m *memory) AlertsBrief(ctx context.Context, id tagout.IncidentID, limit int) ([]tagout.Incoming, error) {
	list, err := m.Alerts(ctx, id, limit)
	for n := range list {
		list[n].Alert.Raw = nil
	}
	return list, err
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
