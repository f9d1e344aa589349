package story_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tagout/cmd/tagout/demo"
	"tagout/internal/browsertest"
)

// showsDemo runs the demo in this process and returns its address.
func showsDemo(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	log := newJournalist(t)
	d, err := demo.New(demo.Options{Address: address, Data: t.TempDir(), Logger: log.logger(), Version: "story"})
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: d.Handler()}}
	server.Start()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		d.Stop(ctx)
		server.CloseClientConnections()
		server.Close()
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return address
}

const mailerLanes = "[...doc.querySelectorAll('#lanes .lane')].filter((one) => one.textContent.startsWith('mailer/'))"

// TestANewcomerFollowsTheDemoInABrowser does what the page suggests.
func TestANewcomerFollowsTheDemoInABrowser(t *testing.T) {
	t.Parallel()
	p := newTab(t, "http://"+showsDemo(t)+"/", 1440, 900)
	page, slack := p.page(), p.inside("slack")
	lanesAre := func(mode string) {
		t.Helper()
		page.until("the mailer's lanes to be "+mode, mailerLanes+".length === 4 && "+mailerLanes+".every((one) => one.dataset.mode === '"+mode+"')")
	}
	becomes := func(user string) {
		t.Helper()
		slack.presses("#you", "")
		slack.presses("[role=menu] [data-user="+user+"]", "")
		slack.until("the page to be "+user, "doc.querySelector('#you').dataset.user === '"+user+"'")
	}
	lanesAre("running")
	slack.until("the workspace", "doc.querySelector('#app')?.dataset.state === 'ready'")
	page.until("mails to be sent", mailerLanes+".every((one) => parseInt(one.querySelector('.last').textContent) > 2)")
	browsertest.Screenshot(t, p.ctx, "demo-1-at-work")

	page.presses("[data-misbehave=wrong-people]", "Mail the wrong people")
	page.sees(".last.bad", "offer to somebody who unsubscribed")
	lanesAre("halted")
	page.until("the researcher to go on", "[...doc.querySelectorAll('#lanes .lane[data-mode=running]')].some((one) => one.textContent.startsWith('researcher/'))")
	page.sees("#lanes .last", "nothing is sent (INC-1)")
	page.sees("#pages li", "INC-1 SEV-1 → legal (U0LEGAL)")

	slack.presses("[data-channel-name^=inc-1-]", "inc-1-mailer-policy-violation")
	slack.sees("#messages .message", "Mail goes to people who have unsubscribed")
	slack.sees("#messages .message", "1 of 1 confirmed")
	browsertest.Screenshot(t, p.ctx, "demo-2-stopped")

	slack.presses("#messages button", "Request resume")
	slack.until("the form", "doc.querySelector('dialog h2') && doc.getAnimations().length === 0")
	browsertest.Screenshot(t, p.ctx, "demo-3-form")
	for field, value := range deliverables {
		input := "dialog [data-block-id=" + field + "] textarea, dialog [data-block-id=" + field + "] input"
		if at, isTime := value.(time.Time); isTime {
			slack.picks(input, at)
			continue
		}
		slack.fills(input, value.(string))
	}
	slack.until("what was typed", fmt.Sprintf("doc.querySelector('dialog [data-block-id=cause] textarea').value === %q", deliverables["cause"]))
	slack.presses("dialog [data-modal=submit]", "")
	slack.until("the form to close", "doc.querySelector('dialog') === null")
	slack.sees("#messages button", "NO-GO")
	browsertest.Screenshot(t, p.ctx, "demo-4-go-or-no-go")

	slack.presses("#messages button", "GO")
	slack.sees("#messages .message.ephemeral", "somebody else has to sign")
	becomes("U0OUTSIDER")
	slack.presses("#messages button", "GO")
	slack.sees("#messages .message.ephemeral", "not a signer")
	browsertest.Screenshot(t, p.ctx, "demo-5-refused")
	lanesAre("halted")

	becomes("U0LEGAL")
	slack.presses("#messages button", "GO")
	lanesAre("running")
	slack.sees("#messages .message", "GO by @Lena (Legal)")
	browsertest.Screenshot(t, p.ctx, "demo-6-resumed")

	slack.fills("#composer-input", "/timeline\r")
	slack.sees("#messages .message.ephemeral", "hung")
	browsertest.Screenshot(t, p.ctx, "demo-7-timeline")
	slack.fills("#composer-input", "/flag odd mail\r")
	slack.until("the form", "doc.querySelector('dialog h2') && doc.getAnimations().length === 0")
	slack.presses("dialog [data-modal=close]", "")
	slack.until("the form to close", "doc.querySelector('dialog') === null && doc.activeElement.id === 'composer-input'")
	p.do(chromedp.KeyEvent("and on")) // one may type on where one was
	slack.until("what is typed after a form", "doc.querySelector('#composer-input').value === 'and on'")

	slack.presses("#messages [data-react]", "") // 🛑 on a message flags it, and says so
	slack.presses("[role=menu] [data-emoji=octagonal_sign]", "")
	slack.sees("#messages .reaction[aria-pressed=true]", "🛑1")
	slack.sees("#messages .message.ephemeral", "FLAG-1")
	browsertest.Screenshot(t, p.ctx, "demo-8-flagged")

	page.presses(".switch", "Cut the agents off")
	page.until("nothing to be sent", "[...doc.querySelectorAll('#lanes .lane')].every((one) => one.dataset.mode === 'halted' && one.textContent.includes('the gate does not answer'))")
	browsertest.Screenshot(t, p.ctx, "demo-9-cut-off")
	page.presses(".switch", "Cut the agents off")
	lanesAre("running")
}

// TestTheDemoNeedsNothingButTheBinary starts it as a newcomer does, and ends it again.
func TestTheDemoNeedsNothingButTheBinary(t *testing.T) {
	t.Parallel()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	command := exec.CommandContext(t.Context(), path, "demo", "--no-browser", "--listen", "127.0.0.1:0")
	command.Dir, command.Env = temp, []string{"TMPDIR=" + temp}
	log := newJournalist(t)
	command.Stderr = log
	said, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	lines := bufio.NewScanner(said)
	for url == "" && lines.Scan() {
		_, url, _ = strings.Cut(lines.Text(), "The demo runs at ")
	}
	response, err := http.Get(url)
	if err != nil {
		t.Fatalf("the demo does not answer at %q: %v\n%s", url, err, log.tail(20))
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("the page was answered with %d", response.StatusCode)
	}
	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("the demo ended with %v", err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) != 0 {
		t.Errorf("the demo left %v behind (%v)", left, err)
	}
}

// TestTheDemoAnswersOnlyItsOwnPage: its page can act as anyone, so nobody else may.
func TestTheDemoAnswersOnlyItsOwnPage(t *testing.T) {
	t.Parallel()
	address := showsDemo(t)
	_, port, _ := net.SplitHostPort(address)
	for name, c := range map[string]struct {
		host, origin string
		status       int
	}{
		"by address":             {address, "", http.StatusOK},
		"by name":                {"localhost:" + port, "http://localhost:" + port, http.StatusOK},
		"another name":           {"demo.example:" + port, "", http.StatusForbidden},
		"another port":           {"127.0.0.1:1", "", http.StatusForbidden},
		"a foreign page":         {address, "http://evil.example", http.StatusForbidden},
		"a page of another port": {address, "http://127.0.0.1:1", http.StatusForbidden},
		"a page without origin":  {address, "null", http.StatusForbidden},
		"a page over TLS":        {address, "https://" + address, http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/", "/demo/page/demo.js", "/sandbox/", "/healthz", "/ofrep/v1/evaluate/flags", "/v1/incidents", "/demo/cut/on", "/sandbox/api/chat.postMessage"} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, strings.NewReader(""))
				if err != nil {
					t.Fatal(err)
				}
				request.Host = c.host
				if c.origin != "" {
					request.Header.Set("Origin", c.origin)
				}
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if refused := response.StatusCode == http.StatusForbidden; refused != (c.status == http.StatusForbidden) {
					t.Errorf("%s was answered with %d", path, response.StatusCode)
				}
			}
		})
	}
}
