package escalation

import (
	"fmt"
	"strings"

	"tagout"
)

// NoteDraft is the message that signers of a status note read and press: exactly what would
// be sent, to whom — or what became of it.
func (d *Desk) NoteDraft(i *tagout.Incident, n *tagout.StatusNote) tagout.Message {
	m := tagout.Message{Title: "Send this to " + n.Title + "? " + i.ID.String() + " " + n.Severity.Label(), Tone: tagout.ToneWarning}
	says := " wrote this. Exactly what follows is sent, once it is signed:"
	if n.State != tagout.RequestPending {
		m.Title, says = "Note to "+n.Title+" "+string(n.State)+" "+i.ID.String()+" "+n.Severity.Label(), " wrote this:"
	}
	m = m.Para(tagout.Mention(n.By.ID), says)
	m = m.Para(tagout.Bold(n.Subject))
	m.Body = append(m.Body, n.Message().Body...)
	m = m.Fact("To", strings.Join(n.Recipients(), "\n")).Fact("Needs GO of", d.policy.RuleText(n.Rule))
	m = m.Fact("Signed", voted(d.policy, n.Signoffs))
	if !n.Next.IsZero() {
		m = m.Fact("Promised next update", n.Next)
	}
	m.Footer = tagout.T("What you sign: ", tagout.Fixed(short(n.Digest)))
	value := i.ID.String() + "|" + n.ID + "|" + n.Digest
	switch n.State {
	case tagout.RequestPending:
		m = m.Fact("Expires", n.Expires)
		m.Buttons = []tagout.Button{
			{Action: "note-go", Label: "GO", Value: value, Tone: tagout.ToneGood},
			{Action: "note-nogo", Label: "NO-GO", Value: value, Tone: tagout.ToneDanger},
			{Action: "inform", Label: "Write anew", Value: i.ID.String() + "|" + n.Audience},
		}
	case tagout.RequestApproved:
		m.Tone = tagout.ToneGood
		m = m.Para(tagout.Bold("Approved."), " "+deliveredText(n))
	default:
		m.Tone = tagout.ToneNeutral
		m = m.Para(tagout.Bold("Not valid any more: "), string(n.State), " — ", n.Reason, ". Nothing was sent.")
	}
	return m
}

// deliveredText says how far a note got, and only of what was observed that it arrived.
func deliveredText(n *tagout.StatusNote) string {
	arrived := 0
	var open []string
	for _, d := range n.Deliveries {
		switch {
		case !d.At.IsZero():
			arrived++
		case d.Error != "":
			open = append(open, d.To+": "+d.Error)
		default:
			open = append(open, d.To+": on its way")
		}
	}
	text := fmt.Sprintf("Delivered to %d of %d.", arrived, len(n.Deliveries))
	if len(open) > 0 {
		text += " " + strings.Join(open, "; ")
	}
	return text
}

// lastNote tells on the card whom the newest status note reached, and when.
func (d *Desk) lastNote(m tagout.Message, i *tagout.Incident) tagout.Message {
	last := i.LastTold()
	var t tagout.Text
	if !last.Last.IsZero() {
		t = tagout.T("to "+last.Title+" by ", tagout.Mention(last.By), " at ", last.Last)
		if !last.Next.IsZero() {
			t = append(t, tagout.T("\nnext update by ", last.Next)...)
		}
	}
	for _, n := range i.Notes {
		if n.State == tagout.RequestPending {
			if len(t) > 0 {
				t = append(t, tagout.T("\n")...)
			}
			t = append(t, tagout.T("draft to "+n.Title+" waits for GO of "+d.policy.RuleText(n.Missing()))...)
		}
	}
	if len(t) == 0 {
		return m
	}
	return m.Fact("Last status note", t)
}
