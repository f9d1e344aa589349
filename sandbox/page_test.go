package sandbox_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"tagout/sandbox"
)

func TestThePageIsServedToNobodyElse(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	cases := []struct{ path, contentType, contains string }{
		{"/", "text/html; charset=utf-8", `src="js/main.js"`},
		{"/index.html", "text/html; charset=utf-8", "<!doctype html>"},
		{"/js/main.js", "text/javascript; charset=utf-8", "import "},
		{"/css/base.css", "text/css; charset=utf-8", ":root"},
		{"/icon.svg", "image/svg+xml", "<svg"},
	}
	for _, c := range cases {
		answer, body := get(t, w.URL+c.path, "")
		if answer.StatusCode != http.StatusOK || !strings.Contains(body, c.contains) {
			t.Errorf("GET %s: status %d, want 200 and %q in the body", c.path, answer.StatusCode, c.contains)
		}
		if got := answer.Header.Get("Content-Type"); got != c.contentType {
			t.Errorf("GET %s: Content-Type %q, want %q", c.path, got, c.contentType)
		}
		policy := answer.Header.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'self'", "img-src 'self' data:", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'self'"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("GET %s: policy %q lacks %q", c.path, policy, rule)
			}
		}
		if got := answer.Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("GET %s: X-Content-Type-Options %q, want nosniff", c.path, got)
		}
	}
}

func TestThePageHasNothingBesideItsFiles(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	for _, path := range []string{"/js", "/js/", "/nothing.js", "/page.go", "/page/index.html"} {
		if answer, _ := get(t, w.URL+path, ""); answer.StatusCode != http.StatusNotFound {
			t.Errorf("GET %s: status %d, want 404", path, answer.StatusCode)
		}
	}
	answer, err := http.Post(w.URL+"/index.html", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusMethodNotAllowed || answer.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: status %d, Allow %q; want 405 and GET, HEAD", answer.StatusCode, answer.Header.Get("Allow"))
	}
}

func TestAnUnchangedPageIsNotSentAgain(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	first, _ := get(t, w.URL+"/js/main.js", "")
	second, body := get(t, w.URL+"/js/main.js", first.Header.Get("ETag"))
	if second.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("second GET: status %d with %d bytes, want 304 and none", second.StatusCode, len(body))
	}
}

// outside matches what would make the browser load something from elsewhere, or
// turn foreign text into markup.
var outside = regexp.MustCompile(`(?:src|href|import|url\()\s*[=('"]+\s*(?:https?:)?//|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(`)

func TestThePageLoadsNothingFromElsewhereAndParsesNoHTML(t *testing.T) {
	t.Parallel()
	w := open(t, sandbox.Options{})
	seen := map[string]bool{}
	queue := []string{"index.html"}
	imports := regexp.MustCompile(`(?:from '\./|href="|src=")([\w./-]+\.(?:js|css|svg))`)
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		answer, body := get(t, w.URL+"/"+name, "")
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s is used but missing: status %d", name, answer.StatusCode)
		}
		if found := outside.FindString(body); found != "" {
			t.Errorf("%s contains %q", name, found)
		}
		folder := ""
		if strings.HasPrefix(name, "js/") {
			folder = "js/"
		}
		for _, match := range imports.FindAllStringSubmatch(body, -1) {
			queue = append(queue, folder+match[1])
		}
	}
	if len(seen) < 20 {
		t.Errorf("found only %d files of the page: %v", len(seen), seen)
	}
}

func TestThePageWorksUnderAPrefix(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Options{})
	mux := http.NewServeMux()
	mux.Handle("/slack/", http.StripPrefix("/slack", s.Handler()))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		s.Close()
		server.Close()
	})
	for _, path := range []string{"/slack/", "/slack/js/main.js", "/slack/ui/state"} {
		if answer, _ := get(t, server.URL+path, ""); answer.StatusCode != http.StatusOK {
			t.Errorf("GET %s: status %d, want 200", path, answer.StatusCode)
		}
	}
}

func get(t *testing.T, url, etag string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(soon(t), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}
