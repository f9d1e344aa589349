package gate_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"tagout"
	"tagout/gate"
)

// TestKeptAnswersAreThoseOfEvaluate compares the gate with the domain's own evaluation for
// every context, twice, so that the second answer comes from memory.
func TestKeptAnswersAreThoseOfEvaluate(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	big := &tagout.Agent{Name: "big", Channels: numbered("c", 40), Regions: numbered("r", 20), Tools: map[string]tagout.Risk{}}
	for _, tool := range numbered("t", 30) {
		big.Tools[tool] = tagout.LowRisk
	}
	registry := agents()
	registry["big"] = big
	for range 100 {
		var holds []tagout.Hold
		for i := range r.IntN(5) {
			scope := tagout.Scope{Agent: any1(r, "", "mailer", "big", "ghost"), Channel: any1(r, "", "email", "c7", "fax"),
				Region: any1(r, "", "eu", "r3"), Tool: any1(r, "", "send", "@low", "t5")}
			holds = append(holds, holdOn(fmt.Sprint(i), scope.String(), any1(r, tagout.Halted, tagout.Paused, tagout.Capped)))
		}
		g := loaded(t, gate.Options{Agents: registry}, holds...)
		for range 2 {
			compareAnswers(t, g, registry, holds)
		}
	}
}

func compareAnswers(t *testing.T, g *gate.Gate, registry tagout.Registry, holds []tagout.Hold) {
	t.Helper()
	for _, agent := range []string{"mailer", "big", "acme.researcher", "ghost"} {
		for _, channel := range []string{"", "email", "EMAIL", "sms", "c7", "c8", "fax"} {
			for _, region := range []string{"", "eu", "us", "r3", "mars"} {
				for _, tool := range []string{"", "send", "read", "t5", "t6", "axe"} {
					asked := tagout.Attributes{Channel: channel, Region: region, Tool: tool}
					got, want := g.Decide(agent, asked), tagout.Evaluate(agent, registry[agent], holds, asked)
					if got.Mode != want.Mode || got.Allowed != want.Allowed || got.Known != want.Known || len(got.Holds) != len(want.Holds) ||
						!reflect.DeepEqual(got.DisabledTools, want.DisabledTools) {
						t.Fatalf("%s %+v under %v:\n%+v\nwant %+v", agent, asked, holds, got, want)
					}
				}
			}
		}
	}
}

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(prefix, i)
	}
	return names
}

func any1[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }
