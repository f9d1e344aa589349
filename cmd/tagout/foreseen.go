package main

import (
	"time"

	"tagout"
)

// foreseen is what would become of an alert, for programs.
type foreseen struct {
	Name        string            `json:"name"`
	Status      string            `json:"status"`
	Fingerprint string            `json:"fingerprint"`
	StartsAt    time.Time         `json:"starts_at,omitzero"`
	Labels      map[string]string `json:"labels"`
	Severity    tagout.Severity   `json:"severity"`
	Class       string            `json:"class"`
	Scope       string            `json:"scope,omitempty"` // "" if no agent is named
	Threshold   *threshold        `json:"threshold,omitempty"`
	Rules       []ruleTried       `json:"rules"`
	Opens       bool              `json:"opens"` // false for the end of an alert; then nothing below is there
	Holds       []foreseenHold    `json:"holds,omitempty"`
	Rollback    bool              `json:"rollback,omitempty"`
	Pages       []foreseenStep    `json:"pages,omitempty"`
	Deadlines   map[string]string `json:"deadlines,omitempty"`
	Signoffs    []foreseenSignoff `json:"signoffs,omitempty"`
	Require     []string          `json:"require,omitempty"`
	Monitor     string            `json:"monitor,omitempty"` // how long without an alert before a sign-off counts
}

type threshold struct {
	Count  int    `json:"count"`
	Within string `json:"within"`
	By     string `json:"by"` // route or class
}

type ruleTried struct {
	Rule    int    `json:"rule"`
	When    string `json:"when"`
	Place   string `json:"place"`
	Matched bool   `json:"matched"`
	Why     string `json:"why,omitempty"`
}

type foreseenHold struct {
	Scope string      `json:"scope"`
	Mode  tagout.Mode `json:"mode"`
	Cap   string      `json:"cap,omitempty"`
}

type foreseenStep struct {
	After string         `json:"after"`
	Roles []string       `json:"roles"`
	To    []foreseenPage `json:"to"`
	Asked []string       `json:"asked_at_the_time,omitempty"`
}

type foreseenPage struct {
	Person string `json:"person,omitempty"` // "" for whoever the pager's service has on call
	Pager  string `json:"pager,omitempty"`
	When   string `json:"when,omitempty"`
}

type foreseenSignoff struct {
	AnyOf  []string        `json:"any_of"`
	People []tagout.UserID `json:"people"`
	Asked  []string        `json:"asked_at_the_time,omitempty"`
}

func foreseenOf(f tagout.Foresight) foreseen {
	v := f.Verdict
	out := foreseen{
		Name: f.Alert.Name, Status: string(f.Alert.Status), Fingerprint: f.Alert.Fingerprint, StartsAt: f.Alert.StartsAt, Labels: f.Alert.Labels,
		Severity: v.Severity, Class: v.Class, Opens: f.Alert.Status != tagout.Resolved, Rules: []ruleTried{},
	}
	for _, r := range f.Tried {
		out.Rules = append(out.Rules, ruleTried{r.Number, r.When, r.Place, r.Matched, r.Why})
	}
	if !v.NoAgent {
		out.Scope = v.Scope.String()
	}
	if !out.Opens {
		return out
	}
	if v.Threshold.Count > 1 {
		out.Threshold = &threshold{v.Threshold.Count, v.Threshold.Within.String(), string(f.ThresholdBy)}
	}
	for _, h := range f.Holds {
		out.Holds = append(out.Holds, foreseenHold{h.Scope.String(), h.Mode, h.Cap.String()})
	}
	out.Rollback, out.Require, out.Deadlines = f.Rollback, f.Row.Resume.Require, deadlinesOf(f.Row)
	if d := f.Row.Resume.Monitor; d > 0 {
		out.Monitor = d.String()
	}
	for _, step := range f.Who.Steps {
		out.Pages = append(out.Pages, stepOf(step))
	}
	for _, s := range f.Who.Signers {
		out.Signoffs = append(out.Signoffs, foreseenSignoff{s.Roles, s.People, s.Unasked})
	}
	return out
}

func stepOf(step tagout.PagingStep) foreseenStep {
	out := foreseenStep{After: step.After.String(), Roles: step.Roster.Roles, To: []foreseenPage{}}
	for _, p := range step.Pages {
		who := string(p.To.ID)
		if who == "" {
			who = p.To.Name + p.To.Email
		}
		out.To = append(out.To, foreseenPage{who, p.Pager, p.When})
	}
	for _, why := range step.Roster.Unasked {
		out.Asked = append(out.Asked, string(why.Via)+" "+why.Source+" for "+why.Role)
	}
	return out
}

func deadlinesOf(row *tagout.SeverityPolicy) map[string]string {
	all := map[string]time.Duration{
		"contain": row.Deadlines.Contain, "acknowledge": row.Deadlines.Acknowledge, "inform": row.Deadlines.Inform, "review": row.Deadlines.Review,
	}
	for _, t := range row.Tell {
		all["inform "+t.Audience] = t.Within
	}
	for _, c := range row.Clocks {
		all[c.Name] = c.Due
	}
	out := map[string]string{}
	for name, d := range all {
		if d > 0 {
			out[name] = d.String()
		}
	}
	return out
}
