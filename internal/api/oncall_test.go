package api

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestWhoIsOnCallIsReadByWhoMayRead(t *testing.T) {
	t.Parallel()
	b := newBench()
	pat := tagout.Person{ID: "U0PLATFORM", Email: "pat@example.com", Phone: "+15550100"}
	b.desk.duties = []tagout.Duty{
		{Rotation: "primary", Until: noon.Add(time.Hour), Next: []tagout.Person{{ID: "U0IC"}},
			People:    []tagout.Called{{Person: pat, Reasons: []tagout.Reason{{Via: tagout.ViaOverride}}}},
			Overrides: []tagout.Override{{ID: "o", Rotation: "primary", Person: "U0PLATFORM", From: noon, Until: noon.Add(time.Hour), By: tagout.User{ID: "U0IC"}.Actor(), At: noon, Why: "dentist"}}},
		{Rotation: "night", Source: "PagerDuty schedule P1", Doubts: []tagout.Doubt{{Problem: "The token is refused.", Blind: true}}},
	}
	got := b.do("GET", "/v1/oncall", "", bearing(allToken)).is(t, 200)
	want := `{"rotations":[{"rotation":"primary","on_call":[{"slack_id":"U0PLATFORM","via":"override"}],"until":"2026-11-21T13:00:00Z","next":[{"slack_id":"U0IC"}],` +
		`"overrides":[{"slack_id":"U0PLATFORM","from":"2026-11-21T12:00:00Z","until":"2026-11-21T13:00:00Z","by":"user:U0IC","at":"2026-11-21T12:00:00Z","why":"dentist"}],"doubts":[]},` +
		`{"rotation":"night","source":"PagerDuty schedule P1","on_call":[],"next":[],"overrides":[],"doubts":[{"problem":"The token is refused.","blind":true}]}]}`
	if text := strings.TrimSpace(string(got.body)); text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	b.do("GET", "/v1/oncall", "").isProblem(t, 401, tagout.Unauthorized)
	b.do("GET", "/v1/oncall", "", bearing(stopToken)).isProblem(t, 403, tagout.Forbidden)
}
