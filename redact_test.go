package tagout_test

import (
	"strings"
	"testing"

	"tagout"
)

func usual(t *testing.T, p tagout.RedactionPolicy) *tagout.Redaction {
	t.Helper()
	r, err := tagout.NewRedaction(p)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsPersonalOrSecretIsMasked(t *testing.T) {
	t.Parallel()
	r := usual(t, tagout.RedactionPolicy{Patterns: map[string]string{"staff": `E-\d{6}`}, Spare: []string{"Help@Example.com, or +1 555 0100 99"}})
	for text, want := range map[string]string{
		"write to ann.o'neil+x@mail.example.co.uk, please": "write to ‹e-mail›, please",
		"jürgen@müller.de":                             "‹e-mail›",
		"<ann@example.com>":                            "<‹e-mail›>",
		"or help@example.com":                          "or help@example.com",
		"or +1 555 0100 99":                            "or +1 555 0100 99",
		"call +49 (30) 123-4567 or (555) 010-9999":     "call ‹phone› or ‹phone›",
		"card 4111 1111 1111 1111.":                    "card ‹card›.",
		"card 5500-0055-5555-5559":                     "card ‹card›",
		"order 4111 1111 1111 1112":                    "order 4111 1111 1111 1112",
		"Authorization: Bearer abcdef0123456789abcdef": "Authorization: ‹token›",
		"key sk-live_0123456789abcdefghij":             "key ‹token›",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig": "‹token›",
		"AKIAIOSFODNN7EXAMPLE":                         "‹token›",
		"xoxb-1234567890-abcdefghij":                   "‹token›",
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- x": "‹private key› x",
		"by E-123456": "by ‹staff›",
		"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIE\n-----END RSA PRIVATE KEY----- x": "‹private key› x",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQOY\n-----END PGP PRIVATE KEY BLOCK----- x":                                       "‹private key› x",
		"-----BEGIN PRIVATE KEY-----\nMIIE-cut off":                                                                                  "‹private key›",
		"secret whsec_MfKQ9r8/GKYqrT+wjUPD8ILPZIo2LaLaSw==, old":                                                                     "secret ‹token›, old",
		"xapp-1-A0123456789-0123456789-abcdef":                                                                                       "‹token›",
		"ghu_0123456789abcdefghij or ghr_0123456789abcdefghij":                                                                       "‹token› or ‹token›",
		"ASIAIOSFODNN7EXAMPLE":                "‹token›",
		"card 4111 1111 1111 1111 123, 12/27": "card ‹card› 123, 12/27",
		"pay 1 4111 1111 1111 1111 now":       "pay 1 ‹card› now",
		"4111111111111111 5500005555555559":   "‹card› ‹card›",
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if once := r.Text(text); r.Text(once) != once {
			t.Errorf("%q is masked twice", once)
		}
	}
}

// TestThousandsOfCardsAreMaskedInOneGo would last for minutes if each looked at all that follow.
func TestThousandsOfCardsAreMaskedInOneGo(t *testing.T) {
	t.Parallel()
	const many = 1 << 13
	got := usual(t, tagout.RedactionPolicy{}).Text(strings.Repeat("4111 1111 1111 1111 12 ", many))
	if want := strings.Repeat("‹card› 12 ", many); got != want {
		t.Errorf("%d bytes are left, and not %d", len(got), len(want))
	}
}

func TestASecretIsMaskedByTheNameInFrontOfIt(t *testing.T) {
	t.Parallel()
	r := usual(t, tagout.RedactionPolicy{})
	for text, want := range map[string]string{
		"retry with password=hunter2, then stop":       "retry with password=‹secret›, then stop",
		"pwd: geheim":                                  "pwd: ‹secret›",
		"api_key=XYZ123456789&x=1":                     "api_key=‹secret›&x=1",
		"CRM_API_KEY='abc def'":                        "CRM_API_KEY='‹secret›'",
		`{"client_secret": "q9", "x": 1}`:              `{"client_secret": "‹secret›", "x": 1}`,
		"https://crm.example/x?token=abc123&sig=1":     "https://crm.example/x?token=‹secret›&sig=1",
		"https://crm.example/x?access_token=abc123":    "https://crm.example/x?access_token=‹secret›",
		"postgres://tagout:p4ss@db/crm":                "postgres://tagout:‹secret›@db/crm",
		"https://user:pa55@db.example.com/x":           "https://user:‹secret›@db.example.com/x",
		"redis://:p4ss@cache:6379":                     "redis://:‹secret›@cache:6379",
		"Authorization: Digest abc":                    "Authorization: ‹secret›",
		"password=a password=b":                        "password=‹secret› password=‹secret›",
		"Authorization: Bearer abcdef0123456789abcdef": "Authorization: ‹token›",
		"pay DE89 3704 0044 0532 0130 00 now":          "pay ‹bank account› now",
		"GB82WEST12345698765432":                       "‹bank account›",
		`body "{\"password\":\"hunter2\",\"a\":1}"`:    `body "{\"password\":\"‹secret›\",\"a\":1}"`,
		`{\\\"api_key\\\": \\\"a b\\\"}`:               `{\\\"api_key\\\": \\\"‹secret›\\\"}`,
		`"{\"password\":\"a\\\\b\\nc\",\"d\":1}"`:      `"{\"password\":\"‹secret›\",\"d\":1}"`,
		`pwd=\x1 y`:                         `pwd=\‹secret› y`,
		`password: \"hunter2\"`:             `password: \"‹secret›\"`,
		`\"Authorization\": \"Digest abc\"`: `\"Authorization\": \"‹secret›\"`,
	} {
		if got := r.Text(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
		if once := r.Text(text); r.Text(once) != once {
			t.Errorf("%q is masked twice", once)
		}
	}
	for _, text := range []string{"the password is wrong", "token: 812 of 4096 used", "tokens=4096", "secret agent", "DE88370400440532013000X", "http://127.0.0.1:9001/control", "at https://example.com:443/a@b", "max_tokens: 512", "password: "} {
		if got := r.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestWhatTagoutSaysItselfIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := usual(t, tagout.RedactionPolicy{})
	for _, text := range []string{
		"", "INC-7 SEV-1 · mailer/email/eu ■ halted", "2026-11-22 05:34:12.345 UTC", "2026-11-22T05:34:12Z", "03:04:05  user:U0IC    hold.hung", "1700000000.000100",
		strings.Repeat("0123456789abcdef", 4), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "capped at 500/day without send_email, @low", "@here @U0LEGAL",
		"212 people, 1,500,000 mails, 99.98 %", "prompt v41 → v42 at 127.0.0.1:8080", "tool:@high", "sk-1", "https://tagout.example.com/ack/abc",
		"Send the token of this source in the header Authorization, as Bearer TOKEN.",
	} {
		if got := r.Text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestAMessageIsMaskedWhereverItIsRead(t *testing.T) {
	t.Parallel()
	r := usual(t, tagout.RedactionPolicy{})
	const secret = "ann@example.com"
	m := tagout.Message{Title: secret, Lines: []string{secret}, Footer: tagout.T(secret),
		Buttons: []tagout.Button{{Action: "x", Label: secret, Confirm: secret, Value: "INC-7|" + secret}}}.
		Para(secret, tagout.Bold(secret), tagout.Fixed(secret), tagout.Mention("U0IC"), tagout.Link("https://x.example/?a="+secret, secret)).Fact(secret, secret)
	masked := r.Message(m)
	text := masked.String()
	if strings.Contains(text, secret) || strings.Contains(masked.Buttons[0].Label+masked.Buttons[0].Confirm+masked.Title, secret) {
		t.Errorf("it still says %q", text)
	}
	if masked.Buttons[0].Value != "INC-7|"+secret || !strings.Contains(masked.Body[0][4].URL, secret) || masked.Body[0][3].Text != "U0IC" {
		t.Errorf("what is not read was changed: %+v", masked)
	}
	if m.Lines[0] != secret || m.Body[0][0].Text != secret || m.Facts[0].Label != secret || m.Buttons[0].Label != secret {
		t.Error("the message itself was changed")
	}
	var nobody *tagout.Redaction
	if nobody.Text(secret) != secret || nobody.Message(m).Title != secret {
		t.Error("without a policy something is masked")
	}
}

func TestAPatternThatCannotWorkIsRefused(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for n := range tagout.MaxMasks + 1 {
		many[strings.Repeat("x", n+1)] = "a"
	}
	for says, p := range map[string]tagout.RedactionPolicy{
		"no regular expression": {Patterns: map[string]string{"a": "("}},
		"even nothing":          {Patterns: map[string]string{"a": "x*"}},
		"more than 300":         {Patterns: map[string]string{"a": strings.Repeat("a", 301)}},
		"more than the 32":      {Patterns: many},
		"the name of a pattern": {Patterns: map[string]string{"‹": "a"}},
		"none of the usual":     {Off: []string{"fax"}},
	} {
		if _, err := tagout.NewRedaction(p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
	if got := usual(t, tagout.RedactionPolicy{Off: []string{"phone"}}).Text("+49 30 1234567"); got != "+49 30 1234567" {
		t.Errorf("what is turned off is masked: %q", got)
	}
}
