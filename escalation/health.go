package escalation

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"tagout"
)

const (
	healthAtOnce = 4                // questions at the same time
	healthWithin = 20 * time.Second // for all of them
	healthBack   = 24 * time.Hour   // how far back it is looked up since when
	healthStep   = 30 * time.Minute
)

// Health tells how well agents do, by the configured metrics and by Tagout's own figures. What
// cannot be found out is told as unknown; it returns NotFound for an agent that is not declared.
func (d *Desk) Health(ctx context.Context, q tagout.HealthQuery) (tagout.Health, error) {
	if q.Agent != "" && d.policy.Agents[q.Agent] == nil {
		return tagout.Health{}, tagout.Errorf(tagout.NotFound, "There is no agent %s in the configuration.", cutName(q.Agent))
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	h := tagout.Health{At: d.clock.Now()}
	own := d.ownHealth(ctx, q.Agent, h.At)
	h.Readings = append(own, d.askHealth(ctx, q, h.At)...)
	slices.SortStableFunc(h.Readings, func(a, b tagout.HealthReading) int {
		if a.Agent == "" || b.Agent == "" {
			return len(a.Agent) - len(b.Agent)
		}
		return 0
	})
	if q.Agent != "" {
		h.Practised = d.DrillRecord(ctx, q.Agent)
	}
	return h, nil
}

// Metrics reads every metric of the configuration once, without our own figures.
func (d *Desk) Metrics(ctx context.Context) []tagout.HealthReading {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	return d.askHealth(ctx, tagout.HealthQuery{}, d.clock.Now())
}

// askHealth asks all questions, a few at the same time.
func (d *Desk) askHealth(ctx context.Context, q tagout.HealthQuery, at time.Time) []tagout.HealthReading {
	asked := d.healthQuestions(q)
	readings := make([]tagout.HealthReading, len(asked))
	var asking sync.WaitGroup
	turns := make(chan struct{}, healthAtOnce)
	for n, one := range asked {
		turns <- struct{}{}
		asking.Go(func() {
			defer func() { <-turns }()
			readings[n] = d.readHealth(ctx, one, at, q.Since)
		})
	}
	asking.Wait()
	return readings
}

// healthQuestion is one query for one agent.
type healthQuestion struct {
	reading tagout.HealthReading
	query   string
}

// healthQuestions are all that there is to ask: of all agents first, then of one after the other.
func (d *Desk) healthQuestions(q tagout.HealthQuery) (asked []healthQuestion) {
	agents := append([]string{""}, d.policy.Agents.Names()...)
	if q.Agent != "" {
		agents = []string{q.Agent}
	}
	for _, agent := range agents {
		for _, m := range d.policy.Health.Metrics {
			if agent == "" && m.PerAgent() || agent != "" && !m.Of(agent) {
				continue
			}
			r := tagout.HealthReading{Agent: agent, Name: m.Name, Title: m.Title, Unit: m.Unit, Target: m.Target}
			asked = append(asked, healthQuestion{r, m.For(m.Query, agent)})
			if m.CanaryQuery != "" {
				r.Canary, r.Target = true, m.CanaryTarget
				asked = append(asked, healthQuestion{r, m.For(m.CanaryQuery, agent)})
			}
		}
	}
	return asked
}

func (d *Desk) readHealth(ctx context.Context, q healthQuestion, at time.Time, since bool) tagout.HealthReading {
	if d.telemetry == nil {
		return q.reading.Read(0, tagout.Errorf(tagout.Unavailable, "No Prometheus is configured."))
	}
	value, err := d.telemetry.Value(ctx, q.query, at)
	if err != nil && tagout.CodeOf(err) != tagout.NotFound {
		d.log.Warn("a metric cannot be read", "metric", q.reading.Name, "agent", q.reading.Agent, "error", err)
	}
	r := q.reading.Read(value, err)
	if !since || r.Status == tagout.HealthUnknown {
		return r
	}
	points, err := d.telemetry.Values(ctx, q.query, at.Add(-healthBack), at, healthStep)
	if err != nil {
		return r // since when is not known, and that is left out
	}
	return r.During(points, at.Add(-healthBack), healthStep)
}

// ownHealth is what Tagout itself has measured, of an agent or of all.
func (d *Desk) ownHealth(ctx context.Context, agent string, at time.Time) []tagout.HealthReading {
	p := d.policy.Health
	window, within := p.Window, p.TimeToKill
	if window <= 0 {
		window = tagout.DefaultHealthWindow
	}
	if within <= 0 {
		within = tagout.DefaultTimeToKill
	}
	kill := tagout.HealthReading{Agent: agent, Name: "time_to_kill", Title: "Time to kill, nine of ten within", Unit: tagout.UnitSeconds, Target: tagout.HealthTarget{Op: "<", Value: within.Seconds()}}
	back := tagout.HealthReading{Agent: agent, Name: "rollback_success", Title: "Rollbacks that succeeded", Unit: tagout.UnitRatio, Target: tagout.HealthTarget{Op: ">=", Value: 1}}
	f, err := d.FiguresOf(ctx, tagout.FiguresQuery{From: at.Add(-window), To: at, Agent: agent, Public: agent != ""})
	if err != nil {
		return []tagout.HealthReading{kill.Read(0, err), back.Read(0, err)}
	}
	span := strconv.Itoa(int(window/(24*time.Hour))) + " days"
	if n := f.Now.TimeToKill.N; n == 0 {
		kill.Status, kill.Detail = tagout.HealthNothing, "no stop was observed in "+span
	} else {
		kill = kill.Read(f.Now.TimeToKill.P90.Seconds(), nil)
		kill.Detail = fmt.Sprintf("%s in %s", counted(n, "stop"), span)
	}
	if rate, known := f.Now.RollbackSuccess.Rate(); !known {
		back.Status, back.Detail = tagout.HealthNothing, "no rollback in "+span
	} else {
		back = back.Read(rate, nil)
		back.Detail = fmt.Sprintf("%d of %s in %s", f.Now.RollbackSuccess.Of, counted(f.Now.RollbackSuccess.All, "rollback"), span)
	}
	return []tagout.HealthReading{kill, back}
}
