package api

import (
	"strings"
	"testing"

	"tagout"
)

func TestAReviewIsServedAsTextThatNoBrowserRuns(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.incidents[7] = anIncident(7)
	b.desk.incidents[7].Title = "<script>alert(1)</script> [x](https://evil.example)"
	got := b.do("GET", "/v1/incidents/7/review", "", bearing(readToken)).is(t, 200)
	if kind := got.Header.Get("Content-Type"); kind != "text/markdown; charset=utf-8" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("it comes as %q", kind)
	}
	if strings.Contains(got.body, "<script>") || strings.Contains(got.body, "https://evil") || !strings.Contains(got.body, "Nobody has written it yet.") {
		t.Errorf("the document is %s", got.body)
	}
	b.desk.incidents[7].Review = &tagout.IncidentReview{State: tagout.ReviewApproved, Versions: []tagout.ReviewVersion{{By: "U0IC", At: noon}}, DecidedBy: "U0ENG", DecidedAt: noon, Digest: "d1"}
	var v incidentView
	b.do("GET", "/v1/incidents/7", "", bearing(readToken)).is(t, 200).into(t, &v)
	if v.Review.State != "approved" || v.Review.Version != 1 || v.Review.ApprovedBy != "U0ENG" || v.Review.Digest != "d1" || v.Review.Path != "/v1/incidents/INC-7/review" {
		t.Errorf("the review is %+v", v.Review)
	}
}
