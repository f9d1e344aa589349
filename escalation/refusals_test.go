package escalation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

func TestSourcesWhoseAlertsComeToNothingAreRemembered(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	w := newWorld(t, func(w *world) { w.metrics = registry })
	refuse := func(source string, code tagout.Code, why string) {
		w.desk.Refused(t.Context(), source, tagout.Errorf(code, "%s", why))
		w.clock.Pass(time.Second)
	}
	refuse("grafana", tagout.Unauthorized, "Send the token.")
	refuse("sentry", tagout.Invalid, "/data is missing.")
	refuse("grafana", tagout.TooLarge, "The body is too large.")
	refuse("datadog", tagout.Unavailable, "Send this again.") // and it will be
	refuse("sentry", tagout.TooMany, "Send this again.")
	var told []string
	for _, r := range w.desk.Refusals() {
		told = append(told, fmt.Sprintf("%s %d %s", r.Source, r.Count, r.Why))
	}
	if got, want := strings.Join(told, "; "), "grafana 2 The body is too large.; sentry 1 /data is missing."; got != want {
		t.Errorf("remembered are %s, want %s", got, want)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, f := range families {
		if f.GetName() == "tagout_alerts_refused_total" {
			series = len(f.GetMetric())
		}
	}
	if series != 5 {
		t.Errorf("%d kinds of refusal are counted, want 5", series)
	}
}
