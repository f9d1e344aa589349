package commands

import (
	"context"
	"maps"
	"slices"
	"strings"

	"tagout"
)

// form asks for what a stopping verb needs; the verb fixes the mode.
func (s stops) form(verb, scope string) tagout.Form {
	fields := []tagout.Field{s.scopeField(scope)}
	if verb == "hold" {
		fields = append(fields, holdFields()...)
	}
	fields = append(fields, s.severityAndClass()...)
	fields = append(fields, tagout.Field{Key: "reason", Label: "Why", Kind: tagout.FieldLine, Hint: "What you saw, in a few words", Optional: true})
	titles := map[string]string{"kill": "Halt an agent", "pause": "Pause an agent", "hold": "Hold an agent"}
	submits := map[string]string{"kill": "Halt now", "pause": "Pause now", "hold": "Hold now"}
	return tagout.Form{ID: verb, Title: titles[verb], Submit: submits[verb], Fields: fields}
}

// submitted runs a stopping verb on its filled form. What is wrong with the scope is shown
// on the form, so that nothing has to be typed again.
func (s stops) submitted(verb string, parse func(text string) (stopArguments, error)) func(context.Context, tagout.Submission) (tagout.Reply, error) {
	return func(ctx context.Context, f tagout.Submission) (tagout.Reply, error) {
		words := []string{strings.TrimSpace(f.Values["scope"])}
		if mode := f.Values["mode"]; mode != "" {
			words = append(words, mode)
		}
		if limit := strings.Join(strings.Fields(f.Values["cap"]), ""); limit != "" {
			words = append(words, "cap="+strings.TrimPrefix(limit, "cap="))
		}
		for _, tool := range toolNames(f.Values["tools"]) {
			words = append(words, "tool:"+tool)
		}
		a, err := parse(strings.Join(words, " "))
		if err != nil {
			return problem(s.problemField(verb, f.Values), err)
		}
		if severity := tagout.Severity(f.Values["severity"]); s.policy.Severities[severity] != nil {
			a.Severity = severity
		}
		if class := f.Values["class"]; s.policy.Classes[class] != nil {
			a.Class = class
		}
		a.Reason = cutTo(line(strings.TrimSpace(a.Reason+" "+f.Values["reason"])), maxReason)
		return s.run(ctx,
			asked{id: f.ID, by: f.User.Actor(), viewer: viewerOf(f.User, f.Channel), incident: f.Incident, at: f.At, flag: flagOf(f.State)},
			a)
	}
}

// problemField is the field at which an error is shown: the scope if that is wrong.
func (s stops) problemField(verb string, values map[string]string) string {
	if _, err := parseStop(verb, values["scope"], s.policy); err != nil {
		return "scope"
	}
	return "cap"
}

// problem shows an error on a form's field, if it is the person's to correct.
func problem(key string, err error) (tagout.Reply, error) {
	if tagout.CodeOf(err) != tagout.Invalid {
		return tagout.Reply{}, err
	}
	field := tagout.FieldProblem{Key: key, Message: tagout.Sentence(err)}
	return tagout.Reply{Message: tagout.Say(field.Message), Outcome: tagout.Outcome{Problems: []tagout.FieldProblem{field}}}, nil
}

func toolNames(text string) []string {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
	for n := range names {
		names[n] = strings.TrimPrefix(strings.ToLower(names[n]), "tool:")
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

func (f floor) scopeField(scope string) tagout.Field {
	names := f.policy.Agents.Names()
	if scope == "" && len(names) == 1 {
		scope = names[0]
	}
	hint := "agent, agent/channel/region, agent tool:NAME, or * for everything"
	if len(names) > 0 {
		hint += ". Agents: " + cutTo(strings.Join(names, ", "), 500)
	}
	return tagout.Field{Key: "scope", Label: "What to stop", Kind: tagout.FieldLine, Hint: hint, Value: scope}
}

func holdFields() []tagout.Field {
	return []tagout.Field{
		{Key: "mode", Label: "How far", Kind: tagout.FieldChoice, Value: string(tagout.Review), Options: []tagout.Option{
			{Value: string(tagout.Review), Label: tagout.Review.Label() + ": a human approves every output"},
			{Value: string(tagout.Capped), Label: tagout.Capped.Label() + ": a spend cap, or tools disabled"},
		}},
		{Key: "cap", Label: "Spend cap", Kind: tagout.FieldLine, Hint: "For capped: such as 500/day", Optional: true},
		{Key: "tools", Label: "Tools", Kind: tagout.FieldLine, Hint: "For capped: the tools to disable, or @high for all of that risk", Optional: true},
	}
}

// severityAndClass are the choices that the policy offers, with its defaults chosen.
func (f floor) severityAndClass() []tagout.Field {
	severity := tagout.Field{Key: "severity", Label: "Severity", Kind: tagout.FieldChoice, Value: string(f.policy.DefaultSeverity), Optional: true}
	for _, key := range f.policy.SeverityKeys() {
		severity.Options = append(severity.Options, tagout.Option{Value: string(key), Label: key.Label() + " " + f.policy.Severities[key].Title})
	}
	class := tagout.Field{Key: "class", Label: "What kind of failure", Kind: tagout.FieldChoice, Value: f.policy.DefaultClass, Optional: true}
	keys := slices.Sorted(maps.Keys(f.policy.Classes))
	for _, key := range keys[:min(100, len(keys))] { // what a choice can show
		class.Options = append(class.Options, tagout.Option{Value: key, Label: f.policy.ClassTitle(key)})
	}
	return slices.DeleteFunc([]tagout.Field{severity, class}, func(f tagout.Field) bool { return len(f.Options) == 0 })
}
