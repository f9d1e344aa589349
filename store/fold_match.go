package store

import (
	"maps"
	"slices"

	"tagout"
)

// candidates lists the incidents that the alerts may belong to.
func (f *folding) candidates() ([]int64, error) {
	ids := map[int64]bool{}
	same, correlated := map[[2]string]bool{}, map[[2]string]bool{}
	for _, in := range f.in {
		row := f.known[key(in.ID)]
		if f.onlyCounts(row, in) {
			continue
		}
		if row != nil && row.Incident != nil {
			ids[*row.Incident] = true
		}
		m := matchOf(in)
		same[[2]string{clean(m.Agent), clean(m.Class)}] = true
		if m.CorrelationID != "" {
			correlated[[2]string{correlation(m.CorrelationID), ""}] = true
		}
	}
	for condition, set := range map[string]map[[2]string]bool{"agent = q.a AND class = q.b": same, "correlation = q.a": correlated} {
		if len(set) == 0 {
			continue
		}
		var found []int64
		newest := "coalesce((SELECT id FROM incidents WHERE " + condition + " AND " + notEnded + " ORDER BY id DESC LIMIT 1), 0)"
		if err := f.Raw("SELECT "+newest+" FROM "+f.sql.pairs(), pairsOf(set)).Scan(&found).Error; err != nil {
			return nil, err
		}
		for _, id := range found {
			if id != 0 {
				ids[id] = true
			}
		}
	}
	return slices.Collect(maps.Keys(ids)), nil
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
		if i.State == "" || i.State.Ended() {
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
