// Package browsertest gives tests a real, headless Chromium.
//
// Chrome starts one browser per test with a profile of its own:
//
//	ctx := browsertest.Chrome(t)
//	err := chromedp.Do(ctx, chromedp.Navigate(server.URL))
//
// The browser is $CHROME, or Debian's chromium, or Google Chrome. Without one the
// test is skipped with the command that installs it, and fails where CI=true.
package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Environment variables that this package reads.
const (
	// BinaryVariable names the browser's program, by path or by name on PATH.
	BinaryVariable = "CHROME"
	// ScreenshotsVariable is the folder that Screenshot writes to; unset means none.
	ScreenshotsVariable = "TAGOUT_SCREENSHOTS"
)

// patience bounds the start of a browser, and lifetime a whole browser test; they only end one that
// hangs. A lifetime has room for some waits in vain, whose failures tell what the page shows.
const patience, lifetime = 3 * time.Minute, 10 * time.Minute

// candidates are tried in this order if CHROME is not set.
var candidates = []string{
	"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
}

// errMissing says that this machine has no browser, and how to get one.
var errMissing = errors.New("no Chromium on this machine: run `sudo apt-get install -y chromium` " +
	"or scripts/ensure-deps.sh, or set " + BinaryVariable + " to the program of a Chromium or Chrome")

// Chrome starts a headless browser and returns the context to drive it with
// chromedp.Run and chromedp.Do. The browser and its profile are gone when the test
// ends; the context ends then, or earlier if the test seems to hang. Chrome skips or
// fails the test if there is no browser.
func Chrome(tb testing.TB) context.Context {
	tb.Helper()
	program, err := findBrowser(os.Getenv(BinaryVariable), candidates)
	if err != nil {
		giveUp(tb, err)
	}
	profile, err := os.MkdirTemp("", "tagout-chrome-")
	if err != nil {
		tb.Fatal(err)
	}
	ctx, endPatience := context.WithTimeout(context.Background(), lifetime)
	ctx, endProcess := chromedp.NewExecAllocator(ctx, flags(program, profile)...)
	ctx, endTab := chromedp.NewContext(ctx, chromedp.WithErrorf(tb.Logf))
	tb.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
			tb.Logf("close the browser: %v", err)
		}
		endTab()
		endProcess()
		endPatience()
		if err := removeAll(profile); err != nil {
			tb.Logf("the browser's profile stays behind: %v", err)
		}
	})
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		tb.Fatalf("start %s: %v", program, err)
	}
	return ctx
}

// removeAll removes a folder into which somebody may still write: what a browser has started ends a
// little later than the browser.
func removeAll(folder string) error {
	for tries := 0; ; tries++ {
		err := os.RemoveAll(folder)
		if err == nil || tries == 100 {
			return err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Until waits until a JavaScript condition holds in the page that the browser shows. A condition
// that does something must bear to be tried again. It returns chromedp.ErrPollingTimeout when
// limit is over, or what keeps the browser from answering.
//
// A page that was just navigated to takes the place of the one before while the browser goes on;
// whoever asks the one that has gone has to ask again.
func Until(ctx context.Context, condition string, limit time.Duration) error {
	for end := time.Now().Add(limit); ; {
		_, err := chromedp.Run(ctx, chromedp.Poll[bool](condition, chromedp.WithPollingTimeout(max(time.Millisecond, time.Until(end)))))
		if err == nil || !pageHasGone(err) || time.Now().After(end) {
			return err
		}
	}
}

// pageHasGone tells whether it was the page before that was asked.
func pageHasGone(err error) bool {
	for _, said := range []string{"Cannot find context with specified id", "Execution context was destroyed", "Inspected target navigated"} {
		if strings.Contains(err.Error(), said) {
			return true
		}
	}
	return false
}

// flags are those of a browser that talks to nobody but the page under test.
func flags(program, profile string) []chromedp.ExecAllocatorOption {
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options,
		chromedp.ExecPath(program),
		chromedp.UserDataDir(profile),
		chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("lang", "en-US"),
		chromedp.Flag("window-size", "1280,900"),
	)
	for _, name := range []string{
		"headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
		"disable-background-networking", "disable-component-update", "disable-sync",
	} {
		options = append(options, chromedp.Flag(name, true))
	}
	return options
}

// findBrowser returns the program to run: the wanted one, or the first candidate that
// this machine has. A wanted one that is not there is an error of its own.
func findBrowser(wanted string, candidates []string) (string, error) {
	if wanted != "" {
		program, err := exec.LookPath(wanted)
		if err != nil {
			return "", fmt.Errorf("%s=%s: %w", BinaryVariable, wanted, err)
		}
		return program, nil
	}
	for _, candidate := range candidates {
		if program, err := exec.LookPath(candidate); err == nil {
			return program, nil
		}
	}
	return "", errMissing
}

// giveUp ends a test that cannot have its browser: a missing one skips it, except
// under CI=true; anything else fails it.
func giveUp(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		tb.Skip(err)
	}
	tb.Fatal(err)
}

// fileName is what a screenshot may be called.
var fileName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Screenshot writes what the browser's window shows to NAME.png in the folder named
// by TAGOUT_SCREENSHOTS, making the folder if need be. Without the variable it does
// nothing. The name is letters, digits, ".", "-" and "_".
func Screenshot(tb testing.TB, ctx context.Context, name string) {
	tb.Helper()
	if !fileName.MatchString(name) {
		tb.Fatalf("screenshot name %q: use letters, digits, '.', '-' and '_'", name)
	}
	folder := os.Getenv(ScreenshotsVariable)
	if folder == "" {
		return
	}
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		tb.Fatalf("take the screenshot %s: %v", name, err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
		tb.Fatal(err)
	}
}
