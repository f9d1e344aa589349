package bot

import "testing"

func TestEscapedTextOfACommandIsWhatWasTyped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"mailer a &lt; b &amp;&amp; c":              "mailer a < b && c",
		"mailer asked by <@U0IC|iris> in <#C1|ops>": "mailer asked by @iris in #ops",
		"see <https://x.example/a|x.example/a>":     "see x.example/a",
		"see <https://x.example/a>":                 "see https://x.example/a",
		"<!subteam^S1|@legal> and <!here>":          "@legal and @here",
		"&amp;lt;":                                  "&lt;",
	} {
		if got := unescaped(text, false); got != want {
			t.Errorf("%s is %q, want %q", text, got, want)
		}
	}
	if got := unescaped("override <@U0IC|iris> 4h &amp; more", true); got != "override <@U0IC|iris> 4h & more" {
		t.Errorf("people are %q", got)
	}
}
