package commands

import (
	"context"
	"strings"
	"time"

	"tagout"
)

// Stopper is what the stopping verbs need.
type Stopper interface {
	Follower
	Seer
	// Stop obeys first and records then; it never asks.
	Stop(ctx context.Context, s tagout.StopRequest) (tagout.StopResult, error)
	// Incidents lists incidents, newest first.
	Incidents(ctx context.Context, q tagout.IncidentQuery) ([]*tagout.Incident, error)
}

// stops is what the stopping verbs share.
type stops struct {
	floor
	desk Stopper
}

// asked is one wish to stop, typed or filled into a form.
type asked struct {
	id       string
	by       tagout.Actor
	viewer   tagout.Viewer     // who, and where
	incident tagout.IncidentID // of the channel
	at       time.Time
	flag     tagout.FlagID // that made somebody stop; 0: none
}

// typed runs a stopping verb whose arguments parse reads.
func (s stops) typed(verb, usage string, parse func(text string) (stopArguments, error)) func(context.Context, tagout.Invocation) (tagout.Reply, error) {
	return func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
		if strings.TrimSpace(in.Text) == "" {
			if in.Channel == "" {
				return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "Say what to stop: %s %s. * is everything.", verb, usage)
			}
			form := s.form(verb, s.scopeOf(ctx, in.Incident, viewerOf(in.User, in.Channel)))
			return tagout.Reply{Form: &form, Message: tagout.Say("Say what to stop: ", tagout.Typed(verb+" "+usage))}, nil
		}
		a, err := parse(in.Text)
		if err != nil {
			return tagout.Reply{}, err
		}
		return s.run(ctx, asked{id: in.ID, by: in.By, viewer: viewerOf(in.User, in.Channel), incident: in.Incident, at: in.At}, a)
	}
}

// run hangs the hold and answers.
func (s stops) run(ctx context.Context, q asked, a stopArguments) (tagout.Reply, error) {
	hold := tagout.Hold{
		ID:    tagout.HoldID(tagout.DeriveID("stop", q.id, a.Scope.String(), string(a.Mode))),
		Scope: a.Scope, Mode: a.Mode, Cap: a.Cap, DisabledTools: a.Tools, By: q.by, Reason: a.Reason, At: q.at,
	}
	here := s.briefly(ctx, q.incident)
	hold.Private = q.incident != 0 && (here == nil || here.Private) // what is not known now is not told
	request := tagout.StopRequest{Hold: hold, Severity: a.Severity, Class: a.Class, Join: s.join(here, a.Scope), Flag: q.flag}
	result, err := s.desk.Stop(ctx, request)
	if err != nil {
		return tagout.Reply{}, err
	}
	answer := stopAnswer{policy: s.policy, result: result, notes: a.Notes, asked: q.at, channel: q.viewer.Channel}
	reply := tagout.Reply{Message: answer.message(), Public: true, Outcome: tagout.Outcome{Pending: result.Pending, Holds: []tagout.Hold{result.Hold}}}
	if result.Incident != nil {
		reply.Outcome.Incident = result.Incident.ID
	} else if result.RecordedAs != 0 {
		reply.Outcome.Incident, reply.Outcome.Pending = result.RecordedAs, false
	}
	if !answer.settled() {
		reply.Updates = answer.updates(ctx, s.desk)
	}
	return reply, nil
}

// join is the incident of the channel, if it is known, open and about the same agent.
func (s stops) join(i *tagout.Incident, scope tagout.Scope) tagout.IncidentID {
	if i == nil || i.State.Ended() {
		return 0
	}
	if i.Scope.Agent != "" && scope.Agent != "" && i.Scope.Agent != scope.Agent {
		return 0
	}
	return i.ID
}

// briefly reads an incident if that takes no longer than [joinWithin]; otherwise nil, since
// a stop waits only a moment to learn what it is to join.
func (s stops) briefly(ctx context.Context, id tagout.IncidentID) *tagout.Incident {
	if id == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, joinWithin)
	defer cancel()
	found := make(chan *tagout.Incident, 1)
	go func() {
		i, err := s.desk.Incident(ctx, id)
		if err != nil {
			i = nil
		}
		found <- i
	}()
	select {
	case i := <-found:
		return i
	case <-ctx.Done():
		return nil
	}
}

// scopeOf is the scope of an incident as it is typed, or "" if there is none to suggest.
func (s stops) scopeOf(ctx context.Context, id tagout.IncidentID, v tagout.Viewer) string {
	if i := s.briefly(ctx, id); i != nil && i.Scope.Agent != "" && s.desk.Sees(ctx, i, v) {
		return i.Scope.String()
	}
	return ""
}
