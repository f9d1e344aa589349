package commands

import (
	"context"
	"strings"

	"tagout"
)

// asks is the button ASK: it asks what the signer wants to know.
func (r resumption) asks(_ context.Context, c tagout.Click) (tagout.Reply, error) {
	d, err := parseDecision(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: "ask", Title: "Ask about " + d.incident.String(), Submit: "Ask", State: c.Value,
		Intro:  []tagout.Text{tagout.T("The request does not run out while your question waits. It is no NO-GO.")},
		Fields: []tagout.Field{{Key: "question", Label: "What do you want to know?", Kind: tagout.FieldParagraph}}}
	return tagout.Reply{Form: &form, Message: tagout.Say("A question is asked in Slack.")}, nil
}

func (r resumption) asked(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	d, err := parseDecision(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	signing := tagout.Signing{User: s.User, Verdict: tagout.NoGo, Request: d.request, Digest: d.digest}
	i, err := r.desk.Ask(ctx, d.incident, signing, tagout.DeriveID("question", s.ID), prose(s.Values["question"]))
	if err != nil {
		return problem("question", err)
	}
	m := tagout.Say("Your question about ", tagout.Bold(i.ID.String()),
		" is asked in the thread of the request, and told to ", tagout.Mention(i.Request.By.ID), ".")
	return tagout.Reply{Message: m.Para("The request does not run out while it waits, but not after ",
		i.Request.Deadline(), ". You can still say GO or NO-GO."), Outcome: tagout.Outcome{Incident: i.ID}}, nil
}

// answers is the button Answered: it takes the answer.
func (r resumption) answers(_ context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "answer a signer's question"); err != nil {
		return tagout.Reply{}, err
	}
	d, err := parseDecision(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: "answered", Title: "Answer for " + d.incident.String(), Submit: "Answered", State: c.Value,
		Intro:  []tagout.Text{tagout.T("The time to sign goes on when every question is answered.")},
		Fields: []tagout.Field{{Key: "answer", Label: "The answer", Kind: tagout.FieldParagraph, Optional: true, Hint: "Empty: it stands in the thread."}}}
	return tagout.Reply{Form: &form, Message: tagout.Say("An answer is given in Slack.")}, nil
}

func (r resumption) answered(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "answer a signer's question"); err != nil {
		return tagout.Reply{}, err
	}
	d, err := parseDecision(s.State) // its last part names the question
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := r.desk.Answer(ctx, d.incident, d.request, d.digest, s.User, strings.TrimSpace(prose(s.Values["answer"])))
	if err != nil {
		return problem("answer", err)
	}
	m := tagout.Say("Answered. Whoever asked is told.")
	if i.Request != nil && i.Request.WaitsSince.IsZero() {
		m = m.Para("The request can be signed until ", i.Request.Deadline(), ".")
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
}
