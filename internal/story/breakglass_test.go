package story_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"tagout"
)

// breaksGlass runs the real binary against the world's Tagout.
func (w *world) breaksGlass(token string, args ...string) (code int, stdout, stderr string) {
	w.t.Helper()
	path, err := built()
	if err != nil {
		w.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	command := exec.CommandContext(w.ctx, path, args...)
	command.Env = append(os.Environ(), "TAGOUT_SERVER=http://"+w.address, "TAGOUT_TOKEN="+token)
	command.Stdout, command.Stderr = &out, &errs
	err = command.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	if err != nil && !ended {
		w.t.Fatal(err)
	}
	if ended {
		code = exit.ExitCode()
	}
	if strings.Contains(out.String()+errs.String(), token) {
		w.t.Errorf("the token is shown: %s %s", out.String(), errs.String())
	}
	return code, out.String(), errs.String()
}

// TestTheGlassCanBeBrokenWhileSlackIsDown: a terminal and a token are enough to stop an agent,
// and not to start it again.
func TestTheGlassCanBeBrokenWhileSlackIsDown(t *testing.T) {
	tell(t, []setting{{"postgres", "http"}}, func(t *testing.T, w *world) {
		w.log.expect("slack", "Slack", "page")
		w.slackDown = true
		w.slack.Down(true)
		code, out, errs := w.breaksGlass("stop-token", "kill", "mailer/email", "sev1", "wrong", "people")
		if code != 0 || !strings.Contains(out, "halted") || !strings.Contains(out, "INC-1") || errs != "" {
			t.Fatalf("exit %d: %s %s", code, out, errs)
		}
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.eventually("the control is told", func() bool { return w.mailer.holding("mailer/email") })

		code, out, _ = w.breaksGlass("read-token", "status", "--json", "mailer/email")
		var answer struct{ Text string }
		if err := json.Unmarshal([]byte(out), &answer); code != 0 || err != nil || !strings.Contains(answer.Text, "halted") {
			t.Errorf("exit %d: %s", code, out)
		}
		for _, refused := range []struct{ token, verb string }{{"read-token", "kill"}, {"stop-token", "status"}, {"nobodys-token", "kill"}} {
			if code, out, errs := w.breaksGlass(refused.token, refused.verb, "researcher"); code != 4 || out != "" || errs == "" {
				t.Errorf("%s with %s: exit %d: %s %s", refused.verb, refused.token, code, out, errs)
			}
		}
		if code, _, errs := w.breaksGlass("breakglass-token", "resume", "INC-1"); code == 0 {
			t.Errorf("resumed: %s", errs)
		}
		w.agentSees("researcher", map[string]string{"channel": "crm", "region": "us"}, tagout.Running)

		w.slackDown = false
		w.slack.Down(false)
		w.room("inc-1-")
	})
}
