package api

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tagout"
	"tagout/internal/browsertest"
)

// fakeLinks knows one token.
type fakeLinks struct {
	link    tagout.PageLink
	err     error
	presses int
	drilled bool // the page was of a drill, which is real now
}

func (f *fakeLinks) ReadLink(_ context.Context, token string) (tagout.PageLink, error) {
	if token != "zebra-token" {
		return tagout.PageLink{}, tagout.Errorf(tagout.NotFound, "This link is not one of Tagout's.")
	}
	return f.link, f.err
}

func (f *fakeLinks) PressLink(ctx context.Context, token string, real bool) (tagout.PageLink, error) {
	if _, err := f.ReadLink(ctx, token); err != nil {
		return tagout.PageLink{}, err
	}
	if f.link.Became = f.drilled && !real; f.link.Became {
		return f.link, nil
	}
	if f.presses++; f.link.AnsweredBy.Kind != "" {
		return f.link, tagout.Errorf(tagout.Conflict, "INC-7 was acknowledged already.")
	}
	f.link.AnsweredBy, f.link.Answerer, f.link.AnsweredAt = f.link.Reader, f.link.ReaderName, noon
	return f.link, nil
}

func newLinks() *fakeLinks {
	return &fakeLinks{link: tagout.PageLink{Incident: 7, Severity: tagout.Sev1, Title: "Mail goes to <b>people</b> who have unsubscribed",
		Scope: tagout.MustScope("mailer/email/eu"), Reader: tagout.User{ID: "U0LEGAL"}.Actor(), ReaderName: "Lea Legal", State: tagout.StateOpen, ExpiresAt: noon.Add(time.Hour)}}
}

func withLinks(f *fakeLinks) func(*Options) { return func(o *Options) { o.Links = f } }

func TestOpeningALinkShowsTheIncidentAndOnlyTheButtonAcknowledges(t *testing.T) {
	t.Parallel()
	f := newLinks()
	b := newBench(withLinks(f))
	for _, method := range []string{"GET", "HEAD", "GET"} {
		got := b.do(method, "/ack/zebra-token", "")
		got.is(t, 200)
		if f.presses > 0 {
			t.Fatal("opening it acknowledged")
		}
		if method == "HEAD" {
			continue
		}
		for _, want := range []string{"Acknowledge INC-7?", "SEV-1", "&lt;b&gt;people", "mailer/email/eu", "Lea Legal", `<form method="post">`} {
			if !strings.Contains(got.body, want) {
				t.Errorf("the page does not say %q:\n%s", want, got.body)
			}
		}
		if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "form-action 'self'") || strings.Contains(csp, "unsafe") {
			t.Errorf("its policy is %s", csp)
		}
		if got.Header.Get("Referrer-Policy") != "no-referrer" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers %v", got.Header)
		}
	}
	if got := b.do("POST", "/ack/zebra-token", ""); !strings.Contains(got.body, "You acknowledged INC-7") || strings.Contains(got.body, "<form") {
		t.Errorf("pressed: %s", got.body)
	}
	if got := b.do("POST", "/ack/zebra-token", ""); !strings.Contains(got.body, "You did, at 2026-11-21 12:00:00 UTC") {
		t.Errorf("pressed again: %s", got.body)
	}
	f.link.AnsweredBy, f.link.Answerer = tagout.User{ID: "U0IC"}.Actor(), "Ines Commander"
	if got := b.do("GET", "/ack/zebra-token", ""); !strings.Contains(got.body, "By Ines Commander at 2026-11-21 12:00:00 UTC") || strings.Contains(got.body, "<form") {
		t.Errorf("acknowledged by somebody else: %s", got.body)
	}
	f.link.State = tagout.StateResumed
	if got := b.do("GET", "/ack/zebra-token", ""); !strings.Contains(got.body, "INC-7 is resumed") || strings.Contains(got.body, "<form") {
		t.Errorf("over: %s", got.body)
	}
}

func TestALinkOfAPrivateIncidentShowsItsNumberOnly(t *testing.T) {
	t.Parallel()
	f := newLinks()
	f.link = tagout.PageLink{Incident: 7, Private: true, Reader: tagout.User{ID: "U0LEGAL"}.Actor(), ReaderName: "Lea Legal", State: tagout.StateOpen}
	got := newBench(withLinks(f)).do("GET", "/ack/zebra-token", "")
	if !strings.Contains(got.body, "INC-7") || !strings.Contains(got.body, "private") || strings.Contains(got.body, "<dl>") {
		t.Errorf("shown: %s", got.body)
	}
}

func TestALinkThatDoesNotWorkSaysSoAndIsNotLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	f := newLinks()
	b := newBench(withLinks(f), func(o *Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	got := b.do("GET", "/ack/zebra-other", "")
	if got.is(t, 404); !strings.Contains(got.body, "not one of Tagout") || strings.Contains(got.body, "zebra") {
		t.Errorf("shown: %s", got.body)
	}
	f.err = tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	for _, method := range []string{"GET", "POST"} {
		if got := b.do(method, "/ack/zebra-token", ""); got.StatusCode != 503 || !strings.Contains(got.body, "Nothing was acknowledged") {
			t.Errorf("%s: %d %s", method, got.StatusCode, got.body)
		}
	}
	f.err = tagout.Errorf(tagout.Expired, "This link has expired.")
	if got := b.do("POST", "/ack/zebra-token", ""); got.StatusCode != 410 || !strings.Contains(got.body, "expired") {
		t.Errorf("expired: %d %s", got.StatusCode, got.body)
	}
	if strings.Contains(log.String(), "zebra") {
		t.Errorf("logged: %s", log.String())
	}
}

func TestTheLinkWorksInABrowserByKeyboardOnAPhone(t *testing.T) {
	t.Parallel()
	ctx := browsertest.Chrome(t)
	f := newLinks()
	server := httptest.NewServer(newBench(withLinks(f)).handler)
	t.Cleanup(server.Close)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(360, 640), chromedp.Navigate(server.URL+"/ack/zebra-token")); err != nil {
		t.Fatal(err)
	}
	browsertest.Screenshot(t, ctx, "ack-phone")
	scheme := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}}}
	if _, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, scheme); err != nil {
		t.Fatal(err)
	}
	browsertest.Screenshot(t, ctx, "ack-dark")
	dark := "getComputedStyle(document.body).backgroundColor === 'rgb(20, 23, 27)'"
	if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](dark)); err != nil || !ok {
		t.Errorf("it is not dark: %v", err)
	}
	fits := "document.documentElement.scrollWidth <= innerWidth && getComputedStyle(document.querySelector('button')).minHeight === '48px'"
	if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fits)); err != nil || !ok {
		t.Errorf("it does not fit on a phone, or has no style: %v", err)
	}
	if err := chromedp.Do(ctx, chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r")); err != nil {
		t.Fatal(err)
	}
	for told := false; !told; { // until the answer is there
		var err error
		if told, err = chromedp.Run(ctx, chromedp.Evaluate[bool]("document.querySelector('[role=status]') !== null")); err != nil && ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	browsertest.Screenshot(t, ctx, "ack-pressed")
	if f.presses != 1 {
		t.Errorf("pressed %d times", f.presses)
	}
}

func TestALinkOfADrillThatIsRealNowSaysSoBeforeItAcknowledges(t *testing.T) {
	t.Parallel()
	f := newLinks()
	f.link.Drill = true
	b := newBench(withLinks(f))
	if got := b.do("GET", "/ack/zebra-token", ""); !strings.Contains(got.body, `name="shown" value="drill"`) {
		t.Errorf("of a drill: %s", got.body)
	}
	f.link.Drill, f.drilled = false, true
	form := header("Content-Type", "application/x-www-form-urlencoded")
	warns := func(got call) {
		t.Helper()
		for _, want := range []string{"This is no drill anymore: INC‑7 is real", "You have not acknowledged it yet.", `name="shown" value="real"`, "Acknowledge INC-7</button>"} {
			if !strings.Contains(got.body, want) {
				t.Errorf("it does not say %q: %s", want, got.body)
			}
		}
	}
	warns(b.do("POST", "/ack/zebra-token", "shown=drill", form)) // the page was opened before
	warns(b.do("POST", "/ack/zebra-token", ""))
	f.link.Became = true
	warns(b.do("GET", "/ack/zebra-token", ""))
	if f.presses != 0 {
		t.Fatal("that acknowledged")
	}
	if got := b.do("POST", "/ack/zebra-token", "shown=real", form); !strings.Contains(got.body, "You acknowledged INC") || f.presses != 1 {
		t.Errorf("pressed: %s", got.body)
	}
}
