// Package grafana reads what a contact point "Webhook" of Grafana Alerting posts.
package grafana

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// tolerance is how far Grafana's clock may be from ours in a signature.
const tolerance = 5 * time.Minute

// Source reads all alerts of a notification, firing and resolved.
type Source struct {
	name string
	settings
}

// settings are the keys of the source beside kind and token.
type settings struct {
	Secret          string `yaml:"secret"`
	SignatureHeader string `yaml:"signature_header"`
	TimestampHeader string `yaml:"timestamp_header"`
}

// New makes a source. It returns Invalid for a key that it does not know.
func New(v tagout.Vendor) (*Source, error) {
	s := settings{SignatureHeader: "X-Grafana-Alerting-Signature", TimestampHeader: "X-Grafana-Alerting-Timestamp"}
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	return &Source{v.Name, s}, nil
}

// Signs reports whether the contact point's HMAC signature is configured.
func (s *Source) Signs() bool { return s.Secret != "" }

// Verify checks the HMAC signature: of the body, or of its time, a colon and the body if
// Grafana sends the time. It returns Unauthorized.
func (s *Source) Verify(in tagout.Delivery) error {
	header := http.Header(in.Header)
	signatures, stamp := header.Values(s.SignatureHeader), header.Get(s.TimestampHeader)
	signed := in.Body
	if stamp != "" {
		signed = slices.Concat([]byte(stamp), []byte(":"), in.Body)
	}
	if !incoming.Signed(s.Secret, signatures, signed) {
		return tagout.Errorf(tagout.Unauthorized, "The header %s holds no signature of this body with the source's secret.", s.SignatureHeader)
	}
	if stamp != "" && !incoming.Fresh(stamp, in.At, tolerance) {
		return tagout.Errorf(tagout.Unauthorized, "The signature is not of the last five minutes. Fix: Set the clocks of both machines.")
	}
	return nil
}

// notification is what of a notification matters here.
type notification struct {
	Truncated int               `json:"truncatedAlerts"`
	Alerts    []json.RawMessage `json:"alerts"`
}

type alert struct {
	Status       string             `json:"status"`
	Labels       map[string]string  `json:"labels"`
	Annotations  map[string]string  `json:"annotations"`
	StartsAt     time.Time          `json:"startsAt"`
	Values       map[string]float64 `json:"values"`
	GeneratorURL string             `json:"generatorURL"`
	Fingerprint  string             `json:"fingerprint"`
}

// Decode reads one notification. It returns Invalid if the body is not one of Grafana's. What
// its button Test sends is taken, and makes no alert.
func (s *Source) Decode(_ context.Context, in tagout.Delivery) ([]tagout.Alert, error) {
	var n notification
	if err := incoming.Read(in.Body, &n, ""); err != nil {
		return nil, err
	}
	if len(n.Alerts) == 0 {
		return nil, tagout.Errorf(tagout.Invalid, "/alerts must hold at least one alert: send what Grafana's contact point Webhook sends, without a custom payload.")
	}
	var alerts []tagout.Alert
	for i, raw := range n.Alerts {
		a, err := s.alert(raw, "/alerts/"+strconv.Itoa(i), n.Truncated)
		if err != nil {
			return nil, err
		}
		if !isTest(a) {
			alerts = append(alerts, a)
		}
	}
	return alerts, nil
}

// isTest reports whether somebody pressed Test in Grafana, without labels of their own.
func isTest(a tagout.Alert) bool {
	return a.Labels["alertname"] == "TestAlert" && a.Labels["instance"] == "Grafana" && a.Labels["agent"] == ""
}

func (s *Source) alert(raw json.RawMessage, at string, truncated int) (tagout.Alert, error) {
	var a alert
	if err := incoming.Read(raw, &a, at); err != nil {
		return tagout.Alert{}, err
	}
	if a.Status != string(tagout.Firing) && a.Status != string(tagout.Resolved) {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "%s/status must be firing or resolved.", at)
	}
	if a.Annotations == nil {
		a.Annotations = map[string]string{}
	}
	if truncated > 0 {
		a.Annotations["grafana_truncated_alerts"] = strconv.Itoa(truncated)
	}
	if len(a.Values) > 0 {
		a.Annotations["values"] = valuesText(a.Values)
	}
	if a.Fingerprint == "" {
		a.Fingerprint = incoming.Fingerprint(a.Labels)
	}
	return tagout.Alert{
		Source: s.name, Name: incoming.Or(a.Labels["alertname"], "alert"), Summary: incoming.Or(a.Annotations["summary"], a.Annotations["description"]),
		Labels: a.Labels, Annotations: a.Annotations, Value: first(a.Values),
		Fingerprint: a.Fingerprint, CorrelationID: a.Labels["correlation_id"], Status: tagout.AlertStatus(a.Status), StartsAt: a.StartsAt, URL: a.GeneratorURL, Raw: raw,
	}, nil
}

// first is the value of the first expression by name, which is the measured one: Grafana's
// own rules call the query A, what is made of it B, and the condition C.
func first(values map[string]float64) *float64 {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if v := values[name]; !math.IsNaN(v) && !math.IsInf(v, 0) {
			return &v
		}
	}
	return nil
}

func valuesText(values map[string]float64) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		words = append(words, fmt.Sprintf("%s=%g", name, values[name]))
	}
	return strings.Join(words, ", ")
}
