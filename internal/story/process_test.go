package story_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"tagout/sandbox"
)

// workshop is a folder for what is made once for all stories.
var workshop = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "tagout-story-") })

// shelf makes a folder in the workshop.
func shelf(name string) (string, error) {
	dir, err := workshop()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, name)
	return dir, os.Mkdir(dir, 0o700)
}

// throwAway removes the workshop, when all stories have ended.
func throwAway() {
	if dir, err := workshop(); err == nil {
		os.RemoveAll(dir)
	}
}

// built is the real binary, with crash points and in as much of a hurry as the stories, made
// once for all of them.
var built = sync.OnceValues(func() (string, error) {
	dir, err := shelf("bin")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tagout")
	out, err := exec.Command("go", "build", "-tags", "crashpoints", "-ldflags", fmt.Sprintf("-s -w -X main.hurry=%d", hurry), "-o", path, "tagout/cmd/tagout").CombinedOutput()
	if err != nil {
		os.Stderr.Write(out)
	}
	return path, err
})

// process is the real binary at work.
type process struct {
	command *exec.Cmd
	died    chan struct{}
}

// launches starts the real binary; crashAt may name a crash point. It returns once the
// process is ready or has died.
func (w *world) launches(crashAt string) *process {
	w.t.Helper()
	path, err := built()
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(path, "serve", "--config", w.configuration(), "--log-level", "debug")
	command.Env = append(os.Environ(), "TAGOUT_CRASH_AT="+crashAt)
	command.Stderr = w.log
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	p := &process{command: command, died: make(chan struct{})}
	go func() {
		command.Wait()
		close(p.died)
	}()
	w.t.Cleanup(func() {
		command.Process.Kill()
		<-p.died
	})
	w.settlesIn(p.dead)
	return p
}

func (p *process) dead() bool {
	select {
	case <-p.died:
		return true
	default:
		return false
	}
}

// killed waits for the end of the process, and reports whether it was by SIGKILL.
func (p *process) killed() bool {
	<-p.died
	status, ok := p.command.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// diesOf sends a form whose consequences kill the process. Whether the form is answered before that
// depends on which is quicker.
func (w *world) diesOf(p *process, user string, values map[string]any) {
	w.t.Helper()
	w.eventually(user+" sees a form", func() bool { return len(w.slack.Views(user)) > 0 })
	problems, err := w.slack.Submit(w.ctx, sandbox.Submission{User: user, Values: values})
	if len(problems) > 0 {
		w.t.Fatalf("%s's form was refused: %v\n%s", user, problems, w.scene())
	}
	w.eventually("the process dies", p.dead)
	if !p.killed() {
		w.t.Fatalf("the process ended by itself\n%s", w.scene())
	}
	if err != nil && len(w.slack.Views(user)) > 0 {
		w.closes(user)
	}
}

// verifies runs `tagout verify` over everything.
func (w *world) verifies() {
	w.t.Helper()
	out, code := w.runs("verify", "--config", filepath.Join(w.dir, "tagout.yaml"))
	if code != 0 {
		w.t.Errorf("tagout verify: exit %d\n%s", code, out)
	}
}

// runs runs the binary to its end.
func (w *world) runs(args ...string) (string, int) {
	w.t.Helper()
	path, err := built()
	if err != nil {
		w.t.Fatal(err)
	}
	var out bytes.Buffer
	command := exec.Command(path, args...)
	command.Stdout, command.Stderr = &out, &out
	command.Run()
	return out.String(), command.ProcessState.ExitCode()
}

func TestMistakesOnTheCommandLineAreExplained(t *testing.T) {
	t.Parallel()
	w := &world{t: t, dir: t.TempDir()}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"demo", "--listen", "0.0.0.0:8080"}, 1, "stays on this machine"},
		{[]string{"serve", "--config", "/nowhere.yaml"}, 1, "cannot be read"},
		{[]string{"dance"}, 2, "unexpected argument"},
		{[]string{"verify", "--config", "testdata/broken.yaml"}, 1, "broken.yaml:"},
		{[]string{"version"}, 0, "tagout"},
		{nil, 0, "Lockout/tagout"},
	} {
		if out, code := w.runs(c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("tagout %v: exit %d, want %d with %q\n%s", c.args, code, c.code, c.says, out)
		}
	}
}

// needs skips a story for want of a program, or fails it where CI=true.
func needs(t *testing.T, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		missing := program + " is not on this machine: run scripts/ensure-deps.sh"
		if os.Getenv("CI") == "true" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
}
