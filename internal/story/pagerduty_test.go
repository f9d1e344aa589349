package story_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
)

// service is PagerDuty: it takes events, and its webhook tells what people do in its app.
type service struct {
	server *httptest.Server

	mu     sync.Mutex
	events []event
}

type event struct {
	RoutingKey string `json:"routing_key"`
	Action     string `json:"event_action"`
	Dedup      string `json:"dedup_key"`
	Payload    struct{ Summary, Severity string }
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.server = httptest.NewServer(http.HandlerFunc(s.enqueue))
	t.Cleanup(s.server.Close)
	return s
}

func (s *service) enqueue(w http.ResponseWriter, r *http.Request) {
	var e event
	if r.URL.Path != "/v2/enqueue" || json.NewDecoder(r.Body).Decode(&e) != nil || e.Dedup == "" || e.RoutingKey == "" {
		http.Error(w, "invalid event", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.events = append(s.events, e)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"success","message":"Event processed"}`)
}

// got lists the events of an action.
func (s *service) got(action string) (list []event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.events {
		if e.Action == action {
			list = append(list, e)
		}
	}
	return list
}

// presses is what PagerDuty posts when somebody presses Acknowledge in its app.
func (s *service) presses(w *world, who, dedup, secret string) int {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"event": map[string]any{
		"id": "01D9K4XRZ6", "event_type": "incident.acknowledged", "resource_type": "incident", "occurred_at": time.Now().UTC().Format(time.RFC3339Nano),
		"agent": map[string]any{"type": "user_reference", "id": "PLH1HKV", "summary": who},
		"data":  map[string]any{"type": "incident", "id": "Q2K78SNJ5U1VE1", "status": "acknowledged", "incident_key": dedup},
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, "http://"+w.address+"/v1/pagers/pagerduty", bytes.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-PagerDuty-Signature", "v1="+hex.EncodeToString(mac.Sum(nil)))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// TestSomebodyAcknowledgesInPagerDuty: PagerDuty is told of a SEV-1 and calls whoever is on
// call; she acknowledges there, the paging stops here, and the end is told there.
func TestSomebodyAcknowledgesInPagerDuty(t *testing.T) {
	var calls sync.Map // one service for each setting
	tellWith(t, bothStores, func(p *params) {
		s := newService(t)
		p.PagerDuty = s.server.URL
		calls.Store(p.PagerDuty, s)
	}, func(t *testing.T, w *world) {
		found, _ := calls.Load(w.params.PagerDuty)
		pagerDuty := found.(*service)
		id := w.alarm("unsubscribed people get mail", critical)
		w.eventually("PagerDuty is told", func() bool { return len(pagerDuty.got("trigger")) > 0 })
		told := pagerDuty.got("trigger")[0]
		if told.Payload.Severity != "critical" || !strings.HasPrefix(told.Payload.Summary, id+" SEV-1: ") {
			t.Errorf("PagerDuty was told %+v", told)
		}

		if status := pagerDuty.presses(w, "Mallory", told.Dedup, "guessed"); status != http.StatusUnauthorized || w.events(id, tagout.EventAcknowledged) != 0 {
			t.Errorf("somebody else's signature was answered with %d", status)
		}
		for range 2 { // PagerDuty may tell it twice
			if status := pagerDuty.presses(w, "Alice Example", told.Dedup, "secret-of-the-webhook"); status != http.StatusAccepted {
				t.Errorf("PagerDuty's webhook was answered with %d", status)
			}
		}
		w.happens(id, tagout.EventAcknowledged, 1)
		room := w.room("inc-" + number(id))
		w.reads("U0PLATFORM", room, "Alice Example in pagerduty acknowledged "+id)
		w.eventually("PagerDuty is told that it is acknowledged", func() bool { return len(pagerDuty.got("acknowledge")) > 0 })
		if n := w.events(id, tagout.EventAcknowledged); n != 1 {
			t.Errorf("acknowledged %d times", n)
		}

		w.types("U0PLATFORM", room, "/resume")
		w.fills("U0PLATFORM", deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.eventually("PagerDuty is told that it is over", func() bool { return len(pagerDuty.got("resolve")) > 0 })
		for _, action := range []string{"acknowledge", "resolve"} {
			if got := pagerDuty.got(action); got[0].Dedup != told.Dedup {
				t.Errorf("%s of %s, not of %s", action, got[0].Dedup, told.Dedup)
			}
		}
		if status := pagerDuty.presses(w, "Alice Example", told.Dedup, "secret-of-the-webhook"); status != http.StatusAccepted || w.events(id, tagout.EventAcknowledged) != 1 {
			t.Errorf("an acknowledgement after the end was answered with %d", status)
		}
	})
}
