package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tagout"
)

// remoteTimeout bounds one attempt; there are two.
const remoteTimeout = 15 * time.Second

// remote is a running Tagout with the token for it.
type remote struct{ Server, Token string }

// remoteCall is one request to its API.
type remoteCall struct {
	Method     string
	Path       []string // below /v1
	Query      url.Values
	Body       []byte // nil: none
	Key        string // makes two attempts one; "": nothing is changed
	Unanswered string // what is to be said when nobody answers
}

// ask sends a call, and once more if the connection fails. It returns Unavailable if there is
// no answer, and an error with the exit code for refusals if there is no usable token.
func (r remote) ask(ctx context.Context, c remoteCall) (status int, body []byte, err error) {
	target, err := r.target(c)
	if err != nil {
		return 0, nil, err
	}
	for range 2 {
		status, body, err = r.try(ctx, target, c)
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	if err != nil {
		return 0, nil, tagout.Errorf(tagout.Unavailable, "%s did not answer: %s. %s", target.Host, whyNot(ctx, err), c.Unanswered)
	}
	return status, body, nil
}

func (r remote) target(c remoteCall) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(r.Server))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, tagout.Errorf(tagout.Invalid, "--server is not an http or https URL. Fix: Write it as https://tagout.example.com.")
	}
	if r.Token == "" {
		return nil, exitError{exitRefused, tagout.Errorf(tagout.Unauthorized, "There is no token. Fix: Set TAGOUT_TOKEN to one of api.tokens in the server's configuration.")}
	}
	if strings.ContainsFunc(r.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, exitError{exitRefused, tagout.Errorf(tagout.Unauthorized, "The token holds a space, a line end or a character that no token has. Fix: Copy it again.")}
	}
	u = u.JoinPath(append([]string{"v1"}, c.Path...)...)
	u.RawQuery = c.Query.Encode()
	return u, nil
}

func (r remote) try(ctx context.Context, target *url.URL, c remoteCall) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, remoteTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, c.Method, target.String(), bytes.NewReader(c.Body))
	if err != nil {
		return 0, nil, err
	}
	if c.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.Key != "" {
		req.Header.Set("Idempotency-Key", c.Key)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token)
	req.Header.Set("User-Agent", "tagout/"+version)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, body, err
}

// whyNot says why there is no answer, without the request.
func whyNot(ctx context.Context, err error) string {
	timeout, isNet := errors.AsType[net.Error](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case ctx.Err() != nil:
		return "interrupted"
	case unknown:
		return "its name is not known"
	case untrusted:
		return "its certificate is not trusted"
	case isNet && timeout.Timeout():
		return "it took longer than " + remoteTimeout.String()
	}
	return "the connection failed"
}
