package webhook

import (
	"context"

	"tagout/integrations/outgoing"
)

// Probe tells whether the receiver takes connections; nothing is posted.
func (p *Pager) Probe(ctx context.Context) error {
	return outgoing.Reach(ctx, p.to.what, p.to.url)
}
