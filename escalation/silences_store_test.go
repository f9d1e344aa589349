package escalation_test

import (
	"context"
	"encoding/json"
	"slices"

	"tagout"
)

// silencesOf keeps the silences of a memory, and what they keep quiet.
type silencesOf struct {
	keys  map[string]tagout.SilenceID
	all   []tagout.Silence
	kept  map[tagout.SilenceID][]tagout.Incoming // only counted
	let   map[string]bool
	tally map[tagout.SilenceID]tagout.SilenceTally
}

func (m *memory) SetSilence(ctx context.Context, key string, fn tagout.SilenceTransition) (*tagout.Silence, error) {
	m.mu.Lock()
	q := &m.silences
	if q.keys == nil {
		q.keys, q.kept, q.let, q.tally = map[string]tagout.SilenceID{}, map[tagout.SilenceID][]tagout.Incoming{}, map[string]bool{}, map[tagout.SilenceID]tagout.SilenceTally{}
	}
	id, known := q.keys[key]
	if !known {
		id = tagout.SilenceID(len(q.all) + 1)
		q.all = append(q.all, tagout.Silence{ID: id})
	}
	m.mu.Unlock()
	s, err := m.ChangeSilence(ctx, id, fn)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil && !known {
		q.all = q.all[:id-1]
	} else {
		q.keys[key] = id
	}
	return s, err
}

func (m *memory) ChangeSilence(ctx context.Context, id tagout.SilenceID, fn tagout.SilenceTransition) (*tagout.Silence, error) {
	if err := m.enter(ctx, "silence"); err != nil {
		return nil, err
	}
	s, err := m.Silence(ctx, id)
	if err != nil {
		return nil, err
	}
	effects, err := fn(s, m.clock.Now())
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silences.all[id-1] = *s
	m.tell(effects)
	return s, m.leave("silence")
}

func (m *memory) Silence(_ context.Context, id tagout.SilenceID) (*tagout.Silence, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id < 1 || int(id) > len(m.silences.all) {
		return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
	}
	doc, _ := json.Marshal(m.silences.all[id-1])
	s := &tagout.Silence{}
	return s, json.Unmarshal(doc, s)
}

func (m *memory) Silences(ctx context.Context) (list []*tagout.Silence, err error) {
	m.mu.Lock()
	n := len(m.silences.all)
	m.mu.Unlock()
	for id := range n {
		if s, err := m.Silence(ctx, tagout.SilenceID(id+1)); err == nil && s.EndedAt.IsZero() {
			list = append(list, s)
		}
	}
	return list, nil
}

func (m *memory) Silenced(_ context.Context, id tagout.SilenceID) (tagout.SilenceTally, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.silences.tally[id], nil
}

func (m *memory) StillFiring(_ context.Context, id tagout.SilenceID, limit int) (list []tagout.Incoming, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, in := range m.silences.kept[id] {
		if known := m.seen[in.ID]; !m.silences.let[in.ID] && known.status == tagout.Firing && known.incident == 0 && len(list) < limit {
			list = append(list, in)
		}
	}
	return list, nil
}

func (m *memory) LetGo(ctx context.Context, _ tagout.SilenceID, alerts []string) error {
	if err := m.enter(ctx, "let go"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range alerts {
		m.silences.let[id] = true
	}
	return nil
}

// quiet counts an alert that a silence keeps quiet, with the incident that it is of.
func (m *memory) quiet(in tagout.Incoming, id tagout.IncidentID) {
	t := m.silences.tally[in.Silence.ID]
	t.Alerts++
	if id == 0 {
		m.silences.kept[in.Silence.ID] = append(m.silences.kept[in.Silence.ID], in)
	} else if !slices.Contains(t.Incidents, id) {
		t.Incidents = append(t.Incidents, id)
	}
	m.silences.tally[in.Silence.ID] = t
}
