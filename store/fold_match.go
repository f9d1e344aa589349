package store

import (
	"maps"
	"slices"

	"tagout"
)

// candidates lists the incidents that the alerts may belong to.
func (f *folding) candidates() []int64 {
	ids := map[int64]bool{}
	for _, in := range f.in {
		row := f.known[key(in.ID)]
		if f.onlyCounts(row, in) {
			continue
		}
		if row != nil && row.Incident != nil {
			ids[*row.Incident] = true
		}
		ids[f.found.open[kindOfAlert(in)]] = true
		if c := in.Alert.CorrelationID; c != "" {
			ids[f.found.correlated[correlation(c)]] = true
		}
	}
	delete(ids, 0) // there is none
	maps.DeleteFunc(ids, func(id int64, _ bool) bool { return f.works[id] != nil })
	return slices.Collect(maps.Keys(ids))
}

func matchOf(in tagout.Incoming) tagout.Match {
	return tagout.Match{CorrelationID: in.Alert.CorrelationID, Agent: in.Verdict.Scope.Agent, Class: in.Verdict.Class}
}

// match finds the incident that an alert belongs to, or nil.
func (f *folding) match(in tagout.Incoming, row *alertRow) (*work, error) {
	if row != nil && row.Incident != nil {
		if w, err := f.workOn(*row.Incident); err != nil || !w.incident.State.Ended() {
			return w, err
		}
	}
	m := matchOf(in)
	var best *work
	byCorrelation := false
	for _, id := range f.order {
		i := f.works[id].incident
		if i.State == "" || i.State.Ended() || i.Drill {
			continue
		}
		correlates := m.CorrelationID != "" && correlation(i.CorrelationID) == correlation(m.CorrelationID)
		same := clean(i.Scope.Agent) == clean(m.Agent) && clean(i.Class) == clean(m.Class)
		if !correlates && (!same || byCorrelation) {
			continue
		}
		if best == nil || correlates && !byCorrelation || id > int64(best.incident.ID) {
			best, byCorrelation = f.works[id], correlates
		}
	}
	return best, nil
}
