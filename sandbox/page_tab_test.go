package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"tagout/internal/browsertest"
)

// tab is a browser that shows one page.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// newTab opens a page and waits until it has drawn the workspace. Anything that the
// page reports as an error, such as a refused script, fails the test.
func newTab(t *testing.T, url string) tab {
	t.Helper()
	var watching sync.WaitGroup
	t.Cleanup(watching.Wait) // after the browser has gone, which ends it
	p := tab{t: t, ctx: browsertest.Chrome(t)}
	messages := chromedp.Console(p.ctx)
	watching.Go(func() {
		for message, err := range messages {
			if err != nil {
				return
			}
			if message.IsException() || message.Source == "security" {
				t.Errorf("the page reports %s: %s (%s)", message.Type, message.Text, message.URL)
			}
		}
	})
	if _, err := chromedp.Call(p.ctx, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"}); err != nil {
		t.Fatal(err)
	}
	p.do(chromedp.Navigate(url))
	p.until("the page to be ready", `document.activeElement.id === 'composer-input'`)
	return p
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// until waits for a JavaScript condition.
func (p tab) until(what, condition string) {
	p.t.Helper()
	if err := browsertest.Until(p.ctx, condition, patience); err != nil {
		text := js[string](p, `document.body.innerText`)
		p.t.Fatalf("waited for %s: %v; the page shows:\n%s", what, err, text)
	}
}

// sees waits until an element that matches the selector contains a text.
func (p tab) sees(selector, text string) {
	p.t.Helper()
	p.until(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf(`[...document.querySelectorAll(%q)].some((one) => one.textContent.includes(%q))`, selector, text))
}

// misses fails if an element that matches the selector contains a text now.
func (p tab) misses(selector, text string) {
	p.t.Helper()
	if js[bool](p, fmt.Sprintf(`[...document.querySelectorAll(%q)].some((one) => one.textContent.includes(%q))`, selector, text)) {
		p.t.Errorf("%s shows %q", selector, text)
	}
}

func (p tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.Click(chromedp.CSS(selector)))
}

// types writes into whatever has the focus; "\r" is Enter.
func (p tab) types(text string) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(text))
}

// becomes switches the person in the "You are" menu.
func (p tab) becomes(user string) {
	p.t.Helper()
	p.click("#you")
	p.click(fmt.Sprintf(`[role=menu] [data-user=%q]`, user))
	p.until("the page to be "+user, fmt.Sprintf(`document.querySelector('#you').dataset.user === %q`, user))
}

// prefers sets the colour scheme that the browser asks for.
func (p tab) prefers(scheme string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

// js evaluates an expression or promise in the page.
func js[T any](p tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil && !errors.Is(err, context.Canceled) {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}
