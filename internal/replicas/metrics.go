package replicas

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	handed  *prometheus.CounterVec
	taken   prometheus.Counter
	refused prometheus.Counter
}

// newMetrics counts, and shows the counts if there is a registerer.
func newMetrics(r prometheus.Registerer, p *Peers) *metrics {
	m := &metrics{
		handed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tagout_replica_stops_handed_total", Help: "Tries to hand a stop to another replica.",
		}, []string{"outcome"}),
		taken: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tagout_replica_stops_taken_total", Help: "Stops that other replicas handed on.",
		}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "tagout_replica_requests_refused_total", Help: "Requests between replicas that were not signed, old or repeated.",
		}),
	}
	if r != nil {
		known := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "tagout_replicas_known", Help: "Other replicas that are known.",
		}, func() float64 { return float64(len(p.known())) })
		r.MustRegister(m.handed, m.taken, m.refused, known)
	}
	return m
}
