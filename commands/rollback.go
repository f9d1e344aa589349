package commands

import (
	"context"
	"strings"

	"tagout"
)

// Roller is what rolling back needs.
type Roller interface {
	Follower
	// AgentVersions tells what is known of the versions of a declared agent.
	AgentVersions(ctx context.Context, agent string) (tagout.AgentVersions, error)
	// Rollback pins an agent to earlier versions and returns once that is requested. It
	// returns NotFound for an undeclared agent or component, and Conflict if there is no
	// control or no earlier version.
	Rollback(ctx context.Context, o tagout.RollbackOrder) (*tagout.Incident, error)
}

// rollbacks pins an agent to earlier versions, and reads back that they run.
type rollbacks struct {
	floor
	desk Roller
}

func rollback(f floor, d Roller) tagout.Command {
	r := rollbacks{f, d}
	return tagout.Command{
		Name: "rollback", Summary: "Pin an agent to earlier versions of its prompt, policy, model and tools.", Usage: "[AGENT|INC-n] [COMPONENT[=VERSION]…]", Right: tagout.MayRollback,
		Detail: detail("full members of the workspace, and API tokens that may rollback; no guest.",
			[]string{"/rollback mailer", "/rollback mailer prompt", "/rollback mailer prompt=v41 policy=2026-10"},
			"Without components it opens a form that shows what would change; a component without a version goes back to the last known good one, else to the one before. "+
				"For an API token it goes back with every component at once. In an incident's channel the agent can be left out.",
			"What is held stays held. Success is only what the controls read back; what fails can be tried again."),
		Run:    r.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){"rollback": r.previews, "rollback_retry": r.retries},
		Forms:  map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){"rollback": r.submitted},
	}
}

func (r rollbacks) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	byToken := in.By.Kind == tagout.ByToken
	if !byToken {
		if err := member(in.User, "roll an agent back"); err != nil {
			return tagout.Reply{}, err
		}
	}
	order, err := r.order(ctx, in)
	if err != nil {
		return tagout.Reply{}, err
	}
	if order.To == nil && !byToken {
		return r.ask(ctx, order)
	}
	return r.run(ctx, order, in.Channel)
}

// run carries an order out and answers in the channel.
func (r rollbacks) run(ctx context.Context, o tagout.RollbackOrder, channel string) (tagout.Reply, error) {
	i, err := r.desk.Rollback(ctx, o)
	if err != nil {
		return tagout.Reply{}, err
	}
	reply := tagout.Reply{Message: rollbackAnswer(i, channel), Public: true, Outcome: tagout.Outcome{Incident: i.ID}}
	if i.Rollback.Underway() {
		reply.Updates = rollbackUpdates(ctx, r.desk, i, channel)
	}
	return reply, nil
}

// previews opens the form for the agent of an incident.
func (r rollbacks) previews(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "roll an agent back"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	o, err := r.complete(ctx, tagout.RollbackOrder{}, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	return r.ask(ctx, o)
}

// retries orders what failed once more.
func (r rollbacks) retries(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "roll an agent back"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return r.run(ctx, tagout.RollbackOrder{ID: tagout.DeriveID("rollback", c.ID), Incident: id, Retry: true, By: c.User.Actor()}, c.Channel)
}

// order reads the arguments. It returns Invalid for what it does not understand, and then
// nothing is rolled back.
func (r rollbacks) order(ctx context.Context, in tagout.Invocation) (tagout.RollbackOrder, error) {
	o := tagout.RollbackOrder{ID: tagout.DeriveID("rollback", in.ID), By: in.By}
	if in.User.ID != "" {
		o.By = in.User.Actor()
	}
	about := in.Incident
	words := strings.Fields(line(in.Text))
	if len(words) > 0 && !strings.Contains(words[0], "=") {
		first := bare(words[0])
		switch name := strings.ToLower(first); {
		case looksLikeIncident(words[0]):
			id, err := tagout.ParseIncidentID(strings.TrimRight(first, "."))
			if err != nil {
				return o, err
			}
			about, words = id, words[1:]
		case r.policy.Agents[name] != nil || about == 0 || !r.isComponent(ctx, about, name):
			o.Agent, words = name, words[1:]
		}
	}
	for _, word := range words {
		if err := addComponent(&o, bare(word)); err != nil {
			return o, err
		}
	}
	return r.complete(ctx, o, about)
}

// isComponent reports whether the agent of an incident has such a component.
func (r rollbacks) isComponent(ctx context.Context, about tagout.IncidentID, name string) bool {
	i, err := r.desk.Incident(ctx, about)
	if err != nil || i.Scope.Agent == "" {
		return false
	}
	for _, c := range r.policy.Agents.ComponentsOf(i.Scope.Agent) {
		if c == name {
			return true
		}
	}
	return false
}

// addComponent reads COMPONENT or COMPONENT=VERSION.
func addComponent(o *tagout.RollbackOrder, word string) error {
	component, version, isPair := strings.Cut(word, "=")
	name, err := tagout.CanonicalName(component)
	if err != nil || isPair && version == "" {
		return tagout.Errorf(tagout.Invalid, "%q is not a version: write such as prompt=v41, or only prompt for the last known good one.", clip(word))
	}
	if o.To == nil {
		o.To = map[string]string{}
	}
	if before, twice := o.To[name]; twice && before != version {
		return tagout.Errorf(tagout.Invalid, "Two versions of %s were named; write one.", name)
	}
	o.To[name] = version
	return nil
}

// complete takes the agent from the incident if none was named, and the incident if it is
// about the agent.
func (r rollbacks) complete(ctx context.Context, o tagout.RollbackOrder, about tagout.IncidentID) (tagout.RollbackOrder, error) {
	if about != 0 {
		i, err := r.desk.Incident(ctx, about)
		if err != nil {
			return o, err
		}
		if o.Agent == "" {
			o.Agent = i.Scope.Agent
		}
		if i.Scope.Agent == o.Agent && !i.State.Ended() {
			o.Incident = about
		}
	}
	if o.Agent == "" {
		return o, tagout.Errorf(tagout.Invalid, "Say which agent to roll back: /tagout rollback AGENT, one of %s.",
			strings.Join(r.policy.Agents.Names(), ", "))
	}
	if r.policy.Agents[o.Agent] == nil {
		near := r.policy.Agents.Near(o.Agent)
		if len(near) == 0 {
			near = r.policy.Agents.Names()
		}
		return o, tagout.Errorf(tagout.NotFound,
			"There is no agent %q in the configuration, so nothing was rolled back. Did you mean %s?", clip(o.Agent),
			strings.Join(near, ", "))
	}
	return o, nil
}
