package story_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout/sandbox"
)

// isNotPaged makes sure that somebody has no direct message with these words.
func (w *world) isNotPaged(user, words string) {
	w.t.Helper()
	for _, m := range w.slack.Messages(w.slack.DM(user)) {
		if strings.Contains(plain(m), words) {
			w.t.Errorf("%s is paged: %s", user, plain(m))
		}
	}
}

// rotations are GET /v1/oncall.
type rotations struct {
	Rotations []struct {
		OnCall []struct {
			ID  string `json:"slack_id"`
			Via string `json:"via"`
		} `json:"on_call"`
		Next []struct {
			ID string `json:"slack_id"`
		} `json:"next"`
		Overrides []struct{ Why, By string }
		Doubts    []struct{ Problem string }
	}
}

func TestAnOverrideTakesThePage(t *testing.T) {
	tellWith(t, bothStores, func(p *params) {
		p.Rotation = `{members: [U0IC], handoff: "0 9 * * MON"}`
		p.Repeat = "1s"
	}, func(t *testing.T, w *world) {
		// Iris has the turn. An incident pages her again and again.
		id := w.alarm("ComplaintRate", critical)
		w.isPaged("U0IC", id)
		// Paul sees that she does not answer, and puts Enzo on call; guests may not.
		w.types("U0GUEST", "C0GENERAL", "/oncall override <@U0GUEST|gus> 4h")
		w.reads("U0GUEST", "C0GENERAL", "Guests can stop an agent")
		w.types("U0PROGRAM", "C0GENERAL", "/tagout oncall override <@U0ENG|enzo> 4h she has no signal")
		w.reads("U0LEGAL", "C0GENERAL", `@U0PROGRAM put @U0ENG on call in primary .*instead of @U0IC: she has no signal`)
		w.isPaged("U0ENG", "You are on call in the rotation primary")
		w.isPaged("U0IC", "@U0ENG is on call for you")
		// The next round of that incident goes to Enzo, and so does the next incident.
		w.isPaged("U0ENG", id)
		w.types("U0ENG", "C0GENERAL", "/ack "+id)
		other := w.alarm("AnotherOne", map[string]string{"agent": "researcher", "severity": "critical"})
		w.isPaged("U0ENG", other)
		w.isPaged("U0LEGAL", other)
		w.isNotPaged("U0IC", other)
		// Everybody can see why, and that it gives Enzo no signature.
		w.types("U0OUTSIDER", "C0GENERAL", "/who "+other)
		w.reads("U0OUTSIDER", "C0GENERAL", `@U0ENG — Platform owner, on call in primary by an override of @U0PROGRAM until .* by slack.*May sign \(not: is paged\) for Legal.*@U0LEGAL`)
		// It outlives a restart, and cancelling gives the turn back.
		w.stops()
		w.starts()
		var now rotations
		if w.get("/v1/oncall", &now); len(now.Rotations) != 1 || now.Rotations[0].OnCall[0].ID != "U0ENG" || now.Rotations[0].Overrides[0].Why != "she has no signal" || now.Rotations[0].Next[0].ID != "U0IC" {
			t.Errorf("after the restart: %+v", now)
		}
		w.types("U0IC", "C0GENERAL", "/oncall override cancel")
		w.reads("U0LEGAL", "C0GENERAL", `@U0IC cancelled the override of @U0ENG`)
		w.isPaged("U0ENG", "cancelled the override")
		w.types("U0OUTSIDER", "C0GENERAL", "/oncall")
		w.reads("U0OUTSIDER", "C0GENERAL", `primary: @U0IC, for good`)
	})
}

func TestAGroupThatCannotBeReadIsSaidInEveryPage(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		// Slack refuses to tell who is in Legal's group, and nobody has asked it before.
		w.stops()
		heal := w.slack.Fault(sandbox.Fault{Method: "usergroups.users.list", Kind: sandbox.ServerError})
		w.starts()
		id := w.alarm("ComplaintRate", critical)
		// Legal's member is paged, and is told; the exec sponsor is paged as well.
		w.isPaged("U0LEGAL", id+".*The Slack group S0LEGAL of Legal could not be read.*Nobody is known of it.*Therefore Exec sponsor is paged as well")
		w.isPaged("U0EXEC", id+".*could not be read")
		room := w.room("inc-1-")
		w.reads("U0OUTSIDER", room, "The Slack group S0LEGAL of Legal could not be read")
		w.types("U0OUTSIDER", "C0GENERAL", "/who sev1")
		w.reads("U0OUTSIDER", "C0GENERAL", "The Slack group S0LEGAL of Legal could not be read.*Exec sponsor is paged as well")
		// When Slack answers again, so is everything.
		before := len(w.slack.Calls())
		heal()
		w.eventually("Slack is asked again", func() bool {
			calls := w.slack.Calls()
			return slices.ContainsFunc(calls[before:], func(c sandbox.Call) bool { return c.Method == "usergroups.users.list" && c.Error == "" })
		})
		w.repeats("U0PROGRAM", "C0GENERAL", "/who legal", "in the Slack group S0LEGAL as read at")
	})
}

// pagerDuty is a stand-in for its REST API.
type pagerDuty struct {
	mu     sync.Mutex
	people []string // e-mail addresses
	broken bool
}

// ServeHTTP answers GET /oncalls.
func (p *pagerDuty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken || r.Header.Get("Authorization") != "Token token=pd-secret" || r.URL.Path != "/oncalls" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	var oncalls []any
	for _, email := range p.people {
		name, _, _ := strings.Cut(email, "@")
		oncalls = append(oncalls, map[string]any{"schedule": map[string]any{"id": r.URL.Query().Get("schedule_ids[]")},
			"end": time.Now().Add(time.Hour).UTC().Format(time.RFC3339), "user": map[string]any{"id": name, "name": name, "email": email}})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"oncalls": oncalls, "more": false})
}

func TestWhoeverPagerDutyHasOnCallIsPaged(t *testing.T) {
	duty := &pagerDuty{people: []string{"enzo@example.com", "jane@elsewhere.example"}}
	server := httptest.NewServer(duty)
	t.Cleanup(server.Close)
	tellWith(t, []setting{{"sqlite", "http"}}, func(p *params) {
		p.Rotation = `{pagerduty: {schedule: PABC123, token: pd-secret, api_url: "` + server.URL + `"}}`
	}, func(t *testing.T, w *world) {
		// Enzo is found in Slack by his address. Nobody there is Jane, so she gets mail, and all are told.
		id := w.alarm("ComplaintRate", critical)
		w.isPaged("U0ENG", id+`.*jane \(‹e-mail›\) is on call, but nobody in Slack has this address`)
		w.eventually("Jane gets mail", func() bool { return w.mails.count("jane@elsewhere.example", id) >= 1 })
		w.types("U0OUTSIDER", "C0GENERAL", "/oncall")
		w.reads("U0OUTSIDER", "C0GENERAL", `primary \(PagerDuty schedule PABC123\): @U0ENG, jane \(‹e-mail›, not in Slack\) until`)
		// PagerDuty refuses the token: after a restart nothing is known, and that is said.
		w.stops()
		duty.mu.Lock()
		duty.broken = true
		duty.mu.Unlock()
		w.starts()
		other := w.alarm("AnotherOne", map[string]string{"agent": "researcher", "severity": "critical"})
		w.isPaged("U0EXEC", other+".*Who is on call for Platform owner could not be read.*PagerDuty does not accept the token")
		var now rotations
		if w.get("/v1/oncall", &now); len(now.Rotations[0].OnCall) != 0 || len(now.Rotations[0].Doubts) == 0 || strings.Contains(now.Rotations[0].Doubts[0].Problem, "pd-secret") {
			t.Errorf("it is %+v", now)
		}
	})
}
