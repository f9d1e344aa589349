package escalation_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tagout"
)

// tried sends trials and waits until each was sent or failed.
func tried(t *testing.T, w *world, p tagout.PageTest) []tagout.PageTried {
	t.Helper()
	news, err := w.desk.TestPages(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	for now := range news {
		open := false
		for _, one := range now {
			open = open || one.SentAt.IsZero() && one.Error == ""
		}
		if !open {
			return now
		}
	}
	t.Fatal("nothing more was told")
	return nil
}

func TestEverybodyTriesTheirOwnPagers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.email.err = tagout.Final(errors.New("no such mailbox"))
	pat := tagout.User{ID: "U0PLATFORM", Team: home}
	got := tried(t, w, tagout.PageTest{ID: "T1", By: pat})
	if len(got) != 2 || got[0].Pager != "slack" || got[0].SentAt.IsZero() || got[1].Pager != "email" || got[1].Error == "" {
		t.Fatalf("tried %+v", got)
	}
	page := w.slack.sent[0]
	if !page.Test || page.Incident != 0 || page.To.ID != "U0PLATFORM" || !strings.Contains(page.Message.Title, "TEST") {
		t.Errorf("sent %+v", page)
	}
	if len(w.store.pages) > 0 || len(w.store.incidents) > 0 {
		t.Error("a trial is recorded")
	}
	_, err := w.desk.TestPages(t.Context(), tagout.PageTest{ID: "T2", By: pat})
	refused(t, err, tagout.TooMany, "just tried")
	w.clock.Pass(30 * time.Second)
	received, err := w.desk.ReceiveTest(page.Message.Buttons[0].Value)
	if err != nil || received.Pager != "slack" || received.ReceivedAt.Sub(received.BeganAt) != 30*time.Second {
		t.Errorf("received %+v, %v", received, err)
	}
}

func TestATrialByMailIsProvedByItsLink(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tried(t, w, tagout.PageTest{ID: "T1", By: tagout.User{ID: "U0PLATFORM"}, Pager: "email"})
	token, _ := strings.CutPrefix(w.email.sent[0].AckURL, "https://tagout.example.com/ack/")
	link, err := w.desk.ReadLink(t.Context(), token)
	if err != nil || link.Trial != "email" || link.Reader.ID != "U0PLATFORM" || link.Incident != 0 {
		t.Errorf("it shows %+v, %v", link, err)
	}
	if link, err = w.desk.PressLink(t.Context(), token, true); err != nil || link.AnsweredAt.IsZero() {
		t.Errorf("pressed: %+v, %v", link, err)
	}
}

func TestATrialNeedsAPagerThatReachesYou(t *testing.T) {
	t.Parallel()
	w, _ := withService(t, "legal")
	for pager, words := range map[string]string{"email": "does not reach you", "duty": "its own service decides", "sms": "Yours are: slack"} {
		_, err := w.desk.TestPages(t.Context(), tagout.PageTest{ID: pager, By: tagout.User{ID: "U0LEGAL"}, Pager: pager})
		refused(t, err, tagout.Invalid, words)
	}
}
