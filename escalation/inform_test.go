package escalation_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
)

// post is a mail server that keeps what it was given.
type post struct {
	mu    sync.Mutex
	mails []tagout.Mail
	err   error
}

func (p *post) Mail(_ context.Context, m tagout.Mail) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err
	}
	p.mails = append(p.mails, m)
	return nil
}

var author = tagout.User{ID: "U0MOPS", Team: home}

// informing gives the world audiences, a mail server and deadlines.
func informing(w *world) {
	w.mailer = &post{}
	templates := map[string]*tagout.NoteTemplate{}
	for name, text := range tagout.NoteTemplates() {
		templates[name], _ = tagout.ParseNoteTemplate(name, text)
	}
	w.policy.Inform = tagout.InformPolicy{Templates: templates, Expires: time.Hour, Audiences: []tagout.Audience{
		{Key: "internal", Title: "Stakeholders", Emails: []string{"leaders@example.com"}, Template: "internal"},
		{Key: "customer", Title: "Customers", Channels: []string{"#customers"}, Emails: []string{"customers@example.com"}, Template: "customer",
			Approve: []string{"legal"}, Transparency: true, Contact: "help@example.com"},
	}}
	w.policy.Roles["comms"] = &tagout.Role{Key: "comms", Name: "Comms lead", Members: []tagout.UserID{"U0EXEC"}}
	row := w.policy.Severities["sev1"]
	row.Deadlines.Inform = 30 * time.Minute
	row.Clocks = []tagout.RegulatoryClock{{Name: "Art. 73 report", Due: 360 * time.Hour, Owner: "legal"}}
}

// note is what somebody writes for an audience.
func note(id, audience string) tagout.NoteDraft {
	return tagout.NoteDraft{ID: id, By: author, Audience: audience, Known: "212 people got the wrong mail.", Doing: "The filter is being mended.", Next: noon.Add(2 * time.Hour)}
}

// informs writes a note that must be taken.
func (w *world) informs(d tagout.NoteDraft) *tagout.Incident {
	w.t.Helper()
	i, err := w.desk.Inform(w.t.Context(), 1, d)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

func TestADraftShowsExactlyWhatWouldBeSentAndWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, informing)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.observe(t, "mailer")
	i := w.informs(note("n1", "customer"))
	told(t, "draft pending", shown(w.desk.NoteDraft(i, i.Note("n1"))))
	signing := tagout.Signing{User: tagout.User{ID: "U0LEGAL", Team: home}, Verdict: tagout.Go, Request: "n1", Digest: i.Note("n1").Digest}
	if _, err := w.desk.SignNote(t.Context(), 1, signing); err != nil {
		t.Fatal(err)
	}
	w.ring()
	i = w.incident(1)
	told(t, "draft approved", shown(w.desk.NoteDraft(i, i.Note("n1"))))
	if m := w.mailer.mails; len(m) != 1 || m[0].To != "customers@example.com" || m[0].Text != i.Note("n1").Text || m[0].Subject != i.Note("n1").Subject {
		t.Errorf("%+v", m)
	}
	w.informs(note("n2", "internal"))
	w.ring()
	card, err := w.desk.Card(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	facts := map[string]string{}
	for _, f := range card.Facts {
		facts[f.Label] = f.Value.String()
	}
	if facts["Last status note"] != "to Stakeholders by @U0MOPS at 2026-11-21 12:00:00 UTC\nnext update by 2026-11-21 14:00:00 UTC" {
		t.Errorf("%q", facts["Last status note"])
	}
}

func TestWhatCannotBeSentIsRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, d *tagout.NoteDraft)
		code   tagout.Code
		says   string
	}{
		"no mail server":  {func(w *world, _ *tagout.NoteDraft) { w.mailer = nil }, tagout.Invalid, "no e-mail pager"},
		"no audience":     {func(_ *world, d *tagout.NoteDraft) { d.Audience = "pope" }, tagout.NotFound, "internal, customer"},
		"no template":     {func(_ *world, d *tagout.NoteDraft) { d.Template = "poem" }, tagout.Invalid, "no template"},
		"opaque template": {func(_ *world, d *tagout.NoteDraft) { d.Audience, d.Template = "customer", "internal" }, tagout.Invalid, "AI system"},
		"past":            {func(_ *world, d *tagout.NoteDraft) { d.Next = noon }, tagout.Invalid, "past"},
		"guest":           {func(_ *world, d *tagout.NoteDraft) { d.By.Guest = true }, tagout.Forbidden, "guests"},
		"too long":        {func(_ *world, d *tagout.NoteDraft) { d.Known = strings.Repeat("x", 3000) }, tagout.Invalid, "Slack would cut it"},
		"severity": {func(w *world, _ *tagout.NoteDraft) {
			w.policy.Inform.Audiences[0].Severities = []tagout.Severity{"sev3"}
		}, tagout.Invalid, "not told of SEV-1"},
	} {
		d := note("n1", "internal")
		w := newWorld(t, informing, func(w *world) { c.change(w, &d) })
		w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
		_, err := w.desk.Inform(t.Context(), 1, d)
		if tagout.CodeOf(err) != c.code || !strings.Contains(tagout.Sentence(err), c.says) || len(w.incident(1).Notes) > 0 {
			t.Errorf("%s: %v, want %s with %q", name, err, c.code, c.says)
		}
	}
}

func TestADeliveryThatFailsIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, informing)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.mailer.err = tagout.Errorf(tagout.Unavailable, "The mail server did not answer in time.")
	w.informs(note("n1", "internal"))
	for range 3 {
		w.ring()
	}
	if got := w.count(1, tagout.EventNoteFailed); got != 1 {
		t.Errorf("the failure was told %d times, want once", got)
	}
	w.mailer.err = nil
	w.ring()
	if w.count(1, tagout.EventNoteDelivered) != 1 || w.incident(1).Told["internal"].Note != "n1" {
		t.Errorf("%+v", w.incident(1).Told)
	}

	w.mailer.err = tagout.Final(tagout.Errorf(tagout.Unavailable, "The mail server refused the mail with code 550."))
	w.informs(note("n2", "internal"))
	if failed := w.ring(); len(failed) != 0 {
		t.Errorf("what is told in the channel failed as well: %v", failed)
	}
	w.mailer.err = nil
	w.ring()
	if len(w.mailer.mails) != 1 {
		t.Fatal("what was refused for good was tried again by itself")
	}
	if _, err := w.desk.RetryNote(t.Context(), 1, "n2", "leaders@example.com", author); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if m := w.mailer.mails; len(m) != 2 || m[0].ID == m[1].ID {
		t.Errorf("%+v", m)
	}
}

func TestANoteThatWasSignedIsNotSentOnceTheIncidentIsPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, informing)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.informs(note("n1", "internal"))
	if _, err := w.store.Update(t.Context(), 1, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
		i.Private = true
		return tagout.Change{}, nil
	}); err != nil {
		t.Fatal(err)
	}
	w.ring()
	if len(w.mailer.mails) > 0 || w.count(1, tagout.EventNoteFailed) != 1 {
		t.Errorf("%+v", w.mailer.mails)
	}
}

func TestAMissedDeadlinePagesWhoOwesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, informing)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
		t.Fatal(err)
	}
	w.ring()
	sent := func() int { return len(w.slack.to()) }
	for _, step := range []struct {
		pass             time.Duration
		reminded, missed int
		pages            string
	}{
		{24 * time.Minute, 1, 1, ""},                 // inform soon; contain was missed, which its own watch tells
		{6 * time.Minute, 1, 2, "U0EXEC"},            // inform
		{72*time.Hour - 30*time.Minute, 2, 3, "U0P"}, // review: reminded of on the way if it was woken, missed now
		{216 * time.Hour, 3, 3, ""},                  // 288 h: the clock
		{48 * time.Hour, 4, 3, ""},                   // 336 h: once more
		{24 * time.Hour, 4, 4, "U0LEGAL"},            // 360 h
		{240 * time.Hour, 4, 4, ""},
	} {
		before := sent()
		if step.pages == "U0P" {
			w.clock.Pass(58 * time.Hour)
			w.ring()
			step.pass -= 58 * time.Hour
		}
		w.clock.Pass(step.pass)
		w.ring()
		if r, m := w.count(1, tagout.EventDeadlineReminded), w.count(1, tagout.EventDeadlineMissed); r != step.reminded || m != step.missed {
			t.Errorf("%s later: reminded %d, missed %d; want %d and %d", step.pass, r, m, step.reminded, step.missed)
		}
		paged := strings.Join(w.slack.to()[before:], " ")
		if step.pages == "" && paged != "" && !strings.Contains(paged, "U0PLATFORM") || !strings.Contains(paged, step.pages) {
			t.Errorf("%s later %q were paged, want %q", step.pass, paged, step.pages)
		}
	}
}

func TestOpenIncidentsGetWhatTheConfigurationTightened(t *testing.T) {
	t.Parallel()
	w := newWorld(t, informing)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.policy.Severities["sev1"].Deadlines.Inform = 10 * time.Minute
	for range 2 {
		if err := w.desk.Tighten(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := w.count(1, tagout.EventDeadlineTightened); got != 1 {
		t.Errorf("tightened %d times, want once", got)
	}
	w.clock.Pass(10 * time.Minute)
	w.ring()
	if next, missed := w.incident(1).NextDeadline(w.clock.Now()); len(missed) == 0 || next == nil || missed[len(missed)-1].Key != "inform" {
		t.Errorf("missed %+v", missed)
	}
}
