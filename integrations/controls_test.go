package integrations_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagout"
	"tagout/integrations"
)

// controlRig is a control that talks to a receiver, which answers that the agent runs.
type controlRig struct {
	far     *receiver
	control tagout.Control
	wanted  tagout.Wanted
	garbage string // an answer that looks like one, and says nothing
}

// controls are all kinds of control, each with a fresh far side. Adding one is a row here.
func controls() map[string]func(t *testing.T) controlRig {
	return map[string]func(t *testing.T) controlRig{"webhook": newWebhookRig, "http": newHTTPRig, "kubernetes": newKubernetesRig}
}

func applyRig(_ *testing.T, c controlRig) rig {
	return rig{far: c.far, send: func(ctx context.Context, _ tagout.Page) error { return c.control.Apply(ctx, c.wanted) }}
}

func readRig(c controlRig) rig {
	return rig{far: c.far, send: func(ctx context.Context, _ tagout.Page) error {
		_, err := c.control.Read(ctx, "mailer")
		return err
	}}
}

func newWebhookRig(t *testing.T) controlRig {
	r := newReceiver(t)
	r.answer = `{"agent":"mailer","applied":[]}`
	return controlRig{r, newWebhookControl(t, r.url, signingSecret), wanted(), `{"agent":"mailer","applied":[{"scope":"mailer","mode":"` + echoed + `"}]}`}
}

// oneDeployment is the mailer at work, as the API server lists it.
const oneDeployment = `{"apiVersion":"apps/v1","kind":"DeploymentList","metadata":{},"items":[{"apiVersion":"apps/v1","kind":"Deployment",
	"metadata":{"name":"mailer","namespace":"agents"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"mailer"}}}}]}`

func newKubernetesRig(t *testing.T) controlRig {
	r := newReceiver(t)
	r.answer = oneDeployment
	r.answers = func(req *http.Request) string {
		if req.Method == http.MethodPatch {
			return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"mailer"}}`
		}
		return ""
	}
	control, err := integrations.NewControl(yamlVendor("kubernetes", fmt.Sprintf("{namespace: agents, selector: app=mailer, kinds: [deployments], kubeconfig: %q}", kubeconfig(t, r.url))), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return controlRig{r, control, tagout.Wanted{Agent: "mailer"}, `{"kind":"Status","apiVersion":"v1","status":"` + echoed + `"}`}
}

func kubeconfig(t *testing.T, url string) string {
	t.Helper()
	server, _, _ := strings.Cut(url, "/hook")
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, contexts: [{name: c, context: {cluster: k, user: u}}],
clusters: [{name: k, cluster: {server: %q}}], users: [{name: u, user: {token: %s}}]}`, server, token)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func kubernetesApply(t *testing.T) rig { return applyRig(t, newKubernetesRig(t)) }
func kubernetesRead(t *testing.T) rig  { return readRig(newKubernetesRig(t)) }

func TestAControlThatSaysYesAndRunsOnIsNotConfirmed(t *testing.T) {
	t.Parallel()
	for kind, make := range controls() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := make(t)
			w := tagout.Wanted{Agent: "mailer", Holds: []tagout.Hold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}}
			for range 2 { // asking again does no harm
				if err := c.control.Apply(t.Context(), w); err != nil {
					t.Fatal(err)
				}
			}
			o, err := c.control.Read(t.Context(), "mailer")
			if err != nil || o.Confirms(w, nil) || len(o.Applied) > 0 {
				t.Errorf("%+v, error %v", o, err)
			}
		})
	}
}

func TestAControlThatTalksNonsenseIsNotConfirmed(t *testing.T) {
	t.Parallel()
	for kind, make := range controls() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := make(t)
			for name, answer := range map[string]string{
				"empty": "", "not JSON": echoed, "array": `["` + echoed + `"]`, "null": "null", "number": "1", "an object": `{}`, "nonsense": c.garbage,
				"two values": `{"mode":"halted"}{"mode":"halted"}`, "cut off": c.far.answer[:len(c.far.answer)-2],
			} {
				c.far.say(0, answer)
				o, err := c.control.Read(t.Context(), "mailer")
				if err == nil || len(o.Applied) > 0 {
					t.Errorf("%s: %+v, error %v", name, o, err)
				}
				mentionsNoSecret(t, err)
			}
		})
	}
}

func TestAChangeThatTheClusterRefusesIsJudgedByItsStatus(t *testing.T) {
	t.Parallel()
	for status, final := range map[int]bool{403: true, 422: true, 409: false, 429: false, 500: false, 503: false, 504: false} {
		c := newKubernetesRig(t)
		c.far.statusOf = func(req *http.Request) int {
			if req.Method == http.MethodPatch {
				return status
			}
			return 0
		}
		w := tagout.Wanted{Agent: "mailer", Holds: []tagout.Hold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}}
		err := c.control.Apply(t.Context(), w)
		if status == 409 {
			if err == nil || tagout.IsFinal(err) {
				t.Errorf("%d: error %v", status, err)
			}
			continue
		}
		if err == nil || tagout.IsFinal(err) != final || !strings.Contains(err.Error(), "Deployment mailer") {
			t.Errorf("%d: error %v", status, err)
		}
		mentionsNoSecret(t, err)
	}
}
