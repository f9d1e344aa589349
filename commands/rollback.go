package commands

import (
	"context"
	"iter"
	"reflect"
	"strings"

	"tagout"
)

// Roller is what rolling back needs.
type Roller interface {
	Follower
	// Rollback pins an agent to earlier versions and returns once that is requested. It
	// returns NotFound for an undeclared agent and Conflict if there is no control or no
	// earlier version.
	Rollback(ctx context.Context, o tagout.RollbackOrder) (*tagout.Incident, error)
}

// rollback pins an agent to the versions before, and reads back that they run.
func rollback(f floor, d Roller) tagout.Command {
	return tagout.Command{
		Name: "rollback", Summary: "Pin an agent to its earlier prompt, policy, model and tools.", Usage: "[AGENT|INC-n] [COMPONENT=VERSION…]", Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/rollback mailer", "/rollback mailer prompt=v41 policy=2026-10"},
			"Without versions each component goes back to the one before. In an incident's channel the agent can be left out. What is held stays held."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := member(in.User, "roll an agent back"); err != nil {
				return tagout.Reply{}, err
			}
			order, err := f.rollbackOrder(ctx, d, in)
			if err != nil {
				return tagout.Reply{}, err
			}
			i, err := d.Rollback(ctx, order)
			if err != nil {
				return tagout.Reply{}, err
			}
			reply := tagout.Reply{Message: rollbackAnswer(i, in.Channel), Public: true, Outcome: tagout.Outcome{Incident: i.ID}}
			if rollbackPending(i.Rollback) {
				reply.Updates = rollbackUpdates(ctx, d, i, in.Channel)
			}
			return reply, nil
		},
	}
}

// rollbackOrder reads the arguments. It returns Invalid for what it does not understand,
// and then nothing is rolled back.
func (f floor) rollbackOrder(ctx context.Context, d Follower, in tagout.Invocation) (tagout.RollbackOrder, error) {
	o := tagout.RollbackOrder{ID: tagout.DeriveID("rollback", in.ID), By: in.User.Actor()}
	about := in.Incident
	for n, word := range strings.Fields(line(in.Text)) {
		component, version, isPair := strings.Cut(bare(word), "=")
		switch {
		case isPair:
			name, err := tagout.CanonicalName(component)
			if err != nil || version == "" {
				return o, tagout.Errorf(tagout.Invalid, "%q is not a version: write such as prompt=v41.", clip(word))
			}
			if o.To == nil {
				o.To = map[string]string{}
			}
			if before, twice := o.To[name]; twice && before != version {
				return o, tagout.Errorf(tagout.Invalid, "Two versions of %s were named; write one.", name)
			}
			o.To[name] = version
		case n == 0 && looksLikeIncident(word):
			id, err := tagout.ParseIncidentID(strings.TrimRight(bare(word), "."))
			if err != nil {
				return o, err
			}
			about = id
		case n == 0:
			o.Agent = strings.ToLower(bare(word))
		default:
			return o, tagout.Errorf(tagout.Invalid, "%q was not understood: write /tagout rollback AGENT, then component=version for each that is not simply the one before.", clip(word))
		}
	}
	return f.completeOrder(ctx, d, o, about)
}

// completeOrder takes the agent from the incident if none was named, and the incident if it
// is about the agent.
func (f floor) completeOrder(ctx context.Context, d Follower, o tagout.RollbackOrder, about tagout.IncidentID) (tagout.RollbackOrder, error) {
	if about != 0 {
		i, err := d.Incident(ctx, about)
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
		return o, tagout.Errorf(tagout.Invalid, "Say which agent to roll back: /tagout rollback AGENT, one of %s.", strings.Join(f.policy.Agents.Names(), ", "))
	}
	if f.policy.Agents[o.Agent] == nil {
		near := f.policy.Agents.Near(o.Agent)
		if len(near) == 0 {
			near = f.policy.Agents.Names()
		}
		return o, tagout.Errorf(tagout.NotFound, "There is no agent %q in the configuration, so nothing was rolled back. Did you mean %s?", clip(o.Agent), strings.Join(near, ", "))
	}
	return o, nil
}

func rollbackPending(r *tagout.Rollback) bool {
	return r != nil && r.DoneAt.IsZero() && r.FailedAt.IsZero()
}

// rollbackAnswer is how a rollback stands, as it is read in a channel.
func rollbackAnswer(i *tagout.Incident, channel string) tagout.Message {
	r := i.Rollback
	if r == nil {
		return tagout.Say("The rollback is requested — ", tagout.Bold(i.ID.String()), ".")
	}
	to := tagout.Pairs(r.To)
	var m tagout.Message
	switch {
	case !r.DoneAt.IsZero():
		m = tagout.Say(tagout.Bold("Rolled back"), " ", tagout.Fixed(r.Agent), " to "+to+" — ", tagout.Bold(i.ID.String()), ". Read back from its control after "+tagout.Elapsed(r.DoneAt.Sub(r.At))+".")
		m.Tone = tagout.ToneGood
	case !r.FailedAt.IsZero():
		m = tagout.Say(tagout.Bold("Rollback failed"), ": ", tagout.Fixed(r.Agent), " — ", tagout.Bold(i.ID.String()), ". ", line(r.Failure))
		m.Tone = tagout.ToneDanger
	default:
		m = tagout.Say(tagout.Bold("Rolling back"), " ", tagout.Fixed(r.Agent), " to "+to+" — ", tagout.Bold(i.ID.String()), ". Requested at "+moment(r.At)+", not read back yet.")
		m.Tone = tagout.ToneWarning
	}
	if len(r.From) > 0 {
		m = m.Fact("From", tagout.Pairs(r.From))
	}
	if inPublic(i, channel) {
		return m
	}
	m = m.Fact("Held", heldBy(i))
	m.Buttons = []tagout.Button{{Action: "timeline", Label: "Timeline", Value: i.ID.String()}}
	return m
}

// heldBy says what an incident holds.
func heldBy(i *tagout.Incident) tagout.Text {
	active := i.ActiveHolds()
	if len(active) == 0 {
		return tagout.T("nothing")
	}
	var t tagout.Text
	for n, h := range active {
		if n > 0 {
			t = append(t, tagout.T("\n")...)
		}
		t = append(t, tagout.T(h.String())...)
	}
	return t
}

func rollbackUpdates(ctx context.Context, d Roller, i *tagout.Incident, channel string) iter.Seq[tagout.Message] {
	return func(yield func(tagout.Message) bool) {
		begun, last := i.Rollback.At, rollbackAnswer(i, channel)
		for i := range follow(ctx, d, i.ID, nil) {
			if i.Rollback == nil || !i.Rollback.At.Equal(begun) {
				return // a newer rollback has its own answer
			}
			if m := rollbackAnswer(i, channel); !reflect.DeepEqual(m, last) {
				if last = m; !yield(m) {
					return
				}
			}
			if !rollbackPending(i.Rollback) {
				return
			}
		}
	}
}
