package store

import (
	"cmp"
	"slices"
	"time"

	"tagout"
)

const mostPairs = 20 // recurring ones that are told

// figureRow is one line of the answer: the part that it belongs to says what it means.
type figureRow struct {
	Part    string
	Now     int
	A, B, C string
	N       int
	V1, V2, V3, V4, V5, V6, V7,
	V8, V9, V10, V11, V12, V13 int64
}

// add puts a line where it belongs.
func (r figureRow) add(f *tagout.Figures, quarters []time.Time) {
	t := &f.Before
	if r.Now == 1 {
		t = &f.Now
	}
	switch r.Part {
	case "tally":
		r.count(t)
	case "spread":
		*spreadNamed(t, r.A) = r.spread()
	case "asked":
		t.NoGo.All += r.N
		if r.A == tagout.NoGo {
			t.NoGo.Of += r.N
		}
	case "group":
		f.Groups = append(f.Groups, tagout.FigureGroup{Quarter: quarters[r.V1], Class: r.A, Agent: r.B, Severity: tagout.Severity(r.C), Count: r.N})
	case "pair":
		r.pair(f)
	}
}

// count adds the incidents of one severity that count alike.
func (r figureRow) count(t *tagout.Tally) {
	switch tagout.Counting(r.A) {
	case tagout.CountsAsFalse:
		t.Cancelled += r.N
		return
	case tagout.CountsAsDrill:
		t.Drills += r.N
		return
	}
	t.Incidents += r.N
	t.BySeverity[tagout.Severity(r.B)] += r.N
	share := func(s *tagout.Share, of, all int64) { s.Of, s.All = s.Of+int(of), s.All+int(all) }
	share(&t.Recurring, r.V2, r.V1)
	share(&t.PageReach, r.V4, r.V3)
	share(&t.RollbackSuccess, r.V7, r.V6)
	t.ByLease += int(r.V5)
	for kind, n := range map[tagout.DeadlineKind]int64{
		tagout.DueContain: r.V8, tagout.DueAcknowledge: r.V9, tagout.DueInform: r.V10, tagout.DueUpdate: r.V11, tagout.DueReview: r.V12, tagout.DueClock: r.V13,
	} {
		if n > 0 {
			t.MissedDeadlines[kind] += int(n)
		}
	}
}

func spreadNamed(t *tagout.Tally, what string) *tagout.Spread {
	return map[string]*tagout.Spread{
		"detect": &t.TimeToDetect, "acknowledge": &t.TimeToAcknowledge, "contain": &t.TimeToContain,
		"restore": &t.TimeToRestore, "kill": &t.TimeToKill, "sign": &t.TimeToSignOff,
	}[what]
}

// spread reads the two in the middle, the ninth tenth, and the sum in seconds and microseconds.
func (r figureRow) spread() tagout.Spread {
	n := int64(r.N)
	mean := r.V4/n*1e6 + (r.V4%n*1e6+r.V5)/n
	return tagout.Spread{N: r.N, Median: us((r.V1 + r.V2) / 2), P90: us(r.V3), Mean: us(mean)}
}

func us(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// pair adds one of the last incidents of a pair.
func (r figureRow) pair(f *tagout.Figures) {
	n := slices.IndexFunc(f.Recurring, func(p tagout.RecurringPair) bool { return p.Agent == r.A && p.Class == r.B })
	if n < 0 {
		n = len(f.Recurring)
		f.Recurring = append(f.Recurring, tagout.RecurringPair{Agent: r.A, Class: r.B, Incidents: r.N, Recurring: int(r.V1), Last: make([]tagout.IncidentID, 0, 5)})
	}
	last := f.Recurring[n].Last
	for int64(len(last)) < r.V3 {
		last = append(last, 0)
	}
	last[r.V3-1] = tagout.IncidentID(r.V2)
	f.Recurring[n].Last = last
}

// finish puts everything in order.
func finish(f *tagout.Figures) {
	slices.SortFunc(f.Groups, func(a, b tagout.FigureGroup) int {
		return cmp.Or(a.Quarter.Compare(b.Quarter), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Severity, b.Severity))
	})
	slices.SortFunc(f.Recurring, func(a, b tagout.RecurringPair) int {
		return cmp.Or(-cmp.Compare(a.Recurring, b.Recurring), -cmp.Compare(a.Incidents, b.Incidents), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.Class, b.Class))
	})
	f.Recurring = f.Recurring[:min(len(f.Recurring), mostPairs)]
}
