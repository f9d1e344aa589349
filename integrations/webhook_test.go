package integrations_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tagout"
	"tagout/integrations"
)

const signingSecret = "s3cret-for-signing"

// receiver is an HTTP server that behaves as told, and keeps what it got.
type receiver struct {
	url string

	mu     sync.Mutex
	how    behaviour
	status int    // answered instead, if not 0
	answer string // to an accepted request
	// answers and statusOf decide by request, unless they are nil or return nothing.
	answers  func(*http.Request) string
	statusOf func(*http.Request) int
	got      []request
	http     []*http.Request
	bodies   [][]byte
	came     chan bool
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{answer: `{"agent":"mailer"}`, came: make(chan bool, 100)}
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, request{req.Header.Get("webhook-id"), string(body)})
		r.http, r.bodies = append(r.http, req), append(r.bodies, body)
		how, status, answer := r.how, r.status, r.answer
		if r.answers != nil && r.answers(req) != "" {
			answer = r.answers(req)
		}
		if r.statusOf != nil && status == 0 {
			status = r.statusOf(req)
		}
		r.mu.Unlock()
		r.came <- true
		switch {
		case status != 0:
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		case how == asksToComeBack:
			w.WriteHeader(http.StatusServiceUnavailable)
		case how == refusesForGood:
			w.WriteHeader(http.StatusForbidden)
		case how == hangs:
			select {
			case <-req.Context().Done():
			case <-over:
			}
		default:
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
			return
		}
		_, _ = io.WriteString(w, echoed)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	r.url = server.URL + "/hook?key=" + token
	return r
}

func (r *receiver) behave(b behaviour)   { r.mu.Lock(); defer r.mu.Unlock(); r.how = b }
func (r *receiver) requests() []request  { r.mu.Lock(); defer r.mu.Unlock(); return r.got }
func (r *receiver) arrived() <-chan bool { return r.came }

func (r *receiver) say(status int, answer string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.answer = status, answer
}

func newWebhookPager(t *testing.T, url, secret string) tagout.Pager {
	t.Helper()
	p, err := integrations.NewPager(vendor("webhook", "webhook", map[string]string{"url": url, "secret": secret}), integrations.Deps{})
	return mustPager(t, p, err)
}

func newWebhookControl(t *testing.T, url, secret string) tagout.Control {
	t.Helper()
	c, err := integrations.NewControl(vendor("webhook", "webhook", map[string]string{"url": url, "secret": secret}), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func webhookPager(t *testing.T) rig {
	r := newReceiver(t)
	return rig{far: r, send: newWebhookPager(t, r.url, signingSecret).Send}
}

func webhookApply(t *testing.T) rig {
	r := newReceiver(t)
	control := newWebhookControl(t, r.url, signingSecret)
	return rig{far: r, send: func(ctx context.Context, _ tagout.Page) error { return control.Apply(ctx, wanted()) }}
}

func webhookRead(t *testing.T) rig {
	r := newReceiver(t)
	control := newWebhookControl(t, r.url, signingSecret)
	return rig{far: r, send: func(ctx context.Context, _ tagout.Page) error {
		_, err := control.Read(ctx, "mailer")
		return err
	}}
}

func wanted() tagout.Wanted {
	return tagout.Wanted{
		Agent: "mailer", Generation: 7, ValidUntil: time.Date(2026, 11, 21, 9, 15, 0, 0, time.UTC), Versions: map[string]string{"prompt": "v41"},
		Holds: []tagout.Hold{
			{ID: "h-1", Scope: tagout.MustScope("mailer/email/eu"), Mode: tagout.Halted, Incident: 7, Reason: "complaints"},
			{ID: "h-2", Scope: tagout.MustScope("* tool:@high"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 500, Per: "day"}, DisabledTools: []string{"send_email"}},
		},
	}
}

func TestStatusesDecideWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	final := map[int]bool{
		301: true, 302: true, 307: true, 308: true, 400: true, 401: true, 403: true, 404: true, 410: true, 422: true,
		408: false, 425: false, 429: false, 500: false, 501: false, 502: false, 503: false, 504: false,
	}
	for kind, make := range adapters() {
		if _, other := pagers()[kind]; other && kind != "webhook pager" {
			continue // they have services of their own, and a test
		}
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := make(t)
			far := r.far.(*receiver)
			for status, want := range final {
				far.say(status, "")
				err := r.send(t.Context(), page("p-1"))
				if err == nil || tagout.IsFinal(err) != want {
					t.Errorf("%d: error %v, final %t", status, err, tagout.IsFinal(err))
				}
				mentionsNoSecret(t, err)
			}
			if n := len(far.requests()); n != len(final) {
				t.Errorf("%d requests for %d answers: a redirect was followed", n, len(final))
			}
		})
	}
}

func TestRequestsAreSignedAsStandardWebhooksAre(t *testing.T) {
	t.Parallel()
	raw, _ := standardwebhooks.NewWebhookRaw([]byte(signingSecret))
	encoded := "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdef0123456789abcdef"))
	prefixed, err := standardwebhooks.NewWebhook(encoded)
	if err != nil {
		t.Fatal(err)
	}
	for secret, verifier := range map[string]*standardwebhooks.Webhook{signingSecret: raw, encoded: prefixed} {
		r := newReceiver(t)
		control := newWebhookControl(t, r.url, secret)
		if err := control.Apply(t.Context(), wanted()); err != nil {
			t.Fatal(err)
		}
		if _, err := control.Read(t.Context(), "mailer"); err != nil {
			t.Fatal(err)
		}
		if err := newWebhookPager(t, r.url, secret).Send(t.Context(), page("p-1")); err != nil {
			t.Fatal(err)
		}
		for i, req := range r.http {
			if err := verifier.Verify(r.bodies[i], req.Header); err != nil {
				t.Errorf("%s: %v", req.Method, err)
			}
			if verifier.Verify(append(r.bodies[i], ' '), req.Header) == nil {
				t.Errorf("%s: another body passes", req.Method)
			}
		}
		if len(r.http) != 3 || r.http[1].Method != http.MethodGet || len(r.bodies[1]) != 0 {
			t.Errorf("%d requests", len(r.http))
		}
	}
}

func TestWithoutSecretNothingIsSignedAndOnlyThisMachineIsAsked(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	if err := newWebhookPager(t, r.url, "").Send(t.Context(), page("p-1")); err != nil {
		t.Fatal(err)
	}
	if r.http[0].Header.Get("webhook-signature") != "" {
		t.Error("signed with an empty secret")
	}
	for url, fine := range map[string]bool{
		"http://127.0.0.1:1/x": true, "http://localhost/x": true, "http://[::1]:1/": true, "http://127.9.9.9/": true,
		"http://10.0.0.1/": false, "https://example.com/": false, "http://localhost.example.com/": false, "http://127.0.0.1.example.com": false,
	} {
		_, err := integrations.NewControl(vendor("webhook", "webhook", map[string]string{"url": url}), integrations.Deps{})
		if (err == nil) != fine {
			t.Errorf("%s without secret: %v", url, err)
		}
	}
}

func TestTheWantedStateIsWrittenAsTheContractSays(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	control := newWebhookControl(t, r.url, signingSecret)
	if err := control.Apply(t.Context(), wanted()); err != nil {
		t.Fatal(err)
	}
	if err := control.Apply(t.Context(), tagout.Wanted{Agent: "mailer"}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`{"agent":"mailer","generation":7,"valid_until":"2026-11-21T09:15:00Z","holds":[
			{"scope":"mailer/email/eu","mode":"halted","incident":"INC-7","reason":"complaints"},
			{"scope":"* tool:@high","mode":"capped","cap":"500/day","disabled_tools":["send_email"]}],"versions":{"prompt":"v41"}}`,
		`{"agent":"mailer","generation":0,"valid_until":"0001-01-01T00:00:00Z","holds":[],"versions":{}}`,
	} {
		if !sameJSON(t, string(r.bodies[i]), want) {
			t.Errorf("got  %s\nwant %s", r.bodies[i], want)
		}
	}
	if r.got[0].key == r.got[1].key {
		t.Error("two requests have the same ID")
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var x, y any
	if err := json.Unmarshal([]byte(a), &x); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(b), &y); err != nil {
		t.Fatal(err)
	}
	return reflect.DeepEqual(x, y)
}

func TestTheSameStateSentAgainIsAnotherRequest(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	clock := &steps{}
	control, err := integrations.NewControl(vendor("webhook", "webhook", map[string]string{"url": r.url}), integrations.Deps{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := control.Apply(t.Context(), wanted()); err != nil {
			t.Fatal(err)
		}
	}
	if r.got[0].key == r.got[1].key {
		t.Error("a receiver that drops repeats would miss the renewal")
	}
}

// steps is a clock that moves on by a second whenever it is read.
type steps struct{ count int }

func (s *steps) Now() time.Time {
	s.count++
	return time.Unix(int64(s.count), 0).UTC()
}

func TestTheReadBackIsUnderstood(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	r.answer = `{"agent":"Mailer","generation":7,"applied":[{"scope":"MAILER/email","mode":"halted"},{"scope":"* tool:send_email","mode":"running"}],"versions":{"prompt":"v41"},"more":1}`
	got, err := newWebhookControl(t, r.url, signingSecret).Read(t.Context(), "mailer")
	if err != nil {
		t.Fatal(err)
	}
	want := tagout.Observed{Agent: "mailer", Generation: 7, Versions: map[string]string{"prompt": "v41"}, Applied: []tagout.AppliedHold{
		{Scope: tagout.MustScope("mailer/email"), Mode: tagout.Halted}, {Scope: tagout.MustScope("* tool:send_email"), Mode: tagout.Running},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if q := r.http[0].URL.Query(); q.Get("agent") != "mailer" || q.Get("key") != token {
		t.Errorf("asked with %v", q)
	}
	if !got.Confirms(tagout.Wanted{Holds: wanted().Holds[:1]}, nil) {
		t.Error("a wider hold does not confirm")
	}
}

func TestAnAnswerThatIsNotUnderstoodConfirmsNothing(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	control := newWebhookControl(t, r.url, signingSecret)
	for name, answer := range map[string]string{
		"empty": "", "not JSON": echoed, "array": `["` + echoed + `"]`, "no agent": `{"applied":[{"scope":"mailer","mode":"halted"}]}`,
		"other agent": `{"agent":"researcher","applied":[{"scope":"mailer","mode":"halted"}]}`,
		"bad scope":   `{"agent":"mailer","applied":[{"scope":"` + echoed + `!/a/b/c/d","mode":"halted"}]}`,
		"no scope":    `{"agent":"mailer","applied":[{"mode":"halted"}]}`,
		"bad mode":    `{"agent":"mailer","applied":[{"scope":"mailer","mode":"` + echoed + `"}]}`,
		"no mode":     `{"agent":"mailer","applied":[{"scope":"mailer"}]}`,
		"trailing":    `{"agent":"mailer","applied":[]}{"agent":"mailer"}`,
		"too long":    `{"agent":"mailer","pad":"` + strings.Repeat("x", 1<<20) + `"}`,
		"too many":    `{"agent":"mailer","applied":[` + strings.Repeat(`{"scope":"m","mode":"halted"},`, 10_000) + `{"scope":"mailer","mode":"halted"}]}`,
	} {
		r.say(0, answer)
		got, err := control.Read(t.Context(), "mailer")
		if tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) || len(got.Applied) > 0 {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
		mentionsNoSecret(t, err)
	}
}

func TestAWebhookPageHoldsAllThatAReceiverNeeds(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	pager := newWebhookPager(t, r.url, signingSecret)
	if err := pager.Send(t.Context(), page("p-1")); err != nil {
		t.Fatal(err)
	}
	want := `{"id":"p-1","incident":"INC-7","severity":"sev1","round":1,"why":"SEV-1 pages Legal",
		"to":{"slack_id":"U0LEGAL","email":"legal@example.com","phone":"+15550100","roles":["legal"]},
		"title":"mailer/email ■ halted","text":` + quote(page("p-1").Message.String()) + `,
		"url":"https://tagout.example.com/i/7","ack_url":"https://tagout.example.com/ack/signed-p-1","queued_at":"2026-11-21T09:14:00Z"}`
	if !sameJSON(t, r.got[0].text, want) {
		t.Errorf("got  %s\nwant %s", r.got[0].text, want)
	}
	if r.got[0].key != "p-1" {
		t.Errorf("webhook-id %q", r.got[0].key)
	}
	if !pager.Reaches(tagout.Person{ID: "U1"}) || pager.Reaches(tagout.Person{}) {
		t.Error("reaches the wrong people")
	}
}

func quote(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}
