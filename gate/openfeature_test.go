package gate_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"tagout"
	"tagout/gate"
)

// told is what an OpenFeature client was told.
type told struct {
	Value     string         `json:"value"`
	Reason    string         `json:"reason"`
	Variant   string         `json:"variant"`
	ErrorCode string         `json:"errorCode"`
	Metadata  map[string]any `json:"metadata"`
	Allowed   bool           `json:"allowed"` // of flagd only
	Frozen    bool           `json:"frozen"`
}

// nodeAgent is a running agent of internal/story/openfeature.
type nodeAgent struct {
	t       *testing.T
	ask     io.Writer
	answers *bufio.Scanner
}

func (a nodeAgent) read(context string) told {
	a.t.Helper()
	if _, err := io.WriteString(a.ask, "read "+context+"\n"); err != nil {
		a.t.Fatal(err)
	}
	if !a.answers.Scan() {
		a.t.Fatalf("the agent ended: %v", a.answers.Err())
	}
	var answer told
	if err := json.Unmarshal(a.answers.Bytes(), &answer); err != nil {
		a.t.Fatalf("the agent said %q: %v", a.answers.Text(), err)
	}
	return answer
}

func TestAnOpenFeatureClientReadsTheModeBeforeDuringAndAfterAStop(t *testing.T) {
	t.Parallel()
	dir := nodeProject(t)
	g := loaded(t, gate.Options{Journal: journalPath(t)})
	server := httptest.NewServer(g.Handler())
	defer server.Close()
	agent := startAgent(t, dir, "agent.mjs", server.URL)

	if got := agent.read(`{"channel":"email","region":"eu"}`); got.Value != "running" || got.Reason != "DEFAULT" || got.ErrorCode != "" {
		t.Errorf("before: %+v", got)
	}
	hang(t, g, stopOf("h1", "mailer/email", tagout.Halted))
	held := agent.read(`{"channel":"Email","region":"eu","targetingKey":"mailer-1"}`)
	if held.Value != "halted" || held.Reason != "TARGETING_MATCH" || held.Metadata["fallback"] != "send the plain template" || held.Metadata["incident"] != "INC pending" {
		t.Errorf("during: %+v", held)
	}
	if got := agent.read(`{"channel":"sms"}`); got.Value != "running" {
		t.Errorf("another channel: %+v", got)
	}
	if got := agent.read(`{}`); got.Value != "halted" {
		t.Errorf("saying nothing: %+v", got)
	}
	g.Committed([]tagout.Hold{holdOn("h1", "mailer/email", tagout.Halted)})
	g.Lift([]tagout.HoldID{"h1"}, nil)
	if got := agent.read(`{"channel":"email"}`); got.Value != "running" {
		t.Errorf("after: %+v", got)
	}
	server.CloseClientConnections()
	server.Close()
	if got := agent.read(`{"channel":"email"}`); got.Value != "halted" || got.ErrorCode == "" {
		t.Errorf("with Tagout gone: %+v", got)
	}
}

func TestAnOpenFeatureClientOfAnUndeclaredAgentTakesItsDefault(t *testing.T) {
	t.Parallel()
	dir := nodeProject(t)
	g := loaded(t, gate.Options{Agents: tagout.Registry{"other": {Name: "other"}}})
	server := httptest.NewServer(g.Handler())
	defer server.Close()
	if got := startAgent(t, dir, "agent.mjs", server.URL).read(`{}`); got.Value != "halted" || got.ErrorCode != "FLAG_NOT_FOUND" {
		t.Errorf("told %+v", got)
	}
}

func startAgent(t *testing.T, dir, program, address string) nodeAgent {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "node", program, address)
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	ask, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = ask.Close() // it ends at the end of its input
		_ = cmd.Wait()
	})
	return nodeAgent{t, ask, bufio.NewScanner(answers)}
}

func TestAnInProcessClientDecidesByItselfAndHaltsWhenItsLeaseEnds(t *testing.T) {
	t.Parallel()
	dir := nodeProject(t)
	registry := agents()
	registry["mailer"].Lease = 3 * time.Second
	g := loaded(t, gate.Options{Agents: registry, Journal: journalPath(t)})
	s := startSync(t, g)
	agent := startAgent(t, dir, "flagd-agent.mjs", s.address)
	email, sms := `{"channel":"EMAIL","region":"eu","tool":"read"}`, `{"channel":"sms","region":"eu"}`

	until(t, "it may run", func() bool { // a busy machine may renew the lease late
		got := agent.read(email)
		return got.Value == "running" && got.Allowed && !got.Frozen && got.ErrorCode == ""
	})
	hang(t, g, stopOf("h1", "mailer/email", tagout.Halted))
	until(t, "the stop is heard", func() bool { return agent.read(email).Value == "halted" })
	if got := agent.read(email); got.Allowed || !got.Frozen || got.Metadata["fallback"] != "send the plain template" || got.Metadata["incident"] != "INC pending" || got.Metadata["reason"] != "reason of h1" {
		t.Errorf("during: %+v", got)
	}
	until(t, "another channel may run", func() bool {
		got := agent.read(sms)
		return got.Value == "running" && got.Allowed && got.Frozen
	})
	for _, context := range []string{`{}`, `{"region":"eu"}`, `{"channel":7}`, `{"channel":"fax"}`, `{"channel":["sms"]}`, `{"channel":" sms"}`} {
		if got := agent.read(context); got.Value != "halted" || got.Allowed {
			t.Errorf("saying %s: %+v", context, got)
		}
	}
	g.Committed([]tagout.Hold{holdOn("h1", "mailer/email", tagout.Halted)})
	g.Lift([]tagout.HoldID{"h1"}, nil)
	until(t, "the lift is heard", func() bool { return agent.read(email).Value == "running" })

	stopped, cancel := context.WithCancel(context.Background())
	cancel() // at once, as if it had been killed
	s.server.Stop(stopped)
	until(t, "the lease is over", func() bool { return agent.read(email).Value == "halted" })
	spoofed := `{"channel":"email","region":"eu","tool":"read","$flagd":{"timestamp":1},"$flagd.timestamp":1}`
	if got := agent.read(spoofed); got.Value != "halted" || got.Allowed || !got.Frozen || got.ErrorCode != "" {
		t.Errorf("with a clock of its own: %+v", got)
	}
}

// nodeProject is the folder of the agent with its packages: the source tree's if they were
// installed there, otherwise a copy into which they are.
func nodeProject(t *testing.T) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatalf("%s is needed: %v", tool, err)
			}
			t.Skipf("without %s there is no OpenFeature client to try", tool)
		}
	}
	source := filepath.Join("..", "internal", "story", "openfeature")
	if _, err := os.Stat(filepath.Join(source, "node_modules", "@openfeature", "flagd-provider")); err == nil {
		return source
	}
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc", "agent.mjs", "flagd-agent.mjs"} {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}
