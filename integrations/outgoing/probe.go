package outgoing

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"

	"tagout"
)

// Reach tells whether an address takes connections, with a certificate that is trusted, and sends
// nothing there. Where a proxy stands between it returns [tagout.ErrUntried].
func Reach(ctx context.Context, what string, to *url.URL) error {
	if proxy, err := http.ProxyFromEnvironment(&http.Request{URL: to}); err != nil || proxy != nil {
		return tagout.ErrUntried
	}
	port := to.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[to.Scheme]
	}
	if port == "" {
		port = "80"
	}
	return Connect(ctx, what, net.JoinHostPort(to.Hostname(), port), to.Scheme == "https")
}

// Connect opens a connection to host:port, encrypted if it must be, and closes it.
func Connect(ctx context.Context, what, address string, encrypted bool) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	dial := (&net.Dialer{}).DialContext
	if encrypted {
		dial = (&tls.Dialer{}).DialContext
	}
	connection, err := dial(ctx, "tcp", address)
	if err != nil {
		return Unreached(ctx, what, err)
	}
	_ = connection.Close()
	return nil
}

// ReachText is [Reach] for an address as text.
func ReachText(ctx context.Context, what, address string) error {
	to, err := url.Parse(address)
	if err != nil {
		return tagout.Errorf(tagout.Invalid, "The address of %s cannot be used.", what)
	}
	return Reach(ctx, what, to)
}
