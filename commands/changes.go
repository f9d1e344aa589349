package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// mostChanges is how many changes one answer lists.
const mostChanges = 20

// changes lists what was changed: prompts, policies, models and tools.
func changes(f floor, d KindTeller) tagout.Command {
	return tagout.Command{
		Name: "changes", Summary: "List what was changed: prompts, policies, models and tools of agents.", Usage: "[AGENT|INC-n]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/changes", "/changes mailer", "/changes INC-7"},
			"Of an agent, or of all, it lists the last 24 h. Of an incident it lists the 24 h before it was detected, and everything since.",
			"Changes come from POST /v1/changes and from webhooks of GitHub. Who made a change cannot sign that the agent runs again."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			word := bare(strings.TrimSpace(line(in.Text)))
			if word == "" && in.Incident != 0 {
				word = in.Incident.String()
			}
			if looksLikeIncident(word) {
				return f.changesOfIncident(ctx, d, word)
			}
			agent := ""
			if word != "" {
				name, err := tagout.CanonicalName(strings.TrimRight(word, "."))
				if err != nil || f.policy.Agents[name] == nil {
					return tagout.Reply{}, f.noAgent(word)
				}
				agent = name
			}
			list, err := d.Changes(ctx, agent)
			if err != nil {
				return tagout.Reply{}, err
			}
			m := tagout.Message{Title: "Changes of " + orAll(agent) + " in the last 24 h"}
			return tagout.Reply{Message: f.listChanges(m, list)}, nil
		},
	}
}

func orAll(agent string) string {
	if agent == "" {
		return "all agents"
	}
	return agent
}

func (f floor) noAgent(word string) error {
	near := ""
	if names := f.policy.Agents.Near(strings.ToLower(word)); len(names) > 0 {
		near = " Did you mean " + strings.Join(names, ", ") + "?"
	}
	return tagout.Errorf(tagout.NotFound,
		"%q is no agent and no incident.%s Write /tagout changes, /tagout changes AGENT or /tagout changes INC-7.",
		clip(word), near)
}

func (f floor) changesOfIncident(ctx context.Context, d KindTeller, word string) (tagout.Reply, error) {
	id, err := tagout.ParseIncidentID(strings.TrimRight(word, "."))
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := d.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	list, err := d.ChangesOf(ctx, i)
	if err != nil {
		return tagout.Reply{}, err
	}
	v, err := d.Kind(ctx, i)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Title: "Changes in the 24 h before " + id.String() + ", and since"}
	m = f.listChanges(m, list).Fact("Detected", i.At(tagout.Detected)).Fact("Kind", v.Text())
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}

// listChanges adds a paragraph for each change, newest first.
func (f floor) listChanges(m tagout.Message, list []tagout.Deployment) tagout.Message {
	if len(list) == 0 {
		return m.Para("Nothing was reported. Changes come from ", tagout.Fixed("POST /v1/changes"), " and from webhooks of GitHub.")
	}
	mask := f.policy.Redaction
	for n, c := range list {
		if n == mostChanges {
			return m.Para("… " + strconv.Itoa(len(list)-n) + " more, older ones.")
		}
		t := tagout.T("• ", c.At, " ", tagout.Bold(line(mask.Cut(c.Text(), 150))), " by "+line(mask.Cut(c.By, 80)))
		if unknown := f.policy.Strangers(c); len(unknown) > 0 {
			t = append(t, tagout.T(" ("+line(mask.Cut(strings.Join(unknown, ", "), 80))+": nobody whom the configuration knows)")...)
		}
		if c.URL != "" {
			t = append(t, tagout.T(", ", tagout.Fixed(line(mask.Cut(c.URL, 300))))...)
		}
		m = m.Para(t)
	}
	return m
}
