package escalation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
)

// instruments are a Telemetry that knows what some queries give.
type instruments struct {
	mu    sync.Mutex
	now   map[string]float64
	then  []tagout.HealthPoint
	asked []string
	err   error
}

func (g *instruments) Value(_ context.Context, query string, _ time.Time) (float64, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, query)
	value, known := g.now[query]
	if g.err == nil && !known {
		return 0, tagout.Errorf(tagout.NotFound, "none")
	}
	return value, g.err
}

func (g *instruments) Values(_ context.Context, query string, from, to time.Time, step time.Duration) ([]tagout.HealthPoint, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, fmt.Sprint("since ", to.Sub(from), " every ", step, ": ", query))
	return g.then, g.err
}

// measured is a desk whose policy names three metrics.
func measured(t *testing.T, g *instruments) *world {
	return newWorld(t, func(w *world) {
		if g != nil {
			w.telemetry = g
		}
		w.policy.Health.Metrics = []tagout.HealthMetric{
			{Name: "success", Title: "Sensitive actions that succeeded", Query: `ok{agent="$agent"}`, Target: tagout.HealthTarget{Op: ">=", Value: 0.99},
				CanaryQuery: `canary{agent="$agent"}`, CanaryTarget: tagout.HealthTarget{Op: ">=", Value: 0.98}, Unit: tagout.UnitRatio},
			{Name: "complaints", Title: "Complaint rate", Query: `complaints{agent="$agent"}`, Target: tagout.HealthTarget{Op: "<=", Value: 0.001}, Unit: tagout.UnitRatio, Agents: []string{"mailer"}},
			{Name: "queue", Title: "Human queue", Query: "queue", Target: tagout.HealthTarget{Op: "<", Value: 100}, Unit: tagout.UnitCount},
		}
	})
}

func vitals(t *testing.T, w *world, q tagout.HealthQuery) []string {
	t.Helper()
	h, err := w.desk.Health(t.Context(), q)
	if err != nil || !h.At.Equal(w.clock.Now()) {
		t.Fatalf("%+v, %v", h, err)
	}
	var lines []string
	for _, r := range h.Readings {
		lines = append(lines, strings.TrimSpace(r.Agent+" "+r.Text().String()))
	}
	return lines
}

func TestHealthIsReadFromPrometheusAndFromOurFigures(t *testing.T) {
	t.Parallel()
	g := &instruments{now: map[string]float64{`ok{agent="mailer"}`: 0.994, `canary{agent="mailer"}`: 0.97, `ok{agent="researcher"}`: 1, "queue": 12}}
	w := measured(t, g)
	var figured tagout.FiguresQuery
	w.store.figures = func(q tagout.FiguresQuery) (f tagout.Figures) {
		figured = q
		f.Now.TimeToKill = tagout.Spread{N: 12, P90: 830 * time.Millisecond}
		f.Now.RollbackSuccess = tagout.Share{Of: 2, All: 3}
		return f
	}
	same(t, "all", vitals(t, w, tagout.HealthQuery{}), []string{
		"✔ met Time to kill, nine of ten within: 0.83 s (target < 60 s), 12 stops in 90 days",
		"✘ missed Rollbacks that succeeded: 66.67 % (target ≥ 100 %), 2 of 3 rollbacks in 90 days",
		"✔ met Human queue: 12 (target < 100)",
		"mailer ✔ met Sensitive actions that succeeded: 99.4 % (target ≥ 99 %)",
		"mailer ✘ missed Sensitive actions that succeeded (canary): 97 % (target ≥ 98 %)",
		"mailer ❔ unknown Complaint rate: Prometheus has no data (target ≤ 0.1 %)",
		"researcher ✔ met Sensitive actions that succeeded: 100 % (target ≥ 99 %)",
		"researcher ❔ unknown Sensitive actions that succeeded (canary): Prometheus has no data (target ≥ 98 %)",
	})
	if q := figured; q.Agent != "" || q.Public || q.To.Sub(q.From) != 90*24*time.Hour || slices.ContainsFunc(g.asked, func(s string) bool { return strings.HasPrefix(s, "since") }) {
		t.Errorf("figures of %+v, asked %q", q, g.asked)
	}

	g.asked, g.then = nil, []tagout.HealthPoint{{At: noon.Add(-30 * time.Minute), Value: 1}, {At: noon, Value: 1}}
	one := vitals(t, w, tagout.HealthQuery{Agent: "mailer", Since: true})
	if len(one) != 5 || !strings.HasSuffix(one[2], "(target ≥ 99 %), since 2026-11-21 11:30:00 UTC") || strings.Contains(one[4], "since") {
		t.Errorf("of the mailer: %q", one)
	}
	if figured.Agent != "mailer" || !figured.Public || !slices.Contains(g.asked, `since 24h0m0s every 30m0s: ok{agent="mailer"}`) || len(g.asked) != 5 {
		t.Errorf("figures of %+v, asked %q", figured, g.asked)
	}
	if h, err := w.desk.Health(t.Context(), tagout.HealthQuery{Agent: "mailer"}); err != nil || h.Practised != "kill never practised; rollback never practised" {
		t.Errorf("drills: %q, %v", h.Practised, err)
	}
	if _, err := w.desk.Health(t.Context(), tagout.HealthQuery{Agent: "nobody"}); tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("of nobody: %v", err)
	}
}

func TestHealthThatCannotBeReadIsUnknown(t *testing.T) {
	t.Parallel()
	w := measured(t, &instruments{err: tagout.Errorf(tagout.Unavailable, "Prometheus could not be reached.")})
	w.store.before = func(context.Context, string) error { return tagout.Errorf(tagout.Unavailable, "The database is down.") }
	for _, line := range vitals(t, w, tagout.HealthQuery{Agent: "mailer", Since: true}) {
		if !strings.HasPrefix(line, "mailer ❔ unknown ") || !strings.Contains(line, "reached") && !strings.Contains(line, "down") {
			t.Errorf("it reads %s", line)
		}
	}
	w = measured(t, nil)
	lines := vitals(t, w, tagout.HealthQuery{Agent: "mailer"})
	if !strings.Contains(lines[0], "– nothing yet") || !strings.Contains(lines[0], "no stop was observed in 90 days (target < 60 s)") || !strings.Contains(lines[2], "No Prometheus is configured") {
		t.Errorf("without Prometheus and without stops it reads %q", lines)
	}
}
