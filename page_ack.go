package tagout

import (
	"slices"
	"strings"
)

// ackAction is the button that acknowledges an incident.
const ackAction = "ack"

// asDrill ends what the button carries that was shown for a drill.
const asDrill = " drill"

// AckButton acknowledges the incident. One that was shown for a drill never acknowledges what
// the drill became: see [ParseAck].
func (i *Incident) AckButton() Button {
	b := Button{Action: ackAction, Label: "Acknowledge", Value: i.ID.String(), Tone: ToneGood}
	if i.Drill {
		b.Value += asDrill
	}
	return b
}

// ParseAck reads what an [Incident.AckButton] carries: the incident, and whether a drill was shown.
// It returns Invalid for anything else.
func ParseAck(value string) (id IncidentID, drill bool, err error) {
	value, drill = strings.CutSuffix(value, asDrill)
	id, err = ParseIncidentID(value)
	return id, drill, err
}

// OfDrill reports whether a page was written of a drill.
func (p Page) OfDrill() bool {
	return OfDrill(p.Ladder) || slices.ContainsFunc(p.Message.Buttons, func(b Button) bool {
		return b.Action == ackAction && strings.HasSuffix(b.Value, asDrill)
	})
}
