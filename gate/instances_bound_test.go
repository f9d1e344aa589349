package gate

import (
	"fmt"
	"sync"
	"testing"

	"tagout"
)

func TestTheInstancesOfAllAgentsAreBounded(t *testing.T) {
	t.Parallel()
	registry := tagout.Registry{}
	for i := range 20 {
		name := fmt.Sprintf("agent-%d", i)
		registry[name] = &tagout.Agent{Name: name}
	}
	g, err := New(Options{Agents: registry})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, v := range g.now.Load().agents {
		all.Go(func() {
			for i := range 3900 {
				g.saw(v, fmt.Sprintf("%s-%d", v.name, i), "v1", viaOFREP)
			}
		})
	}
	all.Wait()
	total := 0
	for name := range registry {
		total += len(g.Instances(name))
	}
	if total > instancesInAll || total < instancesInAll*3/4 || int64(total) != g.rosters.all.Load() {
		t.Errorf("%d instances are remembered, counted as %d", total, g.rosters.all.Load())
	}
}
