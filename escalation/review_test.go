package escalation_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

var engineer = tagout.User{ID: "U0ENG", Team: home}

// facilitated lets the configuration name engineering for the RCA facilitator.
func facilitated(w *world) {
	w.policy.Roles["engineering"] = &tagout.Role{Key: "engineering", Name: "Engineering", Members: []tagout.UserID{"U0ENG", "U0ENG2"}}
	w.policy.IncidentRoles = map[string]string{tagout.RCAFacilitator: "engineering"}
	w.policy.Roles["comms"] = &tagout.Role{Key: "comms", Name: "Comms lead", Members: []tagout.UserID{"U0EXEC"}}
}

// afterResuming is a world with an incident that was resumed, and a complete review of it.
func afterResuming(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, facilitated)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.observe(t, "mailer")
	if _, err := w.desk.Acknowledge(t.Context(), 1, author); err != nil {
		t.Fatal(err)
	}
	w.approve(t, 1)
	w.writes(t, author, 0, "")
	draft := tagout.ActionDraft{ID: "a1", Title: "Let the tool refuse", Owner: "U0MOPS", Due: noon.Add(48 * time.Hour), Layer: tagout.LayerTools}
	if _, err := w.store.Update(t.Context(), 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.AddAction(draft, author, now) }); err != nil {
		t.Fatal(err)
	}
	return w
}

// writes saves a version of the review, with its lessons.
func (w *world) writes(t *testing.T, by tagout.User, base int, lessons string) {
	t.Helper()
	parts := map[string]string{}
	for _, p := range tagout.ReviewParts() {
		parts[p.Key] = "About " + strings.ToLower(p.Label) + ". " + lessons
	}
	if _, err := w.desk.SaveReview(t.Context(), 1, tagout.ReviewEdit{By: by, Base: base, Parts: parts}); err != nil {
		t.Fatal(err)
	}
}

// document is the review as the channel shows it.
func (w *world) document(t *testing.T) string {
	t.Helper()
	m, err := w.desk.ReviewDocument(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	return shown(m)
}

// decides presses a button below the document as it stands.
func (w *world) decides(by tagout.User, verdict string) error {
	i := w.incident(1)
	_, err := w.desk.DecideReview(w.t.Context(), 1, tagout.Signing{User: by, Verdict: verdict, Request: i.ReviewID(), Digest: i.Review.Digest, Reason: "Which test?"})
	return err
}

func TestTheDocumentOfAReviewShowsHowFarItIs(t *testing.T) {
	t.Parallel()
	w := afterResuming(t)
	told(t, "review draft", w.document(t))
	if _, err := w.desk.SubmitReview(t.Context(), 1, 1, author); err != nil {
		t.Fatal(err)
	}
	told(t, "review submitted", w.document(t))
	if err := w.decides(engineer, tagout.NoGo); err != nil {
		t.Fatal(err)
	}
	told(t, "review sent back", w.document(t))
	if _, err := w.desk.SubmitReview(t.Context(), 1, 1, author); err != nil {
		t.Fatal(err)
	}
	if err := w.decides(engineer, tagout.Go); err != nil {
		t.Fatal(err)
	}
	told(t, "review approved", w.document(t))
	if i := w.incident(1); i.State != tagout.StateClosed {
		t.Errorf("it is %s", i.State)
	}
}

func TestWhoApprovesAReview(t *testing.T) {
	t.Parallel()
	second := tagout.User{ID: "U0ENG2", Team: home}
	for name, c := range map[string]struct {
		arrange func(w *world)
		by      tagout.User
		code    tagout.Code
	}{
		"whoever the configuration names, if nobody has the role": {func(*world) {}, second, ""},
		"the facilitator":                               {func(w *world) { w.assigns("U0FINANCE") }, tagout.User{ID: "U0FINANCE", Team: home}, ""},
		"nobody else then":                              {func(w *world) { w.assigns("U0FINANCE") }, engineer, tagout.Forbidden},
		"not the facilitator who wrote a part":          {func(w *world) { w.assigns("U0ENG"); w.writes(w.t, engineer, 1, "More.") }, engineer, tagout.Forbidden},
		"another one whom the configuration names then": {func(w *world) { w.assigns("U0ENG"); w.writes(w.t, engineer, 1, "More.") }, second, ""},
		"not who leads":                                 {func(*world) {}, tagout.User{ID: "U0LEGAL", Team: home}, tagout.Forbidden},
		"not from elsewhere":                            {func(*world) {}, tagout.User{ID: "U0ENG", Team: "T0OTHER"}, tagout.Forbidden},
	} {
		w := afterResuming(t)
		c.arrange(w)
		if _, err := w.desk.SubmitReview(t.Context(), 1, w.incident(1).Review.Version(), author); err != nil {
			t.Fatal(err)
		}
		if err := w.decides(c.by, tagout.Go); tagout.CodeOf(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if refused := w.count(1, tagout.EventReviewRefused); (refused == 1) != (c.code != "") {
			t.Errorf("%s: %d refusals on the timeline", name, refused)
		}
	}
}

// assigns makes somebody the RCA facilitator.
func (w *world) assigns(id tagout.UserID) {
	w.t.Helper()
	if _, err := w.desk.Assign(w.t.Context(), 1, tagout.RCAFacilitator, id, author.Actor()); err != nil {
		w.t.Fatal(err)
	}
}

func TestHomeListsTheReviewsThatOneOwesAndDecidesOn(t *testing.T) {
	t.Parallel()
	w := afterResuming(t)
	reviews := func(id tagout.UserID) string {
		h, err := w.desk.Home(t.Context(), tagout.User{ID: id, Team: home})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range h.Sections {
			if s.Title == "Reviews" && len(s.Items) > 0 {
				return s.Items[0].String()
			}
		}
		return ""
	}
	if got := reviews("U0MOPS"); !strings.Contains(got, "INC-1 SEV-1") || !strings.Contains(got, "to be written, due by 2026-11-24") {
		t.Errorf("who leads is told %q", got)
	}
	if got := reviews("U0FINANCE"); got != "" {
		t.Errorf("somebody else is told %q", got)
	}
	if _, err := w.desk.SubmitReview(t.Context(), 1, 1, author); err != nil {
		t.Fatal(err)
	}
	if got := reviews("U0ENG"); !strings.Contains(got, "waits for your approval") {
		t.Errorf("who approves is told %q", got)
	}
	if got := reviews("U0MOPS"); got != "" {
		t.Errorf("who wrote it still owes %q", got)
	}
}

func TestEndsOfAnIncidentComeThroughTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	if _, err := w.desk.Cancel(t.Context(), 1, "the load test", author); err != nil || w.incident(1).State.Ended() {
		t.Errorf("%v: it is %s", err, w.incident(1).State)
	}
	if _, err := w.desk.WithdrawCancel(t.Context(), 1, author); err != nil || w.incident(1).FalseAlarm != nil {
		t.Errorf("%v", err)
	}
	if _, err := w.desk.Close(t.Context(), 1, "over", author); tagout.CodeOf(err) != tagout.Conflict || w.gate.mode("mailer", "email", "eu") != tagout.Halted {
		t.Errorf("%v", err)
	}
	if _, err := w.desk.Cancel(t.Context(), 1, "the load test", author); err != nil {
		t.Fatal(err)
	}
	if w.approve(t, 1); w.incident(1).State != tagout.StateCancelled || w.gate.mode("mailer", "email", "eu") != tagout.Running {
		t.Errorf("it is %s", w.incident(1).State)
	}
	w.accept(alert("Bounces rise", "mailer/email/eu", "critical"))
	if i := w.incident(2); i.State.Ended() || len(i.ActiveHolds()) == 0 {
		t.Errorf("what comes after a false alarm is %s", i.State)
	}
}
