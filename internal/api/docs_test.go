package api

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// example is a curl call of the documentation: its path, and the body if it has one.
type example struct{ path, body string }

func examples(t *testing.T, doc string) []example {
	t.Helper()
	var found []example
	for _, block := range regexp.MustCompile("(?s)```sh\n(curl .*?)```").FindAllStringSubmatch(doc, -1) {
		path := regexp.MustCompile(`"\$TAGOUT([^"]*)"`).FindStringSubmatch(block[1])
		if path == nil {
			t.Fatalf("no path in the example %s", block[1])
		}
		e := example{path: path[1]}
		if body := regexp.MustCompile(`(?s)-d '(.*?)'`).FindStringSubmatch(block[1]); body != nil {
			e.body = body[1]
		}
		found = append(found, e)
	}
	return found
}

func TestTheExamplesOfTheDocumentationWork(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(func(o *Options) {
		o.Gatherer, o.Inboxes = prometheus.NewRegistry(), map[string]tagout.PageInbox{"goalert": openInbox{}}
		o.Changes = map[string]tagout.ChangeInbox{"github": openChanges{}}
		o.Trackers = map[string]tagout.TicketInbox{"github": openTickets{}}
	})
	b.desk.incidents[7] = anIncident(7)
	b.store.kept = []tagout.Evidence{tagout.NewEvidence("empty.json", "application/json", []byte("{}"), noon)}
	called := examples(t, string(doc))
	for _, e := range called {
		method, want := "GET", 200
		if e.body != "" {
			method, want = "POST", 202
		}
		if strings.HasPrefix(e.path, "/v1/commands/") {
			want = 200
		}
		if got := b.do(method, e.path, e.body, bearing(allToken)); got.StatusCode != want {
			t.Errorf("the example %s %s is answered %d %s", method, e.path, got.StatusCode, got.body)
		}
	}
	var described struct{ Paths map[string]map[string]any }
	b.do("GET", "/v1/openapi.json", "").into(t, &described)
	types := described.Paths["/v1/incidents/{id}/review"]["get"].(map[string]any)["responses"].(map[string]any)["200"].(map[string]any)["content"].(map[string]any)
	if types["text/markdown"] == nil || len(types) != 1 {
		t.Errorf("the review is described as %v", types)
	}
	if len(called) < len(described.Paths) {
		t.Errorf("%d examples for %d paths", len(called), len(described.Paths))
	}
	for path, methods := range described.Paths {
		for method := range methods {
			if heading := "\n### " + strings.ToUpper(method) + " " + path + "\n"; !strings.Contains(string(doc), heading) {
				t.Errorf("%s %s is not documented", method, path)
			}
		}
	}
}
