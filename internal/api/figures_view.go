package api

import (
	"encoding/json"
	"time"

	"tagout"
)

// figuresView are the figures of a window and of the one before it. Times are in seconds.
type figuresView struct {
	From     time.Time   `json:"from"`
	To       time.Time   `json:"to"`
	Agent    string      `json:"agent,omitempty"`
	Class    string      `json:"class,omitempty"`
	Severity string      `json:"severity,omitempty"`
	Recur    float64     `json:"recur_within_s" doc:"Within what time incidents of one agent and class count as recurring."`
	Now      tallyView   `json:"now"`
	Before   tallyView   `json:"before" doc:"The window before, as long as this one."`
	Groups   []groupView `json:"quarters" doc:"How many incidents each quarter had, by class, agent and severity."`
	Pairs    []pairView  `json:"recurring" doc:"Agents and classes whose incidents recur, most first, without private incidents; at most 20."`
}

type tallyView struct {
	Incidents     int                   `json:"incidents"`
	BySeverity    map[string]int        `json:"by_severity"`
	Cancelled     int                   `json:"cancelled" doc:"False alarms; in no other figure."`
	Drills        int                   `json:"drills" doc:"In no other figure."`
	ByLease       int                   `json:"contained_by_lease" doc:"Contained, but not observed; not in time_to_kill."`
	Times         map[string]spreadView `json:"times" doc:"time_to_detect, time_to_acknowledge, time_to_contain, time_to_restore, time_to_kill, time_to_sign_off"`
	Rates         map[string]shareView  `json:"rates" doc:"page_reach, recurring, rollback_success, no_go"`
	MissedByKind  map[string]int        `json:"missed_deadlines"`
	MissedInTotal int                   `json:"missed_deadlines_total"`
}

type spreadView struct {
	N      int      `json:"n"`
	Median *float64 `json:"median_s" doc:"null: of nothing."`
	P90    *float64 `json:"p90_s"`
	Mean   *float64 `json:"mean_s"`
}

type shareView struct {
	Of   int      `json:"of"`
	All  int      `json:"all"`
	Rate *float64 `json:"rate" doc:"null: of nothing."`
}

type groupView struct {
	Quarter  string `json:"quarter" doc:"Its first day." example:"2026-07-01"`
	Class    string `json:"class"`
	Agent    string `json:"agent"`
	Severity string `json:"severity"`
	Count    int    `json:"count"`
}

type pairView struct {
	Agent     string   `json:"agent"`
	Class     string   `json:"class"`
	Incidents int      `json:"incidents"`
	Recurring int      `json:"recurring"`
	Last      []string `json:"last" doc:"The newest, at most 5."`
}

// namedSpread and namedShare have the order of the table.
type namedSpread struct {
	name string
	of   func(tagout.Tally) tagout.Spread
}

type namedShare struct {
	name string
	of   func(tagout.Tally) tagout.Share
}

func spreads() []namedSpread {
	return []namedSpread{
		{"time_to_detect", func(t tagout.Tally) tagout.Spread { return t.TimeToDetect }},
		{"time_to_acknowledge", func(t tagout.Tally) tagout.Spread { return t.TimeToAcknowledge }},
		{"time_to_contain", func(t tagout.Tally) tagout.Spread { return t.TimeToContain }},
		{"time_to_restore", func(t tagout.Tally) tagout.Spread { return t.TimeToRestore }},
		{"time_to_kill", func(t tagout.Tally) tagout.Spread { return t.TimeToKill }},
		{"time_to_sign_off", func(t tagout.Tally) tagout.Spread { return t.TimeToSignOff }},
	}
}

func shares() []namedShare {
	return []namedShare{
		{"page_reach", func(t tagout.Tally) tagout.Share { return t.PageReach }},
		{"recurring", func(t tagout.Tally) tagout.Share { return t.Recurring }},
		{"rollback_success", func(t tagout.Tally) tagout.Share { return t.RollbackSuccess }},
		{"no_go", func(t tagout.Tally) tagout.Share { return t.NoGo }},
	}
}

func deadlineKinds() []tagout.DeadlineKind {
	return []tagout.DeadlineKind{tagout.DueContain, tagout.DueAcknowledge, tagout.DueInform, tagout.DueUpdate, tagout.DueReview, tagout.DueClock}
}

func viewOfFigures(f tagout.Figures) figuresView {
	v := figuresView{
		From: f.Query.From.UTC(), To: f.Query.To.UTC(), Agent: f.Query.Agent, Class: f.Query.Class, Severity: string(f.Query.Severity),
		Recur: f.Query.Within().Seconds(), Now: viewOfTally(f.Now), Before: viewOfTally(f.Before), Groups: []groupView{}, Pairs: []pairView{},
	}
	for _, g := range f.Groups {
		v.Groups = append(v.Groups, groupView{Quarter: g.Quarter.Format(time.DateOnly), Class: g.Class, Agent: g.Agent, Severity: string(g.Severity), Count: g.Count})
	}
	for _, p := range f.Recurring {
		one := pairView{Agent: p.Agent, Class: p.Class, Incidents: p.Incidents, Recurring: p.Recurring, Last: []string{}}
		for _, id := range p.Last {
			one.Last = append(one.Last, id.String())
		}
		v.Pairs = append(v.Pairs, one)
	}
	return v
}

func viewOfTally(t tagout.Tally) tallyView {
	v := tallyView{Incidents: t.Incidents, BySeverity: map[string]int{}, Cancelled: t.Cancelled, Drills: t.Drills, ByLease: t.ByLease,
		Times: map[string]spreadView{}, Rates: map[string]shareView{}, MissedByKind: map[string]int{}}
	for severity, n := range t.BySeverity {
		v.BySeverity[string(severity)] = n
	}
	for _, s := range spreads() {
		v.Times[s.name] = viewOfSpread(s.of(t))
	}
	for _, s := range shares() {
		share := s.of(t)
		one := shareView{Of: share.Of, All: share.All}
		if rate, known := share.Rate(); known {
			one.Rate = &rate
		}
		v.Rates[s.name] = one
	}
	for kind, n := range t.MissedDeadlines {
		v.MissedByKind[string(kind)] = n
		v.MissedInTotal += n
	}
	return v
}

func viewOfSpread(s tagout.Spread) spreadView {
	if s.N == 0 {
		return spreadView{}
	}
	seconds := func(d time.Duration) *float64 { f := d.Seconds(); return &f }
	return spreadView{N: s.N, Median: seconds(s.Median), P90: seconds(s.P90), Mean: seconds(s.Mean)}
}

func jsonOf(v any) (*tableOutput, error) {
	text, err := json.Marshal(v)
	return &tableOutput{ContentType: "application/json", Body: text}, err
}
