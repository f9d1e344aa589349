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
	var authors []UserID
	for id, person := range p.People {
		known := append([]string{string(id), person.Email}, person.Handles...)
		if slices.ContainsFunc(known, func(name string) bool { return strings.ToLower(strings.TrimPrefix(name, "@")) == by }) {
			authors = append(authors, id)
		}
	}
	if id := strings.ToUpper(by); len(authors) == 0 && isUserID(id) {
		return []UserID{UserID(id)}
	}
	slices.Sort(authors)
	return authors
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
