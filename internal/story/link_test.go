package story_test

import (
	"io"
	"mime/quotedprintable"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"tagout"
)

var ackLink = regexp.MustCompile(`http://[^\s"]+/ack/[^\s"]+`)

// links finds the acknowledgement links in the mails that somebody got, oldest first.
func (m *mailbox) links(to string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	for _, mail := range m.mails {
		if mail.to == to {
			text, _ := io.ReadAll(quotedprintable.NewReader(strings.NewReader(mail.text)))
			found = append(found, ackLink.FindAllString(string(text), -1)...)
		}
	}
	return found
}

// browses opens an address, or presses its button.
func (w *world) browses(method, url string) string {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, method, url, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(page)
}

// TestLegalAcknowledgesFromTheMail: the mail scanner opens the link and nothing happens; the
// person presses the button, and paging stops, also after a restart.
func TestLegalAcknowledgesFromTheMail(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("unsubscribed people get mail", critical)
		w.eventually("the mail with the link arrives", func() bool { return len(w.mails.links("legal@example.com")) > 0 })
		link := w.mails.links("legal@example.com")[0]

		if page := w.browses(http.MethodGet, link); !strings.Contains(page, "Acknowledge INC") || !strings.Contains(page, "unsubscribed people get mail") {
			t.Errorf("the link shows %s", page)
		}
		if n := w.events(id, tagout.EventAcknowledged); n != 0 {
			t.Errorf("opening the link acknowledged %d times", n)
		}
		w.stops()
		w.starts() // the key of the links is in the database
		if page := w.browses(http.MethodPost, link); !strings.Contains(page, "Paging has stopped") {
			t.Errorf("pressed, it shows %s", page)
		}
		w.reads("U0IC", w.room("inc-"+number(id)+"-"), "@U0LEGAL acknowledged")
		if page := w.browses(http.MethodPost, link); !strings.Contains(page, "You did, at") || w.events(id, tagout.EventAcknowledged) != 1 {
			t.Errorf("pressed again, it shows %s", page)
		}
	})
}
