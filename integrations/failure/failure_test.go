package failure_test

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations/failure"
)

var received = time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC)

func full(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/full.json")
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestNothingOfAFullReportIsLost(t *testing.T) {
	t.Parallel()
	body := full(t)
	alert, err := failure.Decode(body, received)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(alert.Report)
	if err != nil {
		t.Fatal(err)
	}
	var sent, kept map[string]any
	if json.Unmarshal(body, &sent) != nil || json.Unmarshal(again, &kept) != nil {
		t.Fatal("not JSON")
	}
	for key, value := range kept["extra"].(map[string]any) {
		kept["+"+key] = value
	}
	delete(kept, "extra")
	for key, value := range kept {
		if plain, ok := strings.CutPrefix(key, "+"); ok {
			delete(kept, key)
			kept[plain] = value
		}
	}
	if !reflect.DeepEqual(sent, kept) {
		t.Errorf("sent %v\nkept %v", sent, kept)
	}
}

func TestAReportBecomesOneAlertThatRoutingUnderstands(t *testing.T) {
	t.Parallel()
	alert, err := failure.Decode(full(t), received)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"agent": "mailer", "channel": "email", "region": "eu", "tool": "send_email", "severity": "sev1", "class": "data_consent",
		"workflow": "winback", "reason_code": "consent_mismatch",
	}
	if !reflect.DeepEqual(alert.Labels, want) {
		t.Errorf("labels %v", alert.Labels)
	}
	if alert.Status != tagout.Momentary || alert.CorrelationID != "trace-9" || alert.Summary != alert.Report.Summary {
		t.Errorf("alert %+v", alert)
	}
	if at := time.Date(2026, 11, 21, 9, 13, 59, 250e6, time.UTC); !alert.StartsAt.Equal(at) || !alert.Report.OccurredAt.Equal(at) {
		t.Errorf("starts %s, occurred %s", alert.StartsAt, alert.Report.OccurredAt)
	}
	if alert.Actor().Kind != tagout.ByAgent {
		t.Errorf("actor %s", alert.Actor())
	}
}

func TestAgentAndSummaryAreEnough(t *testing.T) {
	t.Parallel()
	alert, err := failure.Decode([]byte(`{"agent":"mailer","summary":"it broke"}`), received)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(alert.Labels, map[string]string{"agent": "mailer"}) || !alert.StartsAt.Equal(received) || alert.Report.Extra != nil {
		t.Errorf("alert %+v, report %+v", alert, alert.Report)
	}
}

func TestWhatCannotBeReadIsKeptAndNamed(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"retry_count":        `{"agent":"a","summary":"b","retry_count":"two","channel":"email"}`,
		"customers_affected": `{"agent":"a","summary":"b","customers_affected":-1,"channel":"email"}`,
		"versions":           `{"agent":"a","summary":"b","versions":{"prompt":42},"channel":"email"}`,
		"tools_called":       `{"agent":"a","summary":"b","tools_called":["send_email"],"channel":"email"}`,
		"evidence":           `{"agent":"a","summary":"b","evidence":"see the log","channel":"email"}`,
		"model":              `{"agent":"a","summary":"b","Model":"m-1","channel":"email"}`,
		"implies":            `{"agent":"a","summary":"b","implies":"panic","channel":"email"}`,
		"occurred_at":        `{"agent":"a","summary":"b","occurred_at":"today","channel":"email"}`,
		"severity":           `{"agent":"a","summary":"b","severity":1,"channel":"email"}`,
	} {
		alert, err := failure.Decode([]byte(body), received)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f := alert.Report
		if !reflect.DeepEqual(f.Unread, []string{name}) || len(f.Extra) != 1 || f.Agent != "a" || f.Summary != "b" || f.Channel != "email" || string(alert.Raw) != body {
			t.Errorf("%s: %+v", name, f)
		}
	}
	alert, err := failure.Decode([]byte(`{"agent":"a","summary":"b","unread":["x"],"model":7,"versions":[]}`), received)
	if err != nil || !reflect.DeepEqual(alert.Report.Unread, []string{"model", "versions"}) || len(alert.Report.Extra) != 3 {
		t.Errorf("%v, %+v", err, alert.Report)
	}
}

func TestFingerprintsTellRunsApart(t *testing.T) {
	t.Parallel()
	bodies := []string{
		`{"agent":"a","summary":"s","run_id":"1"}`, `{"agent":"a","summary":"s","run_id":"2"}`,
		`{"agent":"b","summary":"s","run_id":"1"}`, `{"agent":"a","summary":"t","run_id":"1"}`,
		`{"agent":"a","summary":"s","correlation_id":"1"}`,
	}
	seen := map[string]string{}
	for _, body := range bodies {
		first, err := failure.Decode([]byte(body), received)
		if err != nil {
			t.Fatal(err)
		}
		second, _ := failure.Decode([]byte(body), received.Add(time.Hour))
		if first.Fingerprint == "" || first.Fingerprint != second.Fingerprint {
			t.Errorf("%s has fingerprints %q and %q", body, first.Fingerprint, second.Fingerprint)
		}
		if other, ok := seen[first.Fingerprint]; ok {
			t.Errorf("%s and %s have the same fingerprint", body, other)
		}
		seen[first.Fingerprint] = body
	}
}

func TestWhatIsNotAReportIsRefusedByPlaceAndWithoutItsContent(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	cases := map[string]struct {
		body string
		says string
	}{
		"empty":          {``, "object"},
		"array":          {`["hunter2"]`, "object"},
		"broken":         {`{"agent":"hunter2`, "byte"},
		"trailing":       {`{"agent":"a","summary":"b"} hunter2`, "byte"},
		"no agent":       {`{"summary":"hunter2"}`, "/agent"},
		"blank agent":    {`{"agent":" ","summary":"hunter2"}`, "/agent"},
		"no summary":     {`{"agent":"hunter2"}`, "/summary"},
		"agent a number": {`{"agent":1,"summary":"hunter2"}`, "/agent"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := failure.Decode([]byte(c.body), received)
			if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want Invalid that says %s", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the content: %v", err)
			}
		})
	}
}

func TestAReportThatIsTooLargeIsRefusedAsSuch(t *testing.T) {
	t.Parallel()
	body := `{"agent":"a","summary":"` + strings.Repeat("x", 5<<20) + `"}`
	if _, err := failure.Decode([]byte(body), received); tagout.CodeOf(err) != tagout.TooLarge {
		t.Errorf("error %v", err)
	}
}

func TestNulIsReplacedWhereverItStands(t *testing.T) {
	t.Parallel()
	body := `{"agent":"a","summary":"x\u0000y \\u0000 \\\u0000","versions":{"prompt":"\u0000"},"new":["\u0000"]}`
	alert, err := failure.Decode([]byte(body), received)
	if err != nil {
		t.Fatal(err)
	}
	if want := "x\ufffdy \\u0000 \\\ufffd"; alert.Summary != want {
		t.Errorf("summary %q, want %q", alert.Summary, want)
	}
	text, _ := json.Marshal(alert)
	if strings.Contains(strings.ReplaceAll(string(text), `\\u0000`, ""), `\u0000`) {
		t.Errorf("NUL is left in %s", text)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(full(f))
	f.Add([]byte(`{"agent":"a","summary":"b","occurred_at":"x"}`))
	f.Add([]byte(`{"agent":"a","summary":"b","model":"m","Versions":{"prompt":42},"versions":{},"unread":["x"],"retry_count":"two"}`))
	f.Add([]byte(`{"agent":"a","summary":"\u0000","model":null,"versions":null}`))
	f.Add([]byte(`{"agent":"a","summary":"b","transient":false,"evidence":[{"name":" - ","text":"x"}],"affected":[{"id":"1"}],"password":["x"]}`))
	mask, err := tagout.NewRedaction(tagout.RedactionPolicy{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		alert, err := failure.Decode(body, received)
		if err != nil {
			if tagout.CodeOf(err) != tagout.Invalid {
				t.Errorf("error %v", err)
			}
			return
		}
		if alert.Report == nil || alert.Report.Agent == "" || alert.Labels["agent"] != alert.Report.Agent {
			t.Errorf("alert %+v", alert)
		}
		if _, err := json.Marshal(alert); err != nil {
			t.Errorf("cannot be kept: %v", err)
		}
		for _, name := range alert.Brings() {
			if name == "" || len(name) > 400 {
				t.Errorf("it brings %q", name)
			}
		}
		if masked, err := mask.JSON(alert.Raw); err != nil || !json.Valid(masked) {
			t.Errorf("cannot be shown: %v", err)
		}
	})
}
