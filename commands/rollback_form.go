package commands

import (
	"context"
	"strings"

	"tagout"
)

// What a choice of a version can show and carry.
const (
	mostVersions = 98  // beside "leave as it is" and the proposal
	longestValue = 150 // a longer one goes by its hash
)

// leaveIt is the choice that changes nothing.
const leaveIt = "leave"

// ask opens the form with what would change. It returns Conflict if nothing can be rolled
// back.
func (r rollbacks) ask(ctx context.Context, o tagout.RollbackOrder) (tagout.Reply, error) {
	known, err := r.desk.AgentVersions(ctx, o.Agent)
	if err != nil {
		return tagout.Reply{}, err
	}
	if err := r.policy.Agents.CanRollBack(o.Agent); err != nil {
		return tagout.Reply{}, err
	}
	plan, err := tagout.PlanRollback(known, nil)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := rollbackForm(known, plan, o.Incident)
	return tagout.Reply{Form: &form, Message: tagout.Say("Choose the versions in the form, or name them: ",
		tagout.Typed("rollback "+o.Agent+" "+plan[0].Component+"="+plan[0].To))}, nil
}

func rollbackForm(known tagout.AgentVersions, plan []tagout.ComponentRollback, about tagout.IncidentID) tagout.Form {
	form := tagout.Form{ID: "rollback", Title: cutTo("Roll back "+known.Agent, 23), Submit: "Roll back now", State: "|" + known.Agent}
	if about != 0 {
		form.State = about.String() + form.State
	}
	form.Intro = append(form.Intro, tagout.T(tagout.Bold("Sent as it stands, this changes:")))
	proposed := map[string]string{}
	for _, step := range plan {
		proposed[step.Component] = step.To
		form.Intro = append(form.Intro, tagout.T(tagout.Bold(step.Change()), " — ", string(step.Basis)+goodFor(known, step), "."))
	}
	var unknown []string
	for _, c := range known.Components {
		if len(c.Known) == 0 {
			unknown = append(unknown, c.Component)
			continue
		}
		if proposed[c.Component] == "" {
			form.Intro = append(form.Intro, tagout.T(c.Component+" stays at "+c.Current+": no other version is known."))
		}
		form.Fields = append(form.Fields, versionField(c, proposed[c.Component]))
	}
	if len(unknown) > 0 {
		form.Intro = append(form.Intro, tagout.T("No version is known of "+strings.Join(unknown, ", ")+"; to roll that back, name one: ",
			tagout.Typed("rollback "+known.Agent+" "+unknown[0]+"=VERSION")))
	}
	form.Intro = append(form.Intro,
		tagout.T("What runs now is kept as evidence first. What is held stays held. It counts as done once the controls read it back."))
	return form
}

// goodFor tells how long the proposed version has proved itself.
func goodFor(known tagout.AgentVersions, step tagout.ComponentRollback) string {
	c, _ := known.Component(step.Component)
	for _, k := range c.Known {
		if step.Basis == tagout.BasisKnownGood && k.Version == step.To {
			return ": ran " + tagout.Elapsed(k.GoodFor) + " without an incident"
		}
	}
	return ""
}

func versionField(c tagout.ComponentVersions, proposed string) tagout.Field {
	f := tagout.Field{Key: c.Component, Label: c.Component, Hint: "Now: " + c.Current, Kind: tagout.FieldChoice, Value: leaveIt,
		Options: []tagout.Option{{Value: leaveIt, Label: "leave as it is"}}}
	for n, k := range c.Known {
		if n >= mostVersions && k.Version != proposed {
			continue
		}
		label := cutTo(k.Version, 45)
		switch {
		case k.Version == c.Current:
			label += " — runs now"
		case k.Version == proposed && k.Good:
			label += " — last known good"
		case k.Good:
			label += " — known good"
		case k.Version == c.Previous:
			label += " — the one before"
		}
		f.Options = append(f.Options, tagout.Option{Value: choiceOf(k.Version), Label: label})
	}
	if proposed != "" {
		f.Value = choiceOf(proposed)
	}
	return f
}

// choiceOf is the version as a choice carries it.
func choiceOf(version string) string {
	if value := "v:" + version; len(value) <= longestValue {
		return value
	}
	return "h:" + tagout.DeriveID("version", version)
}

// submitted rolls back to what was chosen.
func (r rollbacks) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "roll an agent back"); err != nil {
		return tagout.Reply{}, err
	}
	about, agent, _ := strings.Cut(s.State, "|")
	o := tagout.RollbackOrder{ID: tagout.DeriveID("rollback", s.ID), Agent: agent, By: s.User.Actor()}
	if about != "" {
		id, err := tagout.ParseIncidentID(about)
		if err != nil {
			return tagout.Reply{}, err
		}
		if i, err := r.desk.Incident(ctx, id); err != nil {
			return tagout.Reply{}, err
		} else if !i.State.Ended() {
			o.Incident = id
		}
	}
	known, err := r.desk.AgentVersions(ctx, agent)
	if err != nil {
		return tagout.Reply{}, err
	}
	o.To = map[string]string{}
	first := ""
	for _, c := range known.Components {
		chosen := s.Values[c.Component]
		if chosen == "" {
			continue
		}
		if first == "" {
			first = c.Component
		}
		for _, k := range c.Known {
			if choiceOf(k.Version) == chosen {
				o.To[c.Component] = k.Version
			}
		}
	}
	if len(o.To) == 0 {
		return problem(first, tagout.Errorf(tagout.Invalid,
			"Everything is left as it is, so that there is nothing to roll back. Choose a version of at least one component."))
	}
	return r.run(ctx, o, s.Channel)
}
