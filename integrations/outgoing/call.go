// Package outgoing is what adapters that send over HTTP have in common: requests that keep
// their manners whatever library makes them, errors that tell retryable from final and
// show no secret, and text that is made to fit.
package outgoing

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"tagout"
)

// Patience is how long the other side may take for a whole request.
const Patience = 10 * time.Second

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 1 << 20

// Call is one delivery over HTTP, made by a library that takes a client but no context, or
// that hides what the other side answered.
type Call struct {
	what   string
	ctx    context.Context
	base   http.RoundTripper
	mu     sync.Mutex
	status int
	after  string // the answer's Retry-After
	err    error
}

// NewCall prepares a delivery. what names the other side in errors: never its whole URL. The
// client obeys ctx, gives up after [Patience], follows no redirect and reads no endless
// answer. stop ends the call, and must be called.
func NewCall(ctx context.Context, what string, base *http.Client) (call *Call, client *http.Client, stop func()) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	c := &Call{what: what, ctx: ctx, base: base.Transport}
	if c.base == nil {
		c.base = http.DefaultTransport
	}
	refuse := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, &http.Client{Transport: c, CheckRedirect: refuse}, cancel
}

// RoundTrip makes one request and remembers what came of it.
func (c *Call) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := c.base.RoundTrip(r.WithContext(c.ctx))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status, c.after, c.err = 0, "", err
	if err != nil {
		return nil, err
	}
	c.status, c.after = resp.StatusCode, resp.Header.Get("Retry-After")
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}

// Status is that of the last answer, or 0.
func (c *Call) Status() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

// Done is closed when the delivery's time is up.
func (c *Call) Done() <-chan struct{} { return c.ctx.Done() }

// Refused is the error of a delivery whose status is known otherwise than by seeing it.
func (c *Call) Refused(status int) error { return Judge(c.what, status, "") }

// Failed is the error of a delivery of which nothing is known but what the library says.
func (c *Call) Failed(failure error) error { return Unreached(c.ctx, c.what, failure) }

// Outcome is what became of the delivery, judged by what was seen rather than by what the
// library makes of it; failure is the library's own error, and is never shown.
func (c *Call) Outcome(failure error) error {
	c.mu.Lock()
	status, after, err := c.status, c.after, c.err
	c.mu.Unlock()
	switch {
	case err != nil:
		return Unreached(c.ctx, c.what, err)
	case status != 0 && (status < 200 || status > 299):
		return Judge(c.what, status, after)
	case failure != nil && c.ctx.Err() != nil:
		return Unreached(c.ctx, c.what, failure)
	case failure != nil && status == 0:
		return tagout.Errorf(tagout.Unavailable, "Nothing could be sent to %s.", c.what)
	case failure != nil:
		return tagout.Errorf(tagout.Unavailable, "%s answered %d, but with something else than expected.", sentence(c.what), status)
	}
	return nil
}

// Judge turns the status of an answer into nil, an error to retry, or a final one.
func Judge(what string, status int, retryAfter string) error {
	err := tagout.Errorf(tagout.Unavailable, "%s answered %d.", sentence(what), status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "%s answered with a redirect, which is not followed. Fix: Configure the address to which it leads.", sentence(what)))
	case status == http.StatusTooManyRequests:
		return tagout.Errorf(tagout.TooMany, "%s has had too many requests (429)%s.", sentence(what), seconds(retryAfter))
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status >= 500:
		return err
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "%s does not accept the key or token (%d). Fix: Copy it again from there.", sentence(what), status))
	}
	return tagout.Final(err)
}

// seconds says when to come back, if an answer tells it in seconds.
func seconds(retryAfter string) string {
	if n, err := strconv.Atoi(retryAfter); err == nil && n > 0 && n < 86400 {
		return fmt.Sprintf(" and asks to wait for %d s", n)
	}
	return ""
}

// Unreached is the error of a request that got no answer, without anything that was sent.
func Unreached(ctx context.Context, what string, err error) error {
	return tagout.Errorf(tagout.Unavailable, "%s could not be reached: %s.", sentence(what), Reason(ctx, err))
}

// Reason says why a request failed without quoting anything that was sent or received.
func Reason(ctx context.Context, err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || ctx.Err() != nil {
		return "no answer in time"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its host name is not known"
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "the connection was refused"
	}
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	if untrusted || authority {
		return "its certificate is not trusted"
	}
	return "the connection failed"
}

// Address reads the address of a service: https, or http to this machine, with a host and
// without user, query or fragment. It returns Invalid, showing nothing of it, after the
// place and the key.
func Address(place, key, text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The address under %s cannot be used. Fix: Write it as https://host.", place, key)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The address under %s holds more than host and path. Fix: Write https://host, and put a token under its own key.", place, key)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

func sentence(what string) string { return strings.ToUpper(what[:1]) + what[1:] }
