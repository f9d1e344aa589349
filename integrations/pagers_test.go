package integrations_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"tagout"
	"tagout/integrations"
)

// pagerTraits are in what the kinds of pager differ.
type pagerTraits struct {
	keyless   bool // the service has no idempotency key
	unwatched bool // its library does not let itself be given a client
	short     bool // only the start, the facts and the way to acknowledge fit
	limit     int  // characters of a text; 0: none that matters
}

// pagers are all kinds of pager beside Slack, each with a strict stand-in for its service.
// Adding one is a row here.
func pagers() map[string]func(t *testing.T) rig {
	return map[string]func(t *testing.T) rig{
		"webhook pager": webhookPager, "email pager": emailPager, "pagerduty pager": pagerDutyPager, "goalert pager": goAlertPager, "twilio pager": twilioPager,
		"shoutrrr pager (ntfy)": ntfyPager, "shoutrrr pager (generic)": hookPager,
	}
}

// httpPagers are those of them that speak HTTP, by the settings that lead to an address.
var httpPagers = map[string]struct {
	kind, settings string
	strict         func(*http.Request, []byte) verdict
	pagerTraits
}{
	"pagerduty pager":          {"pagerduty", "{routing_key: " + routingKey + ", api_url: 'URL', webhook_secret: " + signingSecret + "}", pagerDutyAnswers, pagerTraits{}},
	"goalert pager":            {"goalert", "{url: 'URL', token: " + token + ", webhook_token: " + signingSecret + "}", goAlertAnswers, pagerTraits{}},
	"twilio pager":             {"twilio", "{account_sid: " + twilioAccount + ", auth_token: " + twilioToken + ", from: '+15550199', api_url: 'URL'}", twilioAnswers, pagerTraits{keyless: true, short: true, limit: 320}},
	"shoutrrr pager (ntfy)":    {"shoutrrr", "{url: 'ntfy://tagout:" + password + "@HOST/alerts?scheme=SCHEME'}", ntfyAnswers, pagerTraits{keyless: true}},
	"shoutrrr pager (generic)": {"shoutrrr", "{url: 'generic+URL/hook?key=" + token + "'}", hookAnswers, pagerTraits{keyless: true, unwatched: true, limit: 1000}},
}

// newPager makes a pager of a kind that pages by the service at a URL.
func newPager(t *testing.T, row, url string, d integrations.Deps) tagout.Pager {
	t.Helper()
	c := httpPagers[row]
	scheme, host, _ := strings.Cut(url, "://")
	settings := strings.NewReplacer("URL", url, "HOST", host, "SCHEME", scheme).Replace(c.settings)
	p, err := integrations.NewPager(yamlVendor(c.kind, settings), d)
	return mustPager(t, p, err)
}

func httpPager(t *testing.T, row string) rig {
	s := newPagerService(t, httpPagers[row].strict)
	return rig{far: s, send: sendTo(newPager(t, row, s.url, integrations.Deps{})), pagerTraits: httpPagers[row].pagerTraits}
}

// sendTo pages as the ladder does: whoever is on call, if the pager reaches nobody else.
func sendTo(p tagout.Pager) func(context.Context, tagout.Page) error {
	return func(ctx context.Context, page tagout.Page) error {
		if _, ok := p.(tagout.Broadcaster); ok {
			page.To = tagout.Person{Roles: page.To.Roles}
		}
		if !p.Reaches(page.To) {
			return fmt.Errorf("the pager does not reach %+v", page.To)
		}
		return p.Send(ctx, page)
	}
}

func pagerDutyPager(t *testing.T) rig { return httpPager(t, "pagerduty pager") }
func goAlertPager(t *testing.T) rig   { return httpPager(t, "goalert pager") }
func twilioPager(t *testing.T) rig    { return httpPager(t, "twilio pager") }
func ntfyPager(t *testing.T) rig      { return httpPager(t, "shoutrrr pager (ntfy)") }
func hookPager(t *testing.T) rig      { return httpPager(t, "shoutrrr pager (generic)") }

// eachPager runs a test with every kind of pager.
func eachPager(t *testing.T, test func(t *testing.T, r rig)) {
	t.Helper()
	t.Parallel()
	for kind, make := range pagers() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

func TestEveryPagerSaysWhatAPersonNeeds(t *testing.T) {
	eachPager(t, func(t *testing.T, r rig) {
		if err := r.send(t.Context(), page("p-1")); err != nil {
			t.Fatal(err)
		}
		text := r.far.requests()[0].text
		needs := []string{"INC-7", "SEV-1", "halted", "Scope: mailer/email", "https://tagout.example.com/ack/signed-p-1"}
		if !r.short {
			needs = append(needs, "Complaints are up.", "SEV-1 pages Legal", "https://tagout.example.com/i/7")
		}
		for _, part := range needs {
			if !strings.Contains(text, part) {
				t.Errorf("%q is not in %s", part, text)
			}
		}
	})
}

func TestEveryPagerGivesAPageTheSameKeyEachTime(t *testing.T) {
	eachPager(t, func(t *testing.T, r rig) {
		r.far.behave(asksToComeBack)
		_ = r.send(t.Context(), page("p-1"))
		r.far.behave(accepts)
		for _, id := range []tagout.PageID{"p-1", "p-2"} {
			if err := r.send(t.Context(), page(id)); err != nil {
				t.Fatal(err)
			}
		}
		got := r.far.requests()
		if len(got) != 3 || got[0] != got[1] {
			t.Fatalf("a repeat is not the same: %+v", got)
		}
		if !r.keyless && (got[0].key == "" || got[1].key == got[2].key) {
			t.Errorf("keys of %+v", got)
		}
	})
}

// hostile are texts that would do harm where text is taken for more than text.
var hostile = []string{
	"@everyone @here <!channel> <@U0LEGAL> <https://evil.example|log in>", "x\r\nX-Evil: 1\r\n\r\nbody", "x\nBcc: evil@example.com", "\x00\x1b[31m\u202e\u2028evil",
	strings.Repeat("long ", 2000), strings.Repeat("@", 10_000), strings.Repeat("🛑👩‍🚒", 2000), "\xff\xfe broken", `{"a":"b"}&Body=evil&To=%2B1999`, "<script>alert(1)</script>",
}

func TestHostileTextArrivesHarmlessAndWithinTheLimits(t *testing.T) {
	eachPager(t, func(t *testing.T, r rig) {
		for _, text := range hostile {
			p := page("p-1")
			p.Message.Title, p.Why, p.Message.Body[0] = text, text, tagout.T(text)
			p.Message = p.Message.Fact("Held", text)
			if err := r.send(t.Context(), p); err != nil {
				t.Errorf("%.40q: %v", text, err)
				continue
			}
			got := r.far.requests()
			seen := got[len(got)-1].text
			if r.limit > 0 && utf8.RuneCountInString(seen) > r.limit {
				t.Errorf("%.40q: %d characters arrived", text, utf8.RuneCountInString(seen))
			}
			for _, need := range []string{"INC-7", "https://tagout.example.com/ack/signed-p-1"} {
				if !strings.Contains(seen, need) {
					t.Errorf("%.40q: %q was lost: %.400s", text, need, seen)
				}
			}
		}
		s, ok := r.far.(*pagerService)
		if !ok {
			return
		}
		for n, h := range s.headers {
			if h.Get("X-Evil") != "" || h.Get("Bcc") != "" || strings.ContainsAny(h.Get("Title"), "\r\n") {
				t.Errorf("%.40q: headers %v", hostile[n], h)
			}
		}
		if len(s.refusals) > 0 {
			t.Errorf("the service would refuse it: %q", s.refusals)
		}
	})
}

func TestChatServicesAreGivenNoMention(t *testing.T) {
	t.Parallel()
	for _, make := range []func(*testing.T) rig{ntfyPager, hookPager} {
		r := make(t)
		p := page("p-1")
		p.Message.Title = "@everyone @here <!channel> <@U0LEGAL> <users/all>"
		if err := r.send(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		for _, mention := range []string{"@everyone", "@here", "<!", "<@", "<users"} {
			if text := r.far.requests()[0].text; strings.Contains(text, mention) {
				t.Errorf("%q is in %q", mention, text)
			}
		}
	}
}

func TestAStatusTellsWhetherAPagerIsTriedAgain(t *testing.T) {
	t.Parallel()
	statuses := map[int]bool{ // final?
		301: true, 302: true, 307: true, 308: true, 400: true, 401: true, 403: true, 404: true, 410: true, 422: true, 408: false, 425: false, 429: false, 500: false, 502: false, 503: false, 504: false,
	}
	for row, c := range httpPagers {
		for status, final := range statuses {
			if c.unwatched && status < 400 {
				continue // the library's own client follows redirects
			}
			t.Run(fmt.Sprint(row, " ", status), func(t *testing.T) {
				t.Parallel()
				elsewhere := newPagerService(t, c.strict)
				r := httpPager(t, row)
				r.far.(*pagerService).answers(status, "Location", elsewhere.url+"/", "Retry-After", "17")
				err := r.send(t.Context(), page("p-1"))
				if err == nil || tagout.IsFinal(err) != final {
					t.Errorf("error %v, final %t", err, tagout.IsFinal(err))
				}
				if status == 429 && (tagout.CodeOf(err) != tagout.TooMany || !c.unwatched && !strings.Contains(err.Error(), "17 s")) {
					t.Errorf("error %v does not say when to come back", err)
				}
				mentionsNoSecret(t, err)
				if len(elsewhere.requests()) > 0 {
					t.Error("a redirect was followed")
				}
			})
		}
	}
}

func TestAServiceWithAnUntrustedCertificateGetsNothing(t *testing.T) {
	t.Parallel()
	for row, c := range httpPagers {
		t.Run(row, func(t *testing.T) {
			t.Parallel()
			reached := make(chan bool, 1)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- true }))
			server.Config.ErrorLog = log.New(io.Discard, "", 0)
			server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
			server.StartTLS()
			t.Cleanup(server.Close)
			err := sendTo(newPager(t, row, server.URL, integrations.Deps{}))(t.Context(), page("p-1"))
			if tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) || !c.unwatched && !strings.Contains(err.Error(), "certificate") {
				t.Errorf("error %v, final %t", err, tagout.IsFinal(err))
			}
			mentionsNoSecret(t, err)
			if len(reached) > 0 {
				t.Error("something was sent")
			}
		})
	}
}

func TestAServiceThatCannotBeReachedIsTriedAgain(t *testing.T) {
	t.Parallel()
	address := closedPort
	for row := range httpPagers {
		err := sendTo(newPager(t, row, "http://"+address, integrations.Deps{}))(t.Context(), page("p-1"))
		if tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) {
			t.Errorf("%s: error %v, final %t", row, err, tagout.IsFinal(err))
		}
		mentionsNoSecret(t, err)
	}
}

func TestEveryPagerSendsManyPagesAtOnce(t *testing.T) {
	eachPager(t, func(t *testing.T, r rig) {
		var sending sync.WaitGroup
		for n := range 20 {
			sending.Go(func() {
				p := page(tagout.PageID(fmt.Sprintf("p-%02d", n)))
				if err := r.send(t.Context(), p); err != nil {
					t.Error(err)
				}
			})
		}
		sending.Wait()
		var texts []string
		for _, got := range r.far.requests() {
			texts = append(texts, got.text)
		}
		for n := range 20 {
			link := fmt.Sprintf("/ack/signed-p-%02d", n)
			if slices.IndexFunc(texts, func(s string) bool { return strings.Contains(s, link) }) < 0 {
				t.Errorf("the page with %s did not arrive", link)
			}
		}
		if len(texts) != 20 {
			t.Errorf("%d pages arrived", len(texts))
		}
	})
}

func TestPagersUseTheClientTheyAreGiven(t *testing.T) {
	t.Parallel()
	for row, c := range httpPagers {
		if c.unwatched {
			continue
		}
		s := newPagerService(t, c.strict)
		through := &counting{next: http.DefaultTransport}
		client := &http.Client{Transport: through}
		if err := sendTo(newPager(t, row, s.url, integrations.Deps{HTTP: client}))(t.Context(), page("p-1")); err != nil {
			t.Errorf("%s: %v", row, err)
		}
		if through.count != 1 {
			t.Errorf("%s: %d requests went through the client", row, through.count)
		}
	}
}

type counting struct {
	next  http.RoundTripper
	count int
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.count++
	return c.next.RoundTrip(r)
}

func TestABroadcasterServesItsRoles(t *testing.T) {
	t.Parallel()
	for kind, settings := range map[string]string{
		"pagerduty": "{routing_key: " + routingKey, "goalert": "{url: 'https://goalert.example.com', token: x", "shoutrrr": "{url: 'ntfy://ntfy.sh/topic'",
	} {
		all, err := integrations.NewPager(yamlVendor(kind, settings+"}"), integrations.Deps{})
		some, err2 := integrations.NewPager(yamlVendor(kind, settings+", roles: [legal, platform]}"), integrations.Deps{})
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		a, b := all.(tagout.Broadcaster), some.(tagout.Broadcaster)
		if !a.PagesRoles([]string{"mops"}) || b.PagesRoles([]string{"mops"}) || !b.PagesRoles([]string{"mops", "legal"}) {
			t.Errorf("%s pages the wrong roles", kind)
		}
		if a.Reaches(tagout.Person{ID: "U1", Email: "a@example.com", Phone: "+15550100"}) {
			t.Errorf("%s claims to have an address of a person", kind)
		}
	}
}
