package integrations_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tagout"
	"tagout/integrations"
)

// recipe is the settings of the HTTP control below a heading of the documentation.
func recipe(t *testing.T, heading string, replace ...string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/controls.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "### "+heading+"\n")
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(after)
	if block == nil {
		t.Fatalf("there is no recipe for %s", heading)
	}
	var written struct {
		Controls []struct {
			HTTP yaml.MapSlice `yaml:"http"`
		} `yaml:"controls"`
	}
	text := strings.NewReplacer(replace...).Replace(block[1])
	if err := yaml.Unmarshal([]byte(text), &written); err != nil || len(written.Controls) != 1 {
		t.Fatalf("%s: %v", heading, err)
	}
	settings, err := yaml.Marshal(written.Controls[0].HTTP)
	if err != nil {
		t.Fatal(err)
	}
	return string(settings)
}

// flag is a service with one feature flag, which answers only what it documents.
type flag struct {
	on      bool
	strange []string // requests that the service does not know
}

func (f *flag) serve(t *testing.T, known func(r *http.Request, body string) (status int, answer string, ok bool)) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		status, answer, ok := known(r, string(body))
		if !ok {
			f.strange = append(f.strange, fmt.Sprint(r.Method, " ", r.URL, " ", r.Header.Get("Content-Type"), " ", string(body)))
			status = http.StatusBadRequest
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// launchDarkly knows semantic patches and reading of one flag.
func (f *flag) launchDarkly(r *http.Request, body string) (int, string, bool) {
	if r.URL.Path != "/api/v2/flags/default/agent-mailer" {
		return 0, "", false
	}
	if r.Method == http.MethodPatch {
		var patch struct {
			EnvironmentKey string                  `json:"environmentKey"`
			Comment        string                  `json:"comment"`
			Instructions   []struct{ Kind string } `json:"instructions"`
		}
		strict := json.NewDecoder(strings.NewReader(body))
		strict.DisallowUnknownFields()
		if strict.Decode(&patch) != nil || r.Header.Get("Content-Type") != "application/json; domain-model=launchdarkly.semanticpatch" ||
			patch.EnvironmentKey != "production" || len(patch.Instructions) != 1 {
			return 0, "", false
		}
		on, known := map[string]bool{"turnFlagOn": true, "turnFlagOff": false}[patch.Instructions[0].Kind]
		f.on = on
		return 200, f.launchDarklyFlag(), known
	}
	return 200, f.launchDarklyFlag(), r.Method == http.MethodGet && r.URL.RawQuery == "env=production"
}

func (f *flag) launchDarklyFlag() string {
	return fmt.Sprintf(`{"name":"Agent mailer","kind":"boolean","key":"agent-mailer","_version":4,"archived":false,"variations":[{"value":true},{"value":false}],
		"environments":{"production":{"on":%t,"archived":false,"version":9,"targets":[],"rules":[],"offVariation":1,"_environmentName":"Production"}}}`, f.on)
}

// unleash knows the admin API's switch of a feature in an environment, and reading it.
func (f *flag) unleash(r *http.Request, body string) (int, string, bool) {
	const place = "/api/admin/projects/default/features/agent-mailer/environments/production"
	switch r.Method + " " + r.URL.String() {
	case "POST " + place + "/on", "POST " + place + "/off":
		f.on = strings.HasSuffix(r.URL.Path, "/on")
		return 200, "", body == ""
	case "GET " + place:
		return 200, fmt.Sprintf(`{"name":"production","featureName":"agent-mailer","environment":"production","type":"production","enabled":%t,"sortOrder":9999,"strategies":[{"name":"default","parameters":{}}]}`, f.on), true
	}
	return 0, "", false
}

func TestTheRecipesOfThisPageWork(t *testing.T) {
	t.Parallel()
	services := map[string]func(t *testing.T, f *flag) string{
		"LaunchDarkly": func(t *testing.T, f *flag) string {
			url := f.serve(t, f.launchDarkly)
			return recipe(t, "LaunchDarkly", "https://app.launchdarkly.com", url, "${LAUNCHDARKLY_TOKEN}", token)
		},
		"Unleash": func(t *testing.T, f *flag) string {
			url := f.serve(t, f.unleash)
			return recipe(t, "Unleash", "https://unleash.example.com", url, "${UNLEASH_TOKEN}", token)
		},
	}
	for name, settings := range services {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &flag{on: true}
			control, err := integrations.NewControl(yamlVendor("http", settings(t, f)), integrations.Deps{})
			if err != nil {
				t.Fatal(err)
			}
			held := tagout.Wanted{Agent: "mailer", Holds: []tagout.Hold{{Scope: tagout.Everything, Mode: tagout.Halted}}}
			for _, step := range []struct {
				w  tagout.Wanted
				on bool
			}{{held, false}, {held, false}, {tagout.Wanted{Agent: "mailer"}, true}} {
				if err := control.Apply(t.Context(), step.w); err != nil {
					t.Fatal(err)
				}
				o, err := control.Read(t.Context(), "mailer")
				if err != nil || f.on != step.on || !o.Confirms(step.w, nil) || (len(o.Applied) > 0) == step.on {
					t.Errorf("on %t, observed %+v, error %v", f.on, o, err)
				}
			}
			f.on = true
			if err := control.Apply(t.Context(), held); err != nil || len(f.strange) > 0 {
				t.Errorf("error %v; not understood: %q", err, f.strange)
			}
		})
	}
}

func TestTheExamplesOfVersionsCanBeUsed(t *testing.T) {
	t.Parallel()
	if _, err := integrations.NewControl(yamlVendor("http", recipe(t, "Requests for versions")), integrations.Deps{}); err != nil {
		t.Error(err)
	}
}
