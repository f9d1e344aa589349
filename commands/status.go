package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

// StatusReader is what telling the status needs.
type StatusReader interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// Incidents lists incidents, newest first.
	Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error)
	// DrillRecord tells when stopping and rolling back an agent was practised last.
	DrillRecord(ctx context.Context, agent string) string
	// Sees reports whether somebody may read about an incident.
	Sees(ctx context.Context, i *tagout.Incident, v tagout.Viewer) bool
	// Decide answers for one action of one agent, as the gate does.
	Decide(agent string, asked tagout.Attributes) tagout.Decision
	// Holds lists what stands, recorded or not.
	Holds() []tagout.Hold
	// Fleet is the running copies of an agent that asked any replica lately.
	Fleet(ctx context.Context, agent string) tagout.Fleet
	// Replicas lists the replicas of this Tagout, itself first; none if there is only one.
	Replicas() []tagout.Replica
	// GateStatus is the gate's health.
	GateStatus() tagout.GateStatus
	// Silences lists what is silenced, now or later.
	Silences(ctx context.Context) ([]*tagout.Silence, error)
	// AgentVersions tells what is known of the versions of a declared agent.
	AgentVersions(ctx context.Context, agent string) (tagout.AgentVersions, error)
}

// status tells how everything, an agent, a part of it or an incident stands.
func status(f floor, d StatusReader) tagout.Command {
	s := statuses{floor: f, desk: d}
	return tagout.Command{
		Name: "status", Summary: "Tell how everything stands, or one agent, scope or incident.", Usage: "[SCOPE|INC-n]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/status", "/status mailer/email", "/status INC-7"},
			"In an incident's channel it tells of that incident; /tagout status * always tells of everything.",
			"Of a private incident it tells only its ID, except to its people."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			s := s
			s.viewer = viewerOf(in.User, in.Channel)
			word := strings.TrimSpace(line(in.Text))
			switch {
			case looksLikeIncident(word) || word == "" && in.Incident != 0:
				id, _, err := incidentOf("status", in)
				if err != nil {
					return tagout.Reply{}, err
				}
				return s.ofIncident(ctx, id)
			case word == "":
				return s.ofEverything(ctx)
			}
			scope, err := tagout.ParseScope(strings.TrimRight(bare(word), "."))
			if err != nil {
				return tagout.Reply{}, err
			}
			if scope.Agent == "" && scope.Channel+scope.Region+scope.Tool == "" {
				return s.ofEverything(ctx)
			}
			return s.ofScope(ctx, scope)
		},
	}
}

type statuses struct {
	floor
	desk   StatusReader
	viewer tagout.Viewer // who asks
}

// staleAfter is how old the gate's knowledge may be before the status speaks of it.
const staleAfter = 15 * time.Second

// gate tells of the gate's health: first and loudly if something is wrong with it.
func (s statuses) gate(m tagout.Message) tagout.Message {
	g, now := s.desk.GateStatus(), s.clock.Now()
	switch age := now.Sub(g.ReadAt); {
	case !g.HoldsLoaded:
		m.Tone = tagout.ToneDanger
		m = m.Para(tagout.Bold("The gate does not know the holds"), ": it answers ", tagout.Halted, " for every agent until it has read them.")
	case g.ReadAt.IsZero():
		m.Tone = tagout.ToneDanger
		m = m.Para(tagout.Bold("The gate has not read the holds from the database yet"), ": it knows only those of its journal.")
	case age > staleAfter:
		m.Tone = tagout.ToneWarning
		m = m.Para(tagout.Bold("The gate's knowledge is "+tagout.Elapsed(age)+" old"),
			": the database does not answer. New stops work; nothing can be resumed.")
	}
	if g.Pending > 0 {
		if m.Tone == tagout.ToneNeutral {
			m.Tone = tagout.ToneWarning
		}
		m = m.Para(tagout.Bold(count(g.Pending, "stop")+" in force, not recorded yet"), ": recorded when the database returns.")
	}
	return m
}

// gateFooter tells of a healthy gate, in small print.
func (s statuses) gateFooter(m tagout.Message) tagout.Message {
	now := s.clock.Now()
	if g := s.desk.GateStatus(); g.HoldsLoaded && !g.ReadAt.IsZero() {
		m.Footer = tagout.T("The gate read the holds "+tagout.Elapsed(now.Sub(g.ReadAt))+" ago. As of ", now, ".")
	}
	return m
}

// replicas tells of the replicas, if there are several: which leads, and which was not seen
// for a while.
func (s statuses) replicas(m tagout.Message) tagout.Message {
	list := s.desk.Replicas()
	if len(list) < 2 {
		return m
	}
	var words []string
	for n, r := range list {
		word := r.Name()
		if n == 0 {
			word += " (this one)"
		}
		if r.Leads {
			word += " leads"
		}
		if silence := s.clock.Now().Sub(r.SeenAt); n > 0 && silence > staleAfter {
			word += " not seen for " + tagout.Elapsed(silence)
		}
		words = append(words, word)
	}
	return m.Fact("Replicas", strings.Join(words, ", "))
}

// open lists the open incidents; what cannot be read is said in the message.
func (s statuses) open(ctx context.Context, m tagout.Message) ([]*tagout.Incident, tagout.Message) {
	found, err := s.desk.Incidents(ctx, tagout.IncidentQuery{Open: true})
	if err != nil {
		m.Tone = tagout.ToneDanger
		m = m.Para(tagout.Bold("The incidents cannot be read"), ": ", tagout.Sentence(err), " What the gate holds is known all the same.")
	}
	return found, m
}

func (s statuses) ofEverything(ctx context.Context) (tagout.Reply, error) {
	m := s.gate(tagout.Message{Title: "How everything stands"})
	open, m := s.open(ctx, m)
	held := s.desk.Holds()
	known := s.policy.Agents.Names()
	for _, h := range held {
		if a := h.Scope.Agent; a != "" && s.policy.Agents[a] == nil && !slices.Contains(known, a) {
			known = append(known, a)
		}
	}
	for _, name := range known {
		label := name
		if s.policy.Agents[name] == nil {
			label += " (not declared)"
		}
		m = m.Fact(label, s.standing(tagout.Scope{Agent: name}, held).text())
	}
	m = s.replicas(m)
	if len(known) == 0 {
		m = m.Para("No agent is declared and none is held.")
	}
	switch {
	case len(open) == 0 && m.Tone == tagout.ToneNeutral:
		m = m.Para("No incident is open.")
	case len(open) > 0:
		m = m.Para(tagout.Bold(count(len(open), "open incident")))
	}
	for n, i := range open {
		if n == 10 {
			m = m.Para("and " + count(len(open)-n, "more incident") + ".")
			break
		}
		m = m.Para(s.incidentLine(ctx, i))
	}
	return tagout.Reply{Message: s.gateFooter(m)}, nil
}

// incidentLine is an open incident on one line, as the viewer may read it.
func (s statuses) incidentLine(ctx context.Context, i *tagout.Incident) tagout.Text {
	t := tagout.T(tagout.Bold(i.ID.String()))
	if !s.desk.Sees(ctx, i, s.viewer) {
		return append(t, tagout.T(", private")...)
	}
	t = append(t, tagout.T(" ", i.Severity.Label(), " ", string(i.State), ": ", i.ScopeText(), " ", i.Title)...)
	if i.Private {
		t = append(t, tagout.T(" (private)")...)
	}
	if i.Room.Channel != "" {
		t = append(t, tagout.T(" ", tagout.ChannelLink(i.Room.Channel))...)
	}
	return t
}
