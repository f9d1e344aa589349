package commands

import (
	"context"
	"strings"

	"tagout"
)

// SeverityChanger is what changing the severity needs.
type SeverityChanger interface {
	// ChangeSeverity sets another severity; lowering never changes which sign-offs are
	// needed. It returns Conflict if the incident has ended or has that severity.
	ChangeSeverity(ctx context.Context, id tagout.IncidentID, to tagout.Severity, reason string, by tagout.Actor) (*tagout.Incident, error)
}

// severity raises or lowers an incident's severity.
func severity(f floor, d SeverityChanger) tagout.Command {
	return tagout.Command{
		Name: "severity", Summary: "Raise or lower an incident's severity.", Usage: "[INC-n] sev1|sev2|sev3 [reason…]", Right: tagout.MayNot,
		Detail: detail(fullMembers, []string{"/severity INC-7 sev1 customers are affected"},
			"Raising contains and pages as the new severity says. Lowering never dodges a sign-off: those of the highest severity stay needed. A pending resume request becomes void either way."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			if err := member(in.User, "change a severity"); err != nil {
				return tagout.Reply{}, err
			}
			id, text, err := incidentOf("severity", in)
			if err != nil {
				return tagout.Reply{}, err
			}
			to, reason, err := f.parseSeverity(text)
			if err != nil {
				return tagout.Reply{}, err
			}
			i, err := d.ChangeSeverity(ctx, id, to, reason, in.User.Actor())
			if err != nil {
				return tagout.Reply{}, err
			}
			return tagout.Reply{Message: f.severityChanged(i), Outcome: tagout.Outcome{Incident: i.ID}}, nil
		},
	}
}

// parseSeverity reads `sev1 reason…`; it returns Invalid for a severity that is not configured.
func (f floor) parseSeverity(text string) (tagout.Severity, string, error) {
	fields := strings.Fields(line(text))
	if len(fields) == 0 {
		return "", "", tagout.Errorf(tagout.Invalid, "Say which severity: one of %s, then the reason.", severityList(f.policy))
	}
	to := tagout.Severity(strings.Replace(strings.TrimRight(strings.ToLower(bare(fields[0])), "."), "-", "", 1))
	if f.policy.Severities[to] == nil {
		return "", "", tagout.Errorf(tagout.Invalid, "%q is not a severity here: use one of %s. Nothing was changed.",
			clip(fields[0]), severityList(f.policy))
	}
	return to, strings.Join(fields[1:], " "), nil
}

func (f floor) severityChanged(i *tagout.Incident) tagout.Message {
	m := tagout.Say(tagout.Bold(i.ID.String()), " is ", tagout.Bold(i.Severity.Label()), " now.")
	if i.HighestSeverity != i.Severity {
		m = m.Para("Resuming still needs the sign-offs of ", i.HighestSeverity.Label(), ": ", f.policy.RuleText(i.Rule), ".")
	}
	return m
}
