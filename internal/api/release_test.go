package api

import (
	"net/http"
	"slices"
	"testing"

	"tagout"
)

func TestAPipelineAsksWhetherItMayRelease(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.release = tagout.ReleaseReport{
		Agent: "mailer", At: noon, Looked: 3, Recurrences: []tagout.ReleaseRecurrence{},
		Incidents: []tagout.ReleaseIncident{{ID: 7, Private: true, Problems: []tagout.ReleaseProblem{{Kind: "private", Text: "Something is missing.", Fix: "Ask."}}}},
	}
	got := b.do("GET", "/v1/release-check?agent=mailer&class=policy_violation&fixes=INC-7,INC-9", "", bearing(readToken)).is(t, http.StatusOK)
	const want = `{"agent":"mailer","at":"2026-11-21T12:00:00Z","pass":false,"looked_at":3,"incidents":[{"id":"INC-7","private":true,"problems":[{"kind":"private","text":"Something is missing.","fix":"Ask."}]}],"recurrences":[]}` + "\n"
	if got.body != want {
		t.Errorf("answered %s", got.body)
	}
	if q := b.desk.released; q.Agent != "mailer" || q.Class != "policy_violation" || !slices.Equal(q.Fixes, []tagout.IncidentID{7, 9}) {
		t.Errorf("the desk was asked %+v", q)
	}
	b.do("GET", "/v1/release-check?agent=mailer&fixes=nonsense", "", bearing(readToken)).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("GET", "/v1/release-check", "", bearing(readToken)).isProblem(t, http.StatusUnprocessableEntity, tagout.Invalid)
	b.do("GET", "/v1/release-check?agent=mailer", "", bearing(stopToken)).isProblem(t, http.StatusForbidden, tagout.Forbidden)
	b.desk.err = tagout.Errorf(tagout.Unavailable, "The database is away.")
	b.do("GET", "/v1/release-check?agent=mailer", "", bearing(readToken)).isProblem(t, http.StatusServiceUnavailable, tagout.Unavailable)
}
