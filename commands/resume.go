package commands

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// Resumer is what asking for a resumption and signing it needs.
type Resumer interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// RequestResume proposes to lift holds. It returns Forbidden for guests, Conflict if
	// nothing is held, and Invalid for a scope, target or deliverable that will not do.
	RequestResume(ctx context.Context, id tagout.IncidentID, d tagout.ResumeDraft) (*tagout.Incident, error)
	// RunningVersions are those that the incident's agent runs, as far as they are known.
	RunningVersions(ctx context.Context, i *tagout.Incident) (map[string]string, error)
	// KeepDraft keeps what somebody has typed into a form, and Draft reads it again.
	KeepDraft(ctx context.Context, d tagout.FormDraft) error
	Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error)
	// Unsigned lists the sign-offs of its pending request that nobody is left to give.
	Unsigned(ctx context.Context, i *tagout.Incident) []tagout.Text
	// Ask records a signer's question, which stops the request's time, and Answer that it was
	// answered. They return Forbidden, Conflict or Expired with the reason if that cannot be.
	Ask(ctx context.Context, id tagout.IncidentID, s tagout.Signing, question, text string) (*tagout.Incident, error)
	Answer(ctx context.Context, id tagout.IncidentID, request, question string, by tagout.User, text string) (*tagout.Incident, error)
	// Sign counts a GO or NO-GO, or returns Forbidden, Conflict or Expired with the reason
	// why it does not count.
	Sign(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error)
}

// resume asks the people who must sign to let an agent run again. It lifts nothing itself.
func resume(f floor, d Resumer) tagout.Command {
	r := resumption{f, d}
	return tagout.Command{
		Name: "resume", Summary: "Ask those who must sign to let an agent run again.", Usage: "[INC-n] [SCOPE]", Right: tagout.MayNot,
		Detail: detail("full members of the workspace may ask; only the severity's signers sign, and never who asked. No guest and no API token.",
			[]string{"/resume INC-7", "/resume INC-7 mailer/email/us"},
			"It opens a form with what the incident's severity requires. The request is posted with the buttons GO and NO-GO; everything stays held until all sign-offs are given."),
		Run: r.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"resume": r.pressed,
			"go":     r.ballot().goes,
			"nogo":   r.ballot().refuses,
			"ask":    r.asks, "answered": r.answers,
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			resumeForm: r.submitted,
			"nogo":     r.ballot().refused,
			"ask":      r.asked, "answered": r.answered,
		},
		Typed: map[string]func(context.Context, tagout.Submission) error{resumeForm: r.typing},
	}
}

type resumption struct {
	floor
	desk Resumer
}

func (r resumption) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := member(in.User, "ask to resume an agent"); err != nil {
		return tagout.Reply{}, err
	}
	id, rest, err := incidentOf("resume", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	var scope string
	if rest = line(rest); rest != "" {
		narrower, err := tagout.ParseScope(rest)
		if err != nil {
			return tagout.Reply{}, err
		}
		scope = narrower.String()
	}
	return r.ask(ctx, id, in.User, scope)
}

func (r resumption) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "ask to resume an agent"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return r.ask(ctx, id, c.User, "")
}

// ask opens the form, filled with what this person typed into it before. It returns Conflict
// if there is nothing to resume.
func (r resumption) ask(ctx context.Context, id tagout.IncidentID, by tagout.User, scope string) (tagout.Reply, error) {
	i, err := r.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	if len(i.ActiveHolds())+len(i.Pins) == 0 {
		return tagout.Reply{}, tagout.Errorf(tagout.Conflict, "%s holds nothing, so there is nothing to resume. If the agent is still stopped, another incident holds it: see /tagout status.", id)
	}
	kept, err := r.desk.Draft(ctx, id, resumeForm, by.ID)
	if err != nil {
		kept = tagout.FormDraft{} // the form is needed more than what was typed before
	}
	running, err := r.desk.RunningVersions(ctx, i)
	if err != nil {
		running = nil
	}
	form := r.form(i, running).prefilled(kept, scope)
	return tagout.Reply{Form: form, Message: tagout.Say("A resumption is asked for in Slack, with ", tagout.Typed("resume "+id.String()), ".")}, nil
}

// required lists the deliverables that a request must bring along.
func (r resumption) required(i *tagout.Incident) []string {
	keys := slices.Clone(i.Require)
	if row := r.policy.Severities[i.HighestSeverity]; row != nil {
		for _, key := range row.Resume.Require {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

func deliverable(key string) string {
	if label := tagout.DeliverableLabels[key]; label != "" {
		return label
	}
	return strings.ReplaceAll(key, "_", " ")
}

func (r resumption) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "ask to resume an agent"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := r.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	draft, problems := r.draft(s, r.required(i))
	if len(problems) > 0 {
		r.keep(ctx, id, s)
		return tagout.Reply{Message: tagout.Say("The request is not complete."), Outcome: tagout.Outcome{Incident: id, Problems: problems}}, nil
	}
	i, err = r.desk.RequestResume(ctx, id, draft)
	if err != nil {
		r.keep(ctx, id, s)
		return problem("scope", err)
	}
	r.keep(ctx, id, tagout.Submission{User: s.User, At: s.At}) // it was sent
	return tagout.Reply{Message: r.requested(ctx, i), Outcome: tagout.Outcome{Incident: id}}, nil
}

// requested confirms a request to the person who made it.
func (r resumption) requested(ctx context.Context, i *tagout.Incident) tagout.Message {
	m := tagout.Say("You asked to resume ", tagout.Bold(i.ID.String()), ". Everything stays held until it is signed.")
	q := i.Request
	if q == nil {
		return m
	}
	m = m.Fact("Scope", tagout.Fixed(q.Scope.String())).Fact("Goes to", q.Target)
	m = m.Fact("Needs GO of", r.policy.RuleText(q.Missing())).Fact("Expires", q.Expires)
	if q.Monitor > 0 {
		m = m.Fact("Quiet for", tagout.Elapsed(q.Monitor)+" without a new alert before GO counts")
	}
	if len(q.Stages) > 0 {
		m = m.Fact("In stages", strings.ReplaceAll(tagout.StagesText(q.Stages), "\n", " → "))
	}
	if len(q.Firing) > 0 {
		m = m.Fact("Still firing", count(len(q.Firing), "alert"))
	}
	for _, nobody := range r.desk.Unsigned(ctx, i) {
		m.Tone = tagout.ToneDanger
		m = m.Para(nobody)
	}
	return m
}
