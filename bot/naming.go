package bot

import (
	"bytes"
	"strconv"
	"strings"
	"text/template"

	"tagout"
)

// maxChannelName is Slack's limit.
const maxChannelName = 80

// channelFacts are what the template of a channel's name may use.
type channelFacts struct {
	Number   int64  // of the incident
	Agent    string // "" if it covers everything
	Class    string // the failure class
	Severity string // sev1
}

// parseChannelName reads the template and tries it. It returns Invalid with the reason.
func parseChannelName(text string) (*template.Template, error) {
	names, err := template.New("slack.channel_name").Option("missingkey=error").Parse(text)
	if err == nil {
		err = names.Execute(&bytes.Buffer{}, channelFacts{Number: 1, Agent: "mailer", Class: "judgment_error", Severity: "sev2"})
	}
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "slack.channel_name is not a usable template; it may use .Number, .Agent, .Class and .Severity: %w.", err)
	}
	return names, nil
}

// channelName is the wished name of an incident's channel.
func (b *Bot) channelName(inc *tagout.Incident) string {
	if inc.Private { // its name must not tell what it is about
		return plainName(inc.ID)
	}
	var out bytes.Buffer
	err := b.names.Execute(&out, channelFacts{
		Number: int64(inc.ID), Agent: inc.Scope.Agent, Class: inc.Class, Severity: string(inc.Severity),
	})
	name := legalName(out.String())
	if inc.Drill && name != "" {
		name = "drill-" + name
	}
	if err != nil || name == "" {
		return plainName(inc.ID)
	}
	return name
}

// plainName is a name that Slack accepts whatever the template makes.
func plainName(id tagout.IncidentID) string { return "inc-" + strconv.FormatInt(int64(id), 10) }

// legalName turns text into a legal channel name: lower-case letters, digits and single
// hyphens. It may be longer than Slack allows.
func legalName(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			}
			gap = false
			b.WriteRune(r)
			continue
		}
		gap = true
	}
	return b.String()
}

// suffixed is the nth wish for a name: name, name-2, name-3, … cut to Slack's limit with
// the suffix.
func suffixed(name string, n int) string {
	suffix := ""
	if n > 1 {
		suffix = "-" + strconv.Itoa(n)
	}
	if most := maxChannelName - len(suffix); len(name) > most {
		name = strings.TrimRight(name[:most], "-")
	}
	return name + suffix
}
