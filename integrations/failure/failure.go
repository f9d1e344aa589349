// Package failure reads the failure report that an agent sends about itself: the packet
// with which it hands over to people.
package failure

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Source is the name that alerts from failure reports carry.
const Source = "failures"

// maxBody is how many bytes a report may have.
const maxBody = 5 << 20

// report is the wire format: the domain's own, with the time still as text, and without a
// meaning for the keys under which the domain keeps what it does not know or cannot read.
type report struct {
	tagout.FailureReport
	OccurredAt string          `json:"occurred_at"`
	Extra      json.RawMessage `json:"extra"`
	Unread     json.RawMessage `json:"unread"`
}

// Decode reads one report, received at a time, as one alert that carries it. Unknown keys
// are kept in the report's Extra, and so are known ones whose value cannot be read, which its
// Unread names: a failure that an agent tells of badly is a failure all the same. It returns
// TooLarge for a body over 5 MiB, and Invalid, naming the place but never the content, for one
// that is no object or does not say which agent failed and what.
func Decode(body []byte, at time.Time) (tagout.Alert, error) {
	if len(body) > maxBody {
		return tagout.Alert{}, tagout.Errorf(tagout.TooLarge, "The report is larger than 5 MiB: send links to large evidence.")
	}
	body = bytes.TrimSpace(tagout.WithoutNul(body))
	if !bytes.HasPrefix(body, []byte("{")) {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "The body must be a JSON object.")
	}
	var all map[string]json.RawMessage
	if err := read(body, &all); err != nil {
		return tagout.Alert{}, err
	}
	f, err := lenient(body, all)
	if err != nil {
		return tagout.Alert{}, err
	}
	if strings.TrimSpace(f.Agent) == "" {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "/agent is missing: name the agent.")
	}
	if strings.TrimSpace(f.Summary) == "" {
		return tagout.Alert{}, tagout.Errorf(tagout.Invalid, "/summary is missing: say in a sentence what failed.")
	}
	if f.Extra, err = unknown(all, f.Unread); err != nil {
		return tagout.Alert{}, err
	}
	return asAlert(f, body, at), nil
}

// lenient reads a report, and names in Unread what in it cannot be read.
func lenient(body []byte, all map[string]json.RawMessage) (tagout.FailureReport, error) {
	f, err := strict(body)
	if err == nil {
		return f, nil
	}
	readable := map[string]json.RawMessage{}
	var unread []string
	for key, raw := range all {
		one, err := json.Marshal(map[string]json.RawMessage{key: raw})
		if err != nil {
			return f, tagout.Errorf(tagout.Invalid, "The body cannot be read as a failure report.")
		}
		name := strings.ToLower(key)
		if _, err := strict(one); err == nil {
			readable[key] = raw
		} else if name == "agent" || name == "summary" {
			return f, err
		} else {
			unread = append(unread, name)
		}
	}
	rest, err := json.Marshal(readable)
	if err != nil {
		return f, tagout.Errorf(tagout.Invalid, "The body cannot be read as a failure report.")
	}
	f, err = strict(rest)
	slices.Sort(unread)
	f.Unread = slices.Compact(unread)
	return f, err
}

// strict reads a report all of which can be read. Its errors name the place.
func strict(body []byte) (tagout.FailureReport, error) {
	var r report
	if err := read(body, &r); err != nil {
		return r.FailureReport, err
	}
	f := r.FailureReport
	if r.OccurredAt != "" {
		when, err := time.Parse(time.RFC3339, r.OccurredAt)
		if err != nil {
			return f, tagout.Errorf(tagout.Invalid, "/occurred_at must be a time as in RFC 3339, such as 2026-11-21T09:30:00Z.")
		}
		f.OccurredAt = tagout.Moment(when)
	}
	return f, check(f)
}

// check refuses values that would mean nothing, or something else than was meant.
func check(f tagout.FailureReport) error {
	switch {
	case f.Implies != "" && f.Implies != "rollback" && f.Implies != "narrower_permissions":
		return tagout.Errorf(tagout.Invalid, "/implies must be rollback or narrower_permissions, or be left out.")
	case f.RetryCount < 0:
		return tagout.Errorf(tagout.Invalid, "/retry_count must not be negative.")
	case f.CustomersAffected < 0:
		return tagout.Errorf(tagout.Invalid, "/customers_affected must not be negative.")
	}
	return nil
}

// asAlert wraps a report, so that routing sees its words as labels.
func asAlert(f tagout.FailureReport, body []byte, at time.Time) tagout.Alert {
	labels := map[string]string{}
	for name, value := range map[string]string{
		"agent": f.Agent, "channel": f.Channel, "region": f.Region, "tool": f.Tool, "severity": string(f.Severity), "class": f.Class,
		"workflow": f.Workflow, "reason_code": f.ReasonCode,
	} {
		if value != "" {
			labels[name] = value
		}
	}
	starts := f.OccurredAt
	if starts.IsZero() {
		starts = at
	}
	name := "failure report"
	if f.ReasonCode != "" {
		name += ": " + f.ReasonCode
	}
	return tagout.Alert{
		Source: Source, Name: name, Summary: f.Summary, Labels: labels,
		Fingerprint:   tagout.DeriveID("failure", f.RunID, f.CorrelationID, f.Agent, f.Summary),
		CorrelationID: f.CorrelationID, Status: tagout.Momentary, StartsAt: starts, Undated: f.OccurredAt.IsZero(), Report: &f, Raw: body,
	}
}

// unknown collects the keys that the format does not know, and those that could not be read.
func unknown(all map[string]json.RawMessage, unread []string) (map[string]any, error) {
	format := reflect.TypeFor[tagout.FailureReport]()
	known := map[string]bool{}
	for i := range format.NumField() {
		name, _, _ := strings.Cut(format.Field(i).Tag.Get("json"), ",")
		known[name] = name != "extra" && name != "unread" && !slices.Contains(unread, name)
	}
	var extra map[string]any
	for key, raw := range all {
		if known[strings.ToLower(key)] { // keys are matched whatever their case
			continue
		}
		var value any
		if err := read(raw, &value); err != nil {
			return nil, err
		}
		if extra == nil {
			extra = map[string]any{}
		}
		extra[key] = value
	}
	return extra, nil
}

// read unmarshals JSON. Its errors name the place, never the content.
func read(body []byte, into any) error {
	err := json.Unmarshal(body, into)
	if err == nil {
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return tagout.Errorf(tagout.Invalid, "%s holds a value of the wrong type.", pointer(wrong.Field))
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return tagout.Errorf(tagout.Invalid, "The body is not JSON: it breaks off or goes wrong at byte %d.", syntax.Offset)
	}
	return tagout.Errorf(tagout.Invalid, "The body cannot be read as a failure report.")
}

// pointer is the part of a field's path that the format knows; what follows may be a key
// of the payload.
func pointer(field string) string {
	field = strings.TrimPrefix(field, "FailureReport.")
	first, _, _ := strings.Cut(field, ".")
	if first == "" {
		return "The body"
	}
	return "/" + first
}
