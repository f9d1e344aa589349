package commands

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// resumeForm is the ID of the form that asks for a resumption.
const resumeForm = "resume"

// filling is a form that is about to be shown.
type filling struct{ *tagout.Form }

// form asks for what the incident's severity requires, as it stood or as it is configured
// now.
func (r resumption) form(i *tagout.Incident, running map[string]string) filling {
	form := &tagout.Form{ID: resumeForm, Title: "Resume " + i.ID.String(), Submit: "Ask for sign-offs", State: i.ID.String(), Keep: true}
	rule := i.Rule
	if row := r.policy.Severities[i.HighestSeverity]; row != nil {
		rule = rule.With(row.Resume.Rule)
	}
	held := make([]string, 0, len(i.Holds))
	for _, h := range i.ActiveHolds() {
		held = append(held, h.String())
	}
	what := tagout.T("Held by ", i.ID.String(), ": ", strings.Join(held, "; "), ".")
	if len(held) == 0 {
		what = tagout.T(i.ID.String(), " holds nothing, but it pins versions. They are let go of with the sign-offs.")
	}
	form.Intro = []tagout.Text{
		what,
		tagout.T("Needs GO of ", tagout.Bold(r.policy.RuleText(rule)), ". Not yours: who asks cannot sign, nor who changed the agent."),
	}
	for _, key := range r.required(i) {
		form.Fields = append(form.Fields, fieldsOf(key)...)
	}
	form.Fields = append(form.Fields,
		tagout.Field{Key: "scope", Label: "Only a part of it", Kind: tagout.FieldLine, Optional: true,
			Hint: "Empty: all that " + i.ID.String() + " holds. Or such as agent/channel/region; the rest stays held."},
		tagout.Field{Key: "target", Label: "Let it go to", Kind: tagout.FieldChoice, Value: string(tagout.Running), Options: []tagout.Option{
			{Value: string(tagout.Running), Label: tagout.Running.Label()},
			{Value: string(tagout.Review), Label: tagout.Review.Label() + ": a human approves every output"},
			{Value: string(tagout.Paused), Label: tagout.Paused.Label() + ": only finish what is in flight"},
		}},
		tagout.Field{Key: "versions", Label: "Versions to run", Kind: tagout.FieldLine, Value: tagout.Pairs(running), Optional: true,
			Hint: "Such as: model m1, prompt v42. Empty: those that it runs."})
	if stages := r.stages(i); len(stages) > 0 {
		form.Fields = append(form.Fields, tagout.Field{Key: "stages", Label: "In these stages", Kind: tagout.FieldParagraph, Value: tagout.StagesText(stages), Optional: true,
			Hint: "One a line, the last is running. They may be added and made longer. Tools that were tried: validated=TOOL,TOOL"})
	}
	return filling{form}
}

// stages are those that the incident's severity asks for.
func (r resumption) stages(i *tagout.Incident) tagout.StagePlan {
	if row := r.policy.Severities[i.HighestSeverity]; row != nil && row.Resume.Stages.Meets(i.Stages) == nil {
		return row.Resume.Stages
	}
	return i.Stages
}

// fieldsOf are the fields that ask for one deliverable.
func fieldsOf(key string) []tagout.Field {
	one := tagout.Field{Key: key, Label: deliverable(key), Kind: tagout.FieldParagraph}
	switch key {
	case "cause":
		one.Optional, one.Hint = true, "Required, unless the logs to find it did not exist: then tick that below, and say here what is known."
		return []tagout.Field{one, {Key: "no_logs", Label: "If the cause could not be found", Kind: tagout.FieldChoices, Optional: true,
			Options: []tagout.Option{{Value: "yes", Label: "The logs needed to find it did not exist: this is the root cause"}}}}
	case "verified":
		one.Label, one.Hint = "How each change was verified", "A line for each change: what was tried, and what came out."
		return []tagout.Field{one, {Key: "verified_against", Label: deliverable("verified_against"), Kind: tagout.FieldParagraph, Hint: "What the checks would have caught."}}
	case "review_scheduled":
		one.Kind = tagout.FieldMoment
	case "impact":
		return []tagout.Field{
			{Key: "impact_people", Label: "Impact: people affected", Kind: tagout.FieldLine, Hint: "A number, such as 212. 0 if there are none."},
			{Key: "impact_outputs", Label: "Impact: outputs affected", Kind: tagout.FieldLine, Hint: "A number: messages, records, orders."}}
	case "remediation":
		list := tagout.Field{Key: key, Label: "Remediation: tick what is done", Kind: tagout.FieldChoices, Optional: true}
		for _, item := range tagout.Remedies() {
			list.Options = append(list.Options, tagout.Option{Value: item.Key, Label: item.Label})
		}
		return []tagout.Field{list, {Key: "remediation_why", Label: "What is not ticked, and why", Kind: tagout.FieldParagraph, Optional: true}}
	}
	return []tagout.Field{one}
}

// prefilled puts into the form what was typed before, and says so. A scope that was typed
// with the command wins.
func (f filling) prefilled(kept tagout.FormDraft, scope string) *tagout.Form {
	for n := range f.Fields {
		field := &f.Fields[n]
		if value, there := kept.Values[field.Key]; there && !kept.IsZero() {
			field.Value = value
		}
		if field.Key == "scope" && scope != "" {
			field.Value = scope
		}
	}
	if !kept.IsZero() {
		f.Intro = append(f.Intro, tagout.T("Filled with what ", tagout.Mention(kept.Person), " typed at ", kept.At, " and did not send."))
	}
	return f.Form
}

// typing keeps what is typed into the form while it is typed.
func (r resumption) typing(ctx context.Context, s tagout.Submission) error {
	if err := member(s.User, "ask to resume an agent"); err != nil {
		return err
	}
	id, err := tagout.ParseIncidentID(s.State)
	if err != nil {
		return err
	}
	return r.desk.KeepDraft(ctx, draftOf(id, resumeForm, s))
}

// keep keeps a form that was not accepted; nothing is kept of one without values. That this
// fails must not hide what is wrong with the form, which still stands there filled.
func (r resumption) keep(ctx context.Context, id tagout.IncidentID, s tagout.Submission) {
	_ = r.desk.KeepDraft(ctx, draftOf(id, resumeForm, s))
}

func draftOf(id tagout.IncidentID, form string, s tagout.Submission) tagout.FormDraft {
	d := tagout.FormDraft{Incident: id, Form: form, Person: s.User.ID, At: s.At}
	for key, value := range s.Values {
		if value = prose(value); value != "" {
			if d.Values == nil {
				d.Values = map[string]string{}
			}
			d.Values[key] = cutTo(value, 3000)
		}
	}
	return d
}

// reading is a filled form on the way to a request.
type reading struct {
	values   map[string]string
	at       time.Time
	draft    tagout.ResumeDraft
	problems []tagout.FieldProblem
}

func (f *reading) problem(key, text string) {
	f.problems = append(f.problems, tagout.FieldProblem{Key: key, Message: text})
}

// draft reads the form, and says what is missing from it, part by part.
func (r resumption) draft(s tagout.Submission, required []string) (tagout.ResumeDraft, []tagout.FieldProblem) {
	f := reading{values: s.Values, at: s.At, draft: tagout.ResumeDraft{
		ID: tagout.DeriveID("resume", s.ID), By: s.User, Target: tagout.Running, Deliverables: map[string]string{}}}
	for _, key := range required {
		f.deliverable(key)
	}
	f.aim()
	f.versions()
	return f.draft, f.problems
}

// needed takes a text that must be there.
func (f *reading) needed(key, label string) {
	if f.draft.Deliverables[key] = prose(f.values[key]); f.draft.Deliverables[key] == "" {
		f.problem(key, label+": required before anybody can sign.")
	}
}

func (f *reading) deliverable(key string) {
	switch key {
	case "cause":
		f.cause()
	case "verified":
		f.needed(key, deliverable(key))
		f.needed("verified_against", deliverable("verified_against"))
	case "review_scheduled":
		f.review()
	case "impact":
		f.impact()
	case "remediation":
		f.remediation()
	default:
		f.needed(key, deliverable(key))
	}
}

// cause takes the cause; that the logs to find it did not exist is one.
func (f *reading) cause() {
	if f.values["no_logs"] == "" {
		f.needed("cause", deliverable("cause"))
		return
	}
	f.draft.Deliverables["cause"] = strings.TrimSpace(tagout.MissingLogs + " " + prose(f.values["cause"]))
	f.draft.Deliverables["corrective_action"] = tagout.MissingLogsAction
}

func (f *reading) review() {
	text := line(f.values["review_scheduled"])
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case text == "":
		f.problem("review_scheduled", deliverable("review_scheduled")+": required before anybody can sign.")
	case err != nil:
		f.problem("review_scheduled", "When the review takes place needs a date and a time.")
	case !at.After(f.at):
		f.problem("review_scheduled", "The review must be scheduled for a time to come.")
	default:
		f.draft.Deliverables["review_scheduled"] = at.UTC().Format("2006-01-02 15:04 UTC")
	}
}

// impact takes the figures of people and outputs affected.
func (f *reading) impact() {
	number := func(key, what string) string {
		n, err := strconv.ParseUint(strings.NewReplacer(",", "", " ", "", "_", "").Replace(line(f.values[key])), 10, 40)
		if err != nil {
			f.problem(key, "How many "+what+" are affected is required as a number, such as 212; 0 if there are none.")
			return ""
		}
		return strconv.FormatUint(n, 10)
	}
	people, outputs := number("impact_people", "people"), number("impact_outputs", "outputs")
	f.draft.Deliverables["impact"] = "People affected: " + people + ". Outputs affected: " + outputs + "."
}

// remediation takes the checklist: each item is ticked or explained.
func (f *reading) remediation() {
	done := strings.Split(f.values["remediation"], ",")
	why := prose(f.values["remediation_why"])
	for _, item := range tagout.Remedies() {
		if why == "" && !slices.Contains(done, item.Key) {
			f.problem("remediation_why", item.Label+": tick it, or explain here why not.")
		}
	}
	f.draft.Deliverables["remediation"] = tagout.Remediation(done, why)
}

// aim takes what is to be let go, and how far.
func (f *reading) aim() {
	if text := line(f.values["scope"]); text != "" {
		scope, err := tagout.ParseScope(text)
		if err != nil {
			f.problem("scope", tagout.Sentence(err))
		}
		f.draft.Scope = &scope
	}
	if text := f.values["target"]; text != "" {
		mode, err := tagout.ParseMode(text)
		if err != nil {
			f.problem("target", tagout.Sentence(err))
		}
		f.draft.Target = mode
	}
	if text := f.values["stages"]; strings.TrimSpace(text) != "" && f.draft.Target == tagout.Running {
		stages, err := tagout.ParseStages(text)
		if err != nil {
			f.problem("stages", tagout.Sentence(err))
		}
		f.draft.Stages = stages
	}
}

// versions takes what is to run, as "model m1, prompt v42".
func (f *reading) versions() {
	for part := range strings.SplitSeq(line(f.values["versions"]), ",") {
		words := strings.Fields(strings.Replace(part, "=", " ", 1))
		switch {
		case len(words) == 0:
			continue
		case len(words) != 2 || !slices.Contains([]string{"prompt", "policy", "model", "tools"}, strings.ToLower(words[0])) || len(words[1]) > 200:
			f.problem("versions",
				"Versions to run: "+strconv.Quote(clip(strings.TrimSpace(part)))+" was not understood; write such as model m1, prompt v42.")
			continue
		}
		if f.draft.Versions == nil {
			f.draft.Versions = map[string]string{}
		}
		f.draft.Versions[strings.ToLower(words[0])] = words[1]
	}
}
