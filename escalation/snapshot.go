package escalation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"tagout"
)

// keptAlerts is how many of an incident's newest alerts a snapshot describes.
const keptAlerts = 50

// snapshot is what ran, what was held and what had been said, before a rollback changed
// anything. It is kept as evidence.
type snapshot struct {
	Incident   tagout.IncidentID `json:"incident"`
	Agent      string            `json:"agent"`
	At         time.Time         `json:"at"`
	Components []snapComponent   `json:"components"`
	Controls   []snapControl     `json:"controls"`
	Pinned     map[string]string `json:"pinned,omitempty"`
	Holds      []tagout.Hold     `json:"holds"`
	Alerts     []snapAlert       `json:"alerts"`
}

// snapComponent is what was reported of one component.
type snapComponent struct {
	Component     string    `json:"component"`
	Current       string    `json:"current"`
	Since         time.Time `json:"since,omitzero"`
	LastKnownGood string    `json:"last_known_good"`
	Previous      string    `json:"previous"`
}

// snapControl is what one enforcement point said last.
type snapControl struct {
	Control  string            `json:"control"`
	ReadAt   time.Time         `json:"read_at,omitzero"`
	Versions map[string]string `json:"versions"`
	Applied  []snapHold        `json:"applied"`
	Error    string            `json:"error,omitempty"`
}

type snapHold struct {
	Scope tagout.Scope `json:"scope"`
	Mode  tagout.Mode  `json:"mode"`
}

// snapAlert is an alert or report as it was understood; the hash leads to its body, which is
// kept with the alert.
type snapAlert struct {
	ID         string       `json:"id"`
	ReceivedAt time.Time    `json:"received_at"`
	Severity   string       `json:"severity"`
	Class      string       `json:"class"`
	Alert      tagout.Alert `json:"alert"`
	BodySHA256 string       `json:"body_sha256,omitempty"`
}

// keepBefore keeps what ran before a rollback.
func (d *Desk) keepBefore(ctx context.Context, i *tagout.Incident, o tagout.RollbackOrder, known tagout.AgentVersions, controls []tagout.ControlState, now time.Time) (tagout.Change, error) {
	s := snapshot{Incident: i.ID, Agent: o.Agent, At: tagout.Moment(now), Pinned: known.Pinned, Components: []snapComponent{}, Controls: []snapControl{}, Holds: []tagout.Hold{}, Alerts: []snapAlert{}}
	for _, c := range known.Components {
		s.Components = append(s.Components, snapComponent{c.Component, c.Current, c.Since, c.LastKnownGood, c.Previous})
	}
	for _, c := range controls {
		kept := snapControl{Control: c.Control, ReadAt: c.ReadAt, Versions: c.Observed.Versions, Applied: []snapHold{}, Error: c.Error}
		for _, a := range c.Observed.Applied {
			kept.Applied = append(kept.Applied, snapHold(a))
		}
		s.Controls = append(s.Controls, kept)
	}
	for _, h := range d.gate.Holds() {
		if h.Scope.Agent == "" || h.Scope.Agent == o.Agent {
			s.Holds = append(s.Holds, h)
		}
	}
	alerts, err := d.store.Alerts(ctx, i.ID, keptAlerts)
	if err != nil && tagout.CodeOf(err) != tagout.NotFound { // a fresh incident is not there yet
		return tagout.Change{}, err
	}
	for _, in := range alerts {
		s.Alerts = append(s.Alerts, snapAlertOf(in))
	}
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return tagout.Change{}, tagout.Errorf(tagout.Internal, "What runs now could not be kept as evidence, so that nothing was rolled back: %w", err)
	}
	name := "before-rollback-" + o.Agent + "-" + now.UTC().Format("20060102T150405.000000Z") + ".json"
	return i.Keep(tagout.NewEvidence(name, "application/json", content, now), o.By, now), nil
}

func snapAlertOf(in tagout.Incoming) snapAlert {
	kept := snapAlert{ID: in.ID, ReceivedAt: in.At, Severity: string(in.Verdict.Severity), Class: in.Verdict.Class, Alert: in.Alert}
	if len(in.Alert.Raw) > 0 {
		sum := sha256.Sum256(in.Alert.Raw)
		kept.BodySHA256 = hex.EncodeToString(sum[:])
		kept.Alert.Raw = nil
	}
	return kept
}
