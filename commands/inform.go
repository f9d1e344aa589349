package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Informer is what telling stakeholders needs.
type Informer interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// CanMail reports whether status notes can be sent by e-mail.
	CanMail() bool
	// Inform writes a status note, and sends it unless it needs sign-offs. It returns
	// Invalid or Forbidden, with the reason, for one that will not do; then nothing is sent.
	Inform(ctx context.Context, id tagout.IncidentID, d tagout.NoteDraft) (*tagout.Incident, error)
	// SignNote counts a GO or NO-GO on a drafted note, or returns Forbidden, Conflict or
	// Expired with the reason why it does not count.
	SignNote(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error)
	// RetryNote sends a note once more to a recipient whom it did not reach.
	RetryNote(ctx context.Context, id tagout.IncidentID, note, to string, by tagout.User) (*tagout.Incident, error)
}

const asAudienceSays = "-" // the template that the audience is configured with

// inform tells stakeholders outside the incident how it stands.
func inform(f floor, d Informer) tagout.Command {
	n := notes{f, d}
	return tagout.Command{
		Name: "inform", Summary: "Tell stakeholders how an incident stands.", Usage: "[INC-n] [AUDIENCE]", Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/inform INC-7", "/inform INC-7 customer"},
			"It opens a form: audience, template, what is known, what we do, next update. The note goes to the channels and e-mail lists of the audience.",
			"What needs approval is posted as a draft with GO and NO-GO, and sent once every role has signed; never by who wrote it."),
		Run: n.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"inform":     n.pressed,
			"note-go":    n.ballot().goes,
			"note-nogo":  n.ballot().refuses,
			"note-again": n.again,
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){
			"inform":    n.submitted,
			"note-nogo": n.ballot().refused,
		},
	}
}

type notes struct {
	floor
	desk Informer
}

func (n notes) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	if err := member(in.User, "tell stakeholders"); err != nil {
		return tagout.Reply{}, err
	}
	id, rest, err := incidentOf("inform", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	return n.ask(ctx, id, strings.ToLower(line(bare(rest))))
}

// pressed is the button on the card (INC-7) or on a draft (INC-7|customer).
func (n notes) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	if err := member(c.User, "tell stakeholders"); err != nil {
		return tagout.Reply{}, err
	}
	number, audience, _ := strings.Cut(c.Value, "|")
	id, err := tagout.ParseIncidentID(number)
	if err != nil {
		return tagout.Reply{}, err
	}
	return n.ask(ctx, id, audience)
}

// ask opens the form. It returns NotFound for an audience that there is not.
func (n notes) ask(ctx context.Context, id tagout.IncidentID, audience string) (tagout.Reply, error) {
	i, err := n.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	told := n.audiences(i)
	if audience != "" && !slices.ContainsFunc(told, func(a tagout.Audience) bool { return a.Key == audience }) {
		if _, err := n.policy.Inform.Audience(audience); err != nil {
			return tagout.Reply{}, err
		}
		return tagout.Reply{}, notTold(i, audience)
	}
	if len(told) == 0 {
		return tagout.Reply{}, notTold(i, "")
	}
	form := n.form(i, told, audience)
	return tagout.Reply{Form: &form, Message: tagout.Say("A status note is written in Slack, with ", tagout.Typed("inform "+id.String()), ".")}, nil
}

// audiences are those that may be told of the incident.
func (n notes) audiences(i *tagout.Incident) []tagout.Audience {
	return slices.DeleteFunc(n.policy.Inform.For(i.HighestSeverity), func(a tagout.Audience) bool { return i.Private && !a.Private })
}

func notTold(i *tagout.Incident, audience string) error {
	if i.Private {
		return tagout.Errorf(tagout.Forbidden, "%s is private: only audiences with `private: true` may be told of it.", i.ID)
	}
	if audience == "" {
		audience = "No audience"
	}
	return tagout.Errorf(tagout.Forbidden,
		"%s is told of %s incidents here. See inform.audiences in the configuration.", audience,
		i.HighestSeverity.Label())
}

// form asks for a note, with who would get it and who must agree.
func (n notes) form(i *tagout.Incident, told []tagout.Audience, audience string) tagout.Form {
	form := tagout.Form{ID: "inform", Title: "Status note " + i.ID.String(), Submit: "Send or ask", State: i.ID.String()}
	pick := tagout.Field{Key: "audience", Label: "Who is told", Kind: tagout.FieldChoice, Value: audience}
	if pick.Value == "" {
		pick.Value = told[0].Key
	}
	for _, a := range told[:min(len(told), 100)] {
		pick.Options = append(pick.Options, tagout.Option{Value: a.Key, Label: a.Title})
		form.Intro = append(form.Intro, n.recipients(a))
	}
	names := []tagout.Option{{Value: asAudienceSays, Label: "The audience's own"}}
	for _, name := range templateNames(n.policy.Inform) {
		names = append(names, tagout.Option{Value: name, Label: name})
	}
	next := tagout.Field{
		Key: "next", Label: "Next update by", Kind: tagout.FieldMoment, Optional: true,
		Hint: "It is promised to them, and you are reminded of it. Empty: nothing is promised.",
	}
	if every := n.policy.SeverityPolicy(i.HighestSeverity).Deadlines.Inform; every > 0 && !i.State.Ended() {
		next.Value = n.clock.Now().Add(every).Truncate(time.Minute).Add(time.Minute).Format(time.RFC3339)
	}
	known, doing := "", ""
	for _, old := range i.Notes {
		if old.Audience == pick.Value && old.State == tagout.RequestPending { // it is written anew
			known, doing = old.Known, old.Doing
		}
	}
	form.Fields = []tagout.Field{
		pick,
		{Key: "template", Label: "Template", Kind: tagout.FieldChoice, Value: asAudienceSays, Options: names[:min(len(names), 100)]},
		{Key: "known", Label: "What is known", Kind: tagout.FieldParagraph, Value: known, Hint: "Facts only. At most 2,000 characters."},
		{Key: "doing", Label: "What we do", Kind: tagout.FieldParagraph, Value: doing},
		next,
	}
	return form
}

func templateNames(p tagout.InformPolicy) []string {
	var names []string
	for name := range p.Templates {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// recipients tells who would get a note to an audience, what would hinder that, and who must
// agree first.
func (n notes) recipients(a tagout.Audience) tagout.Text {
	t := tagout.T(tagout.Bold(a.Title), ": ", strings.Join(append(slices.Clone(a.Channels), a.Emails...), ", "), ".")
	if len(a.Approve) > 0 {
		t = append(t, tagout.T(" Needs GO of ", tagout.Bold(n.policy.RuleText(a.Rule())), ", not yours.")...)
	}
	if len(a.Emails) > 0 && !n.desk.CanMail() {
		t = append(t, tagout.T(" ", tagout.Bold("Cannot be sent"), ": no e-mail pager is configured.")...)
	}
	return t
}

func (n notes) submitted(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	if err := member(s.User, "tell stakeholders"); err != nil {
		return tagout.Reply{}, err
	}
	id, err := tagout.ParseIncidentID(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	draft, problems := n.draft(s)
	if len(problems) > 0 {
		return tagout.Reply{Message: tagout.Say("The note is not complete."), Outcome: tagout.Outcome{Incident: id, Problems: problems}}, nil
	}
	i, err := n.desk.Inform(ctx, id, draft)
	if err != nil {
		return problem("audience", err)
	}
	return tagout.Reply{Message: n.taken(i, draft.ID), Outcome: tagout.Outcome{Incident: id}}, nil
}

// draft reads the form, and says what is wrong with it.
func (n notes) draft(s tagout.Submission) (tagout.NoteDraft, []tagout.FieldProblem) {
	d := tagout.NoteDraft{ID: tagout.DeriveID("inform", s.ID), By: s.User, Audience: s.Values["audience"], Template: s.Values["template"],
		Known: prose(s.Values["known"]), Doing: prose(s.Values["doing"])}
	if d.Template == asAudienceSays {
		d.Template = ""
	}
	var problems []tagout.FieldProblem
	refuse := func(key, message string) {
		problems = append(problems, tagout.FieldProblem{Key: key, Message: message})
	}
	if d.Audience == "" {
		refuse("audience", "Say who is told.")
	}
	for key, text := range map[string]string{"known": d.Known, "doing": d.Doing} {
		switch {
		case text == "":
			refuse(key, "Write it, if only that it is not known yet.")
		case len([]rune(text)) > tagout.MaxNotePart:
			refuse(key, "At most 2,000 characters: what is sent is never cut.")
		}
	}
	if text := s.Values["next"]; text != "" {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil || !at.After(n.clock.Now()) {
			refuse("next", "Choose a moment that is still to come, or leave it empty.")
		}
		d.Next = at
	}
	slices.SortFunc(problems, func(a, b tagout.FieldProblem) int { return strings.Compare(a.Key, b.Key) })
	return d, problems
}

// taken confirms a note to who wrote it.
func (n notes) taken(i *tagout.Incident, id string) tagout.Message {
	note := i.Note(id)
	if note == nil {
		return tagout.Say("Your note on ", tagout.Bold(i.ID.String()), " was taken; a newer one has replaced it since.")
	}
	to := strings.Join(note.Recipients(), ", ")
	if note.State != tagout.RequestPending {
		return tagout.Say("Your note to ", tagout.Bold(note.Title), " is on its way to "+to+". ", i.ID.String(), "'s channel hears when it has arrived.")
	}
	return tagout.Say("Your note to ", tagout.Bold(note.Title), " is a draft: nothing is sent yet.").
		Fact("To", to).Fact("Needs GO of", n.policy.RuleText(note.Missing())).Fact("Expires", note.Expires)
}
