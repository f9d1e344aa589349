package tagout

import (
	"slices"
	"strings"
	"time"
)

// CauseWindow is how long before an incident was detected changes of its agents still count
// as what may have caused it.
const CauseWindow = 24 * time.Hour

// Causer is a person who changed an agent before or during an incident. Who changed what
// failed never signs that it may run again.
type Causer struct {
	Person UserID `json:"person"`
	As     string `json:"as"`     // as whom the change names them
	Change string `json:"change"` // the newest of theirs: "mailer prompt v41 → v42"
}

func (c Causer) refusal() string {
	return "You changed the agent (" + c.Change + "), so somebody else has to sign that it may run again."
}

// Text is what was changed: "mailer prompt v41 → v42".
func (d Deployment) Text() string {
	text := d.Agent + " " + d.Component + " "
	if d.From != "" {
		text += d.From + " → "
	}
	return text + d.To
}

// Authors finds who made a change: by Slack ID, by e-mail or by one of the handles that the
// configuration gives people. Several, if it means several; none, if it is nobody who is known.
func (p *Policy) Authors(d Deployment) []UserID {
	by := strings.ToLower(strings.Trim(strings.TrimSpace(d.By), "<>@"))
	if by == "" {
		return nil
	}
	if authors := p.called(by); len(authors) > 0 || !strings.Contains(by, ",") {
		return authors
	}
	var authors []UserID
	for name := range strings.SplitSeq(by, ",") {
		authors = append(authors, p.called(strings.Trim(strings.TrimSpace(name), "<>@"))...)
	}
	slices.Sort(authors)
	return slices.Compact(authors)
}

// OnGitHub is how a change names somebody by their GitHub login.
func OnGitHub(login string) string { return onGitHub + strings.ToLower(login) }

const onGitHub = "github:"

// called finds who is known by a name, in lower case.
func (p *Policy) called(by string) []UserID {
	login, isLogin := strings.CutPrefix(by, onGitHub)
	var authors []UserID
	for id, person := range p.People {
		known := append([]string{string(id), person.Email, OnGitHub(person.GitHub)}, person.Handles...)
		if isLogin {
			known = append([]string{person.GitHub}, person.Handles...)
		}
		name := by
		if isLogin {
			name = login
		}
		if name != "" && slices.ContainsFunc(known, func(k string) bool { return strings.ToLower(strings.TrimPrefix(k, "@")) == name }) {
			authors = append(authors, id)
		}
	}
	if id := strings.ToUpper(by); len(authors) == 0 && !isLogin && isUserID(id) {
		return []UserID{UserID(id)}
	}
	slices.Sort(authors)
	return authors
}

// Strangers are those of a change's authors of whom the configuration does not say which
// person in Slack they are, as the change names them. Nobody is kept from signing for them.
func (p *Policy) Strangers(d Deployment) []string {
	if p.called(strings.ToLower(strings.Trim(strings.TrimSpace(d.By), "<>@"))) != nil {
		return nil
	}
	var unknown []string
	for name := range strings.SplitSeq(d.By, ",") {
		name = strings.TrimSpace(name)
		if name != "" && len(p.called(strings.ToLower(strings.Trim(name, "<>@")))) == 0 {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// isUserID tells whether text looks like a Slack user ID.
func isUserID(text string) bool {
	return len(text) > 2 && (text[0] == 'U' || text[0] == 'W') && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" &&
		strings.ContainsAny(text, "0123456789")
}

// Causers lists who made these changes, newest first, each once with the newest of theirs.
func (p *Policy) Causers(changes []Deployment) []Causer {
	var list []Causer
	for _, d := range changes {
		for _, id := range p.Authors(d) {
			if !slices.ContainsFunc(list, func(c Causer) bool { return c.Person == id }) {
				list = append(list, Causer{Person: id, As: clip(d.By, 200), Change: clip(d.Text(), 300)})
			}
		}
	}
	return list
}
