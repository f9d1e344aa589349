package story_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tagout"
)

// vendor is a service that posts to one source of the stories, as its recorded bodies show it.
type vendor struct {
	firing, over string // recorded bodies
	// proves is the header by which Tagout knows that it is the vendor who posts this.
	proves func(body string) http.Header
}

func bearing(token string) func(string) http.Header {
	return func(string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
}

func hexHMAC(secret, text string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// vendors are all kinds of source, by the names that the stories give them.
func vendors() map[string]vendor {
	return map[string]vendor{
		"alertmanager": {"alertmanager/group", "alertmanager/ended", bearing("alertmanager-token")},
		"generic":      {"generic/one", "generic/ended", bearing("generic-token")},
		"events":       {"cloudevents/structured", "cloudevents/resolved", bearing("events-token")},
		"datadog": {"datadog/triggered", "datadog/recovered", func(string) http.Header {
			r := http.Request{Header: http.Header{}}
			r.SetBasicAuth("datadog", "datadog-token")
			return r.Header
		}},
		"grafana": {"grafana/firing", "grafana/resolved", func(body string) http.Header {
			at := strconv.FormatInt(time.Now().Unix(), 10)
			return http.Header{"Authorization": {"Bearer grafana-token"}, "X-Grafana-Alerting-Timestamp": {at},
				"X-Grafana-Alerting-Signature": {hexHMAC("grafana-secret", at+":"+body)}}
		}},
		"pagerduty": {"pagerduty/triggered", "pagerduty/ended", func(body string) http.Header {
			return http.Header{"X-Pagerduty-Signature": {"v1=" + hexHMAC("the secret before", body) + ",v1=" + hexHMAC("pagerduty-secret", body)}}
		}},
		"sentry": {"sentry/issue-alert", "sentry/issue-resolved", func(body string) http.Header {
			return http.Header{"Sentry-Hook-Timestamp": {strconv.FormatInt(time.Now().Unix(), 10)}, "Sentry-Hook-Signature": {hexHMAC("sentry-secret", body)}}
		}},
	}
}

var occurredAt = regexp.MustCompile(`"occurred_at":"[^"]*"`)

// bodyOf is a recorded body, as if it were posted now and were critical.
func (w *world) bodyOf(name string) string {
	w.t.Helper()
	text, err := os.ReadFile("../../integrations/testdata/" + name + ".json")
	if err != nil {
		w.t.Fatal(err)
	}
	now := occurredAt.ReplaceAllString(string(text), `"occurred_at":"`+time.Now().UTC().Format(time.RFC3339Nano)+`"`)
	return strings.NewReplacer(`"severity": "warning"`, `"severity": "critical"`, `"severity":"warning"`, `"severity":"critical"`).Replace(now) // one is enough
}

// posts is what the source answers to a body: its status, and the text.
func (w *world) posts(source, body string, header http.Header) (int, string) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, "http://"+w.address+"/v1/alerts/"+source, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header = header.Clone()
	if request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// refuses tries on one source whatever must not be taken.
func (v vendor) refuses(w *world, source string) {
	w.t.Helper()
	body := w.bodyOf(v.firing)
	text := v.proves(body)
	text.Set("Content-Type", "text/plain")
	huge := `{"zebra":"` + strings.Repeat("x", 1<<20) + `"}`
	junk := `{"zebra":1,"alerts":["zebra"],"action":"zebra","title":7,"specversion":"zebra","event":{},"version":"4"}`
	broken := `{"zebra":`
	proven := func(body string) (int, string) { return w.posts(source, body, v.proves(body)) }
	for what, try := range map[string]func() (int, string){
		"401 nobody": func() (int, string) { return w.posts(source, body, http.Header{}) },
		"401 a guessed token": func() (int, string) {
			return w.posts(source, body, http.Header{"Authorization": {"Bearer guessed"}})
		},
		"401 a proof of another body": func() (int, string) {
			proof := v.proves(`{"another":"body"}`)
			if auth := proof.Get("Authorization"); auth != "" && len(proof) == 1 { // a token is for any body
				proof.Set("Authorization", auth+"x")
			}
			return w.posts(source, body, proof)
		},
		"413 too much": func() (int, string) { return proven(huge) },
		"415 no JSON":  func() (int, string) { return w.posts(source, body, text) },
		"422 junk":     func() (int, string) { return proven(junk) },
		"400 half":     func() (int, string) { return proven(broken) },
	} {
		status, answer := try()
		if got := strconv.Itoa(status); got != what[:3] || strings.Contains(answer, "zebra") || strings.Contains(answer, "secret") && strings.Contains(answer, source+"-") {
			w.t.Errorf("%s answered %s with %d: %s", source, what, status, answer)
		}
	}
}

// takes posts a recorded body, and returns how many alerts it held and where they went.
func (v vendor) takes(w *world, source, name string) (accepted int, incident string) {
	w.t.Helper()
	body := w.bodyOf(name)
	status, answer := w.posts(source, body, v.proves(body))
	var taken struct {
		Accepted  int
		Incidents []string
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(answer))).Decode(&taken); err != nil || status != http.StatusAccepted {
		w.t.Fatalf("%s answered %d: %s", source, status, answer)
	}
	if len(taken.Incidents) > 0 {
		incident = taken.Incidents[0]
	}
	return taken.Accepted, incident
}

// TestWhateverSeesAFailureRaisesIt: each kind of sender, with its own proof, begins an alert,
// repeats it and ends it; what is not its own is refused; nothing that ends lifts anything; and
// people see how each was routed.
func TestWhateverSeesAFailureRaisesIt(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		for source, v := range vendors() {
			v.refuses(w, source)
		}
		if n := len(w.incidents()); n > 0 {
			t.Fatalf("what was refused opened %d incidents", n)
		}
		for source, v := range vendors() {
			_, id := v.takes(w, source, v.firing)
			began, ended := w.events(id, tagout.EventAlert), w.events(id, tagout.EventAlertResolved)
			if _, again := v.takes(w, source, v.firing); again != id || w.events(id, tagout.EventAlert) != began {
				t.Errorf("%s: a repeat went to %s instead of %s, or was taken for another alert", source, again, id)
			}
			v.takes(w, source, v.over)
			w.happens(id, tagout.EventAlertResolved, ended+1)
		}
		w.agentSees("mailer", emailEU(), tagout.Halted)

		pagerDuty := vendors()["pagerduty"]
		ours := strings.Replace(w.bodyOf(pagerDuty.firing), "d3640fbd41094207a1c11e58e46b1662", "tagout-0a1b2c3d4e5f-INC-1", 1)
		before := len(w.incidents())
		if status, answer := w.posts("pagerduty", ours, pagerDuty.proves(ours)); status != http.StatusAccepted || !strings.Contains(answer, `"accepted":0`) || len(w.incidents()) != before {
			t.Errorf("what our own pager triggered there was answered with %d: %s", status, answer)
		}

		first := w.incidents()[0].ID
		w.types("U0IC", "#general", "/routes 20")
		said := plain(w.reads("U0IC", "#general", "How the last alerts were routed"))
		for source := range vendors() {
			if !strings.Contains(said, source+": ") {
				t.Errorf("/routes does not tell of %s:\n%s", source, said)
			}
		}
		w.presses("U0IC", "#general", "Why "+first)
		w.reads("U0IC", "#general", "How "+first+"'s newest alert was routed: .*Rule routes")
	})
}
