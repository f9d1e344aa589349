package integrations_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"tagout"
	"tagout/integrations"
)

func TestSettingsThatCannotWorkAreRefusedWithPlaceAndFix(t *testing.T) {
	t.Parallel()
	pager := func(v tagout.Vendor) error { _, err := integrations.NewPager(v, integrations.Deps{}); return err }
	control := func(v tagout.Vendor) error { _, err := integrations.NewControl(v, integrations.Deps{}); return err }
	source := func(v tagout.Vendor) error { _, err := integrations.NewSource(v); return err }
	webhook := func(url, secret string) tagout.Vendor {
		return vendor("webhook", "webhook", map[string]string{"url": url, "secret": secret})
	}
	email := func(smtp, from string) tagout.Vendor {
		return vendor("email", "email", map[string]string{"smtp": smtp, "from": from})
	}
	cases := map[string]struct {
		make   func(tagout.Vendor) error
		vendor tagout.Vendor
		says   string
	}{
		"unknown pager":       {pager, vendor("x", "pigeon", nil), "pagerduty or shoutrrr"},
		"unknown control":     {control, vendor("x", "pigeon", nil), "Use http or kubernetes or webhook"},
		"unknown source":      {source, vendor("x", "pigeon", nil), "alertmanager or cloudevents"},
		"no url":              {control, webhook("", "x"), "https://host/path"},
		"not http":            {control, webhook("ftp://"+password+"/", "x"), "https://host/path"},
		"no host":             {pager, webhook("http:///"+password, "x"), "https://host/path"},
		"unreadable url":      {pager, webhook("http://"+password+"%zz/", "x"), "https://host/path"},
		"not base64":          {control, webhook("https://example.com/", "whsec_"+password), "base64"},
		"whsec_ alone":        {control, webhook("https://example.com/", "whsec_"), "base64"},
		"no secret":           {pager, webhook("https://"+password+"@example.com/", ""), "Set a secret"},
		"no smtp":             {pager, email("", "a@example.com"), "smtp://"},
		"not smtp":            {pager, email("https://user:"+password+"@example.com", "a@example.com"), "smtp://"},
		"no smtp host":        {pager, email("smtp://user:"+password+"@:25", "a@example.com"), "smtp://"},
		"smtp path":           {pager, email("smtp://example.com/"+password, "a@example.com"), "smtp://"},
		"smtp port":           {pager, email("smtp://example.com:70000", "a@example.com"), "port"},
		"unreadable smtp":     {pager, email("smtp://user:"+password+"%zz@example.com", "a@example.com"), "smtp://"},
		"unknown option":      {pager, email("smtp://example.com?"+password+"=1", "a@example.com"), "tls=off"},
		"unknown tls":         {pager, email("smtp://example.com?tls="+password, "a@example.com"), "tls=off"},
		"smtps without tls":   {pager, email("smtps://example.com?tls=off", "a@example.com"), "tls=off"},
		"password in clear":   {pager, email("smtp://user:"+password+"@example.com?tls=off", "a@example.com"), "without encryption"},
		"no sender":           {pager, email("smtp://example.com", ""), "from"},
		"sender with newline": {pager, email("smtp://example.com", "a@example.com\r\nBcc: "+password+"@example.com"), "from"},
		"unknown key":         {source, vendor("x", "generic", map[string]string{"color": "red"}), "unknown key"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := c.make(c.vendor)
			if tagout.CodeOf(err) != tagout.Invalid {
				t.Fatalf("error %v, want Invalid", err)
			}
			if !strings.HasPrefix(err.Error(), "tagout.yaml:7:3: ") || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say where, or not %q", err, c.says)
			}
			mentionsNoSecret(t, err)
		})
	}
}

func TestSettingsThatWorkAreTaken(t *testing.T) {
	t.Parallel()
	for _, v := range []tagout.Vendor{
		vendor("p", "email", map[string]string{"smtp": "smtp://mail.example.com", "from": "a@example.com"}),
		vendor("p", "email", map[string]string{"smtp": "smtp://mail.example.com:25?tls=off", "from": "a@example.com"}),
		vendor("p", "email", map[string]string{"smtp": "smtps://user:p%40ss@mail.example.com", "from": "Tagout <a@example.com>"}),
		vendor("p", "webhook", map[string]string{"url": "https://example.com/page", "secret": signingSecret}),
	} {
		if p, err := integrations.NewPager(v, integrations.Deps{}); err != nil || p.Name() != "p" {
			t.Errorf("%v", err)
		}
	}
}

func TestEverySettingOfAPagerIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind := range integrations.Pagers(integrations.Deps{}) {
		stop := errors.New("seen")
		_, err := integrations.NewPager(tagout.Vendor{Kind: kind, Decode: func(into any) error {
			keys := reflect.TypeOf(into).Elem()
			for n := range keys.NumField() {
				if key := kind + "." + keys.Field(n).Tag.Get("yaml"); !strings.Contains(string(doc), "| `"+key+"` |") {
					t.Errorf("docs/configuration.md does not explain %s", key)
				}
			}
			return stop
		}}, integrations.Deps{})
		if !errors.Is(err, stop) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestPagersThatCannotWorkAreRefusedWithPlaceAndFix(t *testing.T) {
	t.Parallel()
	key, sid := "routing_key: "+routingKey, "account_sid: "+twilioAccount
	for settings, says := range map[string]string{
		"pagerduty {routing_key: " + password + "}":                                                          "32 letters and digits",
		"pagerduty {" + key + ", api_url: 'http://events.example.com'}":                                      "https://host",
		"pagerduty {" + key + ", api_url: 'https://u:" + password + "@example.com'}":                         "more than host and path",
		"goalert {url: 'https://goalert.example.com/api/v2/generic/incoming?token=" + token + "', token: x}": "a token under its own key",
		"goalert {url: '" + password + "', token: x}":                                                        "https://host",
		"goalert {url: 'https://goalert.example.com', token: ''}":                                            "token",
		"twilio {account_sid: " + password + ", auth_token: x, from: '+15550100'}":                           "AC and 32",
		"twilio {" + sid + ", auth_token: " + password + ", from: '+15550100'}":                              "letters and digits",
		"twilio {" + sid + ", api_key: " + password + ", auth_token: x, from: '+15550100'}":                  "SK and 32",
		"twilio {" + sid + ", auth_token: x, from: '5550100'}":                                               "messaging service",
		"shoutrrr {url: '" + password + "'}":                                                                 "ntfy://",
		"shoutrrr {url: 'pigeon://" + password + "@host'}":                                                   "no service",
		"shoutrrr {url: 'logger://" + password + "'}":                                                        "no service",
		"shoutrrr {url: 'discord://" + password + "'}":                                                       "service discord",
		"shoutrrr {url: 'ntfy+https://" + password + "'}":                                                    "service ntfy",
	} {
		kind, rest, _ := strings.Cut(settings, " ")
		_, err := integrations.NewPager(yamlVendor(kind, rest), integrations.Deps{})
		if tagout.CodeOf(err) != tagout.Invalid || !strings.HasPrefix(err.Error(), "tagout.yaml:7:3: ") || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "Fix: ") {
			t.Errorf("%s: %v", settings, err)
		}
		mentionsNoSecret(t, err)
	}
}
