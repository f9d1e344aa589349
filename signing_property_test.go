package tagout_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tagout"
)

// This file stands on its own: the test of the checks copies it beside a copy of the domain
// in which one check is missing.

// game is a held agent with a pending request, and people who press.
type game struct {
	r        *rand.Rand
	at       time.Time
	agents   tagout.Registry
	row      *tagout.SeverityPolicy
	incident *tagout.Incident
	counted  []tagout.Signoff // as the players keep count
}

var gameStart = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func gameAgents(regions ...string) tagout.Registry {
	return tagout.Registry{"mailer": {Name: "mailer", Channels: []string{"email", "sms"}, Regions: regions}}
}

// must is for what cannot fail in a game.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func gameRule(n int) tagout.SignoffRule {
	return []tagout.SignoffRule{
		{{AnyOf: []string{"legal"}}},
		{{AnyOf: []string{"legal", "privacy"}, Count: 2}},
		{{AnyOf: []string{"legal"}}, {AnyOf: []string{"privacy"}, InTurn: true}},
		{{AnyOf: []string{"legal", "privacy"}}, {AnyOf: []string{"legal"}}},
		{{AnyOf: []string{"legal"}}, {AnyOf: []string{"privacy"}}},
		{{AnyOf: []string{"legal", "privacy"}}, {AnyOf: []string{"legal"}, InTurn: true}},
	}[n]
}

func newGame(seed uint64) *game {
	g := &game{r: rand.New(rand.NewPCG(seed, 42)), at: gameStart, agents: gameAgents("us", "eu"), incident: &tagout.Incident{ID: 7}}
	g.row = &tagout.SeverityPolicy{Severity: tagout.Sev1, Resume: tagout.ResumePolicy{Rule: gameRule(g.r.IntN(6)), Require: []string{"cause"}, Expires: 4 * time.Hour}}
	if g.r.IntN(2) == 0 {
		g.row.Resume.Monitor = 30 * time.Minute
	}
	must(g.incident.Open(tagout.Opening{Title: "x", Scope: tagout.MustScope("mailer"), Row: g.row}, g.at))
	must(g.incident.Hang(tagout.Hold{ID: "h1", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Halted, By: tagout.Tagout, At: g.at}, g.agents, g.at))
	narrower := tagout.MustScope("mailer/email/eu")
	must(g.ask(g.incident, func(d *tagout.ResumeDraft) {
		if g.r.IntN(3) == 0 {
			d.Scope = &narrower
		}
	}))
	return g
}

// ask makes a request for an incident, after change had its way with it.
func (g *game) ask(i *tagout.Incident, change func(*tagout.ResumeDraft)) (tagout.Change, error) {
	d := tagout.ResumeDraft{ID: "r1", By: tagout.User{ID: "REQUESTER", Team: "HOME"}, Target: tagout.Running,
		Deliverables: map[string]string{"cause": "a prompt"}, Causers: []tagout.Causer{{Person: "CAUSER", Change: "mailer prompt v42"}}}
	change(&d)
	return i.RequestResume(d, g.row, g.agents, nil, g.at)
}

// again is the incident as the database gives it back.
func (g *game) again() *tagout.Incident {
	text := must(json.Marshal(g.incident))
	i := &tagout.Incident{}
	if err := json.Unmarshal(text, i); err != nil {
		panic(err)
	}
	i.ID = g.incident.ID
	return i
}

// voter is a person who may sign: for a role of their own, or in somebody's place.
type voter struct{ id, role, inPlaceOf string }

var voters = []voter{{"L1", "legal", ""}, {"L2", "legal", ""}, {"P1", "privacy", ""}, {"D1", "legal", "L1"}, {"D2", "legal", "L1"}, {"D3", "privacy", "P1"}}

// voice is whose sign-off it is.
func (v voter) voice() string {
	if v.inPlaceOf != "" {
		return v.inPlaceOf
	}
	return v.id
}

// press is what a voter sends who has read the newest request.
func (g *game) press(v voter) tagout.Signing {
	s := tagout.Signing{User: tagout.User{ID: tagout.UserID(v.id), Team: "HOME"}, HomeTeam: "HOME", Verdict: tagout.Go,
		Request: g.incident.Request.ID, Digest: g.incident.Request.Digest}
	if v.inPlaceOf == "" {
		s.Roles = []string{v.role}
		return s
	}
	s.Delegations = []tagout.Delegation{{ID: "d", Role: v.role, To: s.User.ID, By: tagout.UserID(v.inPlaceOf), From: gameStart, Until: gameStart.Add(24 * time.Hour)}}
	return s
}

// places are who may take which of the single sign-offs that the rule needs, in order.
func (g *game) places() (roles [][]string, ordered bool) {
	for _, n := range g.row.Resume.Rule {
		ordered = ordered || n.InTurn
		for range max(1, n.Count) {
			roles = append(roles, n.AnyOf)
		}
	}
	return roles, ordered
}

// fits counts how many places these roles can take together, trying all ways.
func fits(places [][]string, roles []string) int {
	if len(roles) == 0 {
		return 0
	}
	best := fits(places, roles[1:])
	for n, may := range places {
		if slices.Contains(may, roles[0]) {
			best = max(best, 1+fits(slices.Delete(slices.Clone(places), n, n+1), roles[1:]))
		}
	}
	return best
}

// wanted says whether this voter's GO should count now, why not otherwise, and whether it is
// the last that is needed.
func (g *game) wanted(v voter) (words string, last bool) {
	places, ordered := g.places()
	var roles []string
	for _, s := range g.counted {
		voice := string(s.By)
		if s.Delegation != nil {
			voice = string(s.Delegation.By)
		}
		switch {
		case string(s.By) == v.id:
			return "You signed", false
		case voice == v.voice() && v.inPlaceOf == "":
			return "has signed for you already", false
		case voice == v.voice():
			return "has given the sign-off already", false
		}
		roles = append(roles, s.Role)
	}
	if ordered {
		if slices.Contains(places[len(roles)], v.role) {
			return "", len(roles)+1 == len(places)
		}
		if slices.ContainsFunc(places[len(roles):], func(may []string) bool { return slices.Contains(may, v.role) }) {
			return "not your turn yet", false
		}
		return "not a signer", false
	}
	if fits(places, append(slices.Clone(roles), v.role)) <= len(roles) {
		return "not a signer", false
	}
	return "", len(roles)+1 == len(places)
}

// step plays one step. It returns what is wrong with what happened.
func (g *game) step() error {
	v := voters[g.r.IntN(len(voters))]
	switch g.r.IntN(12) {
	case 0, 1, 2, 3:
		return g.vote(v)
	case 4:
		return g.veto(v)
	}
	faults := signingFaults()
	names := make([]string, 0, len(faults))
	for name := range faults {
		names = append(names, name)
	}
	slices.Sort(names)
	name := names[g.r.IntN(len(names))]
	if words, _ := g.wanted(v); words != "" && faults[name].words == "not a signer" {
		return nil // several reasons at once
	}
	return g.cheat(name, faults[name], v)
}

// signs is [tagout.Incident.Sign], with a panic as an error without words.
func signs(i *tagout.Incident, s tagout.Signing, agents tagout.Registry, at time.Time) (l tagout.Lifting, c tagout.Change, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic")
		}
	}()
	return i.Sign(s, agents, at)
}

// vote presses GO as somebody who may, or who may not any more; sometimes while alerts come,
// or after the configuration changed.
func (g *game) vote(v voter) error {
	s, agents := g.press(v), g.agents
	words, last := g.wanted(v)
	monitor := g.incident.Request.Monitor
	switch g.r.IntN(6) {
	case 0:
		if s.Quiet.Firing = 1; monitor > 0 && words == "" {
			words = "still fire"
		}
	case 1:
		if s.Quiet.LastAt = g.at.Add(-29 * time.Minute); monitor > 0 && words == "" {
			words = "does not count before"
		}
	case 2:
		s.Quiet.LastAt = g.at.Add(-30 * time.Minute)
	case 3:
		if agents = gameAgents("eu"); g.incident.Request.Scope != tagout.MustScope("mailer/email") && words == "" {
			words = "could not stay held"
		}
	}
	if words != "" {
		return g.cheat("a GO", fault{words, func(g *game, _ *tagout.Incident, to *tagout.Signing) { *to, g.agents = s, agents }}, v)
	}
	g.incident = g.again()
	l, _, err := signs(g.incident, s, agents, g.at)
	if err != nil {
		return fmt.Errorf("the GO of %s did not count: %w", v.id, err)
	}
	given := g.incident.Request.Signoffs
	g.counted = append(g.counted, given[len(given)-1])
	if (len(l.Lifted) > 0) != last {
		return fmt.Errorf("after the GO of %d, lifted %v; the last one needed: %v", len(g.counted), l.Lifted, last)
	}
	return nil
}

// veto presses NO-GO, which counts whoever of the rule has signed, and ends the request.
func (g *game) veto(v voter) error {
	places, _ := g.places()
	if !slices.ContainsFunc(places, func(may []string) bool { return slices.Contains(may, v.role) }) {
		return nil
	}
	i, s := g.again(), g.press(v)
	s.Verdict = tagout.NoGo
	if l, _, err := signs(i, s, g.agents, g.at); err != nil || len(l.Lifted) > 0 || i.Request.State != tagout.RequestRefused || len(i.ActiveHolds()) != 1 {
		return fmt.Errorf("the NO-GO of %s: %v, the request is %s", v.id, err, i.Request.State)
	}
	return g.explains(i, s)
}

// explains says afterwards why it was NO-GO, which only who said it can, once.
func (g *game) explains(i *tagout.Incident, s tagout.Signing) error {
	s.Reason = "not yet"
	for name, change := range map[string]func(*tagout.Signing){
		"no reason":       func(s *tagout.Signing) { s.Reason = "" },
		"GO":              func(s *tagout.Signing) { s.Verdict = tagout.Go },
		"somebody else":   func(s *tagout.Signing) { s.User.ID = "ELSE" },
		"a guest now":     func(s *tagout.Signing) { s.User.Guest = true },
		"another request": func(s *tagout.Signing) { s.Request = "r0" },
		"another digest":  func(s *tagout.Signing) { s.Digest = "0000" },
	} {
		other := s
		if change(&other); !refuses(i, other, g) {
			return fmt.Errorf("%s counted after a NO-GO", name)
		}
	}
	for _, given := range i.Request.Signoffs {
		other := s
		if other.User.ID = given.By; given.Verdict == tagout.Go && given.By != s.User.ID && !refuses(i, other, g) {
			return fmt.Errorf("%s, who said GO, gave the reason of a NO-GO", given.By)
		}
	}
	l, c, err := signs(i, s, g.agents, g.at)
	if given := tagout.Explained(i.Request.Signoffs); err != nil || len(l.Lifted) > 0 || c.IsEmpty() || i.Request.State != tagout.RequestRefused || given[len(given)-1].Reason != s.Reason {
		return fmt.Errorf("the reason of a NO-GO: %v, %+v", err, given)
	}
	if !refuses(i, s, g) {
		return fmt.Errorf("the reason of a NO-GO was taken twice")
	}
	return nil
}

// clock asks and answers, and looks when the request runs out.
func (g *game) clock() error {
	hour := func(n float64) time.Time { return gameStart.Add(time.Duration(n * float64(time.Hour))) }
	alive := func(i *tagout.Incident, at time.Time) bool {
		s := tagout.Signing{User: tagout.User{ID: "L3", Team: "HOME"}, HomeTeam: "HOME", Roles: []string{"legal"}, Verdict: tagout.NoGo, Request: "r1", Digest: i.Request.Digest}
		_, err := i.Ask(s, at.String(), "Why?", at)
		return err == nil
	}
	i := g.again()
	if alive(g.again(), hour(4)) || !alive(i, hour(3)) || !alive(i, hour(7.9)) || alive(i, hour(8)) {
		return fmt.Errorf("a request with an open question runs out at %s", i.Request.Deadline())
	}
	for _, q := range i.Request.Questions {
		must(i.Answer("r1", q.ID, tagout.User{ID: "REQUESTER"}, "so", hour(5)))
	}
	if !i.Request.Deadline().Equal(hour(6)) {
		return fmt.Errorf("after an answer the request runs out at %s", i.Request.Deadline())
	}
	return nil
}

// requests looks at what a request asks for.
func (g *game) requests() error {
	stricter := *g.row
	stricter.Resume.Rule = append(slices.Clone(stricter.Resume.Rule), tagout.NeededSignoff{AnyOf: []string{"exec"}})
	stricter.Resume.Require, stricter.Resume.Monitor = []string{"cause", "fix"}, 2*time.Hour
	i, usual := g.again(), g.row
	g.row = &stricter
	_, err := g.ask(i, func(*tagout.ResumeDraft) {})
	_, complete := g.ask(i, func(d *tagout.ResumeDraft) { d.Deliverables["fix"] = "a filter" })
	g.row = usual
	if r := i.Request; err == nil || complete != nil || r.Deliverables["cause"] != "a prompt" || r.Deliverables["fix"] != "a filter" || !slices.Contains(r.Rule.Roles(), "exec") || r.Monitor != 2*time.Hour {
		return fmt.Errorf("what the configuration asks for now is not asked for: %v, %v", err, complete)
	}
	alarm := g.again()
	must(alarm.Cancel("a test", tagout.User{ID: "U"}, g.at))
	if must(g.ask(alarm, func(*tagout.ResumeDraft) {})); alarm.Request.FalseAlarm != "a test" || i.Request.FalseAlarm != "" {
		return fmt.Errorf("who signs does not read that it is called a false alarm")
	}
	elsewhere := tagout.MustScope("researcher")
	if _, err := g.ask(g.again(), func(d *tagout.ResumeDraft) { d.Scope = &elsewhere }); err == nil {
		return fmt.Errorf("a request for what is not held came about")
	}
	old := g.again()
	draft := tagout.ResumeDraft{ID: "r3", By: tagout.User{ID: "U"}, Target: tagout.Running, Deliverables: map[string]string{"cause": "x"}}
	must(old.RequestResume(draft, nil, g.agents, nil, g.at))
	if r := old.Request; !r.Expires.Equal(g.at.Add(24*time.Hour)) || len(r.Rule) != len(old.Rule) {
		return fmt.Errorf("without a row it expires at %s and needs %s", r.Expires, r.Rule)
	}
	return nil
}

// refusals are requests that must not come about.
func (g *game) refusals() error {
	for words, change := range map[string][]func(*tagout.ResumeDraft){
		"Only a full member": {
			func(d *tagout.ResumeDraft) { d.By.Guest = true }, func(d *tagout.ResumeDraft) { d.By.Bot = true }, func(d *tagout.ResumeDraft) { d.By.ID = "" }},
		"Still missing": {func(d *tagout.ResumeDraft) { d.Deliverables["cause"] = " " }, func(d *tagout.ResumeDraft) { d.Deliverables = nil }},
	} {
		for _, c := range change {
			i := g.again()
			if _, err := g.ask(i, c); err == nil || !strings.Contains(err.Error(), words) {
				return fmt.Errorf("a request that is refused as %q: %v", words, err)
			}
		}
	}
	unruled := g.again()
	unruled.Rule = nil
	if _, err := unruled.RequestResume(tagout.ResumeDraft{ID: "r3", By: tagout.User{ID: "U"}, Target: tagout.Running, Deliverables: map[string]string{"cause": "x"}}, nil, g.agents, nil, g.at); err == nil {
		return fmt.Errorf("a request that nobody must sign came about")
	}
	lower := g.again()
	must(lower.ChangeSeverity(milder(), nil, "", tagout.Tagout, g.at))
	g.row, lower.Request = milder(), nil
	must(g.ask(lower, func(*tagout.ResumeDraft) {}))
	if got := lower.Request.Rule.String(); got != lower.Rule.String() || !strings.Contains(got, "legal") {
		return fmt.Errorf("after a downgrade %s must sign", got)
	}
	return nil
}

// play plays one game of up to six steps, and returns what is wrong.
func play(seed uint64) error {
	g := newGame(seed)
	for range 6 {
		if g.incident.Request.State == tagout.RequestApproved {
			return nil
		}
		if err := g.step(); err != nil {
			return fmt.Errorf("game %d, rule %s: %w", seed, g.incident.Request.Rule, err)
		}
		if lifted := len(g.incident.ActiveHolds()) == 0; lifted && g.incident.Request.State != tagout.RequestApproved {
			return fmt.Errorf("game %d: lifted without approval", seed)
		}
	}
	if g.incident.Request.State == tagout.RequestApproved {
		return nil
	}
	for _, look := range []func() error{g.clock, g.requests, g.refusals} {
		if err := look(); err != nil {
			return fmt.Errorf("game %d: %w", seed, err)
		}
	}
	return nil
}

const games = 1500
