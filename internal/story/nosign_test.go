package story_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

// meddler is somebody who may not sign, with the ways in which they try.
type meddler struct {
	w    *world
	r    *rand.Rand
	room string
	done []string // what was tried, for whoever reads a failure
}

// button presses a button of any message as anybody, whatever comes of it.
func (m *meddler) button(user, label, team string) {
	m.done = append(m.done, user+" presses "+label+" "+team)
	_ = m.w.slack.Click(m.w.ctx, sandbox.Click{User: user, Channel: m.room, Label: label, Team: team})
	if views := m.w.slack.Views(user); len(views) > 0 {
		_, _ = m.w.slack.Submit(m.w.ctx, sandbox.Submission{User: user, Values: map[string]any{"reason": "x", "question": "x", "answer": "x"}})
	}
}

func (m *meddler) types(user, text string) {
	m.done = append(m.done, user+" types "+text)
	_ = m.w.tries(user, m.room, text)
}

// forges posts a GO of Legal that Slack did not sign.
func (m *meddler) forges() {
	m.done = append(m.done, "somebody forges a GO of U0LEGAL")
	payload, _ := json.Marshal(map[string]any{"type": "block_actions", "team": map[string]string{"id": "T0SANDBOX"}, "user": map[string]string{"id": "U0LEGAL", "team_id": "T0SANDBOX"},
		"actions": []map[string]string{{"action_id": "go", "value": "INC-1|x|y"}}})
	body := url.Values{"payload": {string(payload)}}.Encode()
	req, _ := http.NewRequestWithContext(m.w.ctx, http.MethodPost, "http://"+m.w.address+"/slack/interactions", bytes.NewBufferString(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Slack-Request-Timestamp", fmt.Sprint(time.Now().Unix()))
	req.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64))
	if resp, err := http.DefaultClient.Do(req); err == nil {
		if resp.Body.Close(); resp.StatusCode < 400 {
			m.w.t.Errorf("a forged press was answered with %d", resp.StatusCode)
		}
	}
}

// calls is a program that tries to resume, with each of the tokens.
func (m *meddler) calls() {
	names := []string{"resume", "go", "nogo", "sign", "approve", "lift", "delegate", "stage", "severity", "tagout"}
	texts := []string{"INC-1", "INC-1 sev3 it was nothing", "legal <@U0IC> 24h", "INC-1 advance", "mailer running", "resume INC-1"}
	token := []string{"breakglass-token", "stop-token", "read-token", "report-token", "generic-token", ""}[m.r.IntN(6)]
	name, text := names[m.r.IntN(len(names))], texts[m.r.IntN(len(texts))]
	m.done = append(m.done, fmt.Sprintf("%q calls %s %s", token, name, text))
	m.w.call(http.MethodPost, "/v1/commands/"+name, token, map[string]string{"text": text}, nil)
}

// tries does one thing that must not let the agent go.
func (m *meddler) tries() {
	people := []string{"U0IC", "U0GUEST", "U0OUTSIDER", "U0MOPS", "U0PLATFORM"} // U0IC asked
	user := people[m.r.IntN(len(people))]
	switch m.r.IntN(9) {
	case 0, 1, 2:
		m.button(user, []string{"GO", "NO-GO", "ASK", "Answered"}[m.r.IntN(4)], "")
	case 3:
		m.button("U0LEGAL", "GO", "T0ELSEWHERE")
	case 4:
		m.types(user, []string{"/delegate legal <@U0IC|ic> 24h", "/delegate mops <@U0OUTSIDER|o> 24h", "/severity INC-1 sev3 it was nothing", "/hold mailer running",
			"/resume INC-1 mailer/email", "/note INC-1 GO", "/stage INC-1 advance", "/ack INC-1"}[m.r.IntN(8)])
	case 5, 6:
		m.calls()
	case 7:
		m.forges()
	case 8:
		m.done = append(m.done, "a restart with another configuration")
		m.w.stops()
		m.w.params.Expires = []string{"2h", "5h"}[m.r.IntN(2)]
		m.w.starts()
	}
}

func TestNothingThatNonSignersDoLiftsAHold(t *testing.T) {
	tell(t, []setting{{"sqlite", "http"}, {"postgres", "http"}}, func(t *testing.T, w *world) {
		w.log.expect("refused", "signature", "form", "draft", "command")
		id := w.alarm("MailToUnsubscribed", critical)
		m := &meddler{w: w, r: rand.New(rand.NewPCG(uint64(len(w.setting.database)), 1)), room: w.room("inc-1-")}
		w.state(id, tagout.StateContained)
		for range 4 {
			if views := w.slack.Views("U0IC"); len(views) > 0 {
				w.closes("U0IC")
			}
			w.asksToResume("U0IC", m.room, deliverables)
			m.done = append(m.done, "--- U0IC asks to resume")
			for range 6 {
				m.tries()
			}
			i := w.incident(id)
			if len(i.Holds) == 0 || w.events(id, tagout.EventLifted) > 0 || w.events(id, tagout.EventApproved) > 0 {
				t.Fatalf("a hold was lifted by this:\n%s\n%s", strings.Join(m.done, "\n"), w.scene())
			}
			w.agentSees("mailer", emailEU(), tagout.Halted)
		}
		w.verifies()
	})
}

func TestThereIsNoWayAroundTheSignoffs(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state(id, tagout.StateContained)
		w.asksToResume("U0IC", room, deliverables)
		var doc struct {
			Paths map[string]map[string]any `json:"paths"`
		}
		if w.get("/v1/openapi.json", &doc); len(doc.Paths) < 10 {
			t.Fatalf("the API describes %d paths", len(doc.Paths))
		}
		routes := 0
		for path, methods := range doc.Paths {
			for method := range methods {
				for token := range tokens {
					routes++
					at := strings.NewReplacer("{id}", id, "{incident}", id, "{agent}", "mailer", "{source}", "generic", "{name}", "resume").Replace(path)
					body := map[string]any{"text": id, "verdict": "GO", "incident": id, "mode": "running", "agent": "mailer", "approved_by": "U0LEGAL"}
					w.call(strings.ToUpper(method), at, token, body, nil)
				}
			}
		}
		help, _ := w.runs("--help")
		for _, verb := range []string{"resume", "approve", "sign", "lift", "release", "unhold", "stage", "go"} {
			if slices.Contains(strings.Fields(help), verb) {
				t.Errorf("the command line knows %s", verb)
			}
			if _, code := w.runs(verb, id); code == 0 {
				t.Errorf("tagout %s succeeded", verb)
			}
		}
		if n := w.events(id, tagout.EventLifted) + w.events(id, tagout.EventSigned); n > 0 {
			t.Fatalf("%d sign-offs or liftings after %d calls\n%s", n, routes, w.scene())
		}
		w.agentSees("mailer", emailEU(), tagout.Halted)
	})
}
