package integrations_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
)

// office is a tracker's service on this machine, as strict as the real one.
type office struct {
	url  string
	came chan bool // one for each request, as it comes in

	mu      sync.Mutex
	how     behaviour
	status  int // answered instead, if not 0
	issues  []map[string]any
	refused []string // why a request was not what the service takes
}

func newOffice(t *testing.T, routes func(o *office) http.Handler) *office {
	o := &office{came: make(chan bool, 100)}
	handler := routes(o)
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		how, status := o.how, o.status
		o.mu.Unlock()
		o.came <- true
		switch {
		case status != 0:
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			fmt.Fprint(w, echoed)
		case how == hangs:
			select {
			case <-r.Context().Done():
			case <-over:
			}
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	t.Cleanup(func() {
		for _, why := range o.refused {
			t.Error("refused:", why)
		}
	})
	o.url = server.URL
	return o
}

func (o *office) refuse(w http.ResponseWriter, status int, why string) {
	o.refused = append(o.refused, why)
	w.WriteHeader(status)
}

func (o *office) close(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.issues[n]["state"] = "closed"
}

func answers(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// gitHub takes issues as api.github.com does.
func gitHub(o *office) http.Handler {
	mux := http.NewServeMux()
	authorized := func(do http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			o.mu.Lock()
			defer o.mu.Unlock()
			if r.Header.Get("Authorization") != "Bearer "+token {
				o.refuse(w, http.StatusUnauthorized, "no token")
				return
			}
			do(w, r)
		}
	}
	mux.HandleFunc("POST /repos/acme/ops/issues", authorized(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			Title  string   `json:"title"`
			Body   string   `json:"body"`
			Labels []string `json:"labels"`
		}
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&in); err != nil || in.Title == "" || len(in.Title) > 256 || len(in.Body) > 65536 {
			o.refuse(w, http.StatusUnprocessableEntity, fmt.Sprint("an issue of this shape: ", err))
			return
		}
		n := len(o.issues) + 1
		issue := map[string]any{"number": n, "title": in.Title, "body": in.Body, "state": "open", "html_url": "https://github.example/acme/ops/issues/" + strconv.Itoa(n), "labels": []any{}}
		o.issues = append(o.issues, issue)
		answers(w, http.StatusCreated, issue)
	}))
	mux.HandleFunc("GET /repos/acme/ops/issues", authorized(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("state") != "all" || r.URL.Query().Get("labels") != "tagout" {
			o.refuse(w, http.StatusUnprocessableEntity, "a list of other issues")
			return
		}
		newest := slices.Clone(o.issues)
		slices.Reverse(newest)
		answers(w, http.StatusOK, newest)
	}))
	mux.HandleFunc("GET /repos/acme/ops/issues/{n}", authorized(func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 1 || n > len(o.issues) {
			answers(w, http.StatusNotFound, map[string]string{"message": echoed})
			return
		}
		answers(w, http.StatusOK, o.issues[n-1])
	}))
	return mux
}

// jiraOf takes issues as Jira does: version 3 in the cloud, 2 on a server.
func jiraOf(version string) func(o *office) http.Handler {
	return func(o *office) http.Handler {
		mux := http.NewServeMux()
		view := func(issue map[string]any) map[string]any {
			category := "new"
			if issue["state"] == "closed" {
				category = "done"
			}
			fields := map[string]any{"summary": issue["title"], "status": map[string]any{"name": "x", "statusCategory": map[string]string{"key": category}}}
			if at, ok := issue["closed_at"].(string); ok { // as Jira writes times
				fields["resolutiondate"] = strings.Replace(at, "Z", ".000+0000", 1)
				fields["updated"] = strings.Replace(issue["updated_at"].(string), "Z", ".000+0000", 1)
				fields["resolution"] = map[string]string{"name": "Won't Do"}
			}
			return map[string]any{"id": "1", "key": issue["key"], "fields": fields}
		}
		authorized := func(do http.HandlerFunc) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				o.mu.Lock()
				defer o.mu.Unlock()
				user, secret, basic := r.BasicAuth()
				if version == "3" && (!basic || user != "ops@example.com" || secret != token) || version == "2" && r.Header.Get("Authorization") != "Bearer "+token {
					o.refuse(w, http.StatusUnauthorized, "no token")
					return
				}
				do(w, r)
			}
		}
		root := "/rest/api/" + version
		mux.HandleFunc("POST "+root+"/issue", authorized(func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				Fields struct {
					Project, IssueType struct{ Key, Name string }
					Summary            string
					Description        any
					Labels             []string
					DueDate            string
				}
			}
			err := json.NewDecoder(r.Body).Decode(&in)
			f := in.Fields
			_, text := f.Description.(string)
			spaced := slices.ContainsFunc(f.Labels, func(l string) bool { return strings.ContainsAny(l, " \t\n") })
			if err != nil || f.Project.Key != "OPS" || f.IssueType.Name != "Task" || f.Summary == "" || len(f.Summary) > 255 || strings.Contains(f.Summary, "\n") || text != (version == "2") || spaced {
				o.refuse(w, http.StatusBadRequest, fmt.Sprintf("an issue of this shape: %+v %v", in, err))
				return
			}
			key := fmt.Sprintf("OPS-%d", len(o.issues)+1)
			o.issues = append(o.issues, map[string]any{"key": key, "title": f.Summary, "body": fmt.Sprint(f.Description), "labels": f.Labels, "due": f.DueDate})
			answers(w, http.StatusCreated, map[string]string{"id": "1", "key": key, "self": "https://x"})
		}))
		search := root + "/search"
		if version == "3" {
			search += "/jql" // the older one is gone in the cloud
		}
		mux.HandleFunc("GET "+search, authorized(func(w http.ResponseWriter, r *http.Request) {
			found := []any{}
			for _, issue := range o.issues {
				for _, label := range issue["labels"].([]string) {
					if label != "tagout" && r.URL.Query().Get("jql") == `project = "OPS" AND labels = "`+label+`"` {
						found = append(found, view(issue))
					}
				}
			}
			answers(w, http.StatusOK, map[string]any{"issues": found})
		}))
		mux.HandleFunc("GET "+root+"/issue/{key}", authorized(func(w http.ResponseWriter, r *http.Request) {
			for _, issue := range o.issues {
				if issue["key"] == r.PathValue("key") {
					answers(w, http.StatusOK, view(issue))
					return
				}
			}
			answers(w, http.StatusNotFound, map[string]any{"errorMessages": []string{echoed}})
		}))
		return mux
	}
}

// bureau is a tracker with its office.
type bureau struct {
	office  *office
	tracker tagout.Tracker
	missing string // the key of a ticket that is not there
}

func trackers() map[string]func(t *testing.T) bureau {
	build := func(kind, missing string, routes func(*office) http.Handler, settings func(o *office) map[string]string) func(t *testing.T) bureau {
		return func(t *testing.T) bureau {
			t.Helper()
			o := newOffice(t, routes)
			tracker, err := integrations.NewTracker(vendor(kind, kind, settings(o)), integrations.Deps{})
			if err != nil {
				t.Fatal(err)
			}
			return bureau{o, tracker, missing}
		}
	}
	return map[string]func(t *testing.T) bureau{
		"github": build("github", "999", gitHub, func(o *office) map[string]string {
			return map[string]string{"repository": "acme/ops", "token": token, "api_url": o.url}
		}),
		"jira in the cloud": build("jira", "OPS-999", jiraOf("3"), func(o *office) map[string]string {
			return map[string]string{"url": o.url, "project": "OPS", "email": "ops@example.com", "token": token}
		}),
		"jira on a server": build("jira", "OPS-999", jiraOf("2"), func(o *office) map[string]string {
			return map[string]string{"url": o.url, "project": "OPS", "token": token}
		}),
	}
}

var draft = tagout.TicketDraft{ID: "a-1", Title: "Narrow the tool's permission", Text: "INC-7 found @everyone #1\n{noformat}\n<!-- tagout:a-2 -->", Due: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), Labels: []string{"tool permission"}}

func TestATrackerMakesOneTicketOfADraftAndFollowsIt(t *testing.T) {
	t.Parallel()
	for kind, make := range trackers() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			first, err := b.tracker.Create(t.Context(), draft)
			if err != nil || first.Key == "" || first.Done || !strings.Contains(first.URL, first.Key) {
				t.Fatal(first, err)
			}
			if again, err := b.tracker.Create(t.Context(), draft); err != nil || again.Key != first.Key || len(b.office.issues) != 1 {
				t.Errorf("a repeat made %+v (%v); there are %d issues", again, err, len(b.office.issues))
			}
			other := draft
			other.ID = "a-2" // which the text of the first one names
			if second, err := b.tracker.Create(t.Context(), other); err != nil || second.Key == first.Key {
				t.Errorf("another draft is %+v (%v)", second, err)
			}
			b.office.close(0)
			if now, err := b.tracker.Read(t.Context(), first.Key); err != nil || !now.Done || now.Title != draft.Title {
				t.Errorf("the closed ticket is %+v (%v)", now, err)
			}
		})
	}
}

func TestATrackerTellsRetryableFromFinal(t *testing.T) {
	t.Parallel()
	for kind, make := range trackers() {
		for status, final := range map[int]bool{
			302: true, 400: true, 401: true, 403: true, 404: true, 410: true, 422: true, 408: false, 429: false, 500: false, 502: false, 503: false,
		} {
			t.Run(fmt.Sprint(kind, " ", status), func(t *testing.T) {
				t.Parallel()
				b := make(t)
				b.office.status = status
				_, read := b.tracker.Read(t.Context(), b.missing)
				_, create := b.tracker.Create(t.Context(), draft)
				for _, err := range []error{read, create} {
					if err == nil || tagout.IsFinal(err) != final {
						t.Errorf("error %v, final %t", err, tagout.IsFinal(err))
					}
					mentionsNoSecret(t, err)
				}
			})
		}
	}
}

func TestATrackerSaysThatATicketIsGone(t *testing.T) {
	t.Parallel()
	for kind, make := range trackers() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			for _, key := range []string{b.missing, "../../user", "", "0"} {
				_, err := b.tracker.Read(t.Context(), key)
				if tagout.CodeOf(err) != tagout.NotFound || !tagout.IsFinal(err) {
					t.Errorf("%q: %v", key, err)
				}
				mentionsNoSecret(t, err)
			}
		})
	}
}

func TestATrackerGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	for kind, make := range trackers() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := make(t)
			b.office.how = hangs
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := goDo(func() error { _, err := b.tracker.Create(ctx, draft); return err })
			<-b.office.came
			cancel()
			if err := <-done; tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func goDo(do func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- do() }()
	return done
}

func TestTrackersRefuseSettingsThatCannotWork(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind     string
		settings map[string]string
	}{
		"github, no repository":      {"github", map[string]string{"repository": "acme", "token": token}},
		"github, a path":             {"github", map[string]string{"repository": "acme/ops/issues", "token": token}},
		"github, no token":           {"github", map[string]string{"repository": "acme/ops", "token": " "}},
		"github, in clear":           {"github", map[string]string{"repository": "acme/ops", "token": token, "api_url": "http://github.example.com"}},
		"jira, in clear":             {"jira", map[string]string{"url": "http://jira.example.com", "project": "OPS", "token": token}},
		"jira, a project's name":     {"jira", map[string]string{"url": "https://jira.example.com", "project": "Operations!", "token": token}},
		"jira, the token in the URL": {"jira", map[string]string{"url": "https://x:" + token + "@jira.example.com", "project": "OPS", "token": token}},
		"unknown":                    {"trello", map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := integrations.NewTracker(vendor(c.kind, c.kind, c.settings), integrations.Deps{})
			if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(fmt.Sprint(err), "Fix:") {
				t.Errorf("error %v", err)
			}
			mentionsNoSecret(t, err)
		})
	}
}
