package integrations_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
)

// heardAt is shortly after the recorded webhooks were posted.
var heardAt = time.Date(2026, 11, 21, 9, 14, 31, 0, time.UTC)

func posted(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return []byte(strings.TrimSpace(string(body)))
}

func signature(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "v1=" + hex.EncodeToString(mac.Sum(nil))
}

func delivery(body []byte, header ...string) tagout.Delivery {
	h := http.Header{}
	for n := 0; n+1 < len(header); n += 2 {
		h.Add(header[n], header[n+1])
	}
	return tagout.Delivery{Header: h, Body: body, At: heardAt}
}

func pagerDutyInbox(t testing.TB, settings string) tagout.PageInbox {
	t.Helper()
	p, err := integrations.NewPager(yamlVendor("pagerduty", "{routing_key: "+routingKey+settings+"}"), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return p.(tagout.PageInbox)
}

func TestPagerDutyTellsWhoAcknowledged(t *testing.T) {
	t.Parallel()
	inbox := pagerDutyInbox(t, ", webhook_secret: "+signingSecret)
	body := posted(t, "pagerduty/acknowledged")
	good := signature(body, signingSecret)
	for _, header := range []string{good, signature(body, "the old secret") + "," + good, "v2=abc," + good + ",v1=zz"} {
		acks, err := inbox.Heard(t.Context(), delivery(body, "X-PagerDuty-Signature", header))
		if err != nil || len(acks) != 1 {
			t.Fatalf("%s: %v, %v", header, acks, err)
		}
		want := tagout.Acknowledgement{Dedup: "tagout-abc-INC-7", By: "Alice Example", At: time.Date(2026, 11, 21, 9, 14, 30, 169e6, time.UTC)}
		if acks[0] != want {
			t.Errorf("heard %+v", acks[0])
		}
	}
}

func TestOtherNewsOfPagerDutyIsNoAcknowledgement(t *testing.T) {
	t.Parallel()
	inbox := pagerDutyInbox(t, ", webhook_secret: "+signingSecret)
	for _, name := range []string{"pagerduty/resolved", "pagerduty/by-integration", "pagerduty/ping"} {
		body := posted(t, name)
		acks, err := inbox.Heard(t.Context(), delivery(body, "X-PagerDuty-Signature", signature(body, signingSecret)))
		if err != nil || len(acks) > 0 {
			t.Errorf("%s: %v, %v", name, acks, err)
		}
	}
}

func TestARecordingOfAnAcknowledgementSilencesNothing(t *testing.T) {
	t.Parallel()
	inbox := pagerDutyInbox(t, ", webhook_secret: "+signingSecret)
	body := posted(t, "pagerduty/acknowledged")
	in := delivery(body, "X-PagerDuty-Signature", signature(body, signingSecret))
	in.At = heardAt.Add(2 * time.Hour)
	if acks, err := inbox.Heard(t.Context(), in); err != nil || len(acks) > 0 {
		t.Errorf("%v, %v", acks, err)
	}
}

func TestWhatPagerDutyDidNotSignIsNotBelieved(t *testing.T) {
	t.Parallel()
	body := posted(t, "pagerduty/acknowledged")
	inbox, deaf := pagerDutyInbox(t, ", webhook_secret: "+signingSecret), pagerDutyInbox(t, "")
	for name, header := range map[string]string{
		"none": "", "of another secret": signature(body, "other"), "of another body": signature([]byte("{}"), signingSecret), "of an empty secret": signature(body, ""),
		"of another version": "v0=" + signature(body, signingSecret)[3:], "cut off": signature(body, signingSecret)[:40],
	} {
		for _, p := range []tagout.PageInbox{inbox, deaf} {
			acks, err := p.Heard(t.Context(), delivery(body, "X-PagerDuty-Signature", header))
			if tagout.CodeOf(err) != tagout.Unauthorized || len(acks) > 0 {
				t.Errorf("%s: %v, %v", name, acks, err)
			}
			mentionsNoSecret(t, err)
		}
	}
	for _, bad := range []string{"{", "[]", "{}", `{"event":null}`, `{"event":{"event_type":7}}`, "null"} {
		_, err := inbox.Heard(t.Context(), delivery([]byte(bad), "X-PagerDuty-Signature", signature([]byte(bad), signingSecret)))
		if tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzWhatPagerDutyPosts(f *testing.F) {
	for _, name := range []string{"acknowledged", "resolved", "by-integration", "ping"} {
		f.Add(posted(f, "pagerduty/"+name))
	}
	f.Add([]byte(`{"event":{"event_type":"incident.acknowledged","agent":{"type":"user"},"data":{"incident_key":"\u0000"}}}`))
	inbox := pagerDutyInbox(f, ", webhook_secret: "+signingSecret)
	f.Fuzz(func(t *testing.T, body []byte) {
		acks, err := inbox.Heard(t.Context(), delivery(body, "X-PagerDuty-Signature", signature(body, signingSecret)))
		if code := tagout.CodeOf(err); code != "" && code != tagout.Invalid && code != tagout.Unauthorized || err != nil && acks != nil {
			t.Errorf("%v, %v", acks, err)
		}
		for _, a := range acks {
			if a.Dedup == "" || strings.ContainsAny(a.By, "\r\n\x00") || len([]rune(a.By)) > 100 || a.At.After(heardAt) {
				t.Errorf("heard %+v", a)
			}
		}
		if acks, err := inbox.Heard(t.Context(), delivery(body, "X-PagerDuty-Signature", signature(body, "other"))); err == nil || acks != nil {
			t.Errorf("believed without a signature: %v", acks)
		}
	})
}

// goAlert is a pager with its service, and what it hears with the right token.
func goAlert(t testing.TB, url string) (tagout.Pager, func(body []byte) ([]tagout.Acknowledgement, error)) {
	t.Helper()
	p, err := integrations.NewPager(yamlVendor("goalert", "{url: '"+url+"', token: "+token+", webhook_token: "+signingSecret+"}"), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return p, func(body []byte) ([]tagout.Acknowledgement, error) {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth("tagout", signingSecret) // as Go sends https://tagout:TOKEN@host
		return p.(tagout.PageInbox).Heard(context.Background(), delivery(body, "Authorization", r.Header.Get("Authorization")))
	}
}

func TestGoAlertTellsWhoAcknowledged(t *testing.T) {
	t.Parallel()
	s := newPagerService(t, goAlertAnswers)
	sender, heardBySender := goAlert(t, s.url)
	p := page("p-1")
	p.To = tagout.Person{}
	if err := sender.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	// Another replica, or this one after a restart, learns it from GoAlert's own webhook.
	_, heardByOther := goAlert(t, s.url)
	acknowledged := posted(t, "goalert/acknowledged")
	if acks, err := heardByOther(acknowledged); err != nil || len(acks) > 0 {
		t.Errorf("knew of an alert that it never saw: %v, %v", acks, err)
	}
	var sent struct{ Details string }
	if err := json.Unmarshal(s.bodies[0], &sent); err != nil {
		t.Fatal(err)
	}
	details, _ := json.Marshal(sent.Details)
	alert := strings.Replace(string(posted(t, "goalert/alert")), `"DETAILS"`, string(details), 1)
	if acks, err := heardByOther([]byte(alert)); err != nil || len(acks) > 0 {
		t.Errorf("%v, %v", acks, err)
	}
	for name, heard := range map[string]func([]byte) ([]tagout.Acknowledgement, error){"the sender": heardBySender, "another": heardByOther} {
		acks, err := heard(acknowledged)
		if err != nil || len(acks) != 1 || acks[0] != (tagout.Acknowledgement{Dedup: "tagout-abc-p-1", By: "Alice Example", At: heardAt}) {
			t.Errorf("%s heard %+v, %v", name, acks, err)
		}
	}
}

func TestOtherNewsOfGoAlertIsNoAcknowledgement(t *testing.T) {
	t.Parallel()
	s := newPagerService(t, goAlertAnswers)
	sender, heard := goAlert(t, s.url)
	p := page("p-1")
	p.To = tagout.Person{}
	if err := sender.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	forged := `{"Type":"Alert","AlertID":1,"Details":"Tagout reference: tagout-abc-p-1 0123456789abcdef"}`
	for _, body := range []string{
		string(posted(t, "goalert/closed")), `{"Type":"Test","AppName":"GoAlert"}`, `{"Type":"Verification","Code":"283917"}`, `{"Type":"AlertBundle","Count":6}`,
		`{"Type":"AlertStatus","AlertID":79685,"LogEntry":"Acknowledged via test integration (Generic API)"}`, `{"Type":"AlertStatus","AlertID":79685,"LogEntry":"Acknowledged by [unknown]"}`,
		`{"Type":"AlertStatus","AlertID":5,"LogEntry":"Acknowledged by Mallory"}`, forged, `{"Type":"AlertStatus","AlertID":1,"LogEntry":"Acknowledged by Mallory"}`,
	} {
		if acks, err := heard([]byte(body)); err != nil || len(acks) > 0 {
			t.Errorf("%s: %v, %v", body, acks, err)
		}
	}
	for _, bad := range []string{"{", "[]", "{}", `{"Type":7}`} {
		if _, err := heard([]byte(bad)); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestGoAlertIsNotBelievedWithoutItsToken(t *testing.T) {
	t.Parallel()
	p, _ := goAlert(t, "https://goalert.example.com")
	deaf, err := integrations.NewPager(yamlVendor("goalert", "{url: 'https://goalert.example.com', token: x}"), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"", "Bearer ", "Bearer wrong", "Basic " + signingSecret, "Basic dGFnb3V0Og==", signingSecret} {
		for _, inbox := range []tagout.Pager{p, deaf} {
			_, err := inbox.(tagout.PageInbox).Heard(t.Context(), delivery(posted(t, "goalert/acknowledged"), "Authorization", header))
			if tagout.CodeOf(err) != tagout.Unauthorized {
				t.Errorf("%q: %v", header, err)
			}
			mentionsNoSecret(t, err)
		}
	}
}

func FuzzWhatGoAlertPosts(f *testing.F) {
	for _, name := range []string{"alert", "acknowledged", "closed"} {
		f.Add(posted(f, "goalert/"+name))
	}
	_, heard := goAlert(f, "https://goalert.example.com")
	f.Fuzz(func(t *testing.T, body []byte) {
		acks, err := heard(body)
		if code := tagout.CodeOf(err); code != "" && code != tagout.Invalid || len(acks) > 0 {
			t.Errorf("%v, %v", acks, err)
		}
	})
}
