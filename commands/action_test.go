package commands_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
)

// trackers configures two, of which one is the usual.
func trackers(d *desk) {
	d.policy.Trackers = map[string]tagout.TrackerPolicy{"github": {Name: "github"}, "jira": {Name: "jira", Private: true}}
	d.policy.Tracker = "github"
}

// acting gives an incident corrective actions in every state.
func acting(i *tagout.Incident) {
	open := func(n int, title string, due time.Duration) tagout.CorrectiveAction {
		return tagout.CorrectiveAction{Number: n, ID: title, Title: title, Owner: "U0ENG", Due: t0.Add(due), Layer: tagout.LayerTools, By: ic.Actor(), At: t0.Add(-time.Hour), State: tagout.ActionOpen}
	}
	late, failed, done, dropped := open(1, "Narrow the mail tool", -50*time.Hour), open(2, "Test the opt-out", 48*time.Hour), open(3, "Ask before bulk mail", -time.Hour), open(4, "Write a longer prompt", -time.Hour)
	late.Ticket = &tagout.ActionTicket{Tracker: "github", Key: "42", URL: "https://github.example/42"}
	failed.Ticket = &tagout.ActionTicket{Tracker: "jira", Problem: "Jira refused the token (401).", Final: true}
	failed.Test = "evals/optout"
	done.State, done.EndedAt, done.EndedBy, done.NoTest = tagout.ActionDone, t0, ic.Actor(), "It is a contract."
	dropped.State, dropped.EndedAt, dropped.EndedBy, dropped.Why, dropped.Layer = tagout.ActionDropped, t0, ic.Actor(), "A prompt is no control.", tagout.LayerPrompt
	i.Actions = []tagout.CorrectiveAction{late, failed, done, dropped}
}

func sent(form, state string, by tagout.User, values map[string]string) tagout.Submission {
	return tagout.Submission{ID: "S1", User: by, Form: form, State: state, Values: values, At: t0}
}

func actionBench(t *testing.T) bench {
	t.Helper()
	b := newBench(t)
	b.incidents[7] = incident7()
	acting(b.incidents[7])
	trackers(b.desk)
	return b
}

func complete(change ...string) map[string]string {
	values := map[string]string{"title": "Narrow  it", "owner": "U0ENG", "due": "2026-12-05T10:00:00Z", "layer": "review_gate", "detail": "Two\nlines", "test": "TestIt", "tracker": "github"}
	for n := 0; n < len(change); n += 2 {
		values[change[n]] = change[n+1]
	}
	return values
}

func TestTheFormAddsAnActionWithItsTicket(t *testing.T) {
	t.Parallel()
	b := actionBench(t)
	reply, err := b.command(t, "action").Forms["action"](t.Context(), sent("action", "INC-7", ic, complete()))
	m := must(t, reply, err).Message
	d := b.acted.drafts[0]
	if d.Owner != "U0ENG" || d.Layer != tagout.LayerReview || d.Tracker != "github" || d.Test != "TestIt" || d.Detail != "Two\nlines" {
		t.Errorf("the desk was asked for %+v", d)
	}
	if !strings.Contains(m.Title, "INC-7/5") {
		t.Errorf("answered %s", m)
	}
	alone, err := b.command(t, "action").Forms["action"](t.Context(), tagout.Submission{ID: "S2", User: ic, State: "INC-7", Values: complete("tracker", "-")})
	must(t, alone, err)
	if b.acted.drafts[1].Tracker != "" {
		t.Errorf("kept in %q", b.acted.drafts[1].Tracker)
	}
}

func TestAFormThatWillNotDoSaysWhere(t *testing.T) {
	t.Parallel()
	for key, change := range map[string][]string{
		"title": {"title", " "}, "owner": {"owner", ""}, "due": {"due", "tomorrow"}, "layer": {"layer", "vibes"},
	} {
		b := actionBench(t)
		reply, err := b.command(t, "action").Forms["action"](t.Context(), sent("action", "INC-7", ic, complete(change...)))
		problems := must(t, reply, err).Outcome.Problems
		if len(problems) != 1 || problems[0].Key != key || len(b.acted.drafts) > 0 {
			t.Errorf("%s: %+v", key, problems)
		}
	}
	b := actionBench(t)
	reply, err := b.command(t, "action").Forms["action"](t.Context(), sent("action", "INC-7", ic, complete("due", "2020-01-01T00:00:00Z")))
	if problems := must(t, reply, err).Outcome.Problems; len(problems) != 1 || problems[0].Key != "due" {
		t.Errorf("in the past: %+v", problems)
	}
}

func TestTheButtonsOfAnActionOpenTheirForms(t *testing.T) {
	t.Parallel()
	owner := tagout.User{ID: "U0ENG", Team: "T1"}
	for action, file := range map[string]string{"action-done": "action-done", "action-change": "action-change", "action-drop": "action-drop"} {
		b := actionBench(t)
		reply, err := b.command(t, "action").Clicks[action](t.Context(), tagout.Click{ID: "C1", User: owner, Action: action, Value: "INC-7|2", At: t0})
		golden(t, filepath.Join("testdata", file+".txt"), "> "+action+"\n"+shown(must(t, reply, err)))
		for _, who := range []tagout.User{{ID: "U0MOPS", Team: "T1"}, {ID: "U0ENG", Guest: true}, {}} {
			_, err := b.command(t, "action").Clicks[action](t.Context(), tagout.Click{ID: "C1", User: who, Action: action, Value: "INC-7|2", At: t0})
			wantCode(t, err, tagout.Forbidden)
		}
		_, err = b.command(t, "action").Clicks[action](t.Context(), tagout.Click{ID: "C1", User: owner, Action: action, Value: "INC-7|3", At: t0})
		wantCode(t, err, tagout.Conflict, "done already")
		_, err = b.command(t, "action").Clicks[action](t.Context(), tagout.Click{ID: "C1", User: owner, Action: action, Value: "INC-7|9", At: t0})
		wantCode(t, err, tagout.NotFound)
	}
}

func TestAnActionIsChangedFinishedDroppedAndTriedAgain(t *testing.T) {
	t.Parallel()
	owner := tagout.User{ID: "U0ENG", Team: "T1"}
	b := actionBench(t)
	c := b.command(t, "action")
	reply, err := c.Forms["action"](t.Context(), sent("action", "INC-7|1", owner, complete("due", b.incidents[7].Actions[0].Due.Truncate(time.Minute).Format(time.RFC3339))))
	must(t, reply, err)
	if a := b.incidents[7].Action(1); a.Title != "Narrow it" || !a.Due.Equal(t0.Add(-50*time.Hour)) {
		t.Errorf("an overdue action cannot be changed otherwise: %+v", a)
	}
	reply, err = c.Clicks["action-ticket"](t.Context(), tagout.Click{ID: "C1", User: owner, Value: "INC-7|2", At: t0})
	if m := must(t, reply, err).Message; !strings.Contains(m.String(), "is being made") {
		t.Errorf("tried again: %s", m)
	}
	reply, err = c.Forms["action-done"](t.Context(), sent("action-done", "INC-7|1", owner, map[string]string{"test": "", "no_test": " "}))
	if problems := must(t, reply, err).Outcome.Problems; len(problems) != 1 || problems[0].Key != "test" {
		t.Errorf("done without a test: %+v", problems)
	}
	reply, err = c.Forms["action-done"](t.Context(), sent("action-done", "INC-7|1", owner, map[string]string{"test": "TestIt"}))
	if m := must(t, reply, err).Message; b.incidents[7].Action(1).State != tagout.ActionDone || !strings.Contains(m.String(), "still open: close it there") {
		t.Errorf("done: %s", m)
	}
	reply, err = c.Forms["action-drop"](t.Context(), sent("action-drop", "INC-7|2", owner, map[string]string{"why": "Not ours."}))
	if must(t, reply, err); b.incidents[7].Action(2).Why != "Not ours." {
		t.Errorf("dropped: %+v", b.incidents[7].Action(2))
	}
}

func TestTheListFollowsTheWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]tagout.ActionQuery{
		"/actions":                {Open: true},
		"/actions all":            {},
		"/actions mine":           {Open: true, Owner: ic.ID},
		"/actions <@U0ENG|enzo>":  {Open: true, Owner: "U0ENG"},
		"/actions U0ENG INC-7":    {Open: true, Owner: "U0ENG", Incident: 7},
		"/actions overdue inc-7.": {Open: true, Incident: 7, DueBefore: inForce.Add(time.Second)},
	} {
		b := actionBench(t)
		reply, err := b.typed(t, text)
		must(t, reply, err)
		got := b.acted.queries[0]
		if want.Limit = got.Limit; got != want {
			t.Errorf("%s asks for %+v, want %+v", text, got, want)
		}
	}
	b := actionBench(t)
	reply, err := b.typed(t, "/actions", inChannelOf(7))
	if must(t, reply, err); b.acted.queries[0].Incident != 7 {
		t.Error("in an incident's channel it lists those of all")
	}
	_, err = b.typed(t, "/actions mine", byToken)
	wantCode(t, err, tagout.Invalid, "API token")
	_, err = b.typed(t, "/actions please")
	wantCode(t, err, tagout.Invalid, "not understood")
	_, err = b.typed(t, "/action INC-7", as(tagout.User{ID: "U0GUEST", Guest: true}))
	wantCode(t, err, tagout.Forbidden)
}

func TestTheListKeepsPrivateIncidentsFromOthers(t *testing.T) {
	t.Parallel()
	b := actionBench(t)
	b.incidents[7].Private = true
	reply, err := b.typed(t, "/actions", as(tagout.User{ID: "U0OUTSIDER"}))
	if m := must(t, reply, err).Message; strings.Contains(m.String(), "Narrow") {
		t.Errorf("an outsider reads %s", m)
	}
	_, err = b.typed(t, "/actions INC-7", as(tagout.User{ID: "U0OUTSIDER"}))
	wantCode(t, err, tagout.Forbidden, "private")
}
