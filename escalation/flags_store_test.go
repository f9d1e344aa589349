package escalation_test

import (
	"context"
	"encoding/json"

	"tagout"
)

// flagsOf keeps the flags of a memory, by key and number.
type flagsOf struct {
	keys map[string]tagout.FlagID
	all  []tagout.Flag
}

func (m *memory) RaiseFlag(ctx context.Context, key string, fn tagout.FlagTransition) (*tagout.Flag, error) {
	m.mu.Lock()
	id := m.flags.keys[key]
	if id == 0 {
		if m.flags.keys == nil {
			m.flags.keys = map[string]tagout.FlagID{}
		}
		id = tagout.FlagID(len(m.flags.all) + 1)
		m.flags.keys[key], m.flags.all = id, append(m.flags.all, tagout.Flag{ID: id})
	}
	m.mu.Unlock()
	return m.ChangeFlag(ctx, id, fn)
}

func (m *memory) ChangeFlag(ctx context.Context, id tagout.FlagID, fn tagout.FlagTransition) (*tagout.Flag, error) {
	if err := m.enter(ctx, "flag"); err != nil {
		return nil, err
	}
	f, err := m.Flag(ctx, id)
	if err != nil {
		return nil, err
	}
	effects, err := fn(f, m.clock.Now())
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.flags.all[id-1] = *f
	m.tell(effects)
	return f, nil
}

func (m *memory) Flag(_ context.Context, id tagout.FlagID) (*tagout.Flag, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id < 1 || int(id) > len(m.flags.all) {
		return nil, tagout.Errorf(tagout.NotFound, "There is no %s.", id)
	}
	doc, _ := json.Marshal(m.flags.all[id-1])
	f := &tagout.Flag{}
	return f, json.Unmarshal(doc, f)
}

func (m *memory) OpenFlags(context.Context, int) ([]*tagout.Flag, error) { return nil, nil }
