package integrations_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
)

// postbox is a tracker that hears webhooks.
type postbox struct {
	settings map[string]string
	header   string // of the signature
	event    string // header that names the event; empty: none
	about    string // a body that is about a ticket
	key      string
	others   []string // bodies that are about none of ours
}

const hookSecret = "of-the-webhook"

func postboxes() map[string]postbox {
	return map[string]postbox{
		"github": {map[string]string{"repository": "acme/ops", "token": token}, "X-Hub-Signature-256", "issues",
			`{"action":"closed","issue":{"number":42,"state":"closed"},"repository":{"full_name":"Acme/ops"}}`, "42",
			[]string{`{}`, `{"zen":"x","hook_id":1}`, `{"issue":{"number":42},"repository":{"full_name":"acme/other"}}`, `{"issue":{"number":-1},"repository":{"full_name":"acme/ops"}}`,
				`{"issue":null,"repository":{"full_name":"acme/ops"}}`}},
		"jira": {map[string]string{"url": "https://jira.example.com", "project": "OPS", "token": token}, "X-Hub-Signature", "",
			`{"webhookEvent":"jira:issue_updated","issue":{"id":"1","key":"OPS-42"}}`, "OPS-42",
			[]string{`{}`, `{"issue":{"key":"../../x"}}`, `{"issue":{"key":""}}`, `{"issue":null}`}},
	}
}

func (p postbox) inbox(t testing.TB, kind, secret string) tagout.TicketInbox {
	t.Helper()
	settings := map[string]string{"webhook_secret": secret}
	for key, value := range p.settings {
		settings[key] = value
	}
	tracker, err := integrations.NewTracker(vendor(kind, kind, settings), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return tracker.(tagout.TicketInbox)
}

func (p postbox) delivery(body, signature string) tagout.Delivery {
	header := http.Header{}
	header.Set(p.header, signature)
	if p.event != "" {
		header.Set("X-GitHub-Event", p.event)
	}
	return tagout.Delivery{Header: header, Body: []byte(body), At: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
}

func hubSignature(name string, how func() hash.Hash, secret, body string) string {
	mac := hmac.New(how, []byte(secret))
	mac.Write([]byte(body))
	return name + "=" + hex.EncodeToString(mac.Sum(nil))
}

func TestASignedWebhookNamesItsTicketAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	for kind, p := range postboxes() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			inbox := p.inbox(t, kind, hookSecret)
			right := hubSignature("sha256", sha256.New, hookSecret, p.about)
			if keys, err := inbox.Moved(t.Context(), p.delivery(p.about, right)); err != nil || !slices.Equal(keys, []string{p.key}) {
				t.Errorf("%v, %v", keys, err)
			}
			for _, body := range p.others {
				if keys, err := inbox.Moved(t.Context(), p.delivery(body, hubSignature("sha256", sha256.New, hookSecret, body))); err != nil || len(keys) > 0 {
					t.Errorf("%s: %v, %v", body, keys, err)
				}
			}
			for name, wrong := range map[string]string{
				"none": "", "another secret": hubSignature("sha256", sha256.New, "guessed", p.about), "an empty secret": hubSignature("sha256", sha256.New, "", p.about),
				"another body": hubSignature("sha256", sha256.New, hookSecret, p.about+" "), "sha1": hubSignature("sha1", sha1.New, hookSecret, p.about),
				"cut": right[:len(right)-2], "not hex": "sha256=" + strings.Repeat("x", 64), "no name": strings.TrimPrefix(right, "sha256="), "longer": right + "00",
			} {
				keys, err := inbox.Moved(t.Context(), p.delivery(p.about, wrong))
				if tagout.CodeOf(err) != tagout.Unauthorized || len(keys) > 0 || strings.Contains(fmt.Sprint(err), hookSecret) {
					t.Errorf("%s: %v, %v", name, keys, err)
				}
			}
			broken := `{"issue":`
			if _, err := inbox.Moved(t.Context(), p.delivery(broken, hubSignature("sha256", sha256.New, hookSecret, broken))); tagout.CodeOf(err) != tagout.Invalid {
				t.Errorf("what is no JSON: %v", err)
			}
			deaf := p.inbox(t, kind, "")
			if _, err := deaf.Moved(t.Context(), p.delivery(p.about, hubSignature("sha256", sha256.New, "", p.about))); tagout.CodeOf(err) != tagout.Unauthorized {
				t.Errorf("without a secret: %v", err)
			}
		})
	}
}

// FuzzTicketWebhooks: whatever is posted, signed or not, panics nothing and names no ticket
// that could lead elsewhere.
func FuzzTicketWebhooks(f *testing.F) {
	for _, p := range postboxes() {
		f.Add(p.about, "sha256=00", true)
		for _, body := range p.others {
			f.Add(body, "", false)
		}
	}
	boxes := map[string]tagout.TicketInbox{}
	for kind, p := range postboxes() {
		boxes[kind] = p.inbox(f, kind, hookSecret)
	}
	f.Fuzz(func(t *testing.T, body, given string, signs bool) {
		for kind, p := range postboxes() {
			if signs {
				given = hubSignature("sha256", sha256.New, hookSecret, body)
			}
			keys, err := boxes[kind].Moved(t.Context(), p.delivery(body, given))
			if err != nil && len(keys) > 0 || !signs && err == nil {
				t.Fatalf("%s: %v, %v", kind, keys, err)
			}
			for _, key := range keys {
				if key == "" || strings.ContainsAny(key, "/.?# ") {
					t.Fatalf("%s: %q", kind, key)
				}
			}
		}
	})
}

func TestATicketTellsWhoClosedItWhenAndWhy(t *testing.T) {
	t.Parallel()
	closedAt := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for kind, make := range trackers() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			made, err := b.tracker.Create(t.Context(), draft)
			if err != nil {
				t.Fatal(err)
			}
			b.office.close(0)
			b.office.mu.Lock()
			b.office.issues[0]["closed_by"] = map[string]any{"login": "octocat"}
			b.office.issues[0]["closed_at"], b.office.issues[0]["updated_at"] = "2026-11-21T12:00:00Z", "2026-11-21T12:00:01Z"
			b.office.issues[0]["state_reason"] = "not_planned"
			b.office.mu.Unlock()
			now, err := b.tracker.Read(t.Context(), made.Key)
			if err != nil || !now.Done || !now.ClosedAt.Equal(closedAt) || !now.ChangedAt.Equal(closedAt.Add(time.Second)) || !now.Refused {
				t.Errorf("%+v, %v", now, err)
			}
			if kind == "github" && now.ClosedBy != "octocat" {
				t.Errorf("closed by %q", now.ClosedBy)
			}
		})
	}
}
