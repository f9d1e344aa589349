package commands

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"tagout"
)

// RosterReader is what telling who would be paged needs.
type RosterReader interface {
	// Who tells who would be paged now and how. It returns NotFound for what does not exist.
	Who(ctx context.Context, q tagout.WhoQuery) (tagout.WhoIsPaged, error)
}

// who shows exactly who would be paged now, and how.
func who(f floor, d RosterReader) tagout.Command {
	w := whos{floor: f, desk: d}
	return tagout.Command{
		Name: "who", Summary: "Show who would be paged now, why and how.", Usage: "sev1|sev2|sev3|AGENT|ROLE|INC-n [CLASS]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/who sev1", "/who sev1 policy_violation", "/who mailer", "/who legal", "/who INC-7"},
			"It asks what a page asks, at this moment: members, Slack groups, rotations with their overrides, and schedules of other services.",
			"Who may sign is shown apart: being on call, overrides and schedules make no signer."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			q, err := w.parse(in)
			if err != nil {
				return tagout.Reply{}, err
			}
			answer, err := d.Who(ctx, q)
			if err != nil {
				return tagout.Reply{}, err
			}
			return tagout.Reply{Message: w.message(answer), Outcome: tagout.Outcome{Incident: q.Incident}}, nil
		},
	}
}

type whos struct {
	floor
	desk RosterReader
}

// parse reads severity, agent, role, class or incident, in any order that makes sense.
func (w whos) parse(in tagout.Invocation) (tagout.WhoQuery, error) {
	var q tagout.WhoQuery
	for _, field := range strings.Fields(line(in.Text)) {
		if err := w.take(field, &q); err != nil {
			return q, err
		}
	}
	aboutSeverity := q.Severity != "" || q.Agent != "" || q.Class != ""
	switch {
	case q.Incident != 0 && (aboutSeverity || q.Role != ""), q.Role != "" && aboutSeverity:
		return q, tagout.Errorf(tagout.Invalid, "Ask about one thing: a severity (with an agent and a class), a role, or an incident.")
	case q.Incident != 0 || q.Role != "" || q.Severity != "":
		return q, nil
	case aboutSeverity: // by its agent or its class: as a stop by hand opens it
		q.Severity, q.Class = w.policy.DefaultSeverity, cmp.Or(q.Class, w.policy.DefaultClass)
		return q, nil
	case in.Incident != 0:
		q.Incident = in.Incident
		return q, nil
	}
	return q, tagout.Errorf(tagout.Invalid, "Say of what: /tagout who sev1, /tagout who mailer, /tagout who legal, or /tagout who INC-7.")
}

// take reads one word of what is asked.
func (w whos) take(field string, q *tagout.WhoQuery) (err error) {
	word := strings.ToLower(strings.TrimRight(bare(field), "."))
	severity := tagout.Severity(strings.Replace(word, "-", "", 1))
	agent, _, _ := strings.Cut(word, "/")
	switch {
	case looksLikeIncident(word):
		q.Incident, err = tagout.ParseIncidentID(word)
		return err
	case w.policy.Severities[severity] != nil:
		q.Severity = severity
	case w.policy.Agents[agent] != nil:
		q.Agent = agent
	case w.policy.Roles[word] != nil:
		q.Role = word
	case w.policy.Classes[word] != nil:
		q.Class = word
	default:
		return tagout.Errorf(tagout.Invalid, "%q is no severity, agent, role, failure class or incident here. Write /tagout who sev1, or one of the roles: %s.",
			clip(field), strings.Join(sortedRoles(w.policy), ", "))
	}
	return nil
}

func sortedRoles(p *tagout.Policy) []string {
	var keys []string
	for key := range p.Roles {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func (w whos) message(a tagout.WhoIsPaged) tagout.Message {
	m := tagout.Message{Title: "Who would be paged: " + w.subject(a)}
	if a.Stopped != "" {
		m = m.Para(tagout.Bold("Nobody is paged any more"), ": "+a.Stopped+". If it were open:")
	}
	m = w.steps(m, a)
	if a.Role == "" && a.Class == "" && a.Incident == 0 {
		m = m.Para("The role to which the failure class hands over is paged as well: ", tagout.Typed("who "+string(a.Severity)+" CLASS"), ".")
	}
	m = w.signers(m, a)
	m.Footer = tagout.T("As of ", a.At, ". Signing follows the roles' members alone, never who is on call.")
	return m
}

// signers are who may sign, a fact for each sign-off.
func (w whos) signers(m tagout.Message, a tagout.WhoIsPaged) tagout.Message {
	for _, s := range a.Signers {
		m = m.Fact("May sign (not: is paged) for "+w.policy.RuleText(tagout.SignoffRule{{AnyOf: s.Roles}}), signersOf(s))
	}
	return m
}

// steps are the steps of the ladder, with everybody in them.
func (w whos) steps(m tagout.Message, a tagout.WhoIsPaged) tagout.Message {
	for n, step := range a.Steps {
		m = m.Para(w.stepText(a, n, step))
		for _, c := range step.Roster.People {
			m = m.Para(w.personText(c, step))
		}
		for _, p := range step.Pages {
			if p.To.ID == "" && p.To.Stranger() == "" {
				m = m.Para("• whoever "+p.Pager+" has on call — by ", tagout.Bold(p.Pager))
			}
		}
		for _, why := range step.Roster.Unasked {
			m = m.Para("• "+w.policy.RoleName(why.Role)+": ", unaskedText(why))
		}
		if len(step.Pages) == 0 && len(step.Roster.Unasked) == 0 {
			m.Tone = tagout.ToneDanger
			m = m.Para(tagout.Bold("Nobody"), ": add members to these roles.")
		}
		for _, doubt := range step.Roster.DoubtTexts(w.policy) {
			m.Tone = tagout.ToneDanger
			m = m.Para(doubt)
		}
	}
	return m
}

func (w whos) subject(a tagout.WhoIsPaged) string {
	switch {
	case a.Role != "":
		return w.policy.RoleName(a.Role)
	case a.Incident != 0:
		return a.Incident.String() + " " + a.Severity.Label()
	}
	text := a.Severity.Label()
	if a.Class != "" {
		text += " " + w.policy.ClassTitle(a.Class)
	}
	if a.Agent != "" {
		text += " of " + a.Agent
	}
	return text
}

func (w whos) stepText(a tagout.WhoIsPaged, n int, s tagout.PagingStep) tagout.Text {
	names := make([]string, len(s.Roster.Roles))
	for k, role := range s.Roster.Roles {
		names[k] = w.policy.RoleName(role)
	}
	when := "At once"
	switch {
	case a.Role != "":
		when = strings.ToUpper(s.Why[:1]) + s.Why[1:]
	case n > 0:
		when = "After " + tagout.Elapsed(s.After) + " without an acknowledgement"
	case a.Repeat > 0:
		when = "At once, and every " + tagout.Elapsed(a.Repeat) + " until acknowledged"
	}
	return tagout.T(tagout.Bold(when), ": "+strings.Join(names, ", "))
}

// personText is one person: why they are paged, and by what in which order.
func (w whos) personText(c tagout.Called, s tagout.PagingStep) tagout.Text {
	var pagers []string
	for _, p := range s.Pages {
		if p.To.ID == c.ID && p.To.Stranger() == c.Stranger() {
			pagers = append(pagers, strings.TrimSpace(p.Pager+" "+p.When))
		}
	}
	t := append(tagout.T("• "), c.Text()...)
	t = append(t, tagout.T(" — ")...)
	for n, why := range c.Reasons {
		if n > 0 {
			t = append(t, tagout.T("; ")...)
		}
		t = append(t, w.reasonText(why)...)
	}
	if len(pagers) == 0 {
		return append(t, tagout.T(" — ", tagout.Bold("no pager reaches them"))...)
	}
	return append(t, tagout.T(" — by ", tagout.Bold(strings.Join(pagers, ", then ")))...)
}

// unaskedText is who else would be asked for at the time.
func unaskedText(why tagout.Reason) tagout.Text {
	switch why.Via {
	case tagout.ViaGroup:
		return tagout.T("whoever is in the Slack group " + why.Source + ", asked at the time")
	case tagout.ViaSchedule:
		return tagout.T("whoever the schedule of " + why.Source + " has on call, asked at the time")
	}
	return tagout.T("whoever an override of " + why.Source + " puts in, asked at the time")
}

func (w whos) reasonText(r tagout.Reason) tagout.Text {
	role := w.policy.RoleName(r.Role)
	var t tagout.Text
	switch r.Via {
	case tagout.ViaGroup:
		return tagout.T(role+", in the Slack group "+r.Source+" as read at ", r.AsOf)
	case tagout.ViaRotation:
		t = tagout.T(role + ", on call in " + r.Source)
	case tagout.ViaOverride:
		t = tagout.T(role+", on call in "+r.Source+" by an override of ", r.By.Text())
	case tagout.ViaSchedule:
		t = tagout.T(role+", on call in "+r.Source+" by its schedule as read at ", r.AsOf)
	default:
		return tagout.T(role + ", a member")
	}
	if !r.Until.IsZero() {
		t = append(t, tagout.T(" until ", r.Until)...)
	}
	return t
}

func signersOf(s tagout.Signers) tagout.Text {
	var t tagout.Text
	for n, id := range s.People {
		if n > 0 {
			t = append(t, tagout.T(", ")...)
		}
		t = append(t, tagout.T(tagout.Mention(id))...)
	}
	if len(s.People) == 0 {
		t = tagout.T("nobody")
	}
	for _, group := range s.Unasked {
		t = append(t, tagout.T("; whoever is in the group "+group+", asked at the time")...)
	}
	for _, group := range s.Unknown {
		t = append(t, tagout.T("; the group "+group+" cannot be read, so nobody signs by it")...)
	}
	return t
}
