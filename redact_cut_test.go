package tagout_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"tagout"
)

// divisible are texts that the usual masks hide, by what is hidden.
var divisible = map[string]string{
	"token":       "Bearer abcdefghijklmnop.qrstuvwxyz",
	"long token":  "eyJhbGciOiJSUzI1NiJ9." + strings.Repeat("c2VjcmV0", 100) + ".c2lnbmF0dXJl",
	"e-mail":      "jane.roe.of.the.finance.department@customers.example.com",
	"card":        "4111 1111 1111 1111",
	"phone":       "+49 (30) 901820-123",
	"private key": "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MIIEvQIBADANBgkq\n", 60) + "-----END PRIVATE KEY-----",
	"vendor key":  "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
}

func TestNoCutLeavesHalfASecret(t *testing.T) {
	t.Parallel()
	mask := must(tagout.NewRedaction(tagout.RedactionPolicy{Patterns: map[string]string{"staff": `EMP-\d{8}`}}))
	var unmasked *tagout.Redaction
	for name, secret := range divisible {
		text := "wrong list sent by " + secret + " this morning, and again"
		begins := strings.Index(text, secret)
		step := 1 + len(secret)/24
		for n := begins - 2; n < begins+len(secret)+2; n += step {
			clipped := unmasked.Cut(text, n)
			shown := strings.TrimSuffix(mask.Text(clipped), "…")
			if len(shown) > begins && !strings.HasPrefix(shown[begins:], "‹") && shown != text[:len(shown)] || n > begins && n < begins+len(secret) && len(shown) > begins {
				t.Fatalf("%s, cut at %d: %q", name, n, shown)
			}
			if cut := mask.Cut(text, n); strings.ContainsAny(cut, "@0123456789") || strings.Contains(cut, "Bea") || strings.Contains(cut, "ghp") || strings.Contains(cut, "eyJ") {
				t.Fatalf("%s, masked and cut at %d: %q", name, n, cut)
			}
		}
	}
	if cut := mask.Cut("called by EMP-12345678 today", 16); cut != "called by ‹staff…" {
		t.Errorf("by a pattern of the configuration: %q", cut)
	}
}

func TestACutIsAtARuneAndNoSoonerThanItMust(t *testing.T) {
	t.Parallel()
	var unmasked *tagout.Redaction
	for text, want := range map[string]string{
		"short":                      "short",
		"nothing that is secret":     "nothing t…",
		"żółćżółćżółć":               "żółćżółćż…",
		"12345678901234567890123456": "123456789…", // no card
	} {
		if got := unmasked.Cut(text, 9); got != want || !utf8.ValidString(got) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := unmasked.Cut("ask jane@example.com", 12); got != "ask …" {
		t.Errorf("%q", got)
	}
}

func TestWhatIsRecordedKeepsNoHalfASecret(t *testing.T) {
	t.Parallel()
	mask := must(tagout.NewRedaction(tagout.RedactionPolicy{}))
	for name, secret := range divisible {
		i := &tagout.Incident{ID: 7}
		text := strings.Repeat("x ", 145) + secret + " is what it sent"
		c := must(i.Open(tagout.Opening{Title: text, Summary: strings.Repeat("y ", 1495) + secret + " and more", Scope: tagout.MustScope("mailer"), Row: sev1}, noon))
		if shown := mask.Text(i.Title + i.Summary); strings.ContainsAny(strings.ReplaceAll(shown, "y x", ""), "@0123456789") || strings.Contains(shown, "eyJ") || strings.Contains(shown, "Bearer") || len(c.Events) == 0 {
			t.Errorf("%s: %q", name, shown)
		}
	}
}

func TestWhatIsConfiguredIsNotCutInTwoWhereItIsRecorded(t *testing.T) {
	t.Parallel()
	mask := must(tagout.NewRedaction(tagout.RedactionPolicy{Patterns: map[string]string{"staff": `EMP-\d{8}`, "case": `case \d{3} \d{3}`}}))
	for _, secret := range []string{"EMP-12345678", "case 123 456", "jane@customers.example.com"} {
		text := "wrong list sent by " + secret + " this morning, and again"
		begins := strings.Index(text, secret)
		for n := range len(text) {
			clipped := mask.Clip(text, n)
			if cut := n > begins && n < begins+len(secret); cut && clipped != text[:begins]+"…" || !cut && clipped != text[:n]+"…" {
				t.Fatalf("%s, cut at %d: %q", secret, n, clipped)
			}
			if again := mask.Clip(clipped, n); again != clipped {
				t.Fatalf("%q, clipped again: %q", clipped, again)
			}
		}
	}
	var unmasked *tagout.Redaction
	if got := unmasked.Clip("by EMP-12345678", 8); got != "by EMP-1…" {
		t.Errorf("without a configuration: %q", got)
	}
}
