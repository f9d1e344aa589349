package pagerduty

import (
	"context"

	"tagout/integrations/outgoing"
)

// Probe tells whether PagerDuty takes connections; nothing is sent.
func (p *Pager) Probe(ctx context.Context) error {
	return outgoing.ReachText(ctx, "PagerDuty", p.url)
}
