package escalation_test

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tagout"
)

func (m *memory) Drills(ctx context.Context, q tagout.DrillQuery) (list []tagout.Drill, err error) {
	if err := m.enter(ctx, "drills"); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, i := range m.incidents {
		if d := i.Exercise; d != nil && (q.Agent == "" || d.Agent == q.Agent) && (q.Action == "" || d.Action == q.Action) {
			list = append(list, *d)
		}
	}
	slices.SortFunc(list, func(a, b tagout.Drill) int { return cmp.Compare(b.Incident, a.Incident) })
	return list, nil
}

func (m *memory) Practise(ctx context.Context, d tagout.Drill, fn tagout.DrillTransition) (*tagout.Incident, bool, error) {
	if err := m.enter(ctx, "practise"); err != nil {
		return nil, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var id tagout.IncidentID
	var others []*tagout.Incident
	for _, i := range m.newestFirst() {
		if i.Exercise != nil && i.Exercise.ID == d.ID {
			id = i.ID
		}
		if !i.State.Ended() {
			others = append(others, deepCopy(i))
		}
	}
	work := m.open(id)
	fresh := work.State == ""
	m.mu.Unlock() // it may read
	change, err := fn(work, others, m.clock.Now())
	m.mu.Lock()
	if err != nil {
		return nil, false, err
	}
	m.commit(work, change)
	return deepCopy(work), fresh, m.leave("practise")
}

func (m *memory) Routines(context.Context) ([]tagout.RoutineState, error) {
	return []tagout.RoutineState{{Name: "drill monthly", Next: noon.Add(24 * time.Hour)}}, nil
}
