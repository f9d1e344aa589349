// Package webhook talks to HTTP endpoints that people write themselves: a control that
// enforces holds, and a pager. Requests are signed as Standard Webhooks are.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tagout"
	"tagout/integrations/outgoing"
)

const (
	maxAnswer = 1 << 20 // bytes of an answer
	patience  = 10 * time.Second
)

// settings are the keys of both a control and a pager.
type settings struct {
	URL    string `yaml:"url" need:"true"`
	Secret string `yaml:"secret"`
}

// endpoint is one URL to which signed requests go.
type endpoint struct {
	what   string // in errors: what it is and its host, nothing else of the URL
	url    *url.URL
	signer *standardwebhooks.Webhook // nil: unsigned, on this machine only
	client http.Client
	clock  tagout.Clock
}

func newEndpoint(v tagout.Vendor, what string, client *http.Client, clock tagout.Clock) (*endpoint, error) {
	var s settings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	u, err := url.Parse(s.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The webhook's url is not an http or https URL. Fix: Write it as https://host/path.", v.Place)
	}
	u.Fragment = ""
	signer, err := newSigner(s.Secret)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The webhook's secret starts with whsec_, but is not base64 after it. Fix: Copy it again, or use a secret without that start.", v.Place)
	}
	if signer == nil && !loopback(u.Hostname()) {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The webhook has no secret, but its url leads to another machine. Fix: Set a secret and let the receiver verify it.", v.Place)
	}
	e := &endpoint{what: what + " at " + u.Host, url: u, signer: signer, client: *client, clock: clock}
	e.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return e, nil
}

// newSigner reads a secret: whsec_ and base64, or else its raw bytes. It is nil for none.
func newSigner(secret string) (*standardwebhooks.Webhook, error) {
	encoded, prefixed := strings.CutPrefix(secret, "whsec_")
	switch {
	case secret == "":
		return nil, nil
	case prefixed && encoded == "":
		return nil, errors.New("nothing after whsec_")
	case prefixed:
		return standardwebhooks.NewWebhook(secret)
	}
	return standardwebhooks.NewWebhookRaw([]byte(secret))
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// call sends one signed request and returns the answer's body. An error is final if the
// receiver refused the request for good.
func (e *endpoint) call(ctx context.Context, method, target, id string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, tagout.Final(tagout.Errorf(tagout.Internal, "A request to the %s could not be made.", e.what))
	}
	if err := e.sign(req.Header, id, body); err != nil {
		return nil, tagout.Final(tagout.Errorf(tagout.Internal, "A request to the %s could not be signed.", e.what))
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, tagout.Errorf(tagout.Unavailable, "The %s could not be reached: %s.", e.what, outgoing.Reason(ctx, err))
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err := e.judge(resp.StatusCode); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, tagout.Errorf(tagout.Unavailable, "The answer of the %s broke off: %s.", e.what, outgoing.Reason(ctx, err))
	}
	if len(answer) > maxAnswer {
		return nil, tagout.Errorf(tagout.Unavailable, "The answer of the %s is larger than 1 MiB.", e.what)
	}
	return answer, nil
}

func (e *endpoint) sign(header http.Header, id string, body []byte) error {
	now := e.clock.Now()
	header.Set("Content-Type", "application/json")
	header.Set("User-Agent", "tagout")
	header.Set(standardwebhooks.HeaderWebhookID, id)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	if e.signer == nil {
		return nil
	}
	signature, err := e.signer.Sign(id, now, body)
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	return err
}

// judge turns a status into nil, an error to retry, or a final one.
func (e *endpoint) judge(status int) error {
	err := tagout.Errorf(tagout.Unavailable, "The %s answered %d.", e.what, status)
	switch {
	case status >= 200 && status < 300:
		return nil
	case status >= 300 && status < 400:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "The %s answered with a redirect, which is not followed. Fix: Configure the address to which it leads.", e.what))
	case status == http.StatusRequestTimeout, status == http.StatusTooEarly, status == http.StatusTooManyRequests, status >= 500:
		return err
	}
	return tagout.Final(err)
}
