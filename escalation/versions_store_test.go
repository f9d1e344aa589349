package escalation_test

import (
	"context"
	"slices"
	"time"

	"tagout"
)

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

func (m *memory) RecordChange(ctx context.Context, c tagout.Deployment) error {
	m.mu.Lock()
	if !slices.ContainsFunc(m.changes, func(old tagout.Deployment) bool { return old.ID == c.ID }) {
		m.changes = append(m.changes, c)
	}
	m.mu.Unlock()
	return m.SawVersion(ctx, c.Agent, map[string]string{c.Component: c.To}, c.At)
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
