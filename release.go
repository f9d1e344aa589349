package tagout

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReleaseQuery asks whether a new release of an agent may go out.
type ReleaseQuery struct {
	Agent string
	Class string       // only incidents of this failure class, beside what holds the agent; "": all
	Fixes []IncidentID // of which the release is the fix: that they are open or held does not count
}

// ReleasePolicy is when a release is refused. The zero value is the defaults.
type ReleasePolicy struct {
	MaxRecurrences *int          // how often a failure class may come back within Within; nil: [DefaultMaxRecurrences]
	Within         time.Duration // 0: [RecurrenceWindow]
	LookBack       time.Duration // older incidents that have ended do not count; 0: all do
}

// DefaultMaxRecurrences is how often a failure class may come back when the policy does not say.
const DefaultMaxRecurrences = 2

// Allowed is how often a failure class may come back.
func (p ReleasePolicy) Allowed() int {
	if p.MaxRecurrences == nil {
		return DefaultMaxRecurrences
	}
	return *p.MaxRecurrences
}

// Window is how far back recurrences count.
func (p ReleasePolicy) Window() time.Duration {
	if p.Within <= 0 {
		return RecurrenceWindow
	}
	return p.Within
}

// ReleaseReport is what stands against a release of an agent. It is what `tagout release-check
// --json` prints. A private incident is named by its ID alone.
type ReleaseReport struct {
	Agent       string              `json:"agent"`
	Class       string              `json:"class,omitempty"`
	Fixes       []IncidentID        `json:"fixes,omitempty"`
	At          time.Time           `json:"at"`
	Pass        bool                `json:"pass"`
	Looked      int                 `json:"looked_at" doc:"How many incidents were looked at."`
	Incidents   []ReleaseIncident   `json:"incidents" doc:"Those that stand against it, newest first."`
	Recurrences []ReleaseRecurrence `json:"recurrences" doc:"Failure classes that come back too often."`
}

// ReleaseIncident is an incident that stands against a release. Of a private one there is
// nothing but its ID.
type ReleaseIncident struct {
	ID       IncidentID       `json:"id"`
	Private  bool             `json:"private"`
	Severity Severity         `json:"severity,omitempty"`
	Class    string           `json:"class,omitempty"`
	Title    string           `json:"title,omitempty"`
	State    State            `json:"state,omitempty"`
	Problems []ReleaseProblem `json:"problems"`
}

// ReleaseProblem is one thing that is missing.
type ReleaseProblem struct {
	Kind   string     `json:"kind" enum:"held,open,no_regression_test,overdue_action,private"`
	Text   string     `json:"text"`
	Fix    string     `json:"fix"`
	Owner  string     `json:"owner,omitempty" doc:"Whose it is: a role, a Slack user ID, or both."`
	Action string     `json:"action,omitempty" doc:"The corrective action, such as INC-7/2."`
	Due    *time.Time `json:"due,omitempty"`
}

// ReleaseRecurrence is a failure class that came back too often. If that is so only with
// private incidents, it is not named.
type ReleaseRecurrence struct {
	Class       string       `json:"class,omitempty"`
	Recurrences int          `json:"recurrences" doc:"How often it came back: incidents after the first within the window."`
	Allowed     int          `json:"allowed"`
	WithinHours float64      `json:"within_hours"`
	Incidents   []IncidentID `json:"incidents" doc:"Newest first; private ones only count."`
	Text        string       `json:"text"`
	Fix         string       `json:"fix"`
	Owner       string       `json:"owner,omitempty"`
}

// ReleaseReader is where incidents are read from, as [Store] is.
type ReleaseReader interface {
	// Incidents lists incidents, newest first.
	Incidents(ctx context.Context, q IncidentQuery) ([]*Incident, error)
	// Incident reads one incident. Returns NotFound if it does not exist.
	Incident(ctx context.Context, id IncidentID) (*Incident, error)
	// Holds lists the holds that stand, recorded or not.
	Holds(ctx context.Context) ([]Hold, error)
}

// releasePage is how many incidents are read at once.
const releasePage = 500

// CheckRelease tells what stands against a release of an agent. It returns NotFound for an
// agent, a class or a fixed incident that nobody knows, Invalid for a fixed incident of another
// agent, and the reader's error: whoever gets an error knows nothing and must not release.
func (p *Policy) CheckRelease(ctx context.Context, r ReleaseReader, q ReleaseQuery, now time.Time) (ReleaseReport, error) {
	name, err := CanonicalName(q.Agent)
	if err != nil {
		return ReleaseReport{}, err
	}
	q.Agent, q.Class = name, strings.ToLower(strings.TrimSpace(q.Class))
	all, err := releaseIncidents(ctx, r, q.Agent)
	if err != nil {
		return ReleaseReport{}, err
	}
	if err := p.knowsRelease(q, all); err != nil {
		return ReleaseReport{}, err
	}
	standing, all, err := standingOn(ctx, r, p.Agents[q.Agent], q.Agent, all)
	if err != nil {
		return ReleaseReport{}, err
	}
	c := releaseCheck{policy: p, query: q, now: now, standing: standing}
	return c.report(all), nil
}

// releaseIncidents are all that concern the agent, newest first.
func releaseIncidents(ctx context.Context, r ReleaseReader, agent string) (all []*Incident, err error) {
	q := IncidentQuery{Agent: agent, Limit: releasePage}
	for {
		page, err := r.Incidents(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < releasePage {
			return all, nil
		}
		q.Before = page[len(page)-1].ID
	}
}

// standingOn are the holds that stand on the agent, by incident, and the incidents with those
// that hold it without being about it.
func standingOn(ctx context.Context, r ReleaseReader, a *Agent, agent string, all []*Incident) (map[IncidentID][]Hold, []*Incident, error) {
	holds, err := r.Holds(ctx)
	if err != nil {
		return nil, nil, err
	}
	standing := map[IncidentID][]Hold{}
	for _, h := range holds {
		if !h.Scope.Touches(Scope{Agent: agent}, a) {
			continue
		}
		standing[h.Incident] = append(standing[h.Incident], h)
		if slices.ContainsFunc(all, func(i *Incident) bool { return i.ID == h.Incident }) {
			continue
		}
		if h.Incident == 0 { // obeyed, and not recorded yet
			all = append(all, &Incident{Scope: h.Scope, State: StateOpen, Drill: true, Private: h.Private})
			continue
		}
		i, err := r.Incident(ctx, h.Incident)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, i)
	}
	slices.SortStableFunc(all, func(a, b *Incident) int { return int(b.ID - a.ID) })
	return standing, all, nil
}

// knowsRelease returns an error for names that nobody knows: a name that is mistyped has no
// incidents, and must not pass for that.
func (p *Policy) knowsRelease(q ReleaseQuery, all []*Incident) error {
	if p.Agents[q.Agent] == nil && len(all) == 0 {
		return Errorf(NotFound, "There is no agent %s: it is not in the configuration and has no incidents.%s",
			clip(q.Agent, 60), meant(p.Agents.Near(q.Agent)))
	}
	ofClass := func(i *Incident) bool { return i.Class == q.Class }
	if q.Class != "" && p.Classes[q.Class] == nil && !slices.ContainsFunc(all, ofClass) {
		return Errorf(NotFound, "There is no failure class %s. Use one of %s.", clip(q.Class, 60), strings.Join(sortedKeys(p.Classes), ", "))
	}
	for _, id := range q.Fixes {
		if !slices.ContainsFunc(all, func(i *Incident) bool { return i.ID == id }) {
			return Errorf(NotFound, "%s is not an incident of %s, so this release cannot be its fix.", id, q.Agent)
		}
	}
	return nil
}

func meant(near []string) string {
	if len(near) == 0 {
		return ""
	}
	return " Did you mean " + strings.Join(near, " or ") + "?"
}

// Sentence is the report in one sentence.
func (r ReleaseReport) Sentence() string {
	what := r.Agent
	if r.Class != "" {
		what += " (" + r.Class + ")"
	}
	if r.Pass {
		return what + " may be released: nothing stands against it in " + counted(r.Looked, "incident") + "."
	}
	var against []string
	if n := len(r.Incidents); n > 0 {
		against = append(against, counted(n, "incident"))
	}
	if n := len(r.Recurrences); n > 0 {
		against = append(against,
			strconv.Itoa(n)+" failure "+map[bool]string{true: "class that comes", false: "classes that come"}[n == 1]+" back too often")
	}
	return what + " may not be released: " + strings.Join(against, " and ") + map[bool]string{true: " stands", false: " stand"}[len(r.Incidents)+len(r.Recurrences) == 1] + " against it."
}
