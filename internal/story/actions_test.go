package story_test

import (
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
)

// codeHost is GitHub with the issues of acme/mailer, as strict as the real one.
type codeHost struct {
	server *httptest.Server

	mu     sync.Mutex
	issues []map[string]any
	made   int // how often an issue was asked for
}

func newCodeHost(t *testing.T) *codeHost {
	t.Helper()
	h := &codeHost{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /repos/acme/mailer/issues", h.create)
	mux.HandleFunc("GET /repos/acme/mailer/issues", func(w http.ResponseWriter, r *http.Request) {
		newest := slices.Clone(h.issues)
		slices.Reverse(newest)
		answer(w, http.StatusOK, newest)
	})
	mux.HandleFunc("GET /repos/acme/mailer/issues/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 1 || n > len(h.issues) {
			answer(w, http.StatusNotFound, map[string]string{"message": "Not Found"})
			return
		}
		answer(w, http.StatusOK, h.issues[n-1])
	})
	h.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer github-token" {
			answer(w, http.StatusUnauthorized, map[string]string{"message": "Bad credentials"})
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.server.Close)
	return h
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (h *codeHost) create(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Title  string   `json:"title"`
		Body   string   `json:"body"`
		Labels []string `json:"labels"`
	}
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || in.Title == "" || len(in.Title) > 256 || !slices.Contains(in.Labels, "tagout") {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "Validation Failed"})
		return
	}
	h.made++
	n := len(h.issues) + 1
	issue := map[string]any{"number": n, "title": in.Title, "body": in.Body, "state": "open", "html_url": "https://github.example/acme/mailer/issues/" + strconv.Itoa(n)}
	h.issues = append(h.issues, issue)
	answer(w, http.StatusCreated, issue)
}

// sets changes the first issue, as somebody does in GitHub.
func (h *codeHost) sets(values map[string]any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, value := range values {
		h.issues[0][key] = value
	}
}

func (h *codeHost) asked() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.made
}

// tells is what GitHub posts when an issue changes.
func (h *codeHost) tells(w *world, secret string) int {
	w.t.Helper()
	body := []byte(`{"action":"closed","issue":{"number":1},"repository":{"full_name":"acme/mailer"}}`)
	return w.hearsFromGitHub("/v1/trackers/github", "issues", secret, body)
}

// TestACorrectiveActionIsFollowedToClosure: an action is added in Slack and gets one issue, although
// Tagout dies right after it was made; it is closed in GitHub and done here; it is opened
// again there and here. Another one nags its owner when its time is over.
func TestACorrectiveActionIsFollowedToClosure(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newMortalWorld(t, database)
			github := newCodeHost(t)
			w.params.GitHub = github.server.URL
			w.log.expect("") // the crash may be noticed as any error
			p := w.launches("ticket.made")
			w.types("U0IC", "#general", "/kill mailer sev1 wrong people")
			room := w.room("inc-1-")

			w.types("U0IC", room, "/action narrow the mail tool")
			w.diesOf(p, "U0IC", map[string]any{"owner": "U0ENG", "layer": "tool_permissions", "test": "evals/optout_test.py", "tracker": "github"})
			w.launches("")
			w.reads("U0ENG", room, "The corrective action INC-1/1 is .*1.* in github")
			w.isPaged("U0ENG", "gave you the corrective action INC-1/1")
			if n := github.asked(); n != 1 {
				t.Errorf("%d issues were made", n)
			}

			if status := github.tells(w, "guessed"); status != http.StatusUnauthorized {
				t.Errorf("somebody else's signature was answered with %d", status)
			}
			github.sets(map[string]any{"state": "closed", "closed_by": map[string]string{"login": "octocat"}, "closed_at": time.Now().UTC().Format(time.RFC3339)})
			for range 2 { // GitHub may tell it twice
				if status := github.tells(w, "secret-of-the-webhook"); status != http.StatusAccepted {
					t.Errorf("GitHub's webhook was answered with %d", status)
				}
			}
			w.reads("U0IC", room, "octocat in github closed the ticket of the corrective action INC-1/1.*evals/optout_test.py")
			w.happens("INC-1", tagout.EventActionDone, 1)
			github.sets(map[string]any{"state": "open"})
			github.tells(w, "secret-of-the-webhook")
			w.reads("U0IC", room, "was opened again. The action is open again too")

			w.types("U0IC", room, "/action ask before bulk mail")
			w.fills("U0IC", map[string]any{"owner": "U0MOPS", "due": time.Now().Add(3 * time.Second), "tracker": "-"})
			w.isPaged("U0MOPS", "overdue.*INC-1/2")
			w.types("U0OUTSIDER", "#general", "/actions overdue")
			w.reads("U0OUTSIDER", "#general", "1 open action, 1 of them overdue.*INC-1/2 ask before bulk mail")
			dm := w.slack.DM("U0MOPS")
			w.presses("U0MOPS", dm, "Done")
			if problems := w.triesForm("U0MOPS", map[string]any{"test": ""}); !strings.Contains(fmt.Sprint(problems), "regression test") {
				t.Errorf("done without a test: %v", problems)
			}
			w.fills("U0MOPS", map[string]any{"test": "TestBulkAsks"})
			w.happens("INC-1", tagout.EventActionDone, 2)
			w.types("U0GUEST", room, "/action x")
			w.reads("U0GUEST", room, "Guests can stop an agent")
			w.verifies()
		})
	}
}
