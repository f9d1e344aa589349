package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// Reviewer is what writing a review and deciding on it needs.
type Reviewer interface {
	// Incident reads one incident.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// PrefillReview is what the record lets one begin a review with, by part.
	PrefillReview(ctx context.Context, i *tagout.Incident) (map[string]string, error)
	// SaveReview keeps a new version. It returns Conflict if the review was approved or
	// somebody saved another version meanwhile, and Invalid for one that is too long.
	SaveReview(ctx context.Context, id tagout.IncidentID, e tagout.ReviewEdit) (*tagout.Incident, error)
	// SubmitReview asks for the approval of the newest version. It returns Invalid, naming
	// what is missing, and Conflict if version is not the newest.
	SubmitReview(ctx context.Context, id tagout.IncidentID, version int, by tagout.User) (*tagout.Incident, error)
	// DecideReview counts an approval, or that the review is sent back, or returns Forbidden
	// or Conflict with the reason why that does not count.
	DecideReview(ctx context.Context, id tagout.IncidentID, s tagout.Signing) (*tagout.Incident, error)
	// KeepDraft keeps what somebody has typed into a form, and Draft reads it again.
	KeepDraft(ctx context.Context, d tagout.FormDraft) error
	Draft(ctx context.Context, id tagout.IncidentID, form string, person tagout.UserID) (tagout.FormDraft, error)
}

const (
	reviewForm   = "review"      // the ID of the form that a review is written in
	reviewReturn = "review-nogo" // and of the one that asks why it is sent back
)

// review is what was learned from an incident: written together, submitted, approved.
func review(f floor, d Reviewer) tagout.Command {
	r := reviewing{f, d}
	return tagout.Command{
		Name: "review", Summary: "Write the review of an incident, and submit it for approval.", Usage: "[INC-n] [submit]", Right: tagout.MayNot,
		Detail: detail("full members of the workspace write and submit; only an RCA facilitator who wrote nothing of it approves. No API token.",
			[]string{"/review INC-7", "/review INC-7 submit"},
			"It opens a form that is filled with what the record tells. Each time it is sent a version is saved, and the document in the incident's channel shows it.",
			"To be submitted it needs every part, and a corrective action that changes more than the prompt.",
			"The approved review closes the incident once nothing is held."),
		Run: r.typed,
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"review": r.pressed, "review-submit": r.submits, "review-go": r.approves, reviewReturn: r.returns,
		},
		Forms: map[string]func(context.Context, tagout.Submission) (tagout.Reply, error){reviewForm: r.saved, reviewReturn: r.returned},
		Typed: map[string]func(context.Context, tagout.Submission) error{reviewForm: r.typing},
	}
}

type reviewing struct {
	floor
	desk Reviewer
}

func (r reviewing) typed(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	id, rest, err := incidentOf("review", in)
	if err != nil {
		return tagout.Reply{}, err
	}
	switch word := strings.ToLower(line(rest)); word {
	case "":
		return r.ask(ctx, id, in.User)
	case "submit":
		i, err := r.desk.Incident(ctx, id)
		if err != nil {
			return tagout.Reply{}, err
		}
		return r.submit(ctx, id, i.Review.Version(), in.User)
	default:
		return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
			"%q was not understood: write /tagout review %s, or /tagout review %s submit. Nothing was changed.",
			clip(word), id, id)
	}
}

func (r reviewing) pressed(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	id, err := tagout.ParseIncidentID(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return r.ask(ctx, id, c.User)
}

// ask opens the form: with what this person typed before and did not send, else with the
// newest version, else with what the record tells. It returns Conflict if there is nothing to
// write any more.
func (r reviewing) ask(ctx context.Context, id tagout.IncidentID, by tagout.User) (tagout.Reply, error) {
	i, err := r.desk.Incident(ctx, id)
	if err != nil {
		return tagout.Reply{}, err
	}
	if i.Review.Approved() {
		return tagout.Reply{Message: r.approved(i), Outcome: tagout.Outcome{Incident: id}}, nil
	}
	if err := i.Reviewable(by); err != nil {
		return tagout.Reply{}, err
	}
	kept, err := r.desk.Draft(ctx, id, reviewForm, by.ID)
	if err != nil {
		kept = tagout.FormDraft{} // the form is needed more than what was typed before
	}
	var parts map[string]string
	if i.Review != nil {
		parts = i.Review.Parts
	} else if parts, err = r.desk.PrefillReview(ctx, i); err != nil {
		parts = map[string]string{}
	}
	return tagout.Reply{Form: r.form(i, parts, kept), Message: tagout.Say("A review is written in Slack, with ",
		tagout.Typed("review "+id.String()), ".")}, nil
}

// approved tells who wants to write it where the approved review is.
func (r reviewing) approved(i *tagout.Incident) tagout.Message {
	m := tagout.Message{Tone: tagout.ToneGood}.Para("The review of ", tagout.Bold(i.ID.String()), " was approved by ",
		tagout.Mention(i.Review.DecidedBy), " at ", i.Review.DecidedAt, ". It stays as it is.")
	if i.Room.Channel != "" && i.Room.Review != "" {
		m = m.Para(tagout.MessageLink(i.Room.Channel, i.Room.Review, "Read it"), ".")
	}
	return m.Para("What is to be said still goes on the timeline: ", tagout.Typed("note "+i.ID.String()+" …"), ".")
}

func (r reviewing) form(i *tagout.Incident, parts map[string]string, kept tagout.FormDraft) *tagout.Form {
	form := &tagout.Form{
		ID: reviewForm, Title: "Review of " + i.ID.String(), Submit: "Save", Keep: true,
		State: i.ID.String() + "|" + strconv.Itoa(i.Review.Version()),
	}
	begun := tagout.T("Filled with what the record tells: read it and correct it. The times, missed deadlines, rollbacks and sign-offs are added to the document by themselves.")
	if n := i.Review.Version(); n > 0 {
		last := i.Review.Versions[n-1]
		begun = tagout.T("Version "+strconv.Itoa(n)+", saved by ", tagout.Mention(last.By), " at ", last.At, ".")
	}
	form.Intro = []tagout.Text{begun, tagout.T("Blameless: what made it possible, not who. Saving submits nothing; what is still empty can be written later.")}
	if i.ReviewState() == tagout.ReviewSubmitted {
		form.Intro = append(form.Intro, tagout.T(tagout.Bold("It is submitted. "), "If you change it, it has to be submitted again."))
	}
	for _, p := range tagout.ReviewParts() {
		form.Fields = append(form.Fields,
			tagout.Field{Key: p.Key, Label: p.Label, Hint: p.Hint, Kind: tagout.FieldParagraph, Value: parts[p.Key], Optional: true})
	}
	filled := filling{form}.prefilled(kept, "")
	if n := i.Review.Version(); n > 0 && !kept.IsZero() && i.Review.Versions[n-1].At.After(kept.At) {
		filled.Intro = append(filled.Intro, tagout.T(tagout.Bold("Version "+strconv.Itoa(n)+" is newer than that. "),
			"Saving puts what stands here in its place: compare it with the document first."))
	}
	return filled
}

// typing keeps what is typed into the form while it is typed.
func (r reviewing) typing(ctx context.Context, s tagout.Submission) error {
	id, _, err := parseVersion(s.State)
	if err != nil {
		return err
	}
	return r.desk.KeepDraft(ctx, draftOf(id, reviewForm, s))
}

// parseVersion reads INC-7|2. It returns Invalid for anything else.
func parseVersion(value string) (tagout.IncidentID, int, error) {
	number, version, _ := strings.Cut(value, "|")
	n, err := strconv.Atoi(version)
	if err != nil {
		return 0, 0, tagout.Errorf(tagout.Invalid,
			"This does not say which version it is about. Nothing was changed; use the newest document of the review.")
	}
	id, err := tagout.ParseIncidentID(number)
	return id, n, err
}

// saved keeps a version. What is refused stays with its author.
func (r reviewing) saved(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	id, base, err := parseVersion(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	parts := map[string]string{}
	for key, text := range s.Values {
		parts[key] = prose(text)
	}
	if key, err := tagout.ReviewTooLong(parts); err != nil {
		_ = r.desk.KeepDraft(ctx, draftOf(id, reviewForm, s)) // it still stands in the form
		return problem(key, err)
	}
	i, err := r.desk.SaveReview(ctx, id, tagout.ReviewEdit{By: s.User, Base: base, Parts: parts})
	if err != nil {
		_ = r.desk.KeepDraft(ctx, draftOf(id, reviewForm, s))
		return tagout.Reply{}, err
	}
	_ = r.desk.KeepDraft(ctx, draftOf(id, reviewForm, tagout.Submission{User: s.User, At: s.At})) // it was sent
	return tagout.Reply{Message: r.kept(i), Outcome: tagout.Outcome{Incident: id}}, nil
}

// kept confirms a version, and says what it still needs.
func (r reviewing) kept(i *tagout.Incident) tagout.Message {
	m := tagout.Say("The review of ", tagout.Bold(i.ID.String()),
		" is saved, version "+strconv.Itoa(i.Review.Version())+". The document in the incident's channel shows it.")
	if i.ReviewState() == tagout.ReviewSubmitted {
		return m.Para("Nothing was changed: it waits for its approval.")
	}
	if lacks := i.ReviewLacks(); len(lacks) > 0 {
		m = m.Para(tagout.Bold("Not ready to be submitted: "), strings.Join(lacks, " "))
	} else {
		m = m.Para("It is complete: submit it for approval once everybody has read it.")
	}
	m.Buttons = reviewButtons(i)
	return m
}

// reviewButtons are what comes after saving.
func reviewButtons(i *tagout.Incident) []tagout.Button {
	id := i.ID.String()
	if len(i.ReviewLacks()) == 0 {
		return []tagout.Button{{Action: "review-submit", Label: "Submit for approval", Value: id + "|" + strconv.Itoa(i.Review.Version()), Tone: tagout.ToneGood}}
	}
	return []tagout.Button{{Action: "review", Label: "Edit review", Value: id}, {Action: "action", Label: "Add action", Value: id}}
}

func (r reviewing) submits(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	id, version, err := parseVersion(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	return r.submit(ctx, id, version, c.User)
}

func (r reviewing) submit(ctx context.Context, id tagout.IncidentID, version int, by tagout.User) (tagout.Reply, error) {
	i, err := r.desk.SubmitReview(ctx, id, version, by)
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Say("The review of ", tagout.Bold(id.String()),
		" is submitted. An RCA facilitator who wrote nothing of it approves it, or sends it back; you will hear of that in the channel.")
	if len(i.ActiveHolds()) > 0 {
		m = m.Para(id.String(), " still holds something: it is closed once that is lifted.")
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: id}}, nil
}

// approves is the button Approve: exactly what stood beside it.
func (r reviewing) approves(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
	d, err := parseDecision(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	i, err := r.desk.DecideReview(ctx, d.incident, tagout.Signing{User: c.User, Verdict: tagout.Go, Request: d.request, Digest: d.digest})
	if err != nil {
		return tagout.Reply{}, err
	}
	m := tagout.Message{Tone: tagout.ToneGood}.Para("You approved the review of ", tagout.Bold(i.ID.String()), ".")
	if i.State == tagout.StateClosed {
		m = m.Para(i.ID.String(), " is closed.")
	} else {
		m = m.Para(i.ID.String(), " is closed once nothing of it is held any more.")
	}
	return tagout.Reply{Message: m, Outcome: tagout.Outcome{Incident: i.ID}}, nil
}

// returns is the button Send back: it asks why.
func (r reviewing) returns(_ context.Context, c tagout.Click) (tagout.Reply, error) {
	d, err := parseDecision(c.Value)
	if err != nil {
		return tagout.Reply{}, err
	}
	form := tagout.Form{ID: reviewReturn, Title: "Send back " + d.incident.String(), Submit: "Send back", State: c.Value,
		Intro:  []tagout.Text{tagout.T("The review of " + d.incident.String() + " goes back to its authors.")},
		Fields: []tagout.Field{{Key: "reason", Label: "What has to change", Kind: tagout.FieldParagraph, Hint: "Before you would approve it."}}}
	return tagout.Reply{Form: &form, Message: tagout.Say("What has to change is asked for in Slack.")}, nil
}

func (r reviewing) returned(ctx context.Context, s tagout.Submission) (tagout.Reply, error) {
	d, err := parseDecision(s.State)
	if err != nil {
		return tagout.Reply{}, err
	}
	reason := prose(s.Values["reason"])
	if reason == "" {
		return problem("reason", tagout.Errorf(tagout.Invalid, "Say what has to change, so that they know."))
	}
	i, err := r.desk.DecideReview(ctx, d.incident,
		tagout.Signing{User: s.User, Verdict: tagout.NoGo, Request: d.request, Digest: d.digest, Reason: reason})
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: tagout.Say("You sent the review of ", tagout.Bold(i.ID.String()), " back. ",
		tagout.Mention(i.Review.SubmittedBy.ID), " is told why."), Outcome: tagout.Outcome{Incident: i.ID}}, nil
}
