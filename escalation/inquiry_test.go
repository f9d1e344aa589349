package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
	"tagout/escalation"
)

func TestSomebodyOnCallWithoutAnAccountIsShownAndMadeUpFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, g := withGroups(t)
		w.desk.Consult(accounts{"U0PLATFORM": {}, "U0IC": {Gone: true}})
		runs := make(chan struct{})
		ctx, stop := contextOf(t)
		go func() {
			defer close(runs)
			w.desk.Run(ctx)
		}()
		synctest.Wait()
		if g.asked != 2 {
			t.Errorf("%d groups were read without being needed, want 2", g.asked)
		}
		to, says := w.pagedFor("A", "critical")
		same(t, "paged", to, []string{"U0PLATFORM", "U0IC", "U0LEGAL", "U0LAWYER", "U0EXEC"})
		if !strings.Contains(says, "@U0IC is on call, but that Slack account is deactivated") {
			t.Errorf("the page says %s", says)
		}
		time.Sleep(31 * time.Second) // of the bubble
		synctest.Wait()
		if g.asked != 4 {
			t.Errorf("the groups were read %d times in half a minute", g.asked)
		}
		stop()
		<-runs
	})
}

func TestWhatStaysUnreadableDegradesTheProcessAndShowsInItsMetrics(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	w := newWorld(t)
	desk, err := escalation.New(escalation.Options{Store: w.store, Gate: w.gate, Policy: w.policy, Clock: w.clock, Registerer: metrics})
	if err != nil {
		t.Fatal(err)
	}
	g := &fickle{members: map[string][]tagout.UserID{"S0LEGAL": {"U0LAWYER"}}}
	desk.Connect(g, func() string { return home })
	look := func() {
		if _, err := desk.Who(t.Context(), tagout.WhoQuery{Role: "legal"}); err != nil {
			t.Fatal(err)
		}
	}
	look()
	g.err = errSlack
	w.clock.Pass(2 * time.Minute)
	look()
	if got := desk.Unreadable(); len(got) != 0 {
		t.Errorf("unreadable at once: %q", got)
	}
	if unreadable, age := gauges(t, metrics); unreadable != 1 || age != 120 {
		t.Errorf("unreadable %v, %v s old", unreadable, age)
	}
	w.clock.Pass(5 * time.Minute)
	if got := desk.Unreadable(); !slices.Equal(got, []string{"group S0LEGAL"}) {
		t.Errorf("unreadable after five minutes: %q", got)
	}
	g.err = nil
	look()
	if unreadable, age := gauges(t, metrics); len(desk.Unreadable()) != 0 || unreadable != 0 || age != 0 {
		t.Errorf("unreadable %v, %v s old, %q when it can be read again", unreadable, age, desk.Unreadable())
	}
}

// gauges are the metrics of the only list there is.
func gauges(t *testing.T, registry *prometheus.Registry) (unreadable, age float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	value := func(name string) float64 {
		for _, f := range families {
			if f.GetName() == name {
				return f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		t.Fatalf("there is no %s", name)
		return 0
	}
	return value("tagout_roster_unreadable"), value("tagout_roster_age_seconds")
}

// contextOf ends with the test, or when it is stopped.
func contextOf(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return ctx, cancel
}
