package twilio

import (
	"context"

	"tagout/integrations/outgoing"
)

// Probe tells whether Twilio takes connections; nothing is sent.
func (p *Pager) Probe(ctx context.Context) error { return outgoing.Reach(ctx, "Twilio", p.url) }
