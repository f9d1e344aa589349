package integrations_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
)

// signedAt is when the recorded webhooks were signed.
var signedAt = time.Date(2026, 11, 21, 9, 50, 0, 0, time.UTC)

func (s sender) source(t testing.TB, kind, secret string) tagout.Source {
	t.Helper()
	settings := s.settings
	if settings == "" {
		settings = "{}"
	}
	if secret != "" {
		settings = strings.Replace(strings.Replace(settings, "{", "{secret: "+secret+", ", 1), ", }", "}", 1)
	}
	made, err := integrations.NewSource(yamlVendor(kind, settings))
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (s sender) reads(t *testing.T, kind string, body []byte) tagout.Alert {
	t.Helper()
	alerts, err := s.source(t, kind, "").Decode(t.Context(), tagout.Delivery{Body: body, At: received})
	if err != nil || len(alerts) == 0 {
		t.Fatalf("%d alerts, %v", len(alerts), err)
	}
	return alerts[0]
}

func body(t testing.TB, kind, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + kind + "/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(text)
}

func eachSender(t *testing.T, test func(t *testing.T, kind string, s sender)) {
	t.Helper()
	t.Parallel()
	for kind := range integrations.Sources() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, kind, senders()[kind])
		})
	}
}

func TestWhatFiresIsTheSameWhenItComesAgainAndWhenItIsOver(t *testing.T) {
	eachSender(t, func(t *testing.T, kind string, s sender) {
		firing := s.reads(t, kind, body(t, kind, s.firing))
		again, over := s.reads(t, kind, body(t, kind, s.again)), s.reads(t, kind, body(t, kind, s.over))
		if firing.Status != tagout.Firing || again.Status != tagout.Firing || over.Status != tagout.Resolved {
			t.Errorf("it %s, then %s, then %s", firing.Status, again.Status, over.Status)
		}
		for what, other := range map[string]tagout.Alert{"again": again, "over": over} {
			if other.Fingerprint != firing.Fingerprint || !other.StartsAt.Equal(firing.StartsAt) {
				t.Errorf("%s it is %s of %s, not %s of %s", what, other.Fingerprint, other.StartsAt, firing.Fingerprint, firing.StartsAt)
			}
		}
	})
}

func TestLabelsSayWhichAgentAndWhichPartOfIt(t *testing.T) {
	eachSender(t, func(t *testing.T, kind string, s sender) {
		a := s.reads(t, kind, body(t, kind, s.firing))
		l := a.Labels
		if got := (tagout.Scope{Agent: l["agent"], Channel: l["channel"], Region: l["region"], Tool: l["tool"]}); got != s.scope {
			t.Errorf("labels %v mean %s, want %s", l, got, s.scope)
		}
		if a.Name == "" || a.Summary == "" || a.URL == "" && kind != "cloudevents" {
			t.Errorf("a person could not tell what this is: %+v", a)
		}
	})
}

func TestWhatNobodyKnowsIsKeptAsEvidenceAndChangesNothing(t *testing.T) {
	eachSender(t, func(t *testing.T, kind string, s sender) {
		plain := body(t, kind, s.firing)
		more := []byte(strings.Replace(string(plain), s.unknown, `"zz_unknown":{"a":[1,"kept"]},`+s.unknown, 1))
		want, got := s.reads(t, kind, plain), s.reads(t, kind, more)
		if !strings.Contains(string(got.Raw), `"kept"`) || !json.Valid(got.Raw) {
			t.Errorf("evidence %s", got.Raw)
		}
		want.Raw, got.Raw = nil, nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	})
}

func TestOnlyWhoHasTheSecretIsBelieved(t *testing.T) {
	eachSender(t, func(t *testing.T, kind string, s sender) {
		signed, ok := s.source(t, kind, "").(tagout.SignedSource)
		if !ok || signed.Signs() {
			t.Fatal("a source without a secret asks for signatures")
		}
		if s.sign == nil {
			if _, err := integrations.NewSource(yamlVendor(kind, "{secret: x}")); err == nil {
				t.Error("a secret was taken by a kind that checks none")
			}
			return
		}
		text := body(t, kind, s.firing)
		if err := signed.Verify(tagout.Delivery{Header: s.sign(text, "", signedAt), Body: text, At: signedAt}); tagout.CodeOf(err) != tagout.Unauthorized {
			t.Errorf("an empty secret signs: %v", err)
		}
		signed = s.source(t, kind, signingSecret).(tagout.SignedSource)
		verify := func(header http.Header, body []byte, at time.Time) error {
			err := signed.Verify(tagout.Delivery{Header: header, Body: body, At: at})
			mentionsNoSecret(t, err)
			return err
		}
		good := s.sign(text, signingSecret, signedAt)
		if err := verify(good, text, signedAt); err != nil || !signed.Signs() {
			t.Errorf("the signature is not believed: %v", err)
		}
		changed := bytes.Replace(text, []byte("mailer"), []byte("nobody"), 1)
		for what, err := range map[string]error{
			"nothing signed": verify(http.Header{}, text, signedAt), "another secret": verify(s.sign(text, "guessed", signedAt), text, signedAt),
			"no secret": verify(s.sign(text, "", signedAt), text, signedAt), "another body": verify(good, changed, signedAt),
			"a stale one": verify(good, text, signedAt.Add(s.stale+time.Second)),
		} {
			if tagout.CodeOf(err) != tagout.Unauthorized {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestGrafanaMaySignWithoutTheTime(t *testing.T) {
	t.Parallel()
	s := senders()["grafana"]
	text := body(t, "grafana", "firing")
	signed := s.source(t, "grafana", signingSecret).(tagout.SignedSource)
	header := http.Header{"X-Grafana-Alerting-Signature": {hexHMAC(signingSecret, string(text))}}
	if err := signed.Verify(tagout.Delivery{Header: header, Body: text, At: signedAt}); err != nil {
		t.Error(err)
	}
	header["X-Grafana-Alerting-Timestamp"] = []string{"1"} // as if the time had been signed
	if err := signed.Verify(tagout.Delivery{Header: header, Body: text, At: signedAt}); tagout.CodeOf(err) != tagout.Unauthorized {
		t.Errorf("a time that was not signed is believed: %v", err)
	}
}

func FuzzAlertmanager(f *testing.F) { fuzzSource(f, "alertmanager", "group", "ended") }
func FuzzGeneric(f *testing.F)      { fuzzSource(f, "generic", "one", "array") }
func FuzzGrafana(f *testing.F)      { fuzzSource(f, "grafana", "firing", "resolved", "test") }
func FuzzDatadog(f *testing.F) {
	fuzzSource(f, "datadog", "triggered", "recovered", "default")
}
func FuzzPagerDuty(f *testing.F) {
	fuzzSource(f, "pagerduty", "triggered", "ended", "priority", "ping", "acknowledged")
}
func FuzzSentry(f *testing.F) {
	fuzzSource(f, "sentry", "activity-alert", "issue-alert", "issue-resolved", "metric-critical", "installed")
}
func FuzzCloudEvents(f *testing.F) { fuzzSource(f, "cloudevents", "structured", "batch") }

// fuzzSource finds what a source, without what guards it, does with anything.
func fuzzSource(f *testing.F, kind string, files ...string) {
	for _, name := range files {
		f.Add(body(f, kind, name), false)
	}
	f.Add([]byte(`[{"tags":[[null]],"alerts":[{"status":"firing","labels":null}]},null]`), true)
	source := senders()[kind].source(f, kind, "")
	f.Fuzz(func(t *testing.T, body []byte, binary bool) {
		in := tagout.Delivery{Body: body, At: received, Header: http.Header{"Content-Type": {"application/json"}}}
		if binary {
			in.Header = http.Header{"Ce-Specversion": {"1.0"}, "Ce-Id": {"1"}, "Ce-Source": {string(body)}, "Ce-Type": {"x"}}
		}
		alerts, err := source.Decode(t.Context(), in)
		if code := tagout.CodeOf(err); code != "" && code != tagout.Invalid && code != tagout.TooLarge || err != nil && alerts != nil {
			t.Errorf("%d alerts, error %v", len(alerts), err)
		}
		for _, a := range alerts {
			if a.Name == "" || a.Source != kind || !json.Valid(a.Raw) {
				t.Errorf("alert %+v", a)
			}
		}
	})
}
