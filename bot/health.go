package bot

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// silence is how long a connection may be without traffic before it counts as dead.
const silence = 30 * time.Second

// health is when Slack was last heard of.
type health struct {
	mu         sync.Mutex
	answeredAt time.Time // an API call was answered
	failed     time.Time // an API call was not
	traffic    time.Time // something came over a socket
	sockets    bool      // Socket Mode is used
}

func (h *health) answered(ok bool, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if ok {
		h.answeredAt = at
	} else {
		h.failed = at
	}
}

func (h *health) heard(at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.traffic = at
}

func (h *health) useSockets() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets = true
}

// fresh reports whether an API call was answered within d, and none failed since.
func (h *health) fresh(now time.Time, d time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Sub(h.answeredAt) < d && !h.failed.After(h.answeredAt)
}

// ready says whether Slack is there, and why not.
func (h *health) ready(now time.Time) (bool, string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.sockets && now.Sub(h.traffic) >= silence:
		return false, "no Socket Mode traffic from Slack for 30 s"
	case h.answeredAt.IsZero():
		return false, "Slack has not answered yet"
	case h.failed.After(h.answeredAt) && now.Sub(h.answeredAt) >= silence:
		return false, "Slack's Web API does not answer"
	}
	return true, ""
}

// Ready reports whether Slack is really there — recent traffic, not an open socket — and
// if not, why.
func (b *Bot) Ready() (ok bool, why string) {
	if b.draining.Load() {
		return false, "draining"
	}
	if b.identity().Team == "" {
		return false, "Slack has not said yet which workspace this is"
	}
	return b.health.ready(time.Now())
}

// metrics count what the edge does.
type metrics struct {
	calls      *prometheus.CounterVec   // method, result
	deliveries *prometheus.CounterVec   // kind, result
	acks       *prometheus.HistogramVec // kind
	sockets    prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	m := &metrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tagout_slack_calls_total", Help: "Calls of Slack's Web API, by method and result.",
		}, []string{"method", "result"}),
		deliveries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tagout_slack_deliveries_total", Help: "Commands, clicks, submissions and events from Slack, by kind and result.",
		}, []string{"kind", "result"}),
		acks: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tagout_slack_ack_seconds", Help: "Time from receiving a delivery to acknowledging it.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2, 3, 5},
		}, []string{"kind"}),
		sockets: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tagout_slack_sockets", Help: "Open Socket Mode connections.",
		}),
	}
	registerer.MustRegister(m.calls, m.deliveries, m.acks, m.sockets)
	return m
}
