package escalation

import (
	"context"
	"slices"

	"tagout"
)

// recentChanges are the deployments of the agents that an incident is about or holds, from
// [tagout.CauseWindow] before it was detected until now, newest first.
func (d *Desk) recentChanges(ctx context.Context, i *tagout.Incident) ([]tagout.Deployment, error) {
	return i.ChangesAround(ctx, d.store)
}

// causers are the people behind them: they never sign.
func (d *Desk) causers(ctx context.Context, i *tagout.Incident) ([]tagout.Causer, error) {
	changes, err := d.recentChanges(ctx, i)
	if err != nil {
		return nil, err
	}
	return d.policy.Causers(changes), nil
}

// Unsigned lists the sign-offs of a pending request that nobody is left to give, with why those who
// usually do cannot.
func (d *Desk) Unsigned(ctx context.Context, i *tagout.Incident) []tagout.Text {
	r := i.Request
	if r == nil || r.State != tagout.RequestPending {
		return nil
	}
	barred := map[tagout.UserID]string{r.By.ID: "asked for it"}
	for _, c := range r.Causers {
		barred[c.Person] = "made the change " + c.Change
	}
	for _, s := range r.Signoffs {
		barred[s.By] = "signed already"
	}
	var texts []tagout.Text
	missing := r.Missing()
	for n, s := range d.signers(ctx, missing) {
		left := slices.DeleteFunc(slices.Clone(s.People), func(id tagout.UserID) bool { return barred[id] != "" })
		if len(left) >= max(1, missing[n].Count) || len(s.Unknown) > 0 {
			continue
		}
		t := tagout.T(tagout.Bold("Too few are left who can sign for "+d.policy.RuleText(missing[n:n+1])), ": ")
		for k, id := range s.People {
			if k > 0 {
				t = append(t, tagout.T(", ")...)
			}
			if t = append(t, tagout.T(tagout.Mention(id))...); barred[id] != "" {
				t = append(t, tagout.T(" ("+barred[id]+")")...)
			}
		}
		texts = append(texts, append(t, tagout.T(". Add another member to the role in the configuration, or let a member delegate it: ",
			tagout.Typed("delegate "+missing[n].AnyOf[0]+" @PERSON 24h"), ".")...))
	}
	return texts
}
