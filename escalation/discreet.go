package escalation

import (
	"context"

	"tagout"
)

// discreet is a page as it leaves the house, also one that was written before its incident
// became private. Of a private incident a pager outside Slack is told the ID and the
// severity: nobody knows who reads along there.
func discreet(i *tagout.Incident, p tagout.Page) tagout.Page {
	if p.Pager == tagout.SlackPager || !i.Private {
		return p
	}
	p.Why = "a private incident needs you"
	if p.To.ID != "" { // a service of its own needs them to know whom to call
		p.To.Roles = nil
	}
	p.Message = tagout.Message{
		Title: i.ID.String() + " " + i.Severity.Label(), Tone: tagout.ToneDanger,
		Buttons: []tagout.Button{i.AckButton()},
	}.Para("You are paged. The incident is private: read about it in Slack.")
	return p
}

// discreetNews is what a pager's service is told of an incident: of a private one not who
// did it.
func (d *Desk) discreetNews(ctx context.Context, n tagout.PageNews) (tagout.PageNews, error) {
	i, err := d.store.Incident(ctx, n.Incident)
	if err == nil && i.Private {
		n.By = "Tagout"
	}
	return n, err
}
