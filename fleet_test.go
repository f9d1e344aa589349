package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestAFleetCountsTheInstancesOfEveryReplicaOnce(t *testing.T) {
	t.Parallel()
	at := func(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }
	hold := []tagout.Hold{{ID: "h1", Scope: tagout.MustScope("mailer"), At: noon}}
	knows := []tagout.HoldID{"h0", "h1"}
	ours := tagout.Fleet{Instances: []tagout.Instance{
		{Name: "a", AskedAt: at(2), StoppedAt: at(0.1), HeardAt: at(0.3)},
		{Name: "both", Version: "v1", AskedAt: at(1), StoppedAt: at(0.1)},
	}}
	seen := func(i ...tagout.Instance) []tagout.Instance { return i }
	for _, c := range []struct {
		name  string
		ours  tagout.Fleet
		seen  tagout.Sighting
		holds []tagout.Hold
		want  string
	}{
		{"nobody elsewhere", ours, tagout.Sighting{Holds: knows}, hold, "1 of 2 instances, slowest 0.2 s; both has not asked for 9 s"},
		{"one asked both", ours, tagout.Sighting{seen(tagout.Instance{Name: "both", AskedAt: at(3), StoppedAt: at(0.2), HeardAt: at(0.6)}), knows}, hold,
			"2 of 2 instances, slowest 0.5 s"},
		{"one that only the other knows", ours, tagout.Sighting{seen(tagout.Instance{Name: "c", AskedAt: at(3), StoppedAt: at(0.2), HeardAt: at(0.2)}), knows}, hold,
			"2 of 3 instances, slowest 0.2 s; both has not asked for 9 s"},
		{"the other does not know the hold: its answers were not the stop", ours,
			tagout.Sighting{seen(tagout.Instance{Name: "c", AskedAt: at(9), StoppedAt: at(-60), HeardAt: at(-50)}), []tagout.HoldID{"h0"}}, hold,
			"1 of 3 instances, slowest 0.2 s; both has not asked for 9 s; c has not asked for 1 s"},
		{"only the other has instances, and does not know", tagout.Fleet{}, tagout.Sighting{seen(tagout.Instance{Name: "c", AskedAt: at(9)}), nil}, hold,
			"0 of 1 instance; c has not asked for 1 s"},
		{"nothing holds it", tagout.Fleet{Instances: seen(tagout.Instance{Name: "a", AskedAt: at(2)})},
			tagout.Sighting{seen(tagout.Instance{Name: "c", AskedAt: at(8)}), nil}, nil, "2 instances, the last asked 2 s ago"},
		{"a clock that is behind", ours, tagout.Sighting{seen(tagout.Instance{Name: "both", AskedAt: at(3), StoppedAt: at(0.2), HeardAt: at(0.05)}), knows}, hold,
			"2 of 2 instances, slowest 0.2 s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.ours.Add(c.seen, c.holds).HeardBy(at(10)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	if len(ours.Instances) != 2 || !ours.Instances[1].HeardAt.IsZero() {
		t.Error("adding changed what was there")
	}
}

func TestAFleetSaysWhoseKnowledgeIsMissing(t *testing.T) {
	t.Parallel()
	some := tagout.Fleet{Instances: []tagout.Instance{{Name: "a", AskedAt: noon}}, Silent: []string{"10.0.0.1:80", "10.0.0.2:80"}}
	if got := some.HeardBy(noon); !strings.HasSuffix(got, "; not counted, since they do not answer: those of replica 10.0.0.1:80, 10.0.0.2:80") {
		t.Error(got)
	}
	none := tagout.Fleet{Silent: []string{"10.0.0.1:80"}}
	if got := none.HeardBy(noon); got != "no instance known; no answer from replica 10.0.0.1:80" {
		t.Error(got)
	}
	if got := (tagout.Fleet{}).HeardBy(noon); got != "" {
		t.Error(got)
	}
}

func TestHoldsOnAnAgentAreItsOwnAndThoseOnEverything(t *testing.T) {
	t.Parallel()
	holds := []tagout.Hold{{ID: "a", Scope: tagout.MustScope("mailer/sms")}, {ID: "b", Scope: tagout.MustScope("researcher")}, {ID: "c"}}
	if got := tagout.HoldsOn(holds, "mailer"); len(got) != 2 || got[0].ID != "a" || got[1].ID != "c" {
		t.Error(got)
	}
}

func TestAReplicaIsCalledByItsAddress(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]tagout.Replica{"10.0.0.1:80": {ID: "x", URL: "http://10.0.0.1:80"}, "x": {ID: "x"}} {
		if r.Name() != want {
			t.Error(r.Name(), want)
		}
	}
}
