package sandbox_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tagout/sandbox"
)

// render runs a text through one of the page's own renderers, with a bare
// environment, and returns the markup that came out.
const render = `(async () => {
	const { %[1]s } = await import('./js/%[2]s.js');
	const span = (text) => Object.assign(document.createElement('i'), { textContent: text });
	const env = { mention: (id) => span('person ' + id), channelLink: (id) => span('channel ' + id) };
	const box = document.createElement('div');
	box.append(%[1]s(%[3]s, env));
	box.querySelectorAll('a').forEach((a) => { a.removeAttribute('title'); a.removeAttribute('target'); a.removeAttribute('rel'); });
	box.querySelectorAll('time').forEach((time) => time.removeAttribute('title'));
	return box.innerHTML;
})()`

func TestMessageTextIsFormattedAsSlackDoes(t *testing.T) {
	t.Parallel()
	halted := `<span class="mode mode-halted"><span class="mode-shape" aria-hidden="true">■</span> halted</span>`
	cases := []struct{ name, text, want string }{
		{"bold, italic, strike, code", "*a* _b_ ~c~ `d`", "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>"},
		{"styles nest", "*a _b_*", "<p><strong>a <em>b</em></strong></p>"},
		{"no style inside words", "snake_case_name 2*3*4", "<p>snake_case_name 2*3*4</p>"},
		{"no style in code", "`*a*`", "<p><code>*a*</code></p>"},
		{"entities once", "a &amp;lt; b &lt;i&gt;", "<p>a &amp;lt; b &lt;i&gt;</p>"},
		{"markup is text", `<img src=x onerror=alert(1)>`, "<p>&lt;img src=x onerror=alert(1)&gt;</p>"},
		{"link with label", "<https://example.com/a_b_|the *page*>", `<p><a href="https://example.com/a_b_">the *page*</a></p>`},
		{"bare link", "see https://example.com/_x_y.", `<p>see <a href="https://example.com/_x_y">https://example.com/_x_y</a>.</p>`},
		{"dangerous link", "<javascript:alert(1)|here>", "<p>&lt;javascript:alert(1)|here&gt;</p>"},
		{"mentions", "<@U0IC> in <#C0GENERAL|general>", "<p><i>person U0IC</i> in <i>channel C0GENERAL</i></p>"},
		{"broadcast", "<!channel>", `<p><span class="mention mention-me">@channel</span></p>`},
		{"quote", "&gt; one\n&gt; two\nthree", "<blockquote><p>one<br>two</p></blockquote><p>three</p>"},
		{"list", "• one\n• two", "<ul><li>one</li><li>two</li></ul>"},
		{"code block", "a\n```\n*b* &lt;c&gt;\n```", "<p>a</p><pre><code>*b* &lt;c&gt;</code></pre>"},
		{"emoji", ":tada: :no_such_thing:", `<p><span class="emoji" role="img" aria-label="tada" title=":tada:">🎉</span> :no_such_thing:</p>`},
		{"mode", "■ halted `a`", "<p>" + halted + " <code>a</code></p>"},
		{"mode in bold", "■ *halted*", "<p>" + halted + "</p>"},
		{"a shape without its word", "■ done, x■ halted, ● halted", "<p>■ done, x■ halted, ● halted</p>"},
		{"date", "<!date^0^{date_num}^https://example.com|long ago>", `<p><time class="time" datetime="1970-01-01T00:00:00.000Z">01/01/1970</time></p>`},
		{"date that is none", "<!date^x^{date}|long ago>", "<p><span>long ago</span></p>"},
	}
	p := newTab(t, open(t, sandbox.Options{}).URL+"/?user=U0IC")
	for _, c := range cases {
		if got := p.render("mrkdwn", "mrkdwn", c.text); got != c.want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.name, c.text, got, c.want)
		}
	}
}

func TestMarkdownBlocksAreFormatted(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, text, want string }{
		{"emphasis", "**a** *b* _c_ ~~d~~ `e`", "<p><strong>a</strong> <em>b</em> <em>c</em> <s>d</s> <code>e</code></p>"},
		{"link", "[a](https://example.com)", `<p><a href="https://example.com">a</a></p>`},
		{"dangerous link", "[a](javascript:alert(1))", "<p>[a](javascript:alert(1))</p>"},
		{"markup is text", "<b onclick=x>a</b>", "<p>&lt;b onclick=x&gt;a&lt;/b&gt;</p>"},
		{"lists", "1. a\n2. b\n   - c", `<ol start="1"><li>a</li><li>b<ul><li>c</li></ul></li></ol>`},
		{"heading", "## a", `<p class="md-heading md-h2" role="heading" aria-level="5">a</p>`},
		{"code block", "```\n# a\n```", "<pre><code># a</code></pre>"},
	}
	p := newTab(t, open(t, sandbox.Options{}).URL+"/?user=U0IC")
	for _, c := range cases {
		if got := p.render("markdown", "markdown", c.text); got != c.want {
			t.Errorf("%s: %q\n got %s\nwant %s", c.name, c.text, got, c.want)
		}
	}
}

func TestBrokenTextEndsAndStaysText(t *testing.T) {
	t.Parallel()
	p := newTab(t, open(t, sandbox.Options{}).URL+"/?user=U0IC")
	for _, text := range []string{
		"", "\n\n", "*", "*_~`<", "<", "<|>", "<@>", "```", "``` a", ">>>", "&gt;&gt;&gt;", "• ", "1. ", "<!date^>", ":::", "| |", "#", "- \n  -",
		strings.Repeat("*_", 400), strings.Repeat("<", 2000), strings.Repeat("> ", 300), strings.Repeat("&gt; ", 2000), strings.Repeat("&gt;", 3000), strings.Repeat("**a ", 3000), strings.Repeat("[", 6000),
		"\u202e *right to left*",
		strings.Repeat("- ", 3000), strings.Repeat("`", 5001), strings.Repeat("<https://a|", 1000),
	} {
		for _, kind := range []string{"mrkdwn", "markdown"} {
			if got := p.render(kind, kind, text); strings.Contains(got, "<script") {
				t.Errorf("%s(%q) = %s", kind, text, got)
			}
		}
	}
}

func (p tab) render(function, module, text string) string {
	p.t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		p.t.Fatal(err)
	}
	return js[string](p, fmt.Sprintf(render, function, module, quoted))
}
