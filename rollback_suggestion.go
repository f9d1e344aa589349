package tagout

import (
	"strconv"
	"strings"
	"time"
)

// DefaultRollbackWindow is how long before an incident a new version, or the same failure,
// counts as a sign of a rollback when the configuration does not say.
const DefaultRollbackWindow = 24 * time.Hour

// Signs of a rollback that a failure class may name.
const (
	WhenNewVersion = "new_version"
	WhenRepeated   = "repeated"
	WhenNever      = "never"
)

// Window is how far back a sign of a rollback is looked for.
func (c *FailureClass) Window() time.Duration {
	if c.RollbackWindow > 0 {
		return c.RollbackWindow
	}
	return DefaultRollbackWindow
}

// began is when the failure began as far as that is known.
func (i *Incident) began() time.Time {
	if at := i.When(Onset); !at.IsZero() {
		return at
	}
	return i.When(Detected)
}

// WindowText is the length of a window in words, such as "24 h".
func WindowText(d time.Duration) string { return strings.TrimSuffix(Elapsed(d), " 0 min") }

// NewVersion says which component of the agent had a new version within a window before the
// incident began: the newest, by the history and by what was deployed. "" if none had. The
// first version that is known of a component is no new one.
func (i *Incident) NewVersion(history VersionHistory, components []string, changes []Deployment, window time.Duration) string {
	began := i.began()
	var newest time.Time
	var reason string
	for _, name := range components {
		c := history.Component(name, DefaultKnownGoodAfter, began)
		if c.Previous == "" || began.Sub(c.Since) > window || !c.Since.After(newest) {
			continue
		}
		newest = c.Since
		reason = name + " " + clip(c.Current, 80) + " has run since " + minuteOf(c.Since) + ", " + Elapsed(began.Sub(c.Since)) + " before it began; before that ran " + clip(c.Previous, 80)
	}
	for _, d := range changes {
		if d.Agent != i.Scope.Agent || d.At.After(began) || began.Sub(d.At) > window || !d.At.After(newest) {
			continue
		}
		newest = d.At
		reason = clip(d.Component, 40) + " " + clip(d.To, 80) + " was deployed at " + minuteOf(d.At) + ", " + Elapsed(began.Sub(d.At)) + " before it began"
		if d.By != "" {
			reason += ", by " + clip(d.By, 80)
		}
	}
	return reason
}

func minuteOf(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// Repeats says which earlier incidents of the same agent and class were detected within a
// window before this one. "" if none was. Drills and false alarms do not count.
func (i *Incident) Repeats(earlier []*Incident, window time.Duration) string {
	var ids []string
	for _, e := range earlier {
		if e.ID == i.ID || e.Drill || e.FalseAlarm != nil || e.Class != i.Class || e.Scope.Agent != i.Scope.Agent {
			continue
		}
		before := i.At(Detected).Sub(e.At(Detected))
		if before >= 0 && before <= window {
			ids = append(ids, e.ID.String())
		}
	}
	if len(ids) == 0 {
		return ""
	}
	more := ""
	if len(ids) > 5 {
		ids, more = ids[:5], " and "+strconv.Itoa(len(ids)-5)+" more"
	}
	return "the same failure of " + i.Scope.Agent + " came before within " + WindowText(window) + ": " + strings.Join(ids, ", ") + more
}

// SuggestRollback says in the channel why the agent should perhaps be rolled back, with a
// button that shows what would change. It does nothing by itself, and is said once. Where
// the severity rolls back by itself it is only put on record.
func (i *Incident) SuggestRollback(s Suggestion, row *SeverityPolicy, at time.Time) Change {
	var c Change
	if i.Suggestion != nil || i.State.Ended() || s.Reason == "" || s.Agent == "" {
		return c
	}
	s.At = Moment(at)
	i.Suggestion = &s
	c.event(EventRollbackAdvised, Tagout, at, s)
	if i.Rollback != nil || row.Contain.Rollback {
		return c
	}
	m := Message{Tone: ToneWarning, Body: []Text{T(Bold("A rollback of "+s.Agent+" was foreseen for this: "), s.Reason, ". Nothing is rolled back yet.")}}
	m.Buttons = []Button{i.RollbackButton()}
	c.post(i, "suggestion", m)
	return c
}

// RollbackButton opens the form that shows what a rollback would change.
func (i *Incident) RollbackButton() Button {
	return Button{Action: "rollback", Label: "Preview rollback", Value: i.ID.String()}
}

// OffersRollback reports whether a rollback was suggested and none was begun.
func (i *Incident) OffersRollback() bool {
	return i.Suggestion != nil && i.Rollback == nil && !i.State.Ended()
}
