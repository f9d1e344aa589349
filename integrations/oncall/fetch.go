// Package oncall reads who is on call from the schedules of other services: PagerDuty and
// GoAlert. It only reads, and its errors hold neither tokens nor what was answered.
package oncall

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"tagout"
)

const (
	patience  = 10 * time.Second
	maxAnswer = 4 << 20 // bytes
	maxPeople = 100
)

// service is one API that is asked over HTTP.
type service struct {
	name   string // as errors name it
	base   *url.URL
	header http.Header
	client http.Client
}

// newService reads the address of an API. It returns Invalid, with the place, for one that
// cannot be used, or that would send the token in the clear.
func newService(v tagout.Vendor, name, address string, header http.Header, client *http.Client) (*service, error) {
	u, err := url.Parse(strings.TrimRight(address, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The address of %s is not an http or https URL. Fix: Write it as https://host, without anything after it.", v.Place, name)
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The address of %s would send the token unencrypted. Fix: Use https.", v.Place, name)
	}
	s := &service{name: name, base: u, header: header, client: *client}
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// ask sends one request and decodes the answer.
func (s *service) ask(ctx context.Context, method, path string, query url.Values, body, into any) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	u := *s.base
	u.Path, u.RawQuery = u.Path+path, query.Encode()
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return tagout.Final(tagout.Errorf(tagout.Internal, "The question to %s cannot be written.", s.name))
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), payload)
	if err != nil {
		return tagout.Final(tagout.Errorf(tagout.Internal, "The question to %s cannot be sent.", s.name))
	}
	request.Header = s.header.Clone()
	request.Header.Set("User-Agent", "tagout")
	request.Header.Set("Content-Type", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return tagout.Errorf(tagout.Unavailable, "%s could not be reached: %s.", s.name, reason(ctx, err))
	}
	defer response.Body.Close()
	if err := s.judge(response.StatusCode); err != nil {
		return err
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil || len(answer) > maxAnswer {
		return tagout.Errorf(tagout.Unavailable, "The answer of %s broke off, or is larger than 4 MiB.", s.name)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return tagout.Errorf(tagout.Unavailable, "%s answered with something else than its API promises. Check the address.", s.name)
	}
	return nil
}

// judge turns a status into nil, an error to retry, or a final one.
func (s *service) judge(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return tagout.Final(tagout.Errorf(tagout.Forbidden, "%s does not accept the token (%d). Make a new one that may read, and put it into the configuration.", s.name, status))
	case status == http.StatusNotFound:
		return tagout.Final(tagout.Errorf(tagout.NotFound, "%s knows no such schedule (404). Check its ID in the configuration.", s.name))
	case status == http.StatusTooManyRequests:
		return tagout.Errorf(tagout.TooMany, "%s asks to slow down (429).", s.name)
	case status >= 300 && status < 400:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "%s answered with a redirect, which is not followed. Configure the address to which it leads.", s.name))
	case status >= 500, status == http.StatusRequestTimeout:
		return tagout.Errorf(tagout.Unavailable, "%s answered %d.", s.name, status)
	}
	return tagout.Final(tagout.Errorf(tagout.Unavailable, "%s refused the question with %d.", s.name, status))
}

// reason says why a request failed without quoting anything that was sent.
func reason(ctx context.Context, err error) string {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() || ctx.Err() != nil {
		return "no answer in time"
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return "its host name is not known"
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return "the connection was refused"
	}
	return "the connection failed"
}

// shift is one stretch of time in which somebody is on call.
type shift struct {
	id, name, email string
	start, end      time.Time // zero: without a start, without an end
}

// peopleAt are those of the shifts who are on call at a time, each once, until the last of
// their shifts ends.
func peopleAt(shifts []shift, at time.Time) []tagout.OnCallPerson {
	var people []tagout.OnCallPerson
	where := map[string]int{}
	for _, s := range shifts {
		if !s.start.IsZero() && s.start.After(at) || !s.end.IsZero() && !s.end.After(at) {
			continue
		}
		n, known := where[s.id]
		if !known {
			if len(people) == maxPeople {
				break
			}
			where[s.id] = len(people)
			people = append(people, tagout.OnCallPerson{Name: clip(s.name), Email: clip(s.email), Until: moment(s.end)})
			continue
		}
		if p := &people[n]; s.end.IsZero() || !p.Until.IsZero() && s.end.After(p.Until) {
			p.Until = moment(s.end)
		}
	}
	return people
}

func moment(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return tagout.Moment(t)
}

// clip keeps foreign names on one line and short.
func clip(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "\uFFFD")), " ")
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}
