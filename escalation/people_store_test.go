package escalation_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

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
