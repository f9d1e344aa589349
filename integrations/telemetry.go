package integrations

import (
	"tagout"
	"tagout/integrations/prometheus"
)

// NewTelemetry makes what reads metrics from a Prometheus. It returns Invalid, with the place,
// for settings that cannot work.
func NewTelemetry(s tagout.PrometheusSettings, d Deps) (tagout.Telemetry, error) {
	return some[tagout.Telemetry](prometheus.New(s, d.withDefaults().HTTP))
}
