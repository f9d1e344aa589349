package tagout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestWhatCameBackIsCountedByAgentAndClass(t *testing.T) {
	t.Parallel()
	var n tagout.IncidentID
	seen := func(agent, class string, daysAgo ...int) (list []tagout.Detection) {
		for _, d := range daysAgo {
			n++
			list = append(list, tagout.Detection{Incident: n, Agent: agent, Class: class, At: noon.Add(-time.Duration(d) * 24 * time.Hour)})
		}
		return list
	}
	since, within := noon.Add(-90*24*time.Hour), 90*24*time.Hour
	all := slices.Concat(
		seen("mailer", "a", 80, 60, 40, 20),   // INC-1 … INC-4
		seen("mailer", "b", 92, 5),            // the first is before the window, and the second came back all the same
		seen("mailer", "c", 170, 5),           // came back too long after
		seen("researcher", "a", 30),           // once
		seen("writer", "a", 10, 10),           // at the same time
		seen("old", "a", 120, 110),            // both before the window
		seen("seldom", "a", 89, 60, 100, 101), // in any order
	)
	slices.Reverse(all)
	pairs, more := tagout.CameBack(all, since, within)
	var got []string
	for _, p := range pairs {
		got = append(got, fmt.Sprintf("%s %s %d/%d %v", p.Agent, p.Class, p.Recurrences, p.Incidents, p.Last))
	}
	want := []string{
		"mailer a 3/4 [INC-4 INC-3 INC-2]", "seldom a 2/2 [INC-15 INC-14]", "writer a 1/2 [INC-11 INC-10]", "mailer b 1/1 [INC-6]",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") || more != 0 {
		t.Errorf("got %d more than\n%s", more, strings.Join(got, "\n"))
	}
	all = nil
	for agent := range 11 {
		all = append(all, seen(fmt.Sprint("agent", agent), "a", 2, 1)...)
	}
	if pairs, more := tagout.CameBack(all, since, within); len(pairs) != 8 || more != 3 {
		t.Errorf("%d pairs and %d more", len(pairs), more)
	}
	if pairs, more := tagout.CameBack(nil, since, within); len(pairs) != 0 || more != 0 {
		t.Errorf("of nothing %v, %d", pairs, more)
	}
}
