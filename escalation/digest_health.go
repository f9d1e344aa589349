package escalation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tagout"
)

// digestHealthWithin is how long a digest waits for Prometheus.
const digestHealthWithin = 10 * time.Second

// digestHealth tells what is not as it should be, or not known, and how much is.
func (d *Desk) digestHealth(ctx context.Context, g *tagout.Digest) {
	if len(d.policy.Health.Metrics) == 0 {
		return // what Tagout measures itself stands among the figures
	}
	ctx, cancel := context.WithTimeout(ctx, digestHealthWithin)
	defer cancel()
	found, err := d.Health(ctx, tagout.HealthQuery{})
	if err != nil {
		g.Doubts = append(g.Doubts, "the health of the agents could not be read.")
		return
	}
	measured := len(found.Readings) - found.Count(tagout.HealthNothing)
	g.Health.Lines = append(g.Health.Lines, tagout.T(fmt.Sprintf("%s of %d meet their targets", tagout.HealthMet.Glyph()+" "+strconv.Itoa(found.Count(tagout.HealthMet)), measured)))
	for _, status := range []tagout.HealthStatus{tagout.HealthMissed, tagout.HealthUnknown} {
		for _, r := range found.Readings {
			if r.Status != status {
				continue
			}
			line := r.Text()
			if r.Agent != "" {
				line = append(tagout.T(tagout.Bold(r.Agent), ": "), line...)
			}
			g.Health.Lines, g.Health.Alarming = append(g.Health.Lines, line), true
		}
	}
}
