package tagout_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestATargetIsReadInTheUnitOfItsMetric(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		unit tagout.HealthUnit
		want tagout.HealthTarget
		says string
	}{
		">= 0.99":  {tagout.UnitRatio, tagout.HealthTarget{Op: ">=", Value: 0.99}, "≥ 99 %"},
		">=99%":    {tagout.UnitRatio, tagout.HealthTarget{Op: ">=", Value: 0.99}, "≥ 99 %"},
		"<= 2.5 %": {tagout.UnitRatio, tagout.HealthTarget{Op: "<=", Value: 0.025}, "≤ 2.5 %"},
		"< 60s":    {tagout.UnitSeconds, tagout.HealthTarget{Op: "<", Value: 60}, "< 60 s"},
		"< 0.5":    {tagout.UnitSeconds, tagout.HealthTarget{Op: "<", Value: 0.5}, "< 0.5 s"},
		"> 1e3":    {tagout.UnitCount, tagout.HealthTarget{Op: ">", Value: 1000}, "> 1000"},
	} {
		got, err := tagout.ParseHealthTarget(text, c.unit)
		if err != nil || got != c.want || got.Text(c.unit) != c.says {
			t.Errorf("%q is %+v, %q, %v", text, got, got.Text(c.unit), err)
		}
	}
	for text, unit := range map[string]tagout.HealthUnit{
		"0.99": tagout.UnitRatio, "": tagout.UnitRatio, ">=": tagout.UnitRatio, "= 1": tagout.UnitRatio, ">= NaN": tagout.UnitRatio, "< Inf": tagout.UnitCount,
		"< 60s": tagout.UnitRatio, ">= 99%": tagout.UnitSeconds, "< many": tagout.UnitCount, "< x%": tagout.UnitRatio,
	} {
		if got, err := tagout.ParseHealthTarget(text, unit); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%q as %s is %+v, %v", text, unit, got, err)
		}
	}
}

func TestAValueMeetsItsTargetOrDoesNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		op    string
		value float64
		met   bool
	}{
		{">=", 1, true}, {">=", 0.999, false}, {"<=", 1, true}, {"<=", 1.001, false}, {">", 1, false}, {">", 1.1, true}, {"<", 1, false}, {"<", 0.9, true},
		{">=", math.NaN(), false}, {"<=", math.NaN(), false}, {"", 1, false},
	} {
		if got := (tagout.HealthTarget{Op: c.op, Value: 1}).Met(c.value); got != c.met {
			t.Errorf("%v %s 1: %v", c.value, c.op, got)
		}
	}
}

func TestAnAgentsNameChangesNoQuery(t *testing.T) {
	t.Parallel()
	m := tagout.HealthMetric{Query: `sum(rate(a_total{agent="$agent"}[1h])) / sum(rate(b_total{agent='$agent'}[1h]))`}
	if got := m.For(m.Query, "mailer"); got != `sum(rate(a_total{agent="mailer"}[1h])) / sum(rate(b_total{agent='mailer'}[1h]))` {
		t.Errorf("asked %s", got)
	}
	if got := m.For(`a{agent="$agent"}`, `x"} or vector(1) #\`+"\n'"); got != `a{agent="x\"} or vector(1) #\\\n\'"}` {
		t.Errorf("asked %s", got)
	}
	for query, fine := range map[string]bool{
		`a{agent="$agent"}`: true, `a{agent='$agent'}`: true, `vector(1)`: true, `a{x="1$"}`: true,
		`a{agent=~"$agent"}`: false, `a{agent="$agent.*"}`: false, `$agent`: false, `a_$agent_total`: false, " ": false,
	} {
		if err := tagout.CheckHealthQuery(query); (err == nil) != fine {
			t.Errorf("%s: %v", query, err)
		}
	}
	if m.Agents = []string{"mailer"}; !m.Of("mailer") || m.Of("researcher") || (tagout.HealthMetric{Query: "vector(1)"}).Of("mailer") {
		t.Error("a metric is asked of the wrong agents")
	}
}

func TestWhatIsNotKnownIsNeverGood(t *testing.T) {
	t.Parallel()
	r := tagout.HealthReading{Title: "Complaints", Unit: tagout.UnitRatio, Target: tagout.HealthTarget{Op: "<=", Value: 0.001}}
	for name, c := range map[string]struct {
		value float64
		err   error
		want  tagout.HealthStatus
		says  string
	}{
		"good":       {0.0005, nil, tagout.HealthMet, "✔ met Complaints: 0.05 % (target ≤ 0.1 %)"},
		"bad":        {0.004, nil, tagout.HealthMissed, "✘ missed Complaints: 0.4 % (target ≤ 0.1 %)"},
		"no data":    {0, tagout.Errorf(tagout.NotFound, "none"), tagout.HealthUnknown, "❔ unknown Complaints: Prometheus has no data (target"},
		"no answer":  {0, tagout.Errorf(tagout.Unavailable, "Prometheus could not be reached."), tagout.HealthUnknown, "could not be reached"},
		"no number":  {math.NaN(), nil, tagout.HealthUnknown, "share of nothing"},
		"endless":    {math.Inf(-1), nil, tagout.HealthUnknown, "share of nothing"},
		"our defect": {0, errDefect, tagout.HealthUnknown, "Something went wrong"},
	} {
		got := r.Read(c.value, c.err)
		if text := got.Text().String(); got.Status != c.want || !strings.Contains(text, c.says) || strings.Contains(text, "secret") {
			t.Errorf("%s: %s, %s", name, got.Status, text)
		}
	}
}

var errDefect = errText("secret of the library")

type errText string

func (e errText) Error() string { return string(e) }

func TestSinceWhenGoesBackAsFarAsIsKnown(t *testing.T) {
	t.Parallel()
	from := noon.Add(-2 * time.Hour)
	target := tagout.HealthTarget{Op: ">=", Value: 0.99}
	at := func(values ...float64) (points []tagout.HealthPoint) { // one each half hour from the beginning; -1: none
		for n, v := range values {
			if v >= 0 {
				points = append(points, tagout.HealthPoint{At: from.Add(time.Duration(n) * 30 * time.Minute), Value: v})
			}
		}
		return points
	}
	for name, c := range map[string]struct {
		points  []tagout.HealthPoint
		want    time.Time
		atLeast bool
	}{
		"always":               {at(1, 1, 1, 1, 1), from, true},
		"changed":              {at(0.5, 1, 1, 1, 1), from.Add(30 * time.Minute), false},
		"changed and back":     {at(1, 0.5, 1, 1, 1), from.Add(time.Hour), false},
		"began later":          {at(-1, -1, 1, 1, 1), from.Add(time.Hour), false},
		"missing in between":   {at(1, 1, -1, -1, 1), from.Add(2 * time.Hour), false},
		"one is missing":       {at(1, 1, 1, -1, 1), from.Add(2 * time.Hour), false},
		"no number in between": {at(1, math.NaN(), 1, 1, 1), from.Add(time.Hour), false},
		"just now":             {at(1, 1, 1, 1, 0.5), time.Time{}, false},
		"nothing":              {nil, time.Time{}, false},
	} {
		r := tagout.HealthReading{Target: target}.Read(1, nil).During(c.points, from, 30*time.Minute)
		if !r.Since.Equal(c.want) || r.AtLeast != c.atLeast {
			t.Errorf("%s: since %v, at least %v", name, r.Since, r.AtLeast)
		}
	}
	if r := (tagout.HealthReading{Target: target, Status: tagout.HealthUnknown}).During(at(1, 1, 1, 1, 1), from, 30*time.Minute); !r.Since.IsZero() {
		t.Errorf("unknown since %v", r.Since)
	}
	missed := tagout.HealthReading{Target: target, Title: "Success", Unit: tagout.UnitRatio}.Read(0.5, nil).During(at(1, 0.5, 0.6, 0.5, 0.5), from, 30*time.Minute)
	if text := missed.Text().String(); !strings.HasSuffix(text, ", since "+from.Add(30*time.Minute).Format("2006-01-02 15:04:05 UTC")) {
		t.Errorf("it reads %s", text)
	}
}
