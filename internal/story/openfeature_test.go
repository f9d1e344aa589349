package story_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tagout"
)

// TestARealOpenFeatureClientReadsTheModeBeforeDuringAndAfterAKill: an agent with an
// unmodified client is stopped by a command in Slack, and resumed by a signature there.
func TestARealOpenFeatureClientReadsTheModeBeforeDuringAndAfterAKill(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		agent := w.employs()
		if got := agent.reads(emailEU()); got.Value != "running" || got.ErrorCode != "" {
			t.Fatalf("before: %+v", got)
		}

		w.types("U0IC", "#general", "/kill mailer/email sev1 wrong people")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.reads("U0IC", "#general", "halted.*INC-1")
		held := agent.reads(map[string]string{"channel": "Email", "region": "eu"})
		if held.Value != "halted" || held.Reason != "TARGETING_MATCH" || held.Metadata["fallback"] != "send the plain template" {
			t.Errorf("during: %+v", held)
		}
		w.eventually("the client is told the incident", func() bool { return agent.reads(emailEU()).Metadata["incident"] == "INC-1" })
		if got := agent.reads(smsUS()); got.Value != "running" {
			t.Errorf("another channel: %+v", got)
		}
		if got := agent.reads(nil); got.Value != "halted" {
			t.Errorf("without a word of what it is about to do: %+v", got)
		}

		room := w.room("inc-1-")
		w.asksToResume("U0IC", room, deliverables)
		if got := agent.reads(emailEU()); got.Value != "halted" {
			t.Errorf("asked for, and not signed: %+v", got)
		}
		w.presses("U0LEGAL", room, "GO")
		w.eventually("the client is told that it may run", func() bool { return agent.reads(emailEU()).Value == "running" })

		w.stops()
		if got := agent.reads(emailEU()); got.Value != "halted" || got.ErrorCode == "" {
			t.Errorf("with Tagout stopped: %+v", got)
		}
	})
}

// TestAnInProcessClientHaltsByItselfOnceTagoutIsGone: an agent that decides by itself hears a
// command of Slack, shows up as an instance, and halts when its lease ends.
func TestAnInProcessClientHaltsByItselfOnceTagoutIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setting{"sqlite", "http"})
	w.params.FlagdListen, w.params.Lease = keepPort(t), "3s"
	w.starts()
	agent := w.employsTo("flagd-agent.mjs", w.params.FlagdListen)
	w.eventually("it may run", func() bool { return agent.reads(smsUS()).Value == "running" })

	w.types("U0IC", "#general", "/kill mailer/email sev1 wrong people")
	w.eventually("it hears the stop", func() bool { return agent.reads(emailEU()).Value == "halted" })
	w.eventually("another channel goes on", func() bool { return agent.reads(smsUS()).Value == "running" })
	w.eventually("the gate knows that it heard", func() bool {
		var answer struct {
			HeardBy string `json:"heard_by"`
		}
		w.get("/v1/agents/mailer/gate?for=change", &answer)
		return strings.HasPrefix(answer.HeardBy, "1 of 1 instance")
	})

	w.stops()
	w.eventually("its lease is over", func() bool { return agent.reads(smsUS()).Value == "halted" })
}

// details is what the client knows of a flag.
type details struct {
	Value     string         `json:"value"`
	Reason    string         `json:"reason"`
	ErrorCode string         `json:"errorCode"`
	Metadata  map[string]any `json:"metadata"`
}

// employee is a running agent of the folder openfeature.
type employee struct {
	w       *world
	ask     io.Writer
	answers *bufio.Scanner
}

// reads makes the agent ask what it may do.
func (e employee) reads(attributes map[string]string) (answer details) {
	e.w.t.Helper()
	if attributes == nil {
		attributes = map[string]string{}
	}
	asked, err := json.Marshal(attributes)
	if err == nil {
		_, err = io.WriteString(e.ask, "read "+string(asked)+"\n")
	}
	if err != nil {
		e.w.t.Fatal(err)
	}
	if !e.answers.Scan() {
		e.w.t.Fatalf("the agent ended: %v", e.answers.Err())
	}
	if err := json.Unmarshal(e.answers.Bytes(), &answer); err != nil {
		e.w.t.Fatalf("the agent said %q", e.answers.Text())
	}
	return answer
}

// employs starts the agent against the world's Tagout.
func (w *world) employs() employee {
	w.t.Helper()
	return w.employsTo("agent.mjs", "http://"+w.address)
}

// employsTo starts a program of the agent's folder.
func (w *world) employsTo(program, address string) employee {
	w.t.Helper()
	dir, err := nodeProject()
	if err != nil {
		if os.Getenv("CI") == "true" {
			w.t.Fatal(err)
		}
		w.t.Skip(err)
	}
	command := exec.CommandContext(w.ctx, "node", program, address)
	command.Dir, command.Stderr = dir, os.Stderr
	ask, err := command.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	answers, err := command.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ask.Close() // it ends at the end of its input
		command.Wait()
	})
	return employee{w, ask, bufio.NewScanner(answers)}
}

// nodeProject is the agent's folder with its packages: the source tree's if they were
// installed there, otherwise a copy into which they are, once for all stories.
var nodeProject = sync.OnceValues(func() (string, error) {
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "", tagout.Errorf(tagout.NotFound, "without %s there is no OpenFeature client to try: run scripts/ensure-deps.sh", tool)
		}
	}
	if _, err := os.Stat(filepath.Join("openfeature", "node_modules", "@openfeature", "flagd-provider")); err == nil {
		return "openfeature", nil
	}
	dir, err := shelf("openfeature")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "agent.mjs", "flagd-agent.mjs"} {
		content, err := os.ReadFile(filepath.Join("openfeature", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), content, 0o600)
		}
		if err != nil {
			return "", err
		}
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return "", tagout.Errorf(tagout.Unavailable, "npm ci: %v\n%s", err, out)
	}
	return dir, nil
})
