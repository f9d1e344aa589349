package escalation_test

import (
	"context"

	"tagout"
)

// Checkpoint names the number of events, so that a test sees whether it was sealed.
func (m *memory) Checkpoint(context.Context) (tagout.Checkpoint, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := int64(0)
	for _, events := range m.events {
		n += int64(len(events))
	}
	return tagout.Checkpoint{N: n, Hash: "c0ffee"}, nil
}

// Queue keeps effects that belong to no incident.
func (m *memory) Queue(_ context.Context, effects []tagout.Effect) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.effects = append(m.effects, effects...)
	return nil
}
