package tagout_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// asks has Legal ask about the pending request at a time; request made at noon, 4 h long.
func asks(t *testing.T, i *tagout.Incident, id string, at time.Time) {
	t.Helper()
	c, err := i.Ask(signing(i, legal, "legal"), id, "Who got the mail?", at)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
}

func answers(t *testing.T, i *tagout.Incident, id string, at time.Time) tagout.Change {
	t.Helper()
	c, err := i.Answer("r1", id, requester, "212 people", at)
	if err != nil {
		t.Fatal(err)
	}
	seal(t, i, c)
	return c
}

func TestARequestDoesNotRunOutWhileAQuestionWaits(t *testing.T) {
	i := asked(t, sev1)
	end := i.Request.Expires
	asks(t, i, "q1", noon.Add(3*time.Hour))
	if c := i.ExpireRequest("r1", end); !c.IsEmpty() {
		t.Error("it ran out while a question waited")
	}
	asks(t, i, "q2", noon.Add(4*time.Hour))
	answers(t, i, "q1", noon.Add(5*time.Hour))
	if got := i.Request.Deadline(); !got.Equal(end.Add(4 * time.Hour)) {
		t.Errorf("one question still waits, but it runs out at %s", got)
	}
	c := answers(t, i, "q2", noon.Add(6*time.Hour))
	if got, want := i.Request.Deadline(), end.Add(3*time.Hour); !got.Equal(want) || !hasEffect(c, tagout.EffectExpire) || !hasEffect(c, tagout.EffectSigners) {
		t.Errorf("it runs out at %s, want %s; effects %v", got, want, c.Effects)
	}
	if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, end.Add(3*time.Hour)); tagout.CodeOf(err) != tagout.Expired {
		t.Errorf("GO after the end: %v", err)
	}
	if _, _, err := i.Sign(signing(i, legal, "legal"), testAgents, end.Add(3*time.Hour-time.Second)); err != nil {
		t.Errorf("GO of who asked, before the end: %v", err)
	}
}

func TestAQuestionDoesNotKeepARequestForEver(t *testing.T) {
	i := asked(t, sev1)
	asks(t, i, "q1", noon.Add(time.Hour))
	latest := i.Request.Expires.Add(4 * time.Hour)
	if c := i.ExpireRequest("r1", latest.Add(-time.Second)); !c.IsEmpty() {
		t.Error("it ran out too early")
	}
	if _, _, err := i.Sign(signing(i, person("U0LEGAL2"), "legal"), testAgents, latest); tagout.CodeOf(err) != tagout.Expired {
		t.Errorf("GO twice as late as it was to run out: %v", err)
	}
	if c := i.ExpireRequest("r1", latest); c.IsEmpty() || i.Request.State != tagout.RequestExpired {
		t.Errorf("the request is %s", i.Request.State)
	}
}

func TestQuestionsChangeNothingOfWhatIsSigned(t *testing.T) {
	i := asked(t, sev1)
	digest := i.Request.Digest
	asks(t, i, "q1", noon)
	asks(t, i, "q1", noon) // the same press again
	answers(t, i, "q1", noon.Add(time.Minute))
	if len(i.Request.Questions) != 1 || i.Request.Sum() != digest {
		t.Errorf("%d questions, digest %s, want %s", len(i.Request.Questions), i.Request.Sum(), digest)
	}
	if _, err := i.Answer("r1", "q1", requester, "again", noon); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("answered twice: %v", err)
	}
}

func TestOnlySignersAskAndOnlyMembersAnswer(t *testing.T) {
	i := asked(t, sev1)
	for name, s := range map[string]tagout.Signing{
		"the requester": signing(i, requester, "legal"), "an outsider": signing(i, person("U0MOPS"), "mops"), "nobody's role": signing(i, person("U0X")),
	} {
		if _, err := i.Ask(s, "q", "Why?", noon); tagout.CodeOf(err) != tagout.Forbidden {
			t.Errorf("%s asked: %v", name, err)
		}
	}
	if _, err := i.Ask(signing(i, legal, "legal"), "q", "  ", noon); tagout.CodeOf(err) != tagout.Invalid {
		t.Errorf("without a question: %v", err)
	}
	asks(t, i, "q1", noon)
	for code, by := range map[tagout.Code]tagout.User{tagout.Forbidden: {ID: "U0GUEST", Guest: true}} {
		if _, err := i.Answer("r1", "q1", by, "x", noon); tagout.CodeOf(err) != code {
			t.Errorf("%v answered: %v", by, err)
		}
	}
	if _, err := i.Answer("r1", "q9", requester, "x", noon); tagout.CodeOf(err) != tagout.NotFound {
		t.Errorf("another question: %v", err)
	}
	for n := range 30 {
		_, err := i.Ask(signing(i, legal, "legal"), "more"+strings.Repeat("x", n), "Why?", noon)
		if (tagout.CodeOf(err) == tagout.Conflict) != (n >= 19) {
			t.Fatalf("question %d: %v", n+2, err)
		}
	}
}

// called lists who got a direct message, and how many were reminders.
func called(i *tagout.Incident, at time.Time, people ...tagout.UserID) (told []tagout.UserID, reminders int) {
	c := i.CallSigners("r1", people, func(reminder bool) tagout.Message {
		if reminder {
			reminders++
		}
		return tagout.Say("sign")
	}, at)
	for _, e := range c.Effects {
		var note tagout.DirectNote
		if e.Kind == tagout.EffectDirect && e.Decode(&note) == nil {
			told = append(told, note.To)
		}
	}
	return told, reminders
}

func TestSignersAreToldOnceAndRemindedTwice(t *testing.T) {
	i := asked(t, sev1)
	half, ninety := noon.Add(2*time.Hour), noon.Add(216*time.Minute)
	for _, step := range []struct {
		at        time.Time
		people    []tagout.UserID
		told      int
		reminders int
	}{
		{noon, []tagout.UserID{"a"}, 1, 0},
		{noon, []tagout.UserID{"a"}, 0, 0},
		{noon.Add(time.Hour), []tagout.UserID{"a", "b"}, 1, 0},
		{half, []tagout.UserID{"a", "b"}, 2, 2},
		{half, []tagout.UserID{"a", "b"}, 0, 0},
		{ninety, []tagout.UserID{"b"}, 1, 1}, // the other one has signed
		{ninety.Add(time.Minute), []tagout.UserID{"b"}, 0, 0},
		{noon.Add(4 * time.Hour), []tagout.UserID{"c"}, 0, 0},
	} {
		if told, reminders := called(i, step.at, step.people...); len(told) != step.told || reminders != step.reminders {
			t.Errorf("at %s told %v with %d reminders, want %d and %d", step.at.Format("15:04"), told, reminders, step.told, step.reminders)
		}
	}
}

func TestNobodyIsRemindedWhileAQuestionWaits(t *testing.T) {
	i := asked(t, sev1)
	called(i, noon, "a")
	asks(t, i, "q1", noon.Add(time.Hour))
	if told, _ := called(i, noon.Add(2*time.Hour), "a"); len(told) > 0 {
		t.Error("reminded while a question waits")
	}
	answers(t, i, "q1", noon.Add(3*time.Hour)) // two hours that do not count
	if told, _ := called(i, noon.Add(4*time.Hour-time.Second), "a"); len(told) > 0 {
		t.Error("reminded before half of the time was used up")
	}
	if told, reminders := called(i, noon.Add(4*time.Hour), "a"); len(told) != 1 || reminders != 1 {
		t.Errorf("told %v", told)
	}
}
