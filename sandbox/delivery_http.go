package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// errNoRetry says that the app refused an event and asked not to send it again.
var errNoRetry = errors.New("sandbox: the app asked for no retry")

// Delivery is one signed HTTP request to the app.
type Delivery struct {
	URL    string
	Header http.Header
	Body   []byte
}

func (d Delivery) clone() Delivery {
	return Delivery{URL: d.URL, Header: d.Header.Clone(), Body: bytes.Clone(d.Body)}
}

// Sign returns the X-Slack-Signature of a body at a time.
func (s *Sandbox) Sign(at time.Time, body []byte) string {
	mac := hmac.New(sha256.New, []byte(s.opts.SigningSecret))
	_, _ = fmt.Fprintf(mac, "v0:%d:", at.Unix())
	_, _ = mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// Resign gives a delivery the right signature for its body at a time.
func (s *Sandbox) Resign(d *Delivery, at time.Time) {
	d.Header.Set("X-Slack-Request-Timestamp", strconv.FormatInt(at.Unix(), 10))
	d.Header.Set("X-Slack-Signature", s.Sign(at, d.Body))
}

// newDelivery writes a payload as Slack would post it.
func (s *Sandbox) newDelivery(target string, d delivery) Delivery {
	out := Delivery{URL: target, Header: http.Header{}}
	out.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	out.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	switch d.kind {
	case kindCommand:
		form := url.Values{}
		for k, v := range d.payload {
			form.Set(k, fmt.Sprint(v))
		}
		out.Body = []byte(form.Encode())
	case kindInteraction:
		out.Body = []byte(url.Values{"payload": {string(encode(d.payload))}}.Encode())
	default:
		out.Header.Set("Content-Type", "application/json")
		out.Body = encode(d.payload)
	}
	if d.retry > 0 {
		reason := strings.Replace(d.reason, "timeout", "http_timeout", 1)
		out.Header.Set("X-Slack-Retry-Num", strconv.Itoa(d.retry))
		out.Header.Set("X-Slack-Retry-Reason", reason)
	}
	s.Resign(&out, s.opts.Now())
	return out
}

func (s *Sandbox) deliverHTTP(ctx context.Context, target string, d delivery, copies int) (ack, error) {
	request := s.newDelivery(target, d)
	kept := request.clone()
	s.mu.Lock()
	s.last = &kept
	s.mu.Unlock()
	acks, errs := make([]ack, copies), make([]error, copies)
	var group sync.WaitGroup
	for i := range copies {
		group.Go(func() { acks[i], errs[i] = s.postOnce(ctx, request) })
	}
	group.Wait()
	for i := range copies {
		if errs[i] == nil {
			return acks[i], nil
		}
	}
	return ack{}, errs[0]
}

// postOnce sends a request and reads the acknowledgement out of the response.
func (s *Sandbox) postOnce(ctx context.Context, d Delivery) (ack, error) {
	response, body, err := s.post(ctx, d)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return ack{}, OperationTimeout
		}
		return ack{}, DispatchFailed
	}
	if response.StatusCode/100 != 2 {
		if response.Header.Get("X-Slack-No-Retry") == "1" {
			return ack{}, errNoRetry
		}
		return ack{}, DispatchFailed
	}
	return ack{body: body, text: !strings.HasPrefix(response.Header.Get("Content-Type"), "application/json")}, nil
}

func (s *Sandbox) post(ctx context.Context, d Delivery) (*http.Response, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(d.Body))
	if err != nil {
		return nil, nil, err
	}
	request.Header = d.Header.Clone()
	response, err := s.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	return response, body, err
}

// LastDelivery returns the last HTTP delivery, to look at or to alter.
func (s *Sandbox) LastDelivery() (Delivery, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		return Delivery{}, false
	}
	return s.last.clone(), true
}

// DeliverRaw posts a delivery exactly as it is and returns the app's answer.
func (s *Sandbox) DeliverRaw(ctx context.Context, d Delivery) (status int, body []byte, err error) {
	response, body, err := s.post(ctx, d)
	if err != nil {
		return 0, nil, fmt.Errorf("sandbox: replaying a delivery: %w", err)
	}
	return response.StatusCode, body, nil
}

// Redeliver posts the last HTTP delivery again. alter, if not nil, may change its
// body, timestamp or signature first; nothing is signed anew unless alter calls
// Resign.
func (s *Sandbox) Redeliver(ctx context.Context, alter func(*Delivery)) (status int, body []byte, err error) {
	d, ok := s.LastDelivery()
	if !ok {
		return 0, nil, errors.New("sandbox: nothing has been delivered over HTTP yet")
	}
	if alter != nil {
		alter(&d)
	}
	return s.DeliverRaw(ctx, d)
}

// VerifyEventURL sends the challenge with which Slack checks an events URL.
func (s *Sandbox) VerifyEventURL(ctx context.Context) error {
	s.mu.Lock()
	target := s.urls.events
	s.mu.Unlock()
	challenge := randomHex(16)
	body := encode(obj{"type": "url_verification", "token": verificationToken, "challenge": challenge})
	d := Delivery{URL: target, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	s.Resign(&d, s.opts.Now())
	status, answer, err := s.DeliverRaw(ctx, d)
	if err != nil {
		return err
	}
	var parsed struct{ Challenge string }
	_ = json.Unmarshal(answer, &parsed)
	if status != http.StatusOK || (parsed.Challenge != challenge && strings.TrimSpace(string(answer)) != challenge) {
		return fmt.Errorf("sandbox: the events URL answered %d without the challenge", status)
	}
	return nil
}
