package escalation

import (
	"context"
	"time"

	"tagout"
)

// Acknowledge stops the paging of an incident. It returns Conflict, naming who did, if
// that has happened before.
func (d *Desk) Acknowledge(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return d.acknowledge(i, tagout.Answer{By: by.Actor(), Guest: by.Guest}, now)
	})
}

// AcknowledgeDrill is the same for who was shown a drill. If that has become a real incident
// nothing is acknowledged, and the incident is returned as it is, which is no drill.
func (d *Desk) AcknowledgeDrill(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if !i.Drill {
			return tagout.Change{}, nil
		}
		return d.acknowledge(i, tagout.Answer{By: by.Actor(), Guest: by.Guest}, now)
	})
}

// Note puts words on an incident's timeline. It returns Invalid for an empty note.
func (d *Desk) Note(ctx context.Context, id tagout.IncidentID, text string, by tagout.Actor) (*tagout.Incident, error) {
	return d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.AddNote(d.clip(text, noteLength), by, now)
	})
}

// ChangeSeverity sets another severity; raising it contains and pages as the new one says.
// It returns Invalid for a severity that is not configured.
func (d *Desk) ChangeSeverity(ctx context.Context, id tagout.IncidentID, to tagout.Severity, reason string, by tagout.Actor) (*tagout.Incident, error) {
	if d.policy.Severities[to] == nil {
		return nil, tagout.Errorf(tagout.Invalid, "%s is not a severity of this configuration.", to.Label())
	}
	row := d.policy.SeverityPolicy(to)
	i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		raised := to.Worse(i.HighestSeverity)
		c, err := d.changeSeverity(i, row, i.Class, reason, by, now)
		if err != nil || !raised {
			return c, err
		}
		scopes := heldScopes(i)
		if i.Scope != tagout.Everything { // which is also what an alert without agent leaves
			scopes = append(scopes, i.Scope)
		}
		held, err := d.contain(i, scopes, cause{ID: i.ID.String() + ":" + string(to), By: by, First: true}, now)
		return d.withDeadline(i, c.And(held), now), err
	})
	if err == nil {
		d.apply(i)
	}
	return i, err
}

// changeSeverity sets another severity: those of class and severity are paged if it is a new
// high, and an acknowledgement runs out as it says.
func (d *Desk) changeSeverity(i *tagout.Incident, row *tagout.SeverityPolicy, class, reason string, by tagout.Actor, now time.Time) (tagout.Change, error) {
	c := i.Interrupt("its severity was changed", by, d.policy.Agents, now)
	changed, err := i.ChangeSeverity(row, d.pageRoles(row, class), reason, by, now)
	if err != nil {
		return c, err
	}
	c = c.And(changed)
	if by.Kind != tagout.BySource && by.Kind != tagout.ByAgent {
		c = c.And(d.loud(i, "its severity was changed by hand", by, now))
	}
	return c.And(d.watchAnswer(i, now)), nil
}

// MakePrivate closes an open incident to everybody but its people. It returns Conflict if it
// is private already or has ended.
func (d *Desk) MakePrivate(ctx context.Context, id tagout.IncidentID, by tagout.User) (*tagout.Incident, error) {
	i, err := d.store.Update(ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.MakePrivate(by, now)
	})
	if err == nil {
		d.gate.Committed(i.ActiveHolds()) // from here on it tells nobody why they stand
	}
	return i, err
}

// Declare opens an incident by hand. With a mode and a scope it stops first.
func (d *Desk) Declare(ctx context.Context, dec tagout.Declaration) (*tagout.Incident, error) {
	if dec.Stop != "" && dec.Scope != nil {
		return d.declareStopped(ctx, dec)
	}
	opening := tagout.Opening{Title: dec.Title, Summary: dec.Summary, Class: dec.Class, By: dec.By, Private: dec.Private}
	if dec.Scope != nil {
		opening.Scope = *dec.Scope
	}
	if d.policy.Classes[opening.Class] == nil {
		opening.Class = d.policy.DefaultClass
	}
	severity := dec.Severity
	if d.policy.Severities[severity] == nil {
		severity = d.policy.DefaultSeverity
	}
	opening.Row = d.policy.SeverityPolicy(severity)
	opening.Page = d.pageRoles(opening.Row, opening.Class)
	opening.Of = d.policy.Classes[opening.Class]
	opening.CorrelationID = "declared:" + dec.ID
	i, _, err := d.store.Join(ctx, tagout.Match{CorrelationID: opening.CorrelationID}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.State != "" {
			return tagout.Change{}, nil // the same request again
		}
		return i.Open(opening, now)
	})
	return i, err
}

func (d *Desk) declareStopped(ctx context.Context, dec tagout.Declaration) (*tagout.Incident, error) {
	hold := tagout.Hold{ID: tagout.HoldID(tagout.DeriveID("declare", dec.ID)), Scope: *dec.Scope, Mode: dec.Stop, By: dec.By,
		Reason: dec.Title, Private: dec.Private, At: d.clock.Now()}
	result, err := d.Stop(ctx, tagout.StopRequest{Hold: hold, Severity: dec.Severity, Class: dec.Class, Private: dec.Private})
	if err != nil {
		return nil, err
	}
	if result.Pending {
		return nil, tagout.Errorf(tagout.Unavailable, "%s is %s now, but the database cannot be reached; the incident is recorded when it returns.%s", dec.Scope, dec.Stop, after(" ", result.Warning))
	}
	if dec.Summary == "" || result.Repeat {
		return result.Incident, nil
	}
	noted, err := d.Note(ctx, result.Incident.ID, dec.Summary, dec.By)
	if err != nil {
		d.log.Warn("the words that came with a stop are not on its timeline", "incident", result.Incident.ID.String(), "error", err)
		return result.Incident, nil
	}
	return noted, nil
}

// after is text with what goes before it, or nothing.
func after(before, text string) string {
	if text == "" {
		return ""
	}
	return before + text
}

// pageRoles lists the roles that a severity pages, and the one that takes the class over.
func (d *Desk) pageRoles(row *tagout.SeverityPolicy, class string) []string {
	roles := append([]string(nil), row.Page...)
	if c := d.policy.Classes[class]; c != nil && c.Handoff != "" {
		for _, have := range roles {
			if have == c.Handoff {
				return roles
			}
		}
		roles = append(roles, c.Handoff)
	}
	return roles
}
