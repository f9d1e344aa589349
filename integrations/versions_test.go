package integrations_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"tagout"
	"tagout/integrations"
)

// versionRig is a control of the mailer, which knows its prompt and nothing else, and a far
// side that takes everything, and runs what the test says.
type versionRig struct {
	far     *receiver
	control tagout.Control
	runs    func(version string) // "" for one that is told in no way that can be understood
}

// versioned are all kinds of control with a component. Adding one is a row here.
func versioned() map[string]func(t *testing.T) versionRig {
	return map[string]func(t *testing.T) versionRig{
		"webhook": versionedWebhook, "kubernetes": versionedKubernetes,
		"http, in the answer": func(t *testing.T) versionRig {
			return versionedHTTP(t, `read: {url: %[1]q, path: mode, values: {halted: halted, running: running}, versions: {prompt: versions.prompt}}`)
		},
		"http, asked for by itself": func(t *testing.T) versionRig {
			return versionedHTTP(t, `read: {url: %[1]q, path: mode, values: {halted: halted, running: running}}
versions:
  prompt:
    settle: 1h
    apply: {method: PUT, url: "%[1]s&component={{query .Component}}", body: '{"to": {{json .Version}}}'}
    read: {url: "%[1]s&of={{query .Component}}", path: versions.prompt}`)
		},
	}
}

func versionedWebhook(t *testing.T) versionRig {
	r := newReceiver(t)
	return versionRig{r, newWebhookControl(t, r.url, signingSecret), r.saysVersion(`{"agent":"mailer","applied":[{"scope":"mailer","mode":"halted"}],"versions":{"prompt":%s}}`)}
}

func versionedHTTP(t *testing.T, settings string) versionRig {
	r := newReceiver(t)
	settings = "auth: {bearer: " + token + "}\napply: {url: %[1]q, body: '{\"mode\": {{json .Mode}}, \"versions\": {{json .Versions}}}'}\n" + settings
	return versionRig{r, newHTTPControl(t, fmt.Sprintf(settings, r.url)), r.saysVersion(`{"mode":"halted","versions":{"prompt":%s}}`)}
}

// saysVersion answers with a version in a format; one that is "" is an object.
func (r *receiver) saysVersion(format string) func(string) {
	return func(version string) {
		text := `"` + version + `"`
		if version == "" {
			text = `{"` + echoed + `":1}`
		}
		r.say(0, fmt.Sprintf(format, text))
	}
}

func versionedKubernetes(t *testing.T) versionRig {
	r := newReceiver(t)
	var image atomic.Value
	image.Store("mailer:v42")
	deployment := func() string {
		return fmt.Sprintf(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"mailer","namespace":"agents","annotations":{"tagout.dev/held":"mailer=halted","tagout.dev/replicas":"3"}},
			"spec":{"replicas":0,"selector":{"matchLabels":{"app":"mailer"}},"template":{"spec":{"containers":[{"name":"agent","image":%q}]}}}}`, image.Load())
	}
	r.answers = func(req *http.Request) string {
		switch {
		case strings.HasSuffix(req.URL.Path, "/pods"):
			return `{"apiVersion":"v1","kind":"PodList","metadata":{},"items":[]}`
		case req.Method == http.MethodPatch:
			return deployment() // it takes the change, and stays as it is
		}
		return `{"apiVersion":"apps/v1","kind":"DeploymentList","metadata":{},"items":[` + deployment() + `]}`
	}
	settings := "{namespace: agents, selector: app=mailer, kinds: [deployments], components: {prompt: {container: agent}}, kubeconfig: %q}"
	control, err := integrations.NewControl(yamlVendor("kubernetes", fmt.Sprintf(settings, kubeconfig(t, r.url))), integrations.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	return versionRig{r, control, func(version string) {
		if version != "" {
			version = ":" + version
		}
		image.Store("mailer" + version)
	}}
}

// rolledBack wants the prompt of the halted mailer to be v41, and the policy, which is none
// of these controls', to be p7.
func rolledBack() tagout.Wanted {
	return tagout.Wanted{Agent: "mailer", Holds: []tagout.Hold{{Scope: tagout.MustScope("mailer"), Mode: tagout.Halted}}, Versions: map[string]string{"prompt": "v41", "policy": "p7"}}
}

func TestAVersionIsConfirmedOnlyOnceItRuns(t *testing.T) {
	t.Parallel()
	for kind, make := range versioned() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			c := make(t)
			for _, now := range []string{"v42", "v42", "v40", "", "v41"} { // slow, or lying, or odd; then done
				c.runs(now)
				if err := c.control.Apply(t.Context(), rolledBack()); err != nil {
					t.Fatal(err)
				}
				o, err := c.control.Read(t.Context(), "mailer")
				if err != nil && now != "" {
					t.Fatal(err)
				}
				mentionsNoSecret(t, err)
				confirmed := o.ConfirmsVersions(tagout.Wanted{Versions: map[string]string{"prompt": "v41"}}, map[string]bool{"prompt": true})
				if confirmed != (now == "v41") || o.Versions["prompt"] != now {
					t.Errorf("runs %q: tells %v", now, o.Versions)
				}
				if _, told := o.Versions["policy"]; told {
					t.Errorf("tells %v of a component that it does not know", o.Versions)
				}
				if err == nil && !o.Confirms(rolledBack(), nil) {
					t.Errorf("runs %q: the stop is not seen: %+v", now, o.Applied)
				}
			}
		})
	}
}

func TestAVersionThatSettlesIsAskedForOnceUntilAnotherRuns(t *testing.T) {
	t.Parallel()
	c := versioned()["http, asked for by itself"](t)
	puts := func() (count int) {
		for _, req := range c.far.http {
			if req.Method == http.MethodPut {
				count++
			}
		}
		return count
	}
	for _, step := range []struct {
		runs string
		puts int
	}{{"v42", 1}, {"v42", 1}, {"v41", 1}, {"v41", 1}, {"v42", 1}, {"v42", 2}} {
		if err := c.control.Apply(t.Context(), rolledBack()); err != nil {
			t.Fatal(err)
		}
		c.runs(step.runs)
		if _, err := c.control.Read(t.Context(), "mailer"); err != nil {
			t.Fatal(err)
		}
		if puts() != step.puts {
			t.Errorf("%+v: asked for %d times", step, puts())
		}
	}
	for i, body := range c.far.bodies {
		if c.far.http[i].Method == http.MethodPut && string(body) != `{"to": "v41"}` {
			t.Errorf("sent %s", body)
		}
	}
}

func TestAStopGoesAheadOfVersionsAndAStartComesAfterThem(t *testing.T) {
	t.Parallel()
	c := versioned()["http, asked for by itself"](t)
	c.runs("v42")
	c.far.statusOf = func(req *http.Request) int {
		if req.Method == http.MethodPut {
			return http.StatusServiceUnavailable
		}
		return 0
	}
	err := c.control.Apply(t.Context(), rolledBack())
	if err == nil || tagout.IsFinal(err) || !strings.Contains(err.Error(), "Version of prompt") || len(c.far.requests()) != 2 || c.far.http[0].Method != http.MethodPost {
		t.Errorf("error %v after %d requests", err, len(c.far.requests()))
	}
	mentionsNoSecret(t, err)
	if o, err := c.control.Read(t.Context(), "mailer"); err != nil || !o.Confirms(rolledBack(), nil) {
		t.Errorf("%+v, error %v", o, err)
	}
	starts := func() (count int) {
		for i, body := range c.far.bodies {
			if c.far.http[i].Method == http.MethodPost && strings.Contains(string(body), "running") {
				count++
			}
		}
		return count
	}
	free := rolledBack()
	free.Holds = nil
	if err := c.control.Apply(t.Context(), free); err == nil || starts() != 0 {
		t.Errorf("error %v, started %d times", err, starts())
	}
	c.far.statusOf = nil
	for _, step := range []struct {
		runs   string
		starts int
	}{{"v42", 0}, {"v41", 0}, {"v41", 1}} {
		if err := c.control.Apply(t.Context(), free); err != nil || starts() != step.starts {
			t.Errorf("%+v: error %v, started %d times", step, err, starts())
		}
		c.runs(step.runs)
		if _, err := c.control.Read(t.Context(), "mailer"); err != nil {
			t.Fatal(err)
		}
	}
}
