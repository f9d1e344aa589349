package story_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tagout"
)

// TestARealAlertmanagerOpensAnIncident: what amtool fires stops the agent, what it resolves
// stands on the timeline, and what could not be stored comes again.
func TestARealAlertmanagerOpensAnIncident(t *testing.T) {
	t.Parallel()
	for _, o := range []outage{locked, stopped} {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			am := findAlertmanager(t)
			w := newWorld(t, o.setting)
			db := w.arranges(o)
			w.starts()
			am.watches(w)

			am.fires("MailToUnsubscribed", "agent=mailer", "severity=critical")
			w.agentSees("mailer", emailEU(), tagout.Halted)
			room := w.room("inc-1-mailer-policy-violation")
			w.reads("U0IC", room, "MailToUnsubscribed happened")
			w.isPaged("U0LEGAL", "INC-1 SEV-1.*MailToUnsubscribed")
			w.state("INC-1", tagout.StateContained)

			am.resolves("MailToUnsubscribed", "agent=mailer", "severity=critical")
			w.happens("INC-1", tagout.EventAlertResolved, 1)
			if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
				t.Errorf("the alert is over and the mailer is %s, but nobody has signed", got)
			}

			db.goes()
			am.fires("ToneScore", "agent=researcher", "severity=info")
			w.eventually("Alertmanager is told to come back", func() bool { return am.wasRefused() })
			db.returns()
			w.eventually("the alert came again", func() bool { return w.mode("researcher", nil) == string(tagout.Review) })
			w.eventually("its incident is open", func() bool { return len(w.incidents()) == 2 })
			if got := w.events("INC-1", tagout.EventAlert); got != 1 {
				t.Errorf("%d alerts on the timeline of the first incident, want 1", got)
			}
		})
	}
}

// alertmanager is a real one, with the tool to talk to it.
type alertmanager struct {
	w             *world
	program, tool string
	url           string
	started       time.Time
}

// findAlertmanager looks for the programs. Without them the test is skipped, but under CI.
func findAlertmanager(t *testing.T) *alertmanager {
	t.Helper()
	am := &alertmanager{started: time.Now().Add(-time.Minute)}
	for _, name := range []string{"prometheus-alertmanager", "alertmanager"} { // Debian's name, and upstream's
		if path, err := exec.LookPath(name); err == nil {
			am.program = path
			break
		}
	}
	am.tool, _ = exec.LookPath("amtool")
	if am.program != "" && am.tool != "" {
		return am
	}
	const missing = "no Alertmanager on this machine: run `sudo apt-get install -y prometheus-alertmanager` or scripts/ensure-deps.sh"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return nil
}

const alertmanagerConfig = `
route: {receiver: tagout, group_by: [...], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: tagout
    webhook_configs:
      - url: "http://ADDRESS/v1/alerts/alertmanager"
        send_resolved: true
        http_config: {authorization: {credentials: alertmanager-token}}
`

// watches starts the Alertmanager; its alerts go to the world's Tagout.
func (am *alertmanager) watches(w *world) {
	w.t.Helper()
	am.w = w
	dir := w.t.TempDir()
	file := filepath.Join(dir, "alertmanager.yml")
	config := strings.ReplaceAll(alertmanagerConfig, "ADDRESS", w.address)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		w.t.Fatal(err)
	}
	address := keepPort(w.t)
	am.url = "http://" + address
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		w.t.Fatal(err)
	}
	command := exec.Command(am.program, "--config.file="+file, "--storage.path="+filepath.Join(dir, "data"),
		"--web.listen-address="+address, "--cluster.listen-address=")
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
		if text, err := os.ReadFile(log.Name()); err == nil && w.t.Failed() {
			w.t.Logf("Alertmanager said\n%s", text)
		}
	})
	w.eventually("Alertmanager is ready", func() bool { return am.reads("/-/ready") != "" })
}

func (am *alertmanager) fires(name string, labels ...string) {
	am.w.t.Helper()
	am.adds(name, labels, "--annotation=summary="+name+" happened")
}

func (am *alertmanager) resolves(name string, labels ...string) {
	am.w.t.Helper()
	am.adds(name, labels, "--annotation=summary="+name+" happened", "--end="+time.Now().Add(-time.Second).Format(time.RFC3339))
}

// adds runs amtool.
func (am *alertmanager) adds(name string, labels []string, flags ...string) {
	am.w.t.Helper()
	args := append([]string{"--alertmanager.url=" + am.url, "--no-version-check", "alert", "add", "--start=" + am.started.Format(time.RFC3339)}, flags...)
	out, err := exec.Command(am.tool, append(append(args, "alertname="+name), labels...)...).CombinedOutput()
	if err != nil {
		am.w.t.Fatalf("amtool: %v\n%s", err, out)
	}
}

var refusals = regexp.MustCompile(`(?m)^alertmanager_notification_requests_failed_total\{integration="webhook"\} [1-9]`)

// wasRefused reports whether a notification failed, as Alertmanager counts it.
func (am *alertmanager) wasRefused() bool { return refusals.MatchString(am.reads("/metrics")) }

// reads gets a page of the Alertmanager; "" if it does not answer well.
func (am *alertmanager) reads(path string) string {
	response, err := http.Get(am.url + path)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return ""
	}
	return string(text)
}
