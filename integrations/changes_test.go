package integrations_test

import (
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
)

// changeRules are those of the tests.
func changeRules() []tagout.ChangeRule {
	return []tagout.ChangeRule{
		{Event: "deployment_status", Repository: "acme/mailer", Environment: "production", Agent: "mailer", Component: "prompt", Version: "ref"},
		{Event: "deployment", Repository: "acme/models", Agent: "mailer", Component: "model", Version: "payload.version"},
		{Event: "push", Repository: "acme/prompts", Branch: "main", Paths: []string{"mailer/", "shared/*.txt"}, Agent: "mailer", Component: "policy", Version: "sha"},
	}
}

func changeInbox(secret string) tagout.ChangeInbox {
	return integrations.ChangeKinds()["github"](tagout.ChangeSource{Name: "github", Kind: "github", Secret: secret, Rules: changeRules()})
}

var changedAt = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func changeEvent(event, body, secret string) tagout.Delivery {
	h := http.Header{}
	h.Set("X-GitHub-Event", event)
	h.Set("X-Hub-Signature-256", hubSignature("sha256", sha256.New, secret, body))
	return tagout.Delivery{Source: "github", Header: h, Body: []byte(body), At: changedAt}
}

const (
	deployed = `{"deployment_status":{"state":"success","created_at":"2026-11-21T11:48:00Z","target_url":"https://ci.example.com/1"},
		"deployment":{"id":7,"sha":"0a1b2c3d4e5f60718293","ref":"v42","environment":"Production","creator":{"login":"github-actions[bot]","type":"Bot"}},
		"repository":{"full_name":"Acme/mailer"},"sender":{"login":"github-actions[bot]","type":"Bot"},"workflow_run":{"actor":{"login":"Pat-Codes","type":"User"}}}`
	pushed = `{"ref":"refs/heads/main","before":"1111111111111111","after":"2222222222222222","compare":"https://github.com/acme/prompts/compare/1...2",
		"repository":{"full_name":"acme/prompts"},"sender":{"login":"merger","type":"User"},"pusher":{"name":"merger"},
		"commits":[{"modified":["mailer/system.txt"],"author":{"username":"pat"}},{"added":["other/x"],"author":{"username":"kim"}}]}`
	asked = `{"deployment":{"id":8,"sha":"0a1b","ref":"main","payload":"{\"version\":43}","creator":{"login":"pat","type":"User"}},"repository":{"full_name":"acme/models"}}`
)

func TestAWebhookOfGitHubTellsWhoChangedWhat(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event, body string
		want        tagout.Deployment
	}{
		"deployed": {"deployment_status", deployed, tagout.Deployment{Agent: "mailer", Component: "prompt", To: "v42", By: "github:pat-codes", URL: "https://ci.example.com/1", At: changedAt.Add(-12 * time.Minute)}},
		"pushed":   {"push", pushed, tagout.Deployment{Agent: "mailer", Component: "policy", From: "111111111111", To: "222222222222", By: "github:merger, github:pat", URL: "https://github.com/acme/prompts/compare/1...2", At: changedAt}},
		"asked":    {"deployment", asked, tagout.Deployment{Agent: "mailer", Component: "model", To: "43", By: "github:pat", At: changedAt}},
	} {
		got, err := changeInbox(hookSecret).Changes(t.Context(), changeEvent(c.event, c.body, hookSecret))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		again, err := changeInbox(hookSecret).Changes(t.Context(), changeEvent(c.event, c.body, hookSecret))
		if err != nil || again[0].ID != got[0].ID || got[0].ID == "" {
			t.Errorf("%s again: %+v, %v", name, again, err)
		}
		c.want.ID = got[0].ID
		if got[0] != c.want {
			t.Errorf("%s: %+v\nwant %+v", name, got[0], c.want)
		}
	}
}

func TestOnlyWhatARuleCountsIsAChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event, body string
		n           int
	}{
		"ping":                  {"ping", `{"zen":"x"}`, 0},
		"another event":         {"issues", deployed, 0},
		"not there yet":         {"deployment_status", strings.Replace(deployed, "success", "in_progress", 1), 0},
		"failed":                {"deployment_status", strings.Replace(deployed, "success", "failure", 1), 0},
		"another environment":   {"deployment_status", strings.Replace(deployed, "Production", "staging", 1), 0},
		"another repository":    {"deployment_status", strings.Replace(deployed, "Acme/mailer", "acme/other", 1), 0},
		"another branch":        {"push", strings.Replace(pushed, "heads/main", "heads/feature", 1), 0},
		"a tag of that name":    {"push", strings.Replace(pushed, "heads/main", "tags/main", 1), 0},
		"other paths":           {"push", strings.Replace(pushed, "mailer/system", "elsewhere/system", 1), 0},
		"a name that begins so": {"push", strings.Replace(pushed, "mailer/system", "mailers/system", 1), 0},
		"a pattern":             {"push", strings.Replace(pushed, "mailer/system", "shared/tone", 1), 1},
		"a deleted branch":      {"push", strings.Replace(pushed, `"before"`, `"deleted":true,"before"`, 1), 0},
		"a forced push":         {"push", strings.Replace(strings.Replace(pushed, "mailer/system", "elsewhere/system", 1), `"before"`, `"forced":true,"before"`, 1), 1},
	} {
		got, err := changeInbox(hookSecret).Changes(t.Context(), changeEvent(c.event, c.body, hookSecret))
		if err != nil || len(got) != c.n {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestWhatIsNotSignedOrIsJunkIsNoChange(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]tagout.Delivery{
		"another secret": changeEvent("deployment_status", deployed, "guessed"),
		"no signature":   {Header: http.Header{"X-Github-Event": {"push"}}, Body: []byte(pushed)},
		"sha1":           {Header: http.Header{"X-Github-Event": {"push"}, "X-Hub-Signature": {"sha1=00"}}, Body: []byte(pushed)},
	} {
		if got, err := changeInbox(hookSecret).Changes(t.Context(), in); tagout.CodeOf(err) != tagout.Unauthorized || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := changeInbox("").Changes(t.Context(), changeEvent("push", pushed, "")); tagout.CodeOf(err) != tagout.Unauthorized {
		t.Errorf("an empty secret signs: %v", err)
	}
	for _, c := range [][2]string{{"", pushed}, {"push", `{}`}, {"push", `[]`}, {"push", `{"repository":{"full_name":"acme/prompts"}}`}, {"deployment_status", `{"repository":{"full_name":"a/b"},"deployment":{"id":1}}`},
		{"deployment", `{"repository":{"full_name":"a/b"}}`}, {"deployment", strings.Replace(asked, "version", "other", 1)}, {"deployment_status", strings.Replace(deployed, "v42", strings.Repeat("v", 201), 1)}, {"push", `{"ref":3}`}} {
		if got, err := changeInbox(hookSecret).Changes(t.Context(), changeEvent(c[0], c[1], hookSecret)); tagout.CodeOf(err) != tagout.Invalid || got != nil {
			t.Errorf("%s: %+v, %v", c, got, err)
		}
	}
}

func FuzzChangesOfGitHub(f *testing.F) {
	for event, body := range map[string]string{"deployment_status": deployed, "push": pushed, "deployment": asked} {
		f.Add(event, body)
	}
	f.Fuzz(func(t *testing.T, event, body string) {
		got, err := changeInbox(hookSecret).Changes(t.Context(), changeEvent(event, body, hookSecret))
		if code := tagout.CodeOf(err); err != nil && code != tagout.Invalid {
			t.Errorf("%s: %v", code, err)
		}
		for _, d := range got {
			if d.ID == "" || d.Agent != "mailer" || d.To == "" || len(d.To) > 200 || len(d.URL) > 2000 || d.By == "" || d.At.IsZero() || d.At.After(changedAt) {
				t.Errorf("%+v", d)
			}
		}
	})
}
