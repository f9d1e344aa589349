package tagout

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// HealthPolicy is what is looked at to tell how well agents do.
type HealthPolicy struct {
	Metrics    []HealthMetric
	Window     time.Duration // over which Tagout's own figures are; 0: [DefaultHealthWindow]
	TimeToKill time.Duration // in which nine of ten stops must be observed; 0: [DefaultTimeToKill]
}

// What [HealthPolicy] defaults to.
const (
	DefaultHealthWindow = 90 * 24 * time.Hour
	DefaultTimeToKill   = 60 * time.Second
)

// HealthMetric is one metric that Prometheus is asked for.
type HealthMetric struct {
	Name         string // its key
	Title        string
	Query        string // PromQL; $agent is the agent's name
	Target       HealthTarget
	CanaryQuery  string // the same for canaries; "": none
	CanaryTarget HealthTarget
	Unit         HealthUnit
	Agents       []string // of whom it is asked; empty: of all, or once if the query has no $agent
}

// HealthUnit says what a value is, to show it.
type HealthUnit string

// The units.
const (
	UnitRatio   HealthUnit = "ratio"   // 0.99 is 99 %
	UnitSeconds HealthUnit = "seconds" // 60 is 60 s
	UnitCount   HealthUnit = "count"
)

// agentInQuery is what stands for the agent's name in a query, between quotes.
const agentInQuery = "$agent"

// PerAgent reports whether the metric is asked for each agent.
func (m HealthMetric) PerAgent() bool {
	return strings.Contains(m.Query, agentInQuery) || strings.Contains(m.CanaryQuery, agentInQuery)
}

// Of reports whether the metric is asked for an agent.
func (m HealthMetric) Of(agent string) bool {
	return m.PerAgent() && (len(m.Agents) == 0 || slices.Contains(m.Agents, agent))
}

// CheckHealthQuery returns Invalid unless the agent's name can be put into a query without
// changing what it asks: only as the whole of a label's value that must be equal.
func CheckHealthQuery(query string) error {
	if strings.TrimSpace(query) == "" {
		return Errorf(Invalid, "The query is empty.")
	}
	left := strings.NewReplacer(`="`+agentInQuery+`"`, "", `='`+agentInQuery+`'`, "").Replace(query)
	if strings.Contains(left, agentInQuery) {
		return Errorf(Invalid, `%s can only be the value of a label: {agent="%s"}.`, agentInQuery, agentInQuery)
	}
	return nil
}

// For is a query with the name of an agent in it, whatever the name holds.
func (m HealthMetric) For(query, agent string) string {
	safe := strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `\'`, "\n", `\n`).Replace(agent)
	return strings.ReplaceAll(query, agentInQuery, safe)
}

// HealthTarget is what a value must be, such as ">= 0.99".
type HealthTarget struct {
	Op    string // >=, <=, > or <
	Value float64
}

// ParseHealthTarget reads ">= 0.99", ">= 99%" or "< 60s". It returns Invalid for anything else,
// and for a percentage of what is no ratio or a length of what is no time.
func ParseHealthTarget(text string, unit HealthUnit) (HealthTarget, error) {
	text = strings.TrimSpace(text)
	var t HealthTarget
	for _, op := range []string{">=", "<=", ">", "<"} {
		if rest, found := strings.CutPrefix(text, op); found {
			t.Op, text = op, strings.TrimSpace(rest)
			break
		}
	}
	value, err := strconv.ParseFloat(text, 64)
	percent, isPercent := strings.CutSuffix(text, "%")
	length, notLength := time.ParseDuration(text)
	switch {
	case t.Op == "":
		return t, Errorf(Invalid, "The target must begin with >=, <=, > or <.")
	case err == nil && !math.IsNaN(value) && !math.IsInf(value, 0):
		t.Value = value
	case isPercent && unit == UnitRatio:
		if value, err = strconv.ParseFloat(strings.TrimSpace(percent), 64); err != nil {
			return t, Errorf(Invalid, "The target is no number.")
		}
		t.Value = value / 100
	case notLength == nil && unit == UnitSeconds:
		t.Value = length.Seconds()
	default:
		return t, Errorf(Invalid, "The target is no number of the metric's unit.")
	}
	return t, nil
}

// Met reports whether a value is as it must be. What is no number never is.
func (t HealthTarget) Met(value float64) bool {
	switch t.Op {
	case ">=":
		return value >= t.Value
	case "<=":
		return value <= t.Value
	case ">":
		return value > t.Value
	case "<":
		return value < t.Value
	}
	return false
}

// Text is the target as people read it: "≥ 99 %".
func (t HealthTarget) Text(unit HealthUnit) string {
	op := map[string]string{">=": "≥", "<=": "≤"}[t.Op]
	return or(op, t.Op) + " " + unit.Text(t.Value)
}

// Text is a value as people read it: "99.4 %", "0.83 s", "12".
func (u HealthUnit) Text(value float64) string {
	switch u {
	case UnitRatio:
		return decimal(value*100, 2) + " %"
	case UnitSeconds:
		if value < 0 || value > 1e9 {
			return decimal(value, 0) + " s"
		}
		return Elapsed(time.Duration(value * float64(time.Second)))
	}
	return decimal(value, 2)
}

// decimal is a number with at most n decimals, and none that say nothing.
func decimal(value float64, n int) string {
	text := strconv.FormatFloat(value, 'f', n, 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// Telemetry is where values of metrics are read.
type Telemetry interface {
	// Value is what a query gives at a time. It returns Invalid if the query cannot be read or does not
	// give exactly one number, NotFound if there is no data, and Unavailable if it cannot be found out.
	Value(ctx context.Context, query string, at time.Time) (float64, error)
	// Values are what it gave at the end of every step of a time, where it gave one number.
	Values(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]HealthPoint, error)
}

// HealthPoint is a value at a time.
type HealthPoint struct {
	At    time.Time
	Value float64
}

// PrometheusSettings is where metrics are read, and with which credential.
type PrometheusSettings struct {
	URL      string // "": nowhere
	Token    string // a bearer token; secret
	Username string
	Password string // secret
	Timeout  time.Duration
	Place    string // in the configuration, for errors
}
