package integrations_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
)

var received = time.Date(2026, 11, 21, 9, 15, 0, 0, time.UTC)

func source(t *testing.T, kind string) tagout.Source {
	t.Helper()
	s, err := integrations.NewSource(vendor("the-"+kind, kind, nil))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func decode(t *testing.T, kind, body string) ([]tagout.Alert, error) {
	t.Helper()
	return source(t, kind).Decode(t.Context(), tagout.Delivery{Body: []byte(body), At: received})
}

func recorded(t *testing.T, file string) []tagout.Alert {
	t.Helper()
	body, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	alerts, err := decode(t, filepath.Dir(file), string(body))
	if err != nil {
		t.Fatal(err)
	}
	return alerts
}

func TestEverySourceKeepsToTheContract(t *testing.T) {
	t.Parallel()
	for kind := range integrations.Sources() {
		sends, known := senders()[kind]
		if !known {
			t.Fatalf("the kind %s has no sender here", kind)
		}
		body := sends.body
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			t.Run("takes every recorded body", func(t *testing.T) {
				files, err := filepath.Glob("testdata/" + kind + "/*.json")
				if err != nil || len(files) == 0 {
					t.Fatalf("no recorded bodies: %v", err)
				}
				for _, file := range files {
					for _, a := range recorded(t, kind+"/"+filepath.Base(file)) {
						if a.Source != "the-"+kind || a.Name == "" || a.Fingerprint == "" || !json.Valid(a.Raw) {
							t.Errorf("%s: alert %+v", file, a)
						}
					}
				}
			})
			t.Run("names the place and never the content", func(t *testing.T) {
				for _, broken := range []string{
					"", "null", "hunter2", `"hunter2"`, `["hunter2"]`, `[[]]`, `[]`, `{}`, `{"hunter2":`, body(`{"hunter2":1}`), body(`1`),
					body(`"x"`) + "hunter2", `{"name":"x","labels":{"hunter2":1}}` + " ", strings.Repeat("[", 20_000),
				} {
					_, err := decode(t, kind, broken)
					if broken == `{"name":"x","labels":{"hunter2":1}} ` && kind != "generic" {
						continue
					}
					if tagout.CodeOf(err) != tagout.Invalid {
						t.Errorf("%.40s: error %v, want Invalid", broken, err)
					} else if strings.Contains(err.Error(), "hunter2") {
						t.Errorf("%.40s: the error shows the content: %v", broken, err)
					}
				}
			})
			t.Run("keeps long text whole in the raw alert only", func(t *testing.T) {
				long := strings.Repeat("ä", 1<<19)
				alerts, err := decode(t, kind, body(`"`+long+`"`))
				if err != nil {
					t.Fatal(err)
				}
				a := alerts[0]
				if len(a.Name) > 4096 || len(a.Labels[sends.label]) > 4096 || !strings.HasSuffix(a.Name, "ä…") || !strings.Contains(string(a.Raw), long) {
					t.Errorf("name %d bytes, label %d bytes, raw %d bytes", len(a.Name), len(a.Labels[sends.label]), len(a.Raw))
				}
			})
			t.Run("replaces NUL", func(t *testing.T) {
				alerts, err := decode(t, kind, body(`"a\u0000b\\u0000"`))
				if err != nil {
					t.Fatal(err)
				}
				if want := "a\ufffdb\\u0000"; alerts[0].Name != want || alerts[0].Labels[sends.label] != want {
					t.Errorf("alert %+v", alerts[0])
				}
				if strings.Contains(strings.ReplaceAll(string(alerts[0].Raw), `\\u0000`, ""), `\u0000`) {
					t.Errorf("NUL is left in %s", alerts[0].Raw)
				}
			})
			t.Run("refuses what is too large", func(t *testing.T) {
				if _, err := decode(t, kind, body(`"`+strings.Repeat("x", 8<<20)+`"`)); tagout.CodeOf(err) != tagout.TooLarge {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestAlertmanagerGroupIsReadWhole(t *testing.T) {
	t.Parallel()
	alerts := recorded(t, "alertmanager/group.json")
	if len(alerts) != 2 {
		t.Fatalf("%d alerts", len(alerts))
	}
	first, second := alerts[0], alerts[1]
	if first.Value == nil || *first.Value != 0.0041 {
		t.Errorf("value %v", first.Value)
	}
	first.Raw, first.Value = nil, nil
	want := tagout.Alert{
		Source: "the-alertmanager", Name: "ComplaintSpike", Summary: "Complaint rate of mailer/email/eu is above 0.3 %",
		Labels: map[string]string{"agent": "mailer", "alertname": "ComplaintSpike", "channel": "email", "region": "eu", "severity": "critical"},
		Annotations: map[string]string{
			"description": "Complaints per thousand mails over ten minutes.", "summary": "Complaint rate of mailer/email/eu is above 0.3 %",
			"value": "0.0041", "alertmanager_truncated_alerts": "3",
		},
		Fingerprint: "1c1ef5a2b6f0cd17", Status: tagout.Firing, StartsAt: time.Date(2026, 11, 21, 9, 14, 2, 512e6, time.UTC),
		URL: "http://prometheus.example.com:9090/graph?g0.expr=complaints&g0.tab=1",
	}
	if !reflect.DeepEqual(first, want) {
		t.Errorf("got  %+v\nwant %+v", first, want)
	}
	if second.Status != tagout.Resolved || second.Summary != "Bounces are back to normal." || second.Value != nil {
		t.Errorf("second %+v", second)
	}
}

func TestOtherVersionsOfTheAlertmanagerWebhookAreRefused(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"version":"3","alerts":[{"status":"firing"}]}`:                  "/version",
		`{"alerts":[{"status":"firing"}]}`:                                "/version",
		`{"version":4,"alerts":[{"status":"firing"}]}`:                    "/version",
		`{"version":"4","alerts":{}}`:                                     "/alerts",
		`{"version":"4","alerts":[]}`:                                     "/alerts",
		`{"version":"4","alerts":[{"status":"firing"},{"status":"up"}]}`:  "/alerts/1/status",
		`{"version":"4","alerts":[{"status":"firing","labels":{"a":1}}]}`: "/alerts/0/labels",
		`{"version":"4","alerts":[{"status":"firing","startsAt":"now"}]}`: "/alerts/0",
	} {
		if _, err := decode(t, "alertmanager", body); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want one that names %s", body, err, says)
		}
	}
}

func TestAValueThatIsNotFiniteIsNoValue(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"NaN", "+Inf", "1e999", "12 %", ""} {
		alerts, err := decode(t, "alertmanager", `{"version":"4","alerts":[{"status":"firing","annotations":{"value":"`+value+`"}}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if alerts[0].Value != nil || alerts[0].Annotations["value"] != value {
			t.Errorf("%q became %v", value, *alerts[0].Value)
		}
	}
	if _, err := decode(t, "generic", `{"name":"x","value":1e999}`); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), "/value") {
		t.Errorf("error %v", err)
	}
}

func TestGenericAlertsAreReadWhole(t *testing.T) {
	t.Parallel()
	one := recorded(t, "generic/one.json")[0]
	if one.Value == nil || *one.Value != 1.5 || !strings.Contains(string(one.Raw), `"team": "growth"`) {
		t.Errorf("value %v, raw %s", one.Value, one.Raw)
	}
	one.Raw, one.Value = nil, nil
	want := tagout.Alert{
		Source: "the-generic", Name: "spend over plan", Summary: "researcher spent 1.5 times its plan in an hour",
		Labels:      map[string]string{"agent": "researcher", "channel": "crm", "severity": "warning"},
		Annotations: map[string]string{"plan": "100 an hour"}, Fingerprint: "spend-researcher", CorrelationID: "run-81",
		Status: tagout.Firing, StartsAt: time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC), URL: "https://billing.example.com/researcher",
	}
	if !reflect.DeepEqual(one, want) {
		t.Errorf("got  %+v\nwant %+v", one, want)
	}
	two := recorded(t, "generic/array.json")
	if len(two) != 2 || two[0].Status != tagout.Momentary || !two[0].StartsAt.Equal(received) || two[1].Status != tagout.Resolved {
		t.Errorf("alerts %+v", two)
	}
}

func TestGenericAlertsWithoutFingerprintAreToldApartByNameAndLabels(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, body := range []string{
		`{"name":"a"}`, `{"name":"b"}`, `{"name":"a","labels":{"x":"1"}}`, `{"name":"a","labels":{"x":"2"}}`, `{"name":"a","labels":{"x":"1","y":"1"}}`,
	} {
		alerts, err := decode(t, "generic", body)
		if err != nil {
			t.Fatal(err)
		}
		if other, twice := seen[alerts[0].Fingerprint]; twice {
			t.Errorf("%s and %s have the same fingerprint", body, other)
		}
		seen[alerts[0].Fingerprint] = body
	}
}

func TestGenericAlertsAreRefusedByPlace(t *testing.T) {
	t.Parallel()
	for body, says := range map[string]string{
		`{"labels":{}}`:                           "/name",
		`{"name":" "}`:                            "/name",
		`[{"name":"x"},{"name":1}]`:               "/1/name",
		`[{"name":"x"},2]`:                        "/1 must be",
		`[{"name":"x"},null]`:                     "/1 must be",
		`{"name":"x","status":"burning"}`:         "/status",
		`{"name":"x","starts_at":"yesterday"}`:    "/starts_at",
		`{"name":"x","value":"1"}`:                "/value",
		`[{"name":"x","labels":{"agent":["a"]}}]`: "/0/labels",
		`{"name":"x","annotations":["a"]}`:        "/annotations",
	} {
		if _, err := decode(t, "generic", body); tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: error %v, want one that names %s", body, err, says)
		}
	}
}

func TestTooManyAlertsOrLabelsAreRefused(t *testing.T) {
	t.Parallel()
	many := "[" + strings.Repeat(`{"name":"x"},`, 10_000) + `{"name":"x"}]`
	if _, err := decode(t, "generic", many); tagout.CodeOf(err) != tagout.TooLarge {
		t.Errorf("error %v", err)
	}
	labels := map[string]string{}
	for i := range 257 {
		labels[strings.Repeat("l", i+1)] = "x"
	}
	text, _ := json.Marshal(map[string]any{"name": "x", "labels": labels})
	if _, err := decode(t, "generic", string(text)); tagout.CodeOf(err) != tagout.TooLarge {
		t.Errorf("error %v", err)
	}
}
