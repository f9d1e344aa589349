package story_test

import (
	"net/http"
	"strings"
	"time"

	"tagout"
)

// said is what an alert or a command did, as the API answers.
type said struct {
	Accepted  int      `json:"accepted"`
	Incidents []string `json:"incidents"`
	Incident  string   `json:"incident"`
	Pending   bool     `json:"pending"`
	Text      string   `json:"text"`
}

// alarm posts a generic alert and returns the incident that it went into.
func (w *world) alarm(name string, labels map[string]string, more ...map[string]any) string {
	w.t.Helper()
	body := map[string]any{"name": name, "summary": name + " happened", "labels": labels}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	var out said
	if status := w.call(http.MethodPost, "/v1/alerts/generic", "generic-token", body, &out); status != http.StatusAccepted {
		w.t.Fatalf("the alert was answered with %d\n%s", status, w.scene())
	}
	if len(out.Incidents) == 0 {
		return ""
	}
	return out.Incidents[0]
}

var (
	critical = map[string]string{"agent": "mailer", "severity": "critical"}
	harmless = map[string]string{"agent": "mailer", "severity": "info", "channel": "email", "region": "us"}
)

// mode asks the gate over OFREP as an agent does; whatever goes wrong is halted.
func (w *world) mode(agent string, attributes map[string]string) string {
	var out struct {
		Value string `json:"value"`
	}
	status, data, err := w.try(http.MethodPost, "/ofrep/v1/evaluate/flags/"+agent+".mode", "", map[string]any{"context": attributes})
	if err != nil || status != http.StatusOK || jsonInto(data, &out) != nil {
		return string(tagout.Halted)
	}
	return out.Value
}

func emailEU() map[string]string {
	return map[string]string{"channel": "email", "region": "eu", "tool": "send_email"}
}
func emailUS() map[string]string {
	return map[string]string{"channel": "email", "region": "us", "tool": "send_email"}
}
func smsUS() map[string]string {
	return map[string]string{"channel": "sms", "region": "us", "tool": "send_email"}
}

// agentSees waits until the gate answers an agent with this mode.
func (w *world) agentSees(agent string, attributes map[string]string, mode tagout.Mode) {
	w.t.Helper()
	w.eventually(agent+" sees "+string(mode), func() bool { return w.mode(agent, attributes) == string(mode) })
}

// incident is an incident as the API shows it.
type incident struct {
	ID         string            `json:"id"`
	Severity   string            `json:"severity"`
	State      string            `json:"state"`
	Scope      string            `json:"scope"`
	Milestones map[string]string `json:"milestones"`
	Holds      []struct {
		ID    string `json:"id"`
		Scope string `json:"scope"`
		Mode  string `json:"mode"`
	} `json:"holds"`
	Corrections []struct {
		From *string `json:"from"`
		To   string  `json:"to"`
		By   string  `json:"by"`
	} `json:"corrections"`
}

func (w *world) incident(id string) incident {
	w.t.Helper()
	var out incident
	if status := w.get("/v1/incidents/"+id, &out); status != http.StatusOK {
		w.t.Fatalf("%s was answered with %d", id, status)
	}
	return out
}

// incidents lists all incidents, newest first.
func (w *world) incidents() []incident {
	w.t.Helper()
	var out struct {
		Incidents []incident `json:"incidents"`
	}
	w.get("/v1/incidents", &out)
	return out.Incidents
}

// state waits until an incident is recorded and in this state.
func (w *world) state(id string, want tagout.State) {
	w.t.Helper()
	w.eventually(id+" is "+string(want), func() bool {
		var now incident
		status, data, err := w.try(http.MethodGet, "/v1/incidents/"+id, "breakglass-token", nil)
		return err == nil && status == http.StatusOK && jsonInto(data, &now) == nil && now.State == string(want)
	})
}

// events counts the events of a kind on an incident's timeline.
func (w *world) events(id string, kind tagout.EventKind) int {
	w.t.Helper()
	return w.eventsWith(id, kind, "", "")
}

// eventsWith counts those of them whose data has this value, or all for no key.
func (w *world) eventsWith(id string, kind tagout.EventKind, key, value string) int {
	w.t.Helper()
	var out struct {
		Events []struct {
			Kind string         `json:"kind"`
			Data map[string]any `json:"data"`
		} `json:"events"`
	}
	w.get("/v1/incidents/"+id+"/timeline", &out)
	n := 0
	for _, e := range out.Events {
		if e.Kind == string(kind) && (key == "" || e.Data[key] == value) {
			n++
		}
	}
	return n
}

// happens waits until an event of this kind stands on the timeline n times.
func (w *world) happens(id string, kind tagout.EventKind, n int) {
	w.t.Helper()
	w.eventually(string(kind)+" stands on the timeline of "+id, func() bool { return w.events(id, kind) >= n })
}

// deliverables of a SEV-1 resume request.
var deliverables = map[string]any{
	"cause": "Prompt v42 dropped the unsubscribe filter", "control_changes": "Filter moved into the tool's permission check",
	"verified": "Replayed yesterday's 2,000 mails: none to unsubscribed people", "verified_against": "The missing filter",
	"review_scheduled": time.Now().Add(48 * time.Hour),
}

// asksToResume lets a person fill in the resume form of the incident in whose channel they are.
func (w *world) asksToResume(user, room string, values map[string]any) {
	w.t.Helper()
	w.types(user, room, "/resume")
	w.fills(user, values)
	w.reads(user, room, "GO.*NO-GO")
}

// number is the digits of an incident's ID.
func number(id string) string { return strings.TrimPrefix(id, "INC-") }
