package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// HealthTeller is what telling how well agents do needs.
type HealthTeller interface {
	// Health tells how well agents do. Returns NotFound for an agent that is not declared.
	Health(ctx context.Context, q tagout.HealthQuery) (tagout.Health, error)
}

// health tells how well agents do.
func health(f floor, d HealthTeller) tagout.Command {
	h := healths{f, d}
	return tagout.Command{
		Name: "health", Summary: "Show how well agents do: metrics with their targets, time to kill, rollbacks.", Usage: "[AGENT]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/health", "/health mailer"},
			"Metrics are read from Prometheus as the configuration says (health). What cannot be read is shown as unknown, never as good.",
			"Of one agent it also shows since when each value has met or missed its target, as far as 24 h back."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			word := strings.ToLower(strings.TrimRight(bare(strings.TrimSpace(line(in.Text))), "."))
			if word == "" {
				return h.all(ctx)
			}
			if f.policy.Agents[word] == nil {
				near := ""
				if names := f.policy.Agents.Near(word); len(names) > 0 {
					near = " Did you mean " + strings.Join(names, ", ") + "?"
				}
				return tagout.Reply{}, tagout.Errorf(tagout.NotFound, "%q is no agent.%s Write /tagout health or /tagout health AGENT.", clip(word), near)
			}
			return h.one(ctx, word)
		},
	}
}

type healths struct {
	floor
	desk HealthTeller
}

// one shows every reading of an agent, a paragraph each.
func (h healths) one(ctx context.Context, agent string) (tagout.Reply, error) {
	found, err := h.desk.Health(ctx, tagout.HealthQuery{Agent: agent, Since: true})
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Health of " + agent, Tone: toneOf(found), Footer: h.footer(found, "Drills, false alarms and private incidents")}
	for _, r := range found.Readings {
		m = m.Para(r.Text())
	}
	if found.Practised != "" {
		m = m.Para(tagout.Bold("Drills"), ": "+found.Practised+".")
	}
	return tagout.Reply{Message: m}, nil
}

// all shows a paragraph for each agent: how much is as it should be, and what is not.
func (h healths) all(ctx context.Context) (tagout.Reply, error) {
	found, err := h.desk.Health(ctx, tagout.HealthQuery{})
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Health of all agents", Tone: toneOf(found), Footer: h.footer(found, "Drills and false alarms")}
	byAgent := map[string][]tagout.HealthReading{}
	for _, r := range found.Readings {
		byAgent[r.Agent] = append(byAgent[r.Agent], r)
	}
	for _, r := range byAgent[""] {
		m = m.Para(r.Text())
	}
	for _, agent := range h.policy.Agents.Names() {
		if readings := byAgent[agent]; len(readings) > 0 {
			m.Items = append(m.Items, tagout.Message{Body: []tagout.Text{ofOne(agent, readings)}})
		}
	}
	return tagout.Reply{Message: m}, nil
}

// ofOne is an agent's health in short, with every reading that is not as it should be.
func ofOne(agent string, readings []tagout.HealthReading) tagout.Text {
	counts := tagout.Health{Readings: readings}
	t := tagout.T(tagout.Bold(agent))
	for n, s := range []tagout.HealthStatus{tagout.HealthMissed, tagout.HealthUnknown, tagout.HealthMet} {
		if many := counts.Count(s); many > 0 {
			t = append(t, tagout.T(map[bool]string{true: ": ", false: ", "}[n == 0 || len(t) == 1], strconv.Itoa(many)+" "+s.Label())...)
		}
	}
	for _, r := range readings {
		if r.Status != tagout.HealthMet {
			t = append(append(t, tagout.T("\n")...), r.Text()...)
		}
	}
	return t
}

func toneOf(h tagout.Health) tagout.Tone {
	switch {
	case h.Count(tagout.HealthMissed) > 0:
		return tagout.ToneDanger
	case h.Count(tagout.HealthUnknown) > 0:
		return tagout.ToneWarning
	case h.Count(tagout.HealthMet) > 0:
		return tagout.ToneGood
	}
	return tagout.ToneNeutral
}

// footer says as of when it is, and what does not count.
func (h healths) footer(found tagout.Health, left string) tagout.Text {
	t := tagout.T("As of ", found.At, ". "+left+" do not count in time to kill and rollbacks.")
	if len(h.policy.Health.Metrics) == 0 {
		t = append(t, tagout.T(" No metrics of the agents themselves are configured (health.metrics).")...)
	}
	return t
}
