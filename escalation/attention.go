package escalation

import (
	"strings"

	"tagout"
)

// attention shows on the card what keeps an incident from having somebody's attention.
func attention(m tagout.Message, i *tagout.Incident) tagout.Message {
	if i.State.Ended() {
		return m
	}
	if why := i.Unreached(); len(why) > 0 {
		m = m.Para(tagout.Bold("Reached nobody by any pager: "), strings.Join(why, "; ")+". Call them by other means.")
	}
	for _, h := range i.HeldBack() {
		m = m.Para(tagout.Fixed(string(h.Person)), " is not paged yet: quiet until "+h.Text+".")
	}
	return m
}
