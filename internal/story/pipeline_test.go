package story_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// action is a composite action of GitHub's, as far as the stories run it.
type action struct {
	Inputs map[string]struct {
		Required bool    `yaml:"required"`
		Default  *string `yaml:"default"`
	} `yaml:"inputs"`
	Runs struct {
		Using string `yaml:"using"`
		Steps []struct {
			Shell string            `yaml:"shell"`
			Env   map[string]string `yaml:"env"`
			Run   string            `yaml:"run"`
		} `yaml:"steps"`
	} `yaml:"runs"`
}

// outcomeOf is what a run of an action left behind.
type outcomeOf struct {
	failed                bool
	log, outputs, summary string
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z_.]+) *\}\}`)

// pipeline runs an action of deploy/github as a runner would.
func (w *world) pipeline(name string, inputs map[string]string) outcomeOf {
	w.t.Helper()
	needs(w.t, "bash", "curl", "jq")
	var a action
	text, err := os.ReadFile("../../deploy/github/" + name + "/action.yml")
	if err == nil {
		err = yaml.Unmarshal(text, &a)
	}
	if err != nil || a.Runs.Using != "composite" || len(a.Runs.Steps) == 0 {
		w.t.Fatalf("%s is no composite action: %v", name, err)
	}
	facts := map[string]string{"github.actor": "alice", "github.server_url": "https://github.example", "github.repository": "o/r", "github.run_id": "42"}
	for key, in := range a.Inputs {
		if in.Required == (in.Default != nil) {
			w.t.Errorf("the input %s of %s must have a default or be required", key, name)
		}
		if in.Default != nil {
			facts["inputs."+key] = *in.Default
		}
	}
	for key, value := range inputs {
		facts["inputs."+key] = value
	}
	var out outcomeOf
	for _, step := range a.Runs.Steps {
		if step.Shell != "bash" || strings.Contains(step.Run, "${{") {
			w.t.Errorf("a step of %s must be of bash, and take what it is given from its environment", name)
		}
		w.runStep(step.Run, step.Env, facts, &out)
	}
	return out
}

func (w *world) runStep(script string, env, facts map[string]string, out *outcomeOf) {
	w.t.Helper()
	dir := w.t.TempDir()
	files := map[string]string{"GITHUB_OUTPUT": filepath.Join(dir, "output"), "GITHUB_STEP_SUMMARY": filepath.Join(dir, "summary")}
	command := exec.CommandContext(w.ctx, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "NO_PROXY=*"}
	for _, key := range slices.Sorted(maps.Keys(env)) {
		value := expression.ReplaceAllStringFunc(env[key], func(found string) string {
			name := expression.FindStringSubmatch(found)[1]
			fact, known := facts[name]
			if !known {
				w.t.Errorf("nobody gives %s", name)
			}
			return fact
		})
		command.Env = append(command.Env, key+"="+value)
	}
	for key, path := range files {
		command.Env = append(command.Env, key+"="+path)
	}
	text, err := command.CombinedOutput()
	out.failed = out.failed || err != nil
	outputs, _ := os.ReadFile(files["GITHUB_OUTPUT"]) // a step may write none
	summary, _ := os.ReadFile(files["GITHUB_STEP_SUMMARY"])
	out.log, out.outputs, out.summary = out.log+string(text), out.outputs+string(outputs), out.summary+string(summary)
}

// TestAPipelineAsksBeforeItChangesAnAgent: nobody changes an agent that is held, or of which
// nobody knows, without saying why.
func TestAPipelineAsksBeforeItChangesAnAgent(t *testing.T) {
	tell(t, []setting{{"sqlite", "socket"}}, func(t *testing.T, w *world) {
		ask := func(token, agent, override string) outcomeOf {
			return w.pipeline("gate", map[string]string{"server": "http://" + w.address + "/", "token": token, "agent": agent, "override": override})
		}
		expect := func(what string, o outcomeOf, failed bool, state string, says ...string) {
			t.Helper()
			if o.failed != failed || !strings.Contains(o.outputs, "state="+state+"\n") {
				t.Errorf("%s: failed %t, outputs %q\n%s", what, o.failed, o.outputs, o.log)
			}
			for _, part := range says {
				if !strings.Contains(o.log, part) {
					t.Errorf("%s: %q is not in\n%s", what, part, o.log)
				}
			}
			if strings.Contains(o.log+o.summary+o.outputs, "-token") {
				t.Errorf("%s: a token is shown\n%s", what, o.log)
			}
		}
		record := func(version, override string) outcomeOf {
			return w.pipeline("change", map[string]string{"server": "http://" + w.address, "token": "read-report-token", "agent": "mailer",
				"component": "prompt", "to": version, "override": override})
		}
		expect("nothing is held", ask("read-report-token", "mailer", ""), false, "open", "nothing of it is held")
		if o := record("v42", ""); o.failed {
			t.Errorf("a change was not recorded\n%s", o.log)
		}

		w.types("U0IC", "#general", "/kill mailer/email/eu complaints ::set-output name=x::100%")
		w.state("INC-1", "contained")
		link := "http://" + w.address + "/v1/incidents/INC-1"
		o := ask("read-report-token", "mailer", "")
		expect("a part is held", o, true, "frozen", "::error title=Do not change mailer::", "complaints", "100%25", link)
		if !strings.Contains(o.summary, link) || strings.Count(o.log, "\n") != 1 {
			t.Errorf("summary %q, log %q", o.summary, o.log)
		}
		expect("another agent", ask("read-report-token", "researcher", ""), false, "open")
		expect("an agent that nobody declared", ask("read-report-token", "nobody", ""), true, "frozen", "Tagout knows no agent of this name")
		expect("a name that is none", ask("read-report-token", "nobody/../mailer", ""), true, "unknown", "Tagout answered 4")

		o = ask("read-report-token", "mailer", "repairs INC-1")
		expect("an override", o, false, "frozen", "::warning title=Freeze overridden by alice::", "repairs INC-1", link)
		if !strings.Contains(o.outputs, "overridden=true") || !strings.Contains(o.summary, "By alice: repairs INC-1") {
			t.Errorf("outputs %q, summary %q", o.outputs, o.summary)
		}
		for range 2 { // a job that is run again
			if o := record("v43", "repairs INC-1"); o.failed {
				t.Errorf("an override was not recorded\n%s", o.log)
			}
		}
		expect("a wrong token", ask("wrong-token", "researcher", ""), true, "unknown", "refused the token (401)")
		expect("a token that may not read", ask("stop-token", "researcher", ""), true, "unknown", "refused the token (403)")

		w.stops()
		expect("Tagout is gone", ask("read-report-token", "researcher", ""), true, "unknown", "could not be reached")
		expect("Tagout is gone, override", ask("read-report-token", "researcher", "the fix cannot wait"), false, "unknown", "the fix cannot wait")
		if o := record("v44", "the fix cannot wait"); !o.failed || !strings.Contains(o.log, "repeating it is safe") {
			t.Errorf("a change that nobody took\n%s", o.log)
		}
	})
}

// TestTheExampleWorkflowUsesTheActionsAsTheyAre: every input that it gives exists, and none
// that is required is missing.
func TestTheExampleWorkflowUsesTheActionsAsTheyAre(t *testing.T) {
	t.Parallel()
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct {
				Uses string            `yaml:"uses"`
				With map[string]string `yaml:"with"`
			} `yaml:"steps"`
		} `yaml:"jobs"`
	}
	text, err := os.ReadFile("../../deploy/github/deploy-agent.yml")
	if err == nil {
		err = yaml.Unmarshal(text, &workflow)
	}
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	for _, step := range workflow.Jobs["deploy"].Steps {
		name, ours := strings.CutPrefix(step.Uses, "./.github/actions/tagout/")
		if !ours {
			continue
		}
		used++
		var a action
		text, err := os.ReadFile("../../deploy/github/" + name + "/action.yml")
		if err == nil {
			err = yaml.Unmarshal(text, &a)
		}
		if err != nil {
			t.Fatal(err)
		}
		for key, in := range a.Inputs {
			if _, given := step.With[key]; in.Required && !given {
				t.Errorf("%s lacks %s", name, key)
			}
		}
		for key := range step.With {
			if _, known := a.Inputs[key]; !known {
				t.Errorf("%s has no input %s", name, key)
			}
		}
	}
	if used != 2 {
		t.Errorf("uses %d of the actions", used)
	}
}
