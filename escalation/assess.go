package escalation

import (
	"context"
	"time"

	"tagout"
)

// earlierIncidents is how many of an agent's newest incidents are looked at for a repetition.
const earlierIncidents = 50

// assess looks, once an incident is open, at what is known of its agent: evidence that the
// class wants kept and that is there already, and a sign of the rollback that was foreseen.
func (d *Desk) assess(ctx context.Context, e tagout.Effect) error {
	i, err := d.store.Incident(ctx, e.Incident)
	if err != nil {
		return err
	}
	agent, class := i.Scope.Agent, d.policy.Classes[i.Class]
	if agent == "" || class == nil || i.State.Ended() {
		return nil
	}
	history, err := d.store.VersionHistory(ctx, agent)
	if err != nil {
		return err
	}
	components := d.policy.Agents.ComponentsOf(agent)
	var known []string
	for _, name := range components {
		if history.Component(name, tagout.DefaultKnownGoodAfter, i.At(tagout.Detected)).Current != "" {
			known = append(known, name+"_version")
		}
	}
	suggestion := tagout.Suggestion{Agent: agent, When: class.RollbackWhen}
	switch class.RollbackWhen {
	case tagout.WhenNewVersion:
		changes, err := d.store.Changes(ctx, agent, i.At(tagout.Detected).Add(-2*class.Window()))
		if err != nil {
			return err
		}
		suggestion.Reason = i.NewVersion(history, components, changes, class.Window())
	case tagout.WhenRepeated:
		earlier, err := d.store.Incidents(ctx, tagout.IncidentQuery{Agent: agent, Limit: earlierIncidents})
		if err != nil {
			return err
		}
		suggestion.Reason = i.Repeats(earlier, class.Window())
	}
	return d.update(ctx, i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		c := i.Arrived(known, "history", tagout.Tagout, now)
		return c.And(i.SuggestRollback(suggestion, d.policy.SeverityPolicy(i.Severity), now)), nil
	})
}

// oneFailure is for how long what comes to an incident is still the failure that opened it:
// the other alerts of a group or a storm are no repetition.
const oneFailure = 5 * time.Minute

// againWithin suggests the rollback that was foreseen for a failure that comes again while its
// incident is open: last is when something of it came before.
func (d *Desk) againWithin(i *tagout.Incident, last, now time.Time) tagout.Change {
	class := d.policy.Classes[i.Class]
	if class == nil || class.RollbackWhen != tagout.WhenRepeated || last.IsZero() || now.Sub(last) > class.Window() || now.Sub(i.At(tagout.Detected)) < oneFailure || i.Scope.Agent == "" {
		return tagout.Change{}
	}
	s := tagout.Suggestion{Agent: i.Scope.Agent, When: class.RollbackWhen,
		Reason: "the same failure came again within " + tagout.WindowText(class.Window()) + ", last " + tagout.Elapsed(now.Sub(last)) + " before"}
	return i.SuggestRollback(s, d.policy.SeverityPolicy(i.Severity), now)
}
