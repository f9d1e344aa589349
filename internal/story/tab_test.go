package story_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"tagout/internal/browsertest"
)

// tab is a browser that shows one page. What the page reports as an error fails the story.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, url string, width, height int64) tab {
	t.Helper()
	var watching sync.WaitGroup
	t.Cleanup(watching.Wait) // after the browser has gone, which ends it
	p := tab{t, browsertest.Chrome(t)}
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
	p.do(chromedp.EmulateViewport(width, height), chromedp.Navigate(url))
	return p
}

func (p tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatal(err)
	}
}

// frame is a document that the tab shows: the page's own, or one inside of it.
type frame struct {
	tab
	document string // in JavaScript
}

func (p tab) page() frame { return frame{p, "document"} }

// inside is the document of an iframe of the page.
func (p tab) inside(id string) frame {
	return frame{p, fmt.Sprintf("document.querySelector('#%s').contentDocument", id)}
}

// until waits for a JavaScript condition on doc.
func (f frame) until(what, condition string) {
	f.t.Helper()
	if err := browsertest.Until(f.ctx, fmt.Sprintf("((doc) => Boolean(%s))(%s)", condition, f.document), patience); err != nil {
		text, _ := chromedp.Run(f.ctx, chromedp.Evaluate[string](f.document+".body.innerText"))
		browsertest.Screenshot(f.t, f.ctx, "failed")
		f.t.Fatalf("waited for %s: %v; the page shows:\n%s", what, err, text)
	}
}

// sees waits until an element that matches the selector contains a text.
func (f frame) sees(selector, text string) {
	f.t.Helper()
	f.until(fmt.Sprintf("%q in %s", text, selector),
		fmt.Sprintf("[...doc.querySelectorAll(%q)].some((one) => one.textContent.includes(%q))", selector, text))
}

// presses clicks the last element that matches and has this text, once a person could: it
// is shown, enabled, and nothing covers it.
func (f frame) presses(selector, text string) {
	f.t.Helper()
	f.until(fmt.Sprintf("%q to press in %s", text, selector), fmt.Sprintf(`(() => {
		const one = [...doc.querySelectorAll(%q)].filter((e) => e.textContent.trim().startsWith(%q)).at(-1);
		if (!one || one.disabled) return false;
		one.scrollIntoView({ block: 'center', behavior: 'instant' });
		const box = one.getBoundingClientRect();
		const top = doc.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
		if (!box.width || !top || !(one === top || one.contains(top))) return false;
		one.click();
		return true;
	})()`, selector, text))
}

// picks chooses a day and time. How they are typed depends on the machine's language, so
// the value is set as the browser's own picker does.
func (f frame) picks(selector string, at time.Time) {
	f.t.Helper()
	f.until(selector+" to have a time", fmt.Sprintf(`((input) => { input.value = %q; input.dispatchEvent(new Event('input', { bubbles: true }));
		input.dispatchEvent(new Event('change', { bubbles: true })); return input.value !== ''; })(doc.querySelector(%q))`, at.Format("2006-01-02T15:04"), selector))
}

// fills types a text into a field.
func (f frame) fills(selector, text string) {
	f.t.Helper()
	f.until(selector+" to have the focus", fmt.Sprintf("(doc.defaultView.focus(), doc.querySelector(%q)?.focus(), doc.activeElement === doc.querySelector(%q))", selector, selector))
	f.do(chromedp.KeyEvent(text))
}
