package goalert

import (
	"context"

	"tagout/integrations/outgoing"
)

// Probe tells whether GoAlert takes connections; nothing is sent.
func (p *Pager) Probe(ctx context.Context) error { return outgoing.ReachText(ctx, "GoAlert", p.url) }
