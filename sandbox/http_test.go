package sandbox_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"tagout/sandbox"
)

// received is one HTTP delivery as the app got it.
type received struct {
	header http.Header
	body   []byte
	valid  bool
}

// listening is an app in HTTP mode that checks signatures with the real library.
func listening(t *testing.T, o sandbox.Options, answer http.HandlerFunc) (workspace, <-chan received) {
	t.Helper()
	got := make(chan received, 20)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		valid := false
		if v, err := slack.NewSecretsVerifier(r.Header, "sandbox-secret"); err == nil {
			_, _ = v.Write(body)
			valid = v.Ensure() == nil
		}
		got <- received{r.Header, body, valid}
		if !valid {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(w, r)
	}))
	t.Cleanup(app.Close)
	o.CommandURL, o.InteractionURL, o.EventURL = app.URL+"/commands", app.URL+"/interactions", app.URL+"/events"
	return open(t, o), got
}

func says(text, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text)
	}
}

func TestCommandOverHTTPIsSignedAndItsAnswerShown(t *testing.T) {
	t.Parallel()
	for kind, body := range map[string]string{"text/plain": "Stopped.", "application/json": `{"text":"Stopped."}`} {
		w, got := listening(t, sandbox.Options{}, says(body, kind))
		if err := w.Command(soon(t), "U0IC", "incidents", "/kill", "mailer & co"); err != nil {
			t.Fatal(err)
		}
		r := wait(t, got)
		form, err := url.ParseQuery(string(r.body))
		if err != nil || !r.valid || form.Get("command") != "/kill" || form.Get("text") != "mailer & co" || form.Get("team_id") != sandbox.TeamID {
			t.Errorf("received %+v %v", form, r.valid)
		}
		if m := w.Ephemerals("U0IC"); len(m) != 1 || m[0].Text != "Stopped." {
			t.Errorf("%s: shown %+v", kind, m)
		}
	}
}

func TestCommandOverHTTPFails(t *testing.T) {
	t.Parallel()
	w, _ := listening(t, sandbox.Options{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); !errors.Is(err, sandbox.DispatchFailed) {
		t.Errorf("500: %v", err)
	}
	slow, _ := listening(t, sandbox.Options{AckTimeout: 30 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	if err := slow.Command(soon(t), "U0IC", "incidents", "/kill", ""); !errors.Is(err, sandbox.OperationTimeout) {
		t.Errorf("slow: %v", err)
	}
	gone := open(t, sandbox.Options{CommandURL: "http://127.0.0.1:1/"})
	if err := gone.Command(soon(t), "U0IC", "incidents", "/kill", ""); !errors.Is(err, sandbox.DispatchFailed) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestRedeliveryCanBeTampered(t *testing.T) {
	t.Parallel()
	w, got := listening(t, sandbox.Options{}, says("", "text/plain"))
	if _, _, err := w.Redeliver(soon(t), nil); err == nil {
		t.Error("there was nothing to replay")
	}
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); err != nil {
		t.Fatal(err)
	}
	original := wait(t, got)
	for _, tt := range []struct {
		name  string
		alter func(*sandbox.Delivery)
		valid bool
	}{
		{"unchanged", nil, true},
		{"other body", func(d *sandbox.Delivery) { d.Body = append(d.Body, '1') }, false},
		{"other body, signed", func(d *sandbox.Delivery) { d.Body = append(d.Body, '1'); w.Resign(d, time.Now()) }, true},
		{"stale but signed", func(d *sandbox.Delivery) { w.Resign(d, time.Now().Add(-time.Hour)) }, false},
		{"no signature", func(d *sandbox.Delivery) { d.Header.Del("X-Slack-Signature") }, false},
	} {
		status, _, err := w.Redeliver(soon(t), tt.alter)
		if err != nil {
			t.Fatal(err)
		}
		r := wait(t, got)
		if r.valid != tt.valid || (status == http.StatusOK) != tt.valid {
			t.Errorf("%s: valid %v, status %d", tt.name, r.valid, status)
		}
		if tt.alter == nil && string(r.body) != string(original.body) {
			t.Errorf("replayed %s", r.body)
		}
	}
}

func TestDuplicateOverHTTPRepeatsBodyAndHeaders(t *testing.T) {
	t.Parallel()
	w, got := listening(t, sandbox.Options{}, says("", "text/plain"))
	w.Duplicate(1)
	if err := w.Command(soon(t), "U0IC", "incidents", "/kill", ""); err != nil {
		t.Fatal(err)
	}
	a, b := wait(t, got), wait(t, got)
	if string(a.body) != string(b.body) || a.header.Get("X-Slack-Signature") != b.header.Get("X-Slack-Signature") {
		t.Error("the copies differ")
	}
}

func TestEventsAreRetriedOverHTTP(t *testing.T) {
	t.Parallel()
	var attempts atomic.Int32
	w, got := listening(t, sandbox.Options{RetryDelays: []time.Duration{0, 0, 0}}, func(w http.ResponseWriter, _ *http.Request) {
		if attempts.Add(1) < 3 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	if err := w.OpenHome(soon(t), "U0IC"); err != nil {
		t.Fatal(err)
	}
	for _, retry := range []string{"", "1", "2"} {
		r := wait(t, got)
		var p struct {
			Event struct{ Type, User, Tab string }
		}
		if err := json.Unmarshal(r.body, &p); err != nil {
			t.Fatal(err)
		}
		if !r.valid || r.header.Get("x-slack-retry-num") != retry || p.Event.Type != "app_home_opened" || p.Event.User != "U0IC" {
			t.Errorf("retry %q: %v %s", retry, r.header, r.body)
		}
	}
}

func TestEventIsNotRetriedWhenTheAppSaysSo(t *testing.T) {
	t.Parallel()
	w, got := listening(t, sandbox.Options{RetryDelays: []time.Duration{0}}, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Slack-No-Retry", "1")
		w.WriteHeader(http.StatusInternalServerError)
	})
	for range 2 {
		if err := w.OpenHome(soon(t), "U0IC"); err != nil {
			t.Fatal(err)
		}
		if r := wait(t, got); r.header.Get("X-Slack-Retry-Num") != "" {
			t.Error("a retry came")
		}
	}
}

func TestEventURLIsVerified(t *testing.T) {
	t.Parallel()
	w, _ := listening(t, sandbox.Options{}, says("something else", "text/plain"))
	if err := w.VerifyEventURL(soon(t)); err == nil {
		t.Error("a wrong challenge was accepted")
	}
}
