package email

import (
	"context"
	"net"
	"strconv"

	"tagout/integrations/outgoing"
)

// Probe tells whether the mail server takes connections; no mail is sent.
func (p *Pager) Probe(ctx context.Context) error {
	return outgoing.Connect(ctx, "the mail server", net.JoinHostPort(p.relay.host, strconv.Itoa(p.relay.port)), p.relay.implicit && p.relay.roots == nil)
}
