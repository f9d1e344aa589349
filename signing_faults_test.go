package tagout_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tagout"
)

// fault is one reason for which a press must not count, whoever presses.
type fault struct {
	words string
	make  func(g *game, i *tagout.Incident, s *tagout.Signing)
}

func signingFaults() map[string]fault {
	sent := func(words string, change func(*tagout.Signing)) fault {
		return fault{words, func(_ *game, _ *tagout.Incident, s *tagout.Signing) { change(s) }}
	}
	stands := func(words string, change func(g *game, i *tagout.Incident)) fault {
		return fault{words, func(g *game, i *tagout.Incident, _ *tagout.Signing) { change(g, i) }}
	}
	return map[string]fault{
		"neither":           sent("A sign-off is GO or NO-GO", func(s *tagout.Signing) { s.Verdict = "MAYBE" }),
		"a bot":             sent("Only a person", func(s *tagout.Signing) { s.User.Bot = true }),
		"nobody":            sent("Only a person", func(s *tagout.Signing) { s.User.ID = "" }),
		"another workspace": sent("Only people of this workspace", func(s *tagout.Signing) { s.User.Team = "ELSEWHERE" }),
		"no workspace":      sent("Only people of this workspace", func(s *tagout.Signing) { s.User.Team, s.HomeTeam = "", "" }),
		"a guest":           sent("Guests can stop", func(s *tagout.Signing) { s.User.Guest = true }),
		"another request":   sent("not the current one", func(s *tagout.Signing) { s.Request = "r0" }),
		"another digest":    sent("not the current one", func(s *tagout.Signing) { s.Digest = "0000" }),
		"the requester":     sent("You asked for this", func(s *tagout.Signing) { s.User.ID, s.Roles = "REQUESTER", []string{"legal", "privacy"} }),
		"who changed it":    sent("You changed the agent", func(s *tagout.Signing) { s.User.ID, s.Roles = "CAUSER", []string{"legal", "privacy"} }),
		"who changed it since": sent("You changed the agent", func(s *tagout.Signing) {
			s.Causers = []tagout.Causer{{Person: "SOMEBODY"}, {Person: s.User.ID, Change: "mailer prompt v43"}}
		}),
		"an outsider":            sent("not a signer", func(s *tagout.Signing) { s.Roles, s.Delegations = []string{"mops"}, nil }),
		"an outsider's NO-GO":    sent("not a signer", func(s *tagout.Signing) { s.Roles, s.Delegations, s.Verdict = []string{"mops"}, nil, tagout.NoGo }),
		"nobody's delegate":      sent("not a signer", func(s *tagout.Signing) { lend(s, func(d *tagout.Delegation) { d.To = "OTHER" }) }),
		"a delegate too late":    sent("not a signer", func(s *tagout.Signing) { lend(s, func(d *tagout.Delegation) { d.Until = gameStart }) }),
		"a delegate too soon":    sent("not a signer", func(s *tagout.Signing) { lend(s, func(d *tagout.Delegation) { d.From = d.Until.Add(-time.Second) }) }),
		"a delegate no more":     sent("not a signer", func(s *tagout.Signing) { lend(s, func(d *tagout.Delegation) { d.RevokedAt = gameStart }) }),
		"a delegate of a cook":   sent("not a signer", func(s *tagout.Signing) { lend(s, func(d *tagout.Delegation) { d.Role = "mops" }) }),
		"altered behind the act": stands("not the current one", func(_ *game, i *tagout.Incident) { i.Request.Target = tagout.Review }),
		"a causer taken out":     stands("not the current one", func(_ *game, i *tagout.Incident) { i.Request.Causers = nil }),
		"a rule made weaker":     stands("not the current one", func(_ *game, i *tagout.Incident) { i.Request.Rule = tagout.SignoffRule{{AnyOf: []string{"mops"}}} }),
		"no request": {"not the current one", func(_ *game, i *tagout.Incident, s *tagout.Signing) {
			i.Request, s.Request, s.Digest = nil, "", ""
		}},
		"too late": stands("expired at", func(g *game, i *tagout.Incident) { g.at = i.Request.Deadline() }),
		"run out":  stands("expired at", func(_ *game, i *tagout.Incident) { i.ExpireRequest("r1", i.Request.Deadline()) }),
		"approved": stands("approved already", func(_ *game, i *tagout.Incident) { i.Request.State = tagout.RequestApproved }),
		"approved, late": stands("approved already", func(g *game, i *tagout.Incident) {
			i.Request.State, g.at = tagout.RequestApproved, i.Request.Deadline()
		}),
		"refused":         stands("is refused", func(_ *game, i *tagout.Incident) { i.Request.State = tagout.RequestRefused }),
		"after a new one": stands("not the current one", func(g *game, i *tagout.Incident) { must(g.ask(i, func(d *tagout.ResumeDraft) { d.ID = "r2" })) }),
		"after a stop": stands("is void", func(g *game, i *tagout.Incident) {
			must(i.Hang(tagout.Hold{ID: "h2", Scope: tagout.MustScope("mailer"), Mode: tagout.Halted, By: tagout.Tagout, At: g.at}, g.agents, g.at))
		}),
		"after an alert": stands("is void", func(g *game, i *tagout.Incident) {
			i.TakeAlert(tagout.Incoming{Alert: tagout.Alert{Name: "n", Status: tagout.Firing}, Verdict: tagout.Verdict{Scope: tagout.MustScope("mailer/email/eu")}}, g.agents["mailer"], g.at)
		}),
		"after a downgrade": stands("is void", func(g *game, i *tagout.Incident) { must(i.ChangeSeverity(milder(), nil, "", tagout.Tagout, g.at)) }),
	}
}

func milder() *tagout.SeverityPolicy {
	return &tagout.SeverityPolicy{Severity: tagout.Sev3, Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"mops"}}}, Expires: time.Hour}}
}

// lend makes a press one in somebody's place, after change had its way with the delegation.
func lend(s *tagout.Signing, change func(*tagout.Delegation)) {
	d := tagout.Delegation{ID: "d", Role: "legal", To: s.User.ID, By: "L9", From: gameStart.Add(-time.Hour), Until: gameStart.Add(24 * time.Hour)}
	change(&d)
	s.Roles, s.Delegations = nil, []tagout.Delegation{d}
}

// cheat presses what must not count, on a copy.
func (g *game) cheat(name string, f fault, v voter) error {
	i, s, now, all := g.again(), g.press(v), g.at, g.agents
	f.make(g, i, &s)
	before := string(must(json.Marshal(i)))
	l, c, err := signs(i, s, g.agents, g.at)
	g.at, g.agents = now, all
	if err == nil || len(l.Lifted) > 0 || !c.IsEmpty() || string(must(json.Marshal(i))) != before {
		return fmt.Errorf("%s by %s counted: lifted %v", name, v.id, l.Lifted)
	}
	if !strings.Contains(err.Error(), f.words) {
		return fmt.Errorf("%s by %s was refused as %q, not as %q", name, v.id, err, f.words)
	}
	return nil
}

// refuses reports whether a press changes nothing.
func refuses(i *tagout.Incident, s tagout.Signing, g *game) bool {
	given := len(i.Request.Signoffs)
	l, c, err := signs(i, s, g.agents, g.at)
	return err != nil && len(l.Lifted) == 0 && c.IsEmpty() && len(i.Request.Signoffs) == given
}
