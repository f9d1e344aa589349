package gate

import (
	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// metrics is what the gate counts, for Prometheus.
type metrics struct {
	registerer  prometheus.Registerer // nil: nobody asks
	evaluations map[tagout.Mode]prometheus.Counter
	unknown     prometheus.Counter
	fsync       prometheus.Observer
	requests    *prometheus.CounterVec // control, operation, outcome
	observed    prometheus.Observer
	drift       *prometheus.CounterVec // agent, control
	shed        prometheus.Counter
}

// newMetrics makes the counters and registers them. It returns Internal if names clash.
func newMetrics(r prometheus.Registerer) (*metrics, error) {
	evaluations := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "tagout_gate_evaluations_total", Help: "Flags evaluated through OFREP, by the mode that was answered; unknown is a flag that does not exist.",
	}, []string{"mode"})
	fsync := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "tagout_gate_journal_fsync_seconds", Help: "Time to write stops to the journal and have them on disk.",
		Buckets: prometheus.ExponentialBuckets(0.0005, 2, 12),
	})
	observed := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "tagout_gate_stop_observed_seconds", Help: "Time from a stop being in force here to a control being observed to enforce it.",
		Buckets: prometheus.ExponentialBuckets(0.01, 2, 14),
	})
	m := &metrics{
		registerer: r, evaluations: map[tagout.Mode]prometheus.Counter{},
		unknown: evaluations.WithLabelValues("unknown"), fsync: fsync, observed: observed,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tagout_gate_control_requests_total", Help: "Requests to controls.",
		}, []string{"control", "operation", "outcome"}),
		drift: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tagout_gate_drift_total", Help: "Agents found running under a hold that was observed before.",
		}, []string{"agent", "control"}),
	}
	m.shed = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "tagout_gate_streams_refused_total", Help: "Event streams that were sent away because too many were open.",
	})
	for _, mode := range tagout.Modes() {
		m.evaluations[mode] = evaluations.WithLabelValues(string(mode))
	}
	return m, m.register(evaluations, fsync, observed, m.requests, m.drift, m.shed)
}

func (m *metrics) register(collectors ...prometheus.Collector) error {
	if m.registerer == nil {
		return nil
	}
	for _, c := range collectors {
		if err := m.registerer.Register(c); err != nil {
			return tagout.Errorf(tagout.Internal, "the gate's metrics cannot be registered: %w", err)
		}
	}
	return nil
}

// watch adds the figures that are read off the gate when they are asked for.
func (m *metrics) watch(g *Gate) error {
	gauges := []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tagout_gate_streams", Help: "Event streams that are open.",
		}, func() float64 { return float64(g.streams.count()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tagout_gate_holds_pending", Help: "Stops in force that the database does not know yet.",
		}, func() float64 { return float64(g.now.Load().pending) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tagout_gate_holds_read_timestamp_seconds", Help: "When the holds were last read from the database; 0: never.",
		}, func() float64 {
			if at := g.now.Load().readAt; !at.IsZero() {
				return float64(at.UnixMilli()) / 1000
			}
			return 0
		}),
	}
	for _, mode := range tagout.Modes() {
		if mode != tagout.Running {
			gauges = append(gauges, holdsGauge(g, mode))
		}
	}
	return m.register(gauges...)
}

func holdsGauge(g *Gate, mode tagout.Mode) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tagout_gate_holds", Help: "Holds that stand.", ConstLabels: prometheus.Labels{"mode": string(mode)},
	}, func() float64 {
		n := 0
		for _, h := range g.now.Load().holds() {
			if h.Mode == mode {
				n++
			}
		}
		return float64(n)
	})
}

func (m *metrics) evaluated(mode tagout.Mode) {
	if c := m.evaluations[mode]; c != nil {
		c.Inc()
	}
}
