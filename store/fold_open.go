package store

import (
	"slices"
	"time"

	"tagout"
)

// reaches reports whether an alert that belongs to no open incident opens one: whether, with
// this one, there were enough of its agent and class within the threshold's window.
func (f *folding) reaches(in tagout.Incoming) (bool, error) {
	limit := in.Verdict.Threshold
	if limit.Count <= 1 {
		return true, nil
	}
	where := window{clean(in.Verdict.Scope.Agent), clean(in.Verdict.Class), limit.Within}
	seen, ok := f.counts[where]
	if !ok {
		var n int64
		err := f.Raw("SELECT count(*) FROM alert_sightings WHERE agent = ? AND class = ? AND at > ?", where.agent, where.class, f.since(limit.Within)).Scan(&n).Error
		if err != nil {
			return false, err
		}
		seen = int(n)
		for _, s := range f.written.sightings {
			if s.Agent == where.agent && s.Class == where.class {
				seen++
			}
		}
	}
	seen++
	f.counts[where] = seen
	for other, n := range f.counts { // the same alerts in windows of another length
		if other != where && other.agent == where.agent && other.class == where.class {
			f.counts[other] = n + 1
		}
	}
	return seen >= limit.Count, nil
}

// since is the beginning of a window that ends now; no window means always.
func (f *folding) since(within time.Duration) time.Time {
	if within <= 0 {
		return time.Time{}
	}
	return utc(f.now.Add(-within))
}

// open makes a fresh incident for an alert, with what was kept below the threshold.
func (f *folding) open(n int) error {
	in := f.in[n]
	number, err := f.sql.number(f.opened)
	if err != nil {
		return err
	}
	w := fresh(number)
	kept, err := f.kept(in)
	if err != nil {
		return err
	}
	for _, earlier := range kept {
		earlier.Silence = in.Silence // what opens the incident decides whether it is quiet
		if err := f.foldKept(earlier, w); err != nil {
			return err
		}
	}
	if taken, err := f.fold(n, w); !taken {
		return err // nothing was opened, and what was kept stays kept
	}
	f.remember(w)
	f.opened++
	f.out[n].Fresh = true
	for _, k := range kept {
		f.written.adopt(f, k, number)
		if in.Silence != nil {
			f.written.keptQuiet(tagout.Incoming{ID: k.ID, Silence: in.Silence}, number)
		}
	}
	if limit := in.Verdict.Threshold; limit.Count > 1 || limit.Within > 0 {
		f.forgetSightings(in)
	}
	return f.written.record(f, n, &number)
}

// kept is what came before the threshold was reached: recorded alerts of the same agent and
// class that have no incident, oldest first.
func (f *folding) kept(in tagout.Incoming) ([]tagout.Incoming, error) {
	limit := in.Verdict.Threshold
	if limit.Count <= 1 && limit.Within <= 0 {
		return nil, nil
	}
	var bodies []bodyRow
	err := f.Raw(`SELECT * FROM alert_bodies WHERE incident = 0 AND status <> 'resolved' AND alert <> ? AND alert IN
		(SELECT alert FROM alert_sightings WHERE agent = ? AND class = ? AND at > ?) ORDER BY at, alert LIMIT ?`,
		key(in.ID), clean(in.Verdict.Scope.Agent), clean(in.Verdict.Class), f.since(limit.Within), maxKept).Scan(&bodies).Error
	if err != nil {
		return nil, err
	}
	var list []tagout.Incoming
	for _, b := range append(bodies, f.written.pendingKept(in)...) {
		earlier, err := b.incoming()
		if err != nil {
			return nil, err
		}
		row := f.known[b.Alert]
		if row == nil {
			if err := f.learn(b.Alert); err != nil {
				return nil, err
			}
			row = f.known[b.Alert]
		}
		known := slices.ContainsFunc(list, func(k tagout.Incoming) bool { return k.ID == earlier.ID })
		if row != nil && row.Incident == nil && row.Status == b.Status && !known {
			list = append(list, earlier)
		}
	}
	return list, nil
}

// maxKept bounds what one opening folds of what was kept.
const maxKept = 100

// learn reads one recorded alert.
func (f *folding) learn(id string) error {
	var rows []*alertRow
	if err := f.DB.Where("id = ?", id).Find(&rows).Error; err != nil {
		return err
	}
	for _, r := range rows {
		f.known[r.ID] = r
	}
	return nil
}

// foldKept folds an alert that was kept. It is on record anyway, so a failure is only
// logged.
func (f *folding) foldKept(in tagout.Incoming, w *work) error {
	failure, err := f.transit(w, in)
	if failure != nil {
		f.store.log.Error("an alert that was kept below its threshold could not be folded", "alert", in.ID, "error", failure)
	}
	return err
}

// forgetSightings begins the count anew: what was seen has its incident now.
func (f *folding) forgetSightings(in tagout.Incoming) {
	agent, class := clean(in.Verdict.Scope.Agent), clean(in.Verdict.Class)
	for where := range f.counts {
		if where.agent == agent && where.class == class {
			f.counts[where] = 0
		}
	}
	f.written.sightings = slices.DeleteFunc(f.written.sightings, func(s sightingRow) bool { return s.Agent == agent && s.Class == class })
	f.written.forget = append(f.written.forget, window{agent: agent, class: class})
}
