package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

const day = 24 * hour

var (
	tender = tagout.User{ID: "U0ENG", Team: "T1"} // who has the action
	guest  = tagout.User{ID: "U0GUEST", Team: "T1", Guest: true}
)

func actionDraft(change func(*tagout.ActionDraft)) tagout.ActionDraft {
	d := tagout.ActionDraft{ID: "a1", Title: "Narrow the mail tool", Detail: "Only opted-in lists.", Owner: tender.ID, Due: noon.Add(14 * day), Layer: tagout.LayerTools}
	if change != nil {
		change(&d)
	}
	return d
}

// acting is an incident with one corrective action.
func acting(t *testing.T, change func(*tagout.ActionDraft)) (*tagout.Incident, tagout.Change) {
	t.Helper()
	i := opened(t, sev3)
	c, err := i.AddAction(actionDraft(change), requester, noon)
	if err != nil {
		t.Fatal(err)
	}
	return i, c
}

// toldTo lists the people who got a direct message.
func toldTo(c tagout.Change) (people []string) {
	for _, e := range c.Effects {
		var note tagout.DirectNote
		if e.Kind == tagout.EffectDirect && e.Decode(&note) == nil {
			people = append(people, string(note.To))
		}
	}
	return people
}

// said is what a change writes to people and channels.
func said(c tagout.Change) string {
	var b strings.Builder
	for _, e := range c.Effects {
		var direct tagout.DirectNote
		var post tagout.PostNote
		switch {
		case e.Kind == tagout.EffectDirect && e.Decode(&direct) == nil:
			b.WriteString(direct.Message.String() + "\n")
		case e.Kind == tagout.EffectPost && e.Decode(&post) == nil:
			b.WriteString(post.Message.String() + "\n")
		}
	}
	return b.String()
}

func dueEffect(t *testing.T, c tagout.Change, kind tagout.EffectKind) time.Time {
	t.Helper()
	for _, e := range c.Effects {
		if e.Kind == kind {
			return e.Due
		}
	}
	t.Fatalf("no effect %s", kind)
	return time.Time{}
}

func happened(c tagout.Change, kind tagout.EventKind) (n int) {
	for _, e := range c.Events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func TestAnActionIsAddedOnceAndItsOwnerIsTold(t *testing.T) {
	t.Parallel()
	i, c := acting(t, nil)
	a := i.Action(1)
	if a == nil || a.State != tagout.ActionOpen || a.Name(i.ID) != i.ID.String()+"/1" || a.Ticket != nil {
		t.Fatalf("the action is %+v", a)
	}
	if got := toldTo(c); len(got) != 1 || got[0] != "U0ENG" || happened(c, tagout.EventActionAdded) != 1 {
		t.Errorf("told %v, events %+v", got, c.Events)
	}
	if due := dueEffect(t, c, tagout.EffectActionDue); !due.Equal(noon.Add(13 * day)) {
		t.Errorf("the first reminder is due %s", due)
	}
	if c, err := i.AddAction(actionDraft(nil), requester, noon); err != nil || !c.IsEmpty() || len(i.Actions) != 1 {
		t.Errorf("the same form again: %v, %d actions", err, len(i.Actions))
	}
	own, c := acting(t, func(d *tagout.ActionDraft) { d.Owner = requester.ID })
	if got := toldTo(c); len(got) != 0 || own.Action(1).Owner != requester.ID {
		t.Errorf("who gives themselves an action is told of it: %v", got)
	}
}

func TestAnActionNeedsAllThatMakesItOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*tagout.ActionDraft)
		by     tagout.User
		code   tagout.Code
		says   string
	}{
		"no title":      {func(d *tagout.ActionDraft) { d.Title = " \n" }, requester, tagout.Invalid, "what is to be changed"},
		"no owner":      {func(d *tagout.ActionDraft) { d.Owner = "" }, requester, tagout.Invalid, "who does it"},
		"in the past":   {func(d *tagout.ActionDraft) { d.Due = noon }, requester, tagout.Invalid, "time to come"},
		"no layer":      {func(d *tagout.ActionDraft) { d.Layer = "" }, requester, tagout.Invalid, "layer"},
		"unknown layer": {func(d *tagout.ActionDraft) { d.Layer = "vibes" }, requester, tagout.Invalid, "layer"},
		"a guest":       {nil, guest, tagout.Forbidden, "full member"},
		"a token":       {nil, tagout.User{}, tagout.Forbidden, "full member"},
		"a bot":         {nil, tagout.User{ID: "B1", Bot: true}, tagout.Forbidden, "full member"},
	} {
		t.Run(name, func(t *testing.T) {
			i := opened(t, sev3)
			got, err := i.AddAction(actionDraft(c.change), c.by, noon)
			if tagout.CodeOf(err) != c.code || !strings.Contains(tagout.Sentence(err), c.says) || !got.IsEmpty() || len(i.Actions) != 0 {
				t.Errorf("error %v, %d actions", err, len(i.Actions))
			}
		})
	}
}

func TestOnlyWhoTendsAnActionClosesIt(t *testing.T) {
	t.Parallel()
	deeds := map[string]func(i *tagout.Incident, by tagout.User) error{
		"done": func(i *tagout.Incident, by tagout.User) error {
			_, err := i.FinishAction(1, "TestOptOut", "", by, noon)
			return err
		},
		"drop": func(i *tagout.Incident, by tagout.User) error {
			_, err := i.DropAction(1, "no need", by, noon)
			return err
		},
		"change": func(i *tagout.Incident, by tagout.User) error {
			_, err := i.ChangeAction(1, actionDraft(func(d *tagout.ActionDraft) { d.Title = "x" }), by, noon)
			return err
		},
		"retry": func(i *tagout.Incident, by tagout.User) error {
			i.TicketFailed(1, "refused", true, noon)
			_, err := i.RetryTicket(1, by, noon)
			return err
		},
	}
	for who, c := range map[string]struct {
		user tagout.User
		role string
		may  bool
	}{
		"the owner":              {tender, "", true},
		"the incident commander": {legal, tagout.IncidentCommander, true},
		"the facilitator":        {legal, tagout.RCAFacilitator, true},
		"the platform owner":     {legal, tagout.PlatformOwner, true},
		"the comms lead":         {legal, tagout.CommsLead, false},
		"who added it":           {requester, "", false},
		"somebody":               {legal, "", false},
		"a guest who leads":      {guest, tagout.IncidentCommander, false},
		"a token":                {tagout.User{}, "", false},
	} {
		for deed, do := range deeds {
			i, _ := acting(t, func(d *tagout.ActionDraft) { d.Tracker = "github" })
			if c.role != "" {
				i.Roles[c.role] = c.user.ID
			}
			if err := do(i, c.user); (err == nil) != c.may || !c.may && tagout.CodeOf(err) != tagout.Forbidden {
				t.Errorf("%s, %s: %v", who, deed, err)
			}
		}
	}
}

func TestDoneNeedsARegressionTestOrAReason(t *testing.T) {
	t.Parallel()
	i, _ := acting(t, nil)
	if _, err := i.FinishAction(1, " ", "", tender, noon); tagout.CodeOf(err) != tagout.Invalid || i.Action(1).State != tagout.ActionOpen {
		t.Errorf("without either: %v", err)
	}
	if !i.LacksRegressionTest() {
		t.Error("an incident without a test does not lack one")
	}
	if _, err := i.FinishAction(1, "", "It is a contract, not code.", tender, noon); err != nil || i.Action(1).State != tagout.ActionDone {
		t.Error(err)
	}
	if i.LacksRegressionTest() || len(i.RegressionTests()) != 0 {
		t.Error("a reason is not enough")
	}
	if _, err := i.FinishAction(1, "TestX", "", tender, noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("done twice: %v", err)
	}
	if _, err := i.FinishAction(2, "TestX", "", tender, noon); tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("one that is not there: %v", err)
	}
	named, _ := acting(t, func(d *tagout.ActionDraft) { d.Test = "evals/optout_test.py" })
	if named.LacksRegressionTest() || named.RegressionTests()[0] != "evals/optout_test.py" {
		t.Error("a test that is named does not count")
	}
	if _, err := named.DropAction(1, "", tender, noon); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("dropped without a reason: %v", err)
	}
	if _, err := named.DropAction(1, "It was tried before.", tender, noon); err != nil || !named.LacksRegressionTest() {
		t.Errorf("the test of a dropped action counts: %v", err)
	}
}

func TestAPromptAloneIsNoAnswer(t *testing.T) {
	t.Parallel()
	i, _ := acting(t, func(d *tagout.ActionDraft) { d.Layer = tagout.LayerPrompt })
	if !i.PromptAlone() {
		t.Error("a prompt alone passes")
	}
	if _, err := i.AddAction(actionDraft(func(d *tagout.ActionDraft) { d.ID = "a2" }), requester, noon); err != nil || i.PromptAlone() {
		t.Errorf("a tool's permission does not count (%v)", err)
	}
	if _, err := i.DropAction(2, "later", tender, noon); err != nil || !i.PromptAlone() {
		t.Errorf("a dropped action counts (%v)", err)
	}
	if opened(t, sev3).PromptAlone() {
		t.Error("no action at all is a prompt alone")
	}
}

func TestAnOwnerOfAPrivateIncidentIsLetIn(t *testing.T) {
	t.Parallel()
	i := opened(t, sev3)
	i.Private = true
	if _, err := i.AddAction(actionDraft(nil), requester, noon); err != nil || !i.VisibleTo(tagout.Viewer{User: tender}, nil) {
		t.Errorf("the owner cannot read what they are to do (%v)", err)
	}
	d := actionDraft(func(d *tagout.ActionDraft) { d.Owner = legal.ID })
	if _, err := i.ChangeAction(1, d, tender, noon); err != nil || !i.VisibleTo(tagout.Viewer{User: legal}, nil) {
		t.Errorf("the next owner cannot (%v)", err)
	}
}

func TestAnActionNameIsReadInAnyCase(t *testing.T) {
	t.Parallel()
	if id, n, err := tagout.ParseActionName(" inc-7/12 "); err != nil || id != 7 || n != 12 {
		t.Error(id, n, err)
	}
	for _, bad := range []string{"", "INC-7", "INC-7/", "INC-7/0", "INC-7/-1", "INC-7/x", "/2", "x/2", "INC-7/2/3"} {
		if _, _, err := tagout.ParseActionName(bad); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTheTimelineTellsOfEveryAction(t *testing.T) {
	t.Parallel()
	record := func() (*tagout.Incident, []tagout.Event) {
		i, events := audited(t)
		take := func(c tagout.Change, err error) {
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, c.Events...)
		}
		take(i.AddAction(actionDraft(func(d *tagout.ActionDraft) { d.Tracker = "github" }), requester, noon))
		take(i.AddAction(actionDraft(func(d *tagout.ActionDraft) { d.ID = "a2" }), requester, noon))
		take(i.TicketMade(1, tagout.Ticket{Key: "42"}, hour, noon), nil)
		take(i.ChangeAction(2, actionDraft(func(d *tagout.ActionDraft) { d.Title = "Other" }), tender, noon))
		take(i.FinishAction(1, "TestX", "", tender, noon))
		take(i.TicketSeen(1, tagout.Ticket{Key: "42", Done: true}, noon), nil)
		take(i.TicketSeen(1, tagout.Ticket{Key: "42"}, noon), nil)
		take(i.DropAction(2, "no", tender, noon))
		return i, events
	}
	i, events := record()
	if err := i.Audit(events); err != nil {
		t.Fatal(err)
	}
	for says, forge := range map[string]func(i *tagout.Incident){
		"is done, but the timeline": func(i *tagout.Incident) { i.Actions[0].State = tagout.ActionDone },
		"knows nothing":             func(i *tagout.Incident) { i.Actions = append(i.Actions, tagout.CorrectiveAction{Number: 3}) },
		"missing from the record":   func(i *tagout.Incident) { i.Actions = i.Actions[:1] },
		"tells otherwise":           func(i *tagout.Incident) { i.Actions[0].Test = "TestEasier" },
	} {
		i, events := record()
		forge(i)
		if err := i.Audit(events); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the audit says %v, want %q", err, says)
		}
	}
}
