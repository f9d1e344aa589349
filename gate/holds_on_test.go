package gate_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tagout"
	"tagout/gate"
)

// TestHoldsOnAnAgentAreThoseThatMayTouchIt compares them with all that stands, through stops,
// commits and liftings.
func TestHoldsOnAnAgentAreThoseThatMayTouchIt(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 5))
	g := open(t, gate.Options{})
	for n := range 200 {
		h := holdOn(fmt.Sprint(n), any1(r, "*", "*/email", "mailer", "mailer/sms", "acme.researcher", "ghost"), any1(r, tagout.Halted, tagout.Capped))
		switch all := g.Holds(); {
		case len(all) > 0 && r.IntN(3) == 0:
			g.Lift([]tagout.HoldID{all[r.IntN(len(all))].ID}, nil)
		case r.IntN(2) == 0:
			hang(t, g, tagout.StopRequest{Hold: h, Severity: tagout.Sev1, Class: "policy_violation"})
		default:
			h.Incident = 1
			g.Committed([]tagout.Hold{h})
		}
		for _, agent := range []string{"", "mailer", "acme.researcher", "ghost", "nobody"} {
			want := slices.DeleteFunc(g.Holds(), func(h tagout.Hold) bool { return agent != "" && h.Scope.Agent != "" && h.Scope.Agent != agent })
			if got := g.HoldsOn(agent); !reflect.DeepEqual(idsOf(got), idsOf(want)) {
				t.Fatalf("on %q stand %v, want %v", agent, idsOf(got), idsOf(want))
			}
		}
	}
}

// idsOf are the names of holds, sorted.
func idsOf(holds []tagout.Hold) []string {
	ids := []string{}
	for _, h := range holds {
		ids = append(ids, string(h.ID))
	}
	slices.Sort(ids)
	return ids
}
