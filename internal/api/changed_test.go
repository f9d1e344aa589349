package api

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"tagout"
)

// fakeChanges reads a JSON list of versions from who is signed.
type fakeChanges struct{}

func (fakeChanges) Changes(_ context.Context, in tagout.Delivery) ([]tagout.Deployment, error) {
	if http.Header(in.Header).Get("X-Hub-Signature-256") != "right" {
		return nil, tagout.Errorf(tagout.Unauthorized, "This is not signed.")
	}
	var versions []string
	if err := json.Unmarshal(in.Body, &versions); err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is no list.")
	}
	var changes []tagout.Deployment
	for _, v := range versions {
		changes = append(changes, tagout.Deployment{ID: v, Agent: "mailer", Component: "prompt", To: v, At: in.At})
	}
	return changes, nil
}

// openChanges takes whatever comes for one change.
type openChanges struct{}

func (openChanges) Changes(_ context.Context, in tagout.Delivery) ([]tagout.Deployment, error) {
	return []tagout.Deployment{{ID: "1", Agent: "mailer", Component: "prompt", To: "v42", At: in.At}}, nil
}

func TestWhatACodeHostTellsIsRecordedOnlyIfItSigns(t *testing.T) {
	t.Parallel()
	b := newBench(func(o *Options) { o.Changes = map[string]tagout.ChangeInbox{"github": fakeChanges{}} })
	signed := header("X-Hub-Signature-256", "right")
	for body, status := range map[string]int{`["v1"]`: http.StatusUnauthorized, `{`: http.StatusUnauthorized} {
		if got := b.do("POST", "/v1/changes/github", body, bearing(allToken)); got.StatusCode != status {
			t.Errorf("%s: %d", body, got.StatusCode)
		}
	}
	b.do("POST", "/v1/changes/github", `{"a":1}`, signed).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("POST", "/v1/changes/github", `{"a"`, signed).isProblem(t, http.StatusBadRequest, tagout.Invalid)
	b.do("POST", "/v1/changes/gitlab", `[]`, signed).isProblem(t, http.StatusNotFound, tagout.NotFound)
	if got := b.do("POST", "/v1/changes/github", `["v1","v2"]`, signed).is(t, http.StatusAccepted); got.body != "{\"changes\":2}\n" && got.body != `{"changes":2}` {
		t.Errorf("answered %q", got.body)
	}
	b.do("POST", "/v1/changes/github", `[]`, signed).is(t, http.StatusAccepted)
}
