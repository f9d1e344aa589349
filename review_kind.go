package tagout

import "fmt"

// ReviewAround is what a review tells that does not stand on the incident's own timeline.
type ReviewAround struct {
	Evidence string       // the URL under which the API serves kept evidence, or ""
	Kind     KindView     // zero: it is not known
	Changes  []Deployment // of the agents, from 24 h before the detection on, newest first
}

// maxReviewChanges is how many changes a review lists, the newest ones.
const maxReviewChanges = 50

// kind tells what the incident looks like, and what was changed around it.
func (d *reviewDocument) kind() {
	d.heading("Kind and changes")
	if k := d.around.Kind; k.Kind != "" {
		who := "It seems"
		if k.Corrected() {
			who = unmarkedLine(k.By.Text().String()) + " calls it"
		}
		d.line("%s **%s**: %s.\n", who, k.Kind.Label(), unmarkedLine(k.Why))
	}
	if len(d.around.Changes) == 0 {
		d.line("No change of the agent was reported from 24 h before the detection on.")
		return
	}
	for n, c := range d.around.Changes {
		if n == maxReviewChanges {
			d.line("- … %d more", len(d.around.Changes)-n)
			return
		}
		text := fmt.Sprintf("- %s: %s by %s", stamp(c.At), unmarkedLine(c.Text()), unmarkedLine(c.By))
		if c.URL != "" {
			text += ", " + unmarkedLine(c.URL)
		}
		d.line("%s", text)
	}
}
