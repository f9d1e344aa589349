// Package prometheus asks a Prometheus, or what speaks as one, for the values of metrics. It
// only reads. Its errors hold neither the token nor what was answered.
package prometheus

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	promapi "github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	"tagout"
	"tagout/integrations/outgoing"
)

// what names it in errors.
const what = "Prometheus"

// Telemetry is a Prometheus that is asked for values.
type Telemetry struct {
	address string
	header  string // Authorization; empty: none
	timeout time.Duration
	client  *http.Client
}

// New makes a Telemetry. It returns Invalid, naming the place, for an address that cannot be
// used, or that would send the token in the clear.
func New(s tagout.PrometheusSettings, client *http.Client) (*Telemetry, error) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, tagout.Errorf(tagout.Invalid, "%s: This is not the address of a Prometheus. Fix: Write it as http://prometheus:9090, with a token or password under its own key.", s.Place)
	case u.Scheme == "http" && s.Token+s.Password != "" && !loopback(u.Hostname()):
		return nil, tagout.Errorf(tagout.Invalid, "%s: This address would send the token unencrypted. Fix: Use https.", s.Place)
	case s.Token != "" && s.Username+s.Password != "":
		return nil, tagout.Errorf(tagout.Invalid, "%s: There are a token and a password. Fix: Keep the one that it asks for.", s.Place)
	}
	t := &Telemetry{address: strings.TrimRight(s.URL, "/"), timeout: s.Timeout, client: client}
	switch {
	case s.Token != "":
		t.header = "Bearer " + s.Token
	case s.Username+s.Password != "":
		t.header = "Basic " + base64.StdEncoding.EncodeToString([]byte(s.Username+":"+s.Password))
	}
	return t, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// Value is what a query gives at a time. It returns Invalid if the query cannot be read or does not
// give exactly one number, NotFound if there is no data, and Unavailable if it cannot be found out.
func (t *Telemetry) Value(ctx context.Context, query string, at time.Time) (float64, error) {
	var value model.Value
	err := t.ask(ctx, func(ctx context.Context, api promv1.API) (err error) {
		value, _, _, err = api.Query(ctx, query, at, promv1.WithTimeout(t.timeout))
		return err
	})
	if err != nil {
		return 0, err
	}
	switch v := value.(type) {
	case *model.Scalar:
		return float64(v.Value), nil
	case model.Vector:
		switch len(v) {
		case 0:
			return 0, tagout.Errorf(tagout.NotFound, "Prometheus has no data for this query.")
		case 1:
			if v[0].Histogram == nil {
				return float64(v[0].Value), nil
			}
		default:
			return 0, tagout.Errorf(tagout.Invalid, "The query gives %d series, and must give one. Fix: Put sum(…) or max(…) around it.", len(v))
		}
	}
	return 0, tagout.Errorf(tagout.Invalid, "The query gives no single number.")
}

// Values are what a query gave at every step of a time, where it gave one number; oldest first.
// Its errors are those of [Telemetry.Value].
func (t *Telemetry) Values(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]tagout.HealthPoint, error) {
	var value model.Value
	err := t.ask(ctx, func(ctx context.Context, api promv1.API) (err error) {
		value, _, _, err = api.QueryRange(ctx, query, promv1.Range{Start: from, End: to, Step: step}, promv1.WithTimeout(t.timeout))
		return err
	})
	if err != nil {
		return nil, err
	}
	matrix, ok := value.(model.Matrix)
	if !ok || len(matrix) > 1 {
		return nil, tagout.Errorf(tagout.Invalid, "The query gives %d series, and must give one.", len(matrix))
	}
	var points []tagout.HealthPoint
	for _, series := range matrix {
		for _, p := range series.Values {
			points = append(points, tagout.HealthPoint{At: p.Timestamp.Time().UTC(), Value: float64(p.Value)})
		}
	}
	return points, nil
}

// ask does one request, which ends in time.
func (t *Telemetry) ask(ctx context.Context, do func(context.Context, promv1.API) error) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	call, client, stop := outgoing.NewCall(ctx, what, t.client)
	defer stop()
	client.Transport = authorized{client.Transport, t.header}
	api, err := promapi.NewClient(promapi.Config{Address: t.address, Client: client})
	if err != nil {
		return tagout.Errorf(tagout.Invalid, "The address of Prometheus cannot be used.")
	}
	return t.judge(call, do(ctx, promv1.NewAPI(api)))
}

// judge is what became of a request. What Prometheus says of a query is not shown: it quotes it.
func (t *Telemetry) judge(call *outgoing.Call, err error) error {
	refused := new(promv1.Error)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Type == promv1.ErrBadData:
		return tagout.Errorf(tagout.Invalid, "Prometheus does not understand the query. Fix: Try it on the page of Prometheus, and correct it in the configuration.")
	case errors.As(err, &refused) && refused.Type == promv1.ErrExec:
		return tagout.Errorf(tagout.Invalid, "Prometheus could not evaluate the query (it may give several series where one is needed, or be too large). Fix: Try it on the page of Prometheus.")
	}
	return call.Outcome(err)
}

// authorized adds the credential to each request.
type authorized struct {
	base   http.RoundTripper
	header string
}

// RoundTrip sends one request with the credential.
func (a authorized) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.header != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Authorization", a.header)
	}
	return a.base.RoundTrip(r)
}
