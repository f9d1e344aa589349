package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// counted has every effect counted by its kind and by what became of it. One that failed is
// tried again, unless that cannot help, and then counts again.
func (a *App) counted(all map[tagout.EffectKind]tagout.EffectFunc) map[tagout.EffectKind]tagout.EffectFunc {
	did := map[tagout.EffectKind]tagout.EffectFunc{}
	for kind, do := range all {
		did[kind] = func(ctx context.Context, e tagout.Effect) error {
			err := do(ctx, e)
			a.did.WithLabelValues(string(kind), outcomeOf(err)).Inc()
			return err
		}
	}
	return did
}

// outcomeOf is what became of an effect, in a word.
func outcomeOf(err error) string {
	if err == nil {
		return "done"
	}
	if _, later := tagout.Postponed(err); later {
		return "postponed"
	}
	if tagout.IsFinal(err) {
		return "given_up"
	}
	return "failed"
}

// newEffectMetric counts effects.
func newEffectMetric(r prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tagout_effects_total",
		Help: "Effects that were tried, by kind and outcome: done, postponed, failed (tried again), given_up.",
	}, []string{"kind", "outcome"})
	r.MustRegister(c)
	return c
}
