package integrations_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tagout"
	"tagout/integrations"
)

// listening is a port that takes connections and is asked nothing.
func listening(t *testing.T) (address string, asked func() bool) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	said := make(chan bool, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(said)
				return
			}
			n, _ := c.Read(make([]byte, 1))
			said <- n > 0
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close() })
	return l.Addr().String(), func() bool { return <-said }
}

// TestAPagerIsProbedWithoutAPage: each connects to its service and says nothing there; where
// nobody listens it says so, without what is secret.
func TestAPagerIsProbedWithoutAPage(t *testing.T) {
	t.Parallel()
	for kind, settings := range map[string]map[string]string{
		"email":     {"smtp": "smtp://user:s3cret@%", "from": "tagout@example.com"},
		"goalert":   {"url": "http://%", "token": "s3cret"},
		"pagerduty": {"routing_key": "R0123456789abcdefABCDEF987654321", "api_url": "http://%"},
		"webhook":   {"url": "http://%/page", "secret": "whsec_czNjcmV0czNjcmV0czNjcmV0czNjcmV0"},
	} {
		address, asked := listening(t)
		at := func(address string) tagout.Prober {
			filled := map[string]string{}
			for key, value := range settings {
				filled[key] = strings.Replace(value, "%", address, 1)
			}
			p, err := integrations.NewPager(vendor(kind, kind, filled), integrations.Deps{HTTP: http.DefaultClient})
			if err != nil {
				t.Fatal(err)
			}
			probe, can := p.(tagout.Prober)
			if !can {
				t.Fatalf("%s cannot be probed", kind)
			}
			return probe
		}
		if err := at(address).Probe(t.Context()); err != nil || asked() {
			t.Errorf("%s: %v, or it said something", kind, err)
		}
		err := at("127.0.0.1:1").Probe(t.Context())
		if tagout.CodeOf(err) != tagout.Unavailable || !strings.Contains(err.Error(), "could not be reached: the connection was refused") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s, where nobody listens: %v", kind, err)
		}
	}
}

// TestATrackerIsProbedByReadingItsProject: with a token that may not, or a project that there is
// not, it says so.
func TestATrackerIsProbedByReadingItsProject(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct {
		settings map[string]string
		path     string
	}{
		"github": {map[string]string{"repository": "acme/mailer", "token": "s3cret", "api_url": "%"}, "/repos/acme/mailer"},
		"jira":   {map[string]string{"url": "%", "project": "OPS", "token": "s3cret"}, "/rest/api/2/project/OPS"},
	} {
		for status, code := range map[int]tagout.Code{200: "", 404: tagout.NotFound, 401: tagout.Forbidden, 502: tagout.Unavailable} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != http.MethodGet || r.URL.Path != c.path {
					t.Errorf("%s was asked %s %s", kind, r.Method, r.URL.Path)
				}
				w.WriteHeader(status)
				_, _ = w.Write([]byte("{}"))
			}))
			filled := map[string]string{}
			for key, value := range c.settings {
				filled[key] = strings.Replace(value, "%", server.URL+"/", 1)
			}
			if kind == "jira" {
				filled["url"] = server.URL
			}
			tracker, err := integrations.NewTracker(vendor(kind, kind, filled), integrations.Deps{HTTP: server.Client()})
			if err != nil {
				t.Fatal(err)
			}
			if err := tracker.(tagout.Prober).Probe(t.Context()); tagout.CodeOf(err) != code || err != nil && strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s answered %d: %v", kind, status, err)
			}
			server.Close()
		}
	}
}
