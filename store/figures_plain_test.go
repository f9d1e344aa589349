package store_test

import (
	"cmp"
	"slices"
	"time"

	"tagout"
)

// plain computes figures from what is known of each incident and decision.
type plain struct {
	query     tagout.FiguresQuery
	measures  []tagout.Measures
	decisions []tagout.Ruling
}

func (p plain) figures() tagout.Figures {
	q := p.query
	slices.SortFunc(p.measures, func(a, b tagout.Measures) int {
		return cmp.Or(a.At(tagout.Detected).Compare(b.At(tagout.Detected)), cmp.Compare(a.Incident, b.Incident))
	})
	f := tagout.Figures{Query: q}
	from, to := q.Before()
	f.Before, _ = p.tally(from, to)
	var now []tagout.Measures
	f.Now, now = p.tally(q.From, q.To)
	f.Groups = groups(now, q.Location)
	f.Recurring = p.pairs(now)
	return f
}

// tally is of one window, with the incidents that count in it.
func (p plain) tally(from, to time.Time) (tagout.Tally, []tagout.Measures) {
	t := tagout.Tally{BySeverity: map[tagout.Severity]int{}, MissedDeadlines: map[tagout.DeadlineKind]int{}}
	var counted []tagout.Measures
	for _, m := range p.measures {
		if !p.within(m, from, to) {
			continue
		}
		switch m.Counting {
		case tagout.CountsAsDrill:
			t.Drills++
		case tagout.CountsAsFalse:
			t.Cancelled++
		default:
			counted = append(counted, m)
			p.count(&t, m)
		}
	}
	for spread, of := range map[*tagout.Spread]func(tagout.Measures) (time.Duration, bool){
		&t.TimeToDetect: tagout.Measures.ToDetect, &t.TimeToAcknowledge: tagout.Measures.ToAcknowledge, &t.TimeToContain: tagout.Measures.ToContain,
		&t.TimeToRestore: tagout.Measures.ToRestore, &t.TimeToKill: tagout.Measures.ToKill,
	} {
		var all []time.Duration
		for _, m := range counted {
			if took, known := of(m); known {
				all = append(all, took)
			}
		}
		*spread = spreadOf(all)
	}
	t.TimeToSignOff, t.NoGo = p.signing(counted)
	return t, counted
}

// count adds one incident.
func (p plain) count(t *tagout.Tally, m tagout.Measures) {
	t.Incidents++
	t.BySeverity[m.Severity]++
	if _, known := m.ToContain(); known && m.ByLease {
		t.ByLease++
	}
	if m.Paged {
		t.PageReach.All++
		if m.InTime() {
			t.PageReach.Of++
		}
	}
	if m.Agent != "" {
		t.Recurring.All++
		if p.recurs(m, false) {
			t.Recurring.Of++
		}
	}
	t.RollbackSuccess.All += m.Ordered
	t.RollbackSuccess.Of += m.Back
	for kind, n := range m.Missed {
		t.MissedDeadlines[kind] += n
	}
}

func (p plain) signing(counted []tagout.Measures) (tagout.Spread, tagout.Share) {
	var took []time.Duration
	var share tagout.Share
	for _, d := range p.decisions {
		if !slices.ContainsFunc(counted, func(m tagout.Measures) bool { return m.Incident == d.Incident }) {
			continue
		}
		share.All++
		if d.NoGo {
			share.Of++
		} else {
			took = append(took, d.Took)
		}
	}
	return spreadOf(took), share
}

func (p plain) within(m tagout.Measures, from, to time.Time) bool {
	at := m.At(tagout.Detected)
	q := p.query
	return !at.Before(from) && at.Before(to) && (q.Agent == "" || q.Agent == m.Agent) && (q.Class == "" || q.Class == m.Class) &&
		(q.Severity == "" || q.Severity == m.Severity) && !(q.Public && m.Private)
}

// recurs reports whether another incident of its agent and class came shortly before it; open
// leaves private ones out.
func (p plain) recurs(m tagout.Measures, open bool) bool {
	at := m.At(tagout.Detected)
	for _, o := range p.measures {
		before := o.At(tagout.Detected)
		earlier := before.Before(at) || before.Equal(at) && o.Incident < m.Incident
		if o.Counting == tagout.Counts && o.Agent == m.Agent && o.Class == m.Class && earlier && at.Sub(before) <= p.query.Within() && !((open || p.query.Public) && o.Private) {
			return true
		}
	}
	return false
}

func (p plain) pairs(now []tagout.Measures) []tagout.RecurringPair {
	var list []tagout.RecurringPair
	for _, m := range slices.Backward(now) {
		if m.Agent == "" || m.Private {
			continue
		}
		n := slices.IndexFunc(list, func(r tagout.RecurringPair) bool { return r.Agent == m.Agent && r.Class == m.Class })
		if n < 0 {
			n, list = len(list), append(list, tagout.RecurringPair{Agent: m.Agent, Class: m.Class})
		}
		list[n].Incidents++
		if p.recurs(m, true) {
			list[n].Recurring++
		}
		if len(list[n].Last) < 5 {
			list[n].Last = append(list[n].Last, m.Incident)
		}
	}
	list = slices.DeleteFunc(list, func(r tagout.RecurringPair) bool { return r.Recurring == 0 })
	slices.SortFunc(list, func(a, b tagout.RecurringPair) int {
		return cmp.Or(-cmp.Compare(a.Recurring, b.Recurring), -cmp.Compare(a.Incidents, b.Incidents), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Class, b.Class))
	})
	return list[:min(len(list), 20)]
}

func groups(now []tagout.Measures, in *time.Location) []tagout.FigureGroup {
	var list []tagout.FigureGroup
	for _, m := range now {
		g := tagout.FigureGroup{Quarter: tagout.QuarterOf(m.At(tagout.Detected), in), Class: m.Class, Agent: m.Agent, Severity: m.Severity}
		if m.Private {
			g.Class, g.Agent = "", ""
		}
		n := slices.IndexFunc(list, func(o tagout.FigureGroup) bool { o.Count = 0; return o == g })
		if n < 0 {
			n, list = len(list), append(list, g)
		}
		list[n].Count++
	}
	slices.SortFunc(list, func(a, b tagout.FigureGroup) int {
		return cmp.Or(a.Quarter.Compare(b.Quarter), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Severity, b.Severity))
	})
	return list
}

func spreadOf(all []time.Duration) tagout.Spread {
	n := len(all)
	if n == 0 {
		return tagout.Spread{}
	}
	slices.Sort(all)
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return tagout.Spread{
		N: n, Median: ((all[(n-1)/2] + all[n/2]) / 2).Truncate(time.Microsecond), P90: all[(9*n+9)/10-1], Mean: (sum / time.Duration(n)).Truncate(time.Microsecond),
	}
}
