package escalation

import (
	"context"
	"strings"

	"tagout"
)

// How much of an incident's alerts its card names.
const (
	namedAlerts  = 5  // by their names
	lookedAlerts = 40 // of the newest ones
)

// alertNames are the alerts of an incident that came last, newest first, each name once: an
// incident is named after its first alert, and what joined it later may be worse.
func (d *Desk) alertNames(ctx context.Context, i *tagout.Incident) tagout.Text {
	if i.Alerts.Distinct == 0 {
		return nil
	}
	list, err := d.store.AlertsBrief(ctx, i.ID, lookedAlerts)
	if err != nil { // the card says how many there are; a card without names is better than none
		d.log.WarnContext(ctx, "the alerts of a card could not be read", "incident", i.ID.String(), "error", err)
		return nil
	}
	var t tagout.Text
	seen, named := map[[3]string]bool{}, 0
	for _, in := range list {
		key := [3]string{in.Alert.Source, in.Alert.Name, d.saysAgent(in)}
		if in.Alert.Report != nil || seen[key] { // reports are shown by themselves
			continue
		}
		if seen[key] = true; named == namedAlerts {
			return append(t, tagout.T("\nand older ones: ", tagout.Typed("timeline "+i.ID.String()))...)
		}
		named++
		t = append(t, tagout.T("\n• ", tagout.Bold(d.oneLine(in.Alert.Name, 80)), " from "+in.Alert.Source+key[2]+endedText(in))...)
	}
	return t
}

// saysAgent is what an alert calls its agent that is no name of one.
func (d *Desk) saysAgent(in tagout.Incoming) string {
	if said := in.Alert.Labels["agent"]; in.Verdict.NoAgent && said != "" {
		return ", which calls its agent “" + d.oneLine(said, 40) + "”"
	}
	return ""
}

// oneLine is foreign text, masked and cut, without line breaks.
func (d *Desk) oneLine(text string, n int) string {
	return strings.Join(strings.Fields(d.policy.Redaction.Cut(text, n)), " ")
}

func endedText(in tagout.Incoming) string {
	if in.Alert.Status == tagout.Resolved {
		return ", ended"
	}
	return ""
}
