package browsertest

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const page = `<!doctype html><title>Held</title>
<p id="mode">running</p>
<button onclick="document.getElementById('mode').textContent = 'halted'">Stop</button>`

func TestAPageIsDrivenAndPhotographed(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "made", "on demand")
	t.Setenv(ScreenshotsVariable, folder)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, page)
	}))
	t.Cleanup(server.Close)

	ctx := Chrome(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatal(err)
	}
	title, err := chromedp.Run(ctx, chromedp.Title())
	if err != nil || title != "Held" {
		t.Fatalf("title = %q, %v", title, err)
	}
	if err := chromedp.Do(ctx, chromedp.Click(chromedp.CSS("button"))); err != nil {
		t.Fatal(err)
	}
	mode, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("#mode")))
	if err != nil || mode != "halted" {
		t.Errorf("mode = %q, %v", mode, err)
	}

	Screenshot(t, ctx, "held-page")
	picture, err := os.ReadFile(filepath.Join(folder, "held-page.png"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil || config.Width < 360 {
		t.Errorf("screenshot is %d pixels wide, %v", config.Width, err)
	}
}

func TestBrowsersShareNothing(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := r.Cookie("seen")
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		fmt.Fprintf(w, "<!doctype html><title>%v</title>", err == nil)
	}))
	t.Cleanup(server.Close)
	for _, name := range []string{"first", "second"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := Chrome(t)
			for _, want := range []string{"false", "true"} {
				if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
					t.Fatal(err)
				}
				title, err := chromedp.Run(ctx, chromedp.Title())
				if err != nil || title != want {
					t.Errorf("seen before = %q (%v), want %s", title, err, want)
				}
			}
		})
	}
}

func TestTheProfileGoesWithTheTest(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	t.Run("browses", func(t *testing.T) {
		Chrome(t)
		if profiles, err := os.ReadDir(temp); err != nil || len(profiles) == 0 {
			t.Errorf("no profile in %s (%v)", temp, err)
		}
	})
	left, err := os.ReadDir(temp)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		if strings.HasPrefix(entry.Name(), "tagout-chrome-") {
			t.Errorf("%s was left behind", entry.Name())
		}
	}
}

func TestWithoutTheVariableNoScreenshotIsTaken(t *testing.T) {
	t.Setenv(ScreenshotsVariable, "")
	Screenshot(t, t.Context(), "unused") // a context without a browser would fail it
}

func TestAScreenshotCannotLeaveItsFolder(t *testing.T) {
	t.Setenv(ScreenshotsVariable, "")
	for _, name := range []string{"", "../up", "a/b", ".hidden"} {
		verdict := &verdict{TB: t}
		Screenshot(verdict, t.Context(), name)
		if verdict.first != "fatal" {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestTheWantedBrowserIsTheOneThatRuns(t *testing.T) {
	t.Parallel()
	shell, err := findBrowser("", []string{"/nowhere/chromium", "sh"})
	if err != nil || filepath.Base(shell) != "sh" {
		t.Errorf("first candidate found = %q, %v", shell, err)
	}
	wanted, err := findBrowser("cat", []string{"sh"})
	if err != nil || filepath.Base(wanted) != "cat" {
		t.Errorf("wanted = %q, %v", wanted, err)
	}
	if _, err := findBrowser("/nowhere/chrome", []string{"sh"}); err == nil || errors.Is(err, errMissing) {
		t.Errorf("a wanted browser that is not there: %v", err)
	}
}

func TestAMissingBrowserSkipsAndFailsUnderCI(t *testing.T) {
	_, err := findBrowser("", []string{"/nowhere/chromium"})
	if !errors.Is(err, errMissing) {
		t.Fatalf("error = %v, want errMissing", err)
	}
	for ci, want := range map[string]string{"": "skip", "false": "skip", "true": "fatal"} {
		t.Setenv("CI", ci)
		verdict := &verdict{TB: t}
		giveUp(verdict, err)
		if verdict.first != want || !strings.Contains(verdict.said, "apt-get install -y chromium") {
			t.Errorf("CI=%q: %s with %q, want %s", ci, verdict.first, verdict.said, want)
		}
	}
}

// verdict records how a test was ended instead of ending it.
type verdict struct {
	testing.TB
	first, said string
}

func (v *verdict) Helper()                         {}
func (v *verdict) Skip(args ...any)                { v.record("skip", fmt.Sprint(args...)) }
func (v *verdict) Fatal(args ...any)               { v.record("fatal", fmt.Sprint(args...)) }
func (v *verdict) Fatalf(form string, args ...any) { v.record("fatal", fmt.Sprintf(form, args...)) }

func (v *verdict) record(kind, said string) {
	if v.first == "" { // the real ones do not return
		v.first, v.said = kind, said
	}
}

// TestAConditionIsAskedOfThePageThatComes: the one that was asked first goes while it is.
func TestAConditionIsAskedOfThePageThatComes(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "<!doctype html><title>%s</title>", r.URL.Path)
	}))
	t.Cleanup(server.Close)
	ctx := Chrome(t)
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL+"/first")); err != nil {
		t.Fatal(err)
	}
	const leaves = `document.title === '/second' || (window.leaves ??= (location.href = '/second', true), false)`
	if err := Until(ctx, leaves, patience); err != nil {
		t.Error(err)
	}
	if err := Until(ctx, "false", 10*time.Millisecond); !errors.Is(err, chromedp.ErrPollingTimeout) {
		t.Errorf("what never holds: %v", err)
	}
}
