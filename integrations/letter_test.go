package integrations_test

import (
	"regexp"
	"strings"
	"testing"

	"tagout"
)

// letter is a mail with its shape and a picture, as a digest is.
func letter() tagout.Mail {
	m := tagout.Message{Title: "Weekly digest: 16 Nov – 23 Nov 2026"}.
		Para(tagout.Bold("6 incidents"), ", 1 more than the week before. <script>alert(1)</script>").
		Fact("Time to acknowledge", tagout.Bold("60 s"), " median\n▼ faster, was 2 min").
		Fact("Recurring incidents", tagout.Bold("17 %"), " (1 of 6)\n▲ worse, was 0 %")
	m.Items = []tagout.Message{tagout.Say(tagout.Bold("Still held"), "\n• ", tagout.Fixed("mailer/email/eu"), " 🔴 ■ halted since 19 Nov 22:04, ", tagout.Bold("INC-1"))}
	m.Footer = tagout.T("Record: checkpoint 812 ", tagout.Fixed(strings.Repeat("ab", 32)), ". ", tagout.Link("https://tagout.example.com/?a=1&b=2", "Read it"))
	return tagout.Mail{ID: "digest:1", To: "leadership@example.com", Subject: m.Title, Text: m.String(), Letter: &m,
		Pictures: []tagout.Picture{{Name: "charts.png", Alt: `Incidents by severity. "16 Nov": SEV-1 1.`, PNG: []byte("\x89PNG picture")}}}
}

func TestALetterIsHTMLWithItsPicturesInsideAndPlainTextBeside(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	mailer := newEmailPager(t, "smtp://"+m.address).(tagout.Mailer)
	for range 2 {
		if err := mailer.Mail(t.Context(), letter()); err != nil {
			t.Fatal(err)
		}
	}
	if m.got[0].key != m.got[1].key || !strings.Contains(m.got[0].text, "Time to acknowledge: 60 s median") {
		t.Errorf("%+v", m.got)
	}
	html := m.pages[0]
	for _, want := range []string{"<b>60 s</b> median", "&lt;script&gt;", `<img src="cid:picture1.png" alt="Incidents by severity. &#34;16 Nov&#34;: SEV-1 1."`, strings.Repeat("ab", 32), `href="https://tagout.example.com/?a=1&amp;b=2"`, ">mailer/email/eu</code>"} {
		if !strings.Contains(html, want) {
			t.Errorf("the letter does not hold %s:\n%s", want, html)
		}
	}
	if string(m.pictures["picture1.png"]) != "\x89PNG picture" || len(m.pictures) != 1 {
		t.Errorf("pictures %q", m.pictures)
	}
	if out := regexp.MustCompile(`(?i)(src|href)="(?:https?:)?//[^"]*"`).FindAllString(html, -1); len(out) != 1 {
		t.Errorf("the letter leads elsewhere: %q", out)
	}
}

func TestALetterWithoutPicturesIsSentToo(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	in := letter()
	in.Pictures = nil
	if err := newEmailPager(t, "smtp://"+m.address).(tagout.Mailer).Mail(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.pages[0], "<img") || !strings.Contains(m.pages[0], "Weekly digest") {
		t.Error(m.pages[0])
	}
}
