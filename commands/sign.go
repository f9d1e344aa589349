package commands

import (
	"context"
	"strings"

	"tagout"
)

// decision is what the buttons GO and NO-GO carry: the request and the digest of exactly
// what was shown beside them.
type decision struct {
	incident tagout.IncidentID
	request  string
	digest   string
}

// parseDecision reads `INC-n|request|digest`; it returns Invalid for anything else.
func parseDecision(value string) (decision, error) {
	parts := strings.Split(value, "|")
	if len(parts) != 3 || parts[1] == "" || parts[2] == "" {
		return decision{}, tagout.Errorf(tagout.Invalid, "This button does not say what it signs. Nothing was signed; use the newest decision message.")
	}
	id, err := tagout.ParseIncidentID(parts[0])
	return decision{id, parts[1], parts[2]}, err
}

// ballot is a message with the buttons GO and NO-GO: how its presses are taken.
type ballot struct {
	form  string // the ID of the form that asks why not
	about func(decision) (title, intro string)
	sign  func(ctx context.Context, d decision, s tagout.Signing) (tagout.Reply, error)
}

// goes is the button GO: it signs at once.
func (b ballot) goes(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	d, err := parseDecision(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return b.sign(ctx, d, tagout.Signing{User: c.User, Verdict: tagout.Go})
}

// refuses is the button NO-GO: it signs at once, like GO, and asks why afterwards. Nobody's
// NO-GO is lost because they close the form.
func (b ballot) refuses(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	d, err := parseDecision(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	reply, err := b.sign(ctx, d, tagout.Signing{User: c.User, Verdict: tagout.NoGo})
	if err != nil {
		return tagout.Reply{}, err
	}
	title, intro := b.about(d)
	reply.Form = &tagout.Form{ID: b.form, Title: title, Submit: "Say why", State: c.Value, Unopened: reply.Message,
		Intro:  []tagout.Text{tagout.T("Your NO-GO is recorded. " + intro + " Say what has to change before you would sign.")},
		Fields: []tagout.Field{{Key: "reason", Label: "Why not", Kind: tagout.FieldParagraph}}}
	return reply, nil
}

// refused gives the reason of a NO-GO; the NO-GO of a form that asked before it signed counts too.
func (b ballot) refused(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	d, err := parseDecision(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	reason := prose(s.Values["reason"])
	if reason == "" {
		return problem("reason", tagout.Errorf(tagout.Invalid, "Say why not, so that they know what to change."))
	}
	return b.sign(ctx, d, tagout.Signing{User: s.User, Verdict: tagout.NoGo, Reason: reason})
}

// ballot is the decision message of a resume request.
func (r resumption) ballot() ballot {
	return ballot{form: "nogo", sign: r.sign, about: func(d decision) (string, string) {
		return "NO-GO for " + d.incident.String(), "Everything stays held."
	}}
}

// sign gives one sign-off and confirms it to the signer; the channel is told by the event.
func (r resumption) sign(ctx context.Context, d decision, s tagout.Signing) (tagout.Reply, error) {
	s.Request, s.Digest = d.request, d.digest
	i, err := r.desk.Sign(ctx, d.incident, s)
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: r.signed(i, s), Outcome: tagout.Outcome{Incident: i.ID}}, nil
}

func (r resumption) signed(i *tagout.Incident, s tagout.Signing) tagout.Message {
	m := tagout.Say("Your ", tagout.Bold(s.Verdict), " on ", tagout.Bold(i.ID.String()), " is recorded.")
	q := i.Request
	switch {
	case s.Verdict == tagout.NoGo:
		m.Tone = tagout.ToneWarning
		return m.Para("Everything stays held. They can ask again with ", tagout.Typed("resume "+i.ID.String()), ".")
	case q == nil || q.ID != s.Request:
		return m
	case q.State == tagout.RequestApproved:
		m.Tone = tagout.ToneGood
		m = m.Para("It was the last one needed: ", tagout.Fixed(q.Scope.String()), " goes to ", q.Target, ".")
		if rest := i.ActiveHolds(); len(rest) > 0 {
			m = m.Para(i.ID.String(), " still holds ", count(len(rest), "scope"), ": see ", tagout.Typed("status "+i.ID.String()), ".")
		}
		return m
	}
	return m.Para("Everything stays held. Still needed: GO of ", r.policy.RuleText(q.Missing()), ".")
}
