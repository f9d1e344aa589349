package commands

import (
	"context"
	"strconv"
	"strings"

	"tagout"
)

// shownActions is how many corrective actions one answer shows.
const shownActions = 20

// actions lists corrective actions over all incidents.
func actions(f floor, d Corrector) tagout.Command {
	a := correction{f, d}
	return tagout.Command{
		Name: "actions", Summary: "List corrective actions: what is to be changed after incidents, by whom, until when.", Usage: "[INC-n] [mine|@PERSON] [overdue] [all]", Right: tagout.MayRead,
		Detail: detail("anyone in the workspace, guests too, and API tokens that may read. Those of private incidents are shown to their people only.",
			[]string{"/actions", "/actions mine", "/actions overdue", "/actions INC-7 all", "/actions @pat"},
			"Typed in an incident's channel it lists those of that incident, elsewhere those of all. Only open ones, unless you add all."),
		Run: a.list,
	}
}

func (a correction) list(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
	now := a.clock.Now()
	q := tagout.ActionQuery{Open: true, Limit: 500}
	for _, word := range strings.Fields(line(in.Text)) {
		who, isPerson, err := parsePerson(word)
		switch lower := strings.ToLower(bare(word)); {
		case err != nil:
			return tagout.Reply{}, err
		case isPerson:
			q.Owner = who
		case looksLikeIncident(word):
			if q.Incident, err = tagout.ParseIncidentID(strings.TrimRight(bare(word), ".")); err != nil {
				return tagout.Reply{}, err
			}
		case lower == "mine" && in.User.ID == "":
			return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
				"Nobody's are yours: an API token has no corrective actions. Name somebody by their Slack ID.")
		case lower == "mine":
			q.Owner = in.User.ID
		case lower == "overdue":
			q.DueBefore = now
		case lower == "all":
			q.Open = false
		default:
			return tagout.Reply{}, tagout.Errorf(tagout.Invalid,
				"%q was not understood. Write /tagout actions with INC-7, mine, @PERSON, overdue or all.", clip(word))
		}
	}
	if q.Incident == 0 && q.Owner == "" {
		q.Incident = in.Incident
	}
	found, err := a.desk.Actions(ctx, q, viewerOf(in.User, in.Channel))
	if err != nil {
		return tagout.Reply{}, err
	}
	return tagout.Reply{Message: a.listed(found, q), Outcome: tagout.Outcome{Incident: q.Incident}}, nil
}

// listed is the list as people read it.
func (a correction) listed(found []tagout.ActionOf, q tagout.ActionQuery) tagout.Message {
	now := a.clock.Now()
	m := tagout.Message{Title: "Corrective actions"}
	if q.Incident != 0 {
		m.Title += " of " + q.Incident.String()
	}
	if len(found) == 0 {
		m = m.Para(nothingFound(q), " ", tagout.Typed("action INC-7"), " adds one.")
		return m
	}
	overdue := 0
	for _, one := range found {
		if one.Overdue(now) {
			overdue++
		}
	}
	summary := count(len(found), "action")
	if q.Open {
		summary = count(len(found), "open action")
	}
	if overdue > 0 {
		m.Tone = tagout.ToneDanger
		summary += ", " + strconv.Itoa(overdue) + " of them overdue"
	}
	m = m.Para(summary + ".")
	for n, one := range found {
		if n == shownActions {
			m.Footer = tagout.T(count(len(found)-n, "more action")+" not shown: ask for ", tagout.Typed("actions mine"), " or of one incident.")
			break
		}
		m.Items = append(m.Items, one.Item(now))
	}
	return m
}

func nothingFound(q tagout.ActionQuery) string {
	switch {
	case !q.DueBefore.IsZero():
		return "Nothing is overdue."
	case q.Open:
		return "Nothing is to be done."
	}
	return "There are none."
}
