package escalation

import (
	"context"
	"slices"
	"strings"

	"tagout"
)

// ownerText is the role that owns the agent.
func (d *Desk) ownerText(i *tagout.Incident) string {
	a := d.policy.Agents[i.Scope.Agent]
	switch {
	case i.Scope.Agent == "":
		if i.AgentUnknown() {
			return "not known before the agent is"
		}
		return "not one agent"
	case a == nil:
		return "nobody: the agent is not in the configuration"
	case a.Owner == "":
		return "nobody is configured"
	}
	return d.policy.RoleName(a.Owner)
}

// maxRunbookLinks is how many bookmarks the runbook of a class gets.
const maxRunbookLinks = 5

// Links are what an incident's channel should have as bookmarks: the pages of its class's
// runbook, its line in the announce channel, and itself in the API. Of a private one nothing
// outside its channel tells.
func (d *Desk) Links(ctx context.Context, id tagout.IncidentID) ([]tagout.RoomLink, error) {
	i, err := d.store.Incident(ctx, id)
	if err != nil {
		return nil, err
	}
	var links []tagout.RoomLink
	if c := d.policy.Classes[i.Class]; c != nil {
		for n, url := range runbookPages(c.Runbook) {
			title := "Runbook"
			if n > 0 {
				title = "Runbook, " + pageName(url)
			}
			links = append(links, tagout.RoomLink{Title: title, To: tagout.Link(url, "")})
		}
	}
	if i.Private {
		return links, nil
	}
	if i.Room.Announced != "" && i.Room.AnnounceIn != "" {
		links = append(links, tagout.RoomLink{Title: "Announcement", To: tagout.MessageLink(i.Room.AnnounceIn, i.Room.Announced, "Announcement")})
	}
	if d.url != "" {
		links = append(links, tagout.RoomLink{Title: "JSON (needs a token)", To: tagout.Link(d.url+"/v1/incidents/"+id.String(), "")})
	}
	return links, nil
}

// runbookPages are the web pages that a runbook names, one in a step at most.
func runbookPages(steps []string) []string {
	var pages []string
	for _, step := range steps {
		for word := range strings.FieldsSeq(step) {
			word = strings.Trim(word, "()<>,;.")
			isPage := strings.HasPrefix(word, "https://") || strings.HasPrefix(word, "http://")
			if isPage && !slices.Contains(pages, word) && len(pages) < maxRunbookLinks {
				pages = append(pages, word)
				break
			}
		}
	}
	return pages
}

// pageName is the last part of a page's address.
func pageName(url string) string {
	parts := strings.Split(strings.Trim(url, "/"), "/")
	return parts[len(parts)-1]
}

// hasAudience reports whether anybody may be told of an incident by a status note.
func (d *Desk) hasAudience(i *tagout.Incident) bool {
	return slices.ContainsFunc(d.policy.Inform.For(i.HighestSeverity), func(a tagout.Audience) bool { return a.Private || !i.Private })
}
