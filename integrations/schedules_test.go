package integrations_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/integrations"
	"tagout/integrations/oncall"
)

// dutyNow is the moment that is asked about.
var dutyNow = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// rota is what a stand-in's schedule holds.
type rota struct {
	who        string
	start, end time.Time // zero: null
}

// standIn is the other side of a schedule: strict about the question, and able to misbehave.
type standIn struct {
	t        *testing.T
	mu       sync.Mutex
	shifts   []rota
	status   int  // of every answer; 0: a good one
	rubbish  bool // answers something else than JSON
	hang     chan struct{}
	asked    int
	arrived  chan struct{}
	question func(s *standIn, r *http.Request) any // checks the question and makes the answer
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	select {
	case s.arrived <- struct{}{}:
	default:
	}
	if s.hang != nil {
		<-s.hang
		return
	}
	if !strings.HasSuffix(r.Header.Get("Authorization"), token) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if s.status != 0 {
		w.WriteHeader(s.status)
		_, _ = io.WriteString(w, `{"error":"`+echoed+`"}`)
		return
	}
	if s.rubbish {
		_, _ = io.WriteString(w, "<html>"+echoed)
		return
	}
	_ = json.NewEncoder(w).Encode(s.question(s, r))
}

// active are the shifts that touch a stretch of time.
func (s *standIn) active(from, to time.Time) []rota {
	var list []rota
	for _, r := range s.shifts {
		if (r.end.IsZero() || r.end.After(from)) && (r.start.IsZero() || r.start.Before(to)) {
			list = append(list, r)
		}
	}
	return list
}

func null(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Format(time.RFC3339)
}

// askPagerDuty answers as GET /oncalls does, two entries a page so that there are several.
func askPagerDuty(s *standIn, r *http.Request) any {
	q := r.URL.Query()
	since, err1 := time.Parse(time.RFC3339, q.Get("since"))
	until, err2 := time.Parse(time.RFC3339, q.Get("until"))
	offset, err3 := strconv.Atoi(q.Get("offset"))
	if r.Method != http.MethodGet || r.URL.Path != "/oncalls" || q.Get("schedule_ids[]") != "PABC123" || q.Get("include[]") != "users" || err1 != nil || err2 != nil || err3 != nil ||
		!strings.Contains(r.Header.Get("Accept"), "version=2") || !strings.HasPrefix(r.Header.Get("Authorization"), "Token token=") {
		s.t.Errorf("PagerDuty is asked %s %s", r.Method, r.URL)
	}
	entries := []any{}
	for _, shift := range s.active(since, until) {
		for level := range 2 { // the same person on two levels of a policy
			entries = append(entries, map[string]any{"escalation_level": level + 1, "start": null(shift.start), "end": null(shift.end), "schedule": map[string]any{"id": "PABC123"},
				"user": map[string]any{"id": "P" + shift.who, "name": shift.who, "email": shift.who + "@example.com"}})
		}
	}
	entries = append(entries, map[string]any{"schedule": nil, "user": map[string]any{"id": "PX", "name": "always on call, by no schedule", "email": "x@example.com"}})
	limit := 100
	page := entries[min(offset, len(entries)):min(offset+limit, len(entries))]
	return map[string]any{"oncalls": page, "more": offset+limit < len(entries), "limit": limit, "offset": offset}
}

// askGoAlert answers as POST /api/graphql does for an API key that is made for one query.
func askGoAlert(s *standIn, r *http.Request) any {
	var in struct {
		Query     string
		Variables struct {
			ID         string
			Start, End time.Time
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Method != http.MethodPost || r.URL.Path != "/api/graphql" || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ") {
		s.t.Errorf("GoAlert is asked %s %s (%v)", r.Method, r.URL, err)
	}
	if in.Query != oncall.GoAlertQuery {
		return map[string]any{"errors": []any{map[string]any{"message": "wrong query for API key " + echoed, "extensions": map[string]any{"code": "invalid_query"}}}}
	}
	if in.Variables.ID != "PABC123" {
		return map[string]any{"data": map[string]any{"schedule": nil}}
	}
	shifts := []any{}
	for _, shift := range s.active(in.Variables.Start, in.Variables.End) {
		end, cut := shift.end, false
		if end.IsZero() || end.After(in.Variables.End) {
			end, cut = in.Variables.End, true
		}
		start := shift.start
		if start.Before(in.Variables.Start) {
			start = in.Variables.Start
		}
		shifts = append(shifts, map[string]any{"start": start, "end": end, "truncated": cut, "user": map[string]any{"id": shift.who, "name": shift.who, "email": shift.who + "@example.com"}})
	}
	return map[string]any{"data": map[string]any{"schedule": map[string]any{"shifts": shifts}}}
}

// schedules are all services whose schedules are read, each with a stand-in.
func schedules() map[string]func(t *testing.T, key string) (tagout.Schedule, *standIn) {
	start := func(t *testing.T, question func(*standIn, *http.Request) any) (*standIn, string) {
		s := &standIn{t: t, question: question, arrived: make(chan struct{}, 9)}
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		return s, server.URL
	}
	make := func(t *testing.T, kind string, settings map[string]string) tagout.Schedule {
		schedule, err := integrations.NewSchedule(vendor("primary", kind, settings), integrations.Deps{})
		if err != nil {
			t.Fatal(err)
		}
		return schedule
	}
	return map[string]func(t *testing.T, key string) (tagout.Schedule, *standIn){
		"pagerduty": func(t *testing.T, key string) (tagout.Schedule, *standIn) {
			s, url := start(t, askPagerDuty)
			return make(t, "pagerduty", map[string]string{"schedule": "PABC123", "token": key, "api_url": url}), s
		},
		"goalert": func(t *testing.T, key string) (tagout.Schedule, *standIn) {
			s, url := start(t, askGoAlert)
			return make(t, "goalert", map[string]string{"schedule": "PABC123", "token": key, "url": url + "/"}), s
		},
	}
}

// eachSchedule runs a test with every service.
func eachSchedule(t *testing.T, key string, test func(t *testing.T, schedule tagout.Schedule, s *standIn)) {
	t.Helper()
	t.Parallel()
	for kind, make := range schedules() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			schedule, s := make(t, key)
			test(t, schedule, s)
		})
	}
}

func TestEveryScheduleTellsWhoIsOnCallOverItsLayers(t *testing.T) {
	eachSchedule(t, token, func(t *testing.T, schedule tagout.Schedule, s *standIn) {
		hour := func(n int) time.Time { return dutyNow.Add(time.Duration(n) * time.Hour) }
		s.shifts = []rota{
			{"yesterday", hour(-24), dutyNow}, {"ann", hour(-4), hour(4)}, {"bob", hour(-1), hour(2)}, {"ann", hour(4), hour(6)}, {"later", hour(4), hour(8)},
		}
		people, err := schedule.OnCall(t.Context(), dutyNow)
		if err != nil || len(people) != 2 {
			t.Fatalf("%+v, %v", people, err)
		}
		want := []tagout.OnCallPerson{{Name: "ann", Email: "ann@example.com", Until: hour(4)}, {Name: "bob", Email: "bob@example.com", Until: hour(2)}}
		for n := range want {
			if people[n] != want[n] {
				t.Errorf("got %+v, want %+v", people[n], want[n])
			}
		}
		if !strings.Contains(schedule.Name(), "PABC123") {
			t.Errorf("it is called %s", schedule.Name())
		}
	})
}

func TestNobodyOnCallElsewhereIsNoError(t *testing.T) {
	eachSchedule(t, token, func(t *testing.T, schedule tagout.Schedule, _ *standIn) {
		if people, err := schedule.OnCall(t.Context(), dutyNow); err != nil || len(people) != 0 {
			t.Errorf("%+v, %v", people, err)
		}
	})
}

func TestAShiftWithoutAnEndHasNone(t *testing.T) {
	eachSchedule(t, token, func(t *testing.T, schedule tagout.Schedule, s *standIn) {
		s.shifts = []rota{{who: "ann", start: dutyNow.Add(-time.Hour)}}
		if people, err := schedule.OnCall(t.Context(), dutyNow); err != nil || len(people) != 1 || !people[0].Until.IsZero() {
			t.Errorf("%+v, %v", people, err)
		}
	})
}

func TestALongListIsReadToItsEnd(t *testing.T) {
	eachSchedule(t, token, func(t *testing.T, schedule tagout.Schedule, s *standIn) {
		for n := range 80 {
			s.shifts = append(s.shifts, rota{"p" + strconv.Itoa(n), dutyNow.Add(-time.Hour), dutyNow.Add(time.Hour)})
		}
		if people, err := schedule.OnCall(t.Context(), dutyNow); err != nil || len(people) != 80 {
			t.Errorf("%d people, %v", len(people), err)
		}
	})
}

func TestEveryScheduleTellsRetryableFromFinalWithoutSecrets(t *testing.T) {
	t.Parallel()
	for status, final := range map[int]bool{401: true, 403: true, 404: true, 400: true, 302: true, 408: false, 429: false, 500: false, 503: false} {
		for kind, make := range schedules() {
			t.Run(kind+" "+strconv.Itoa(status), func(t *testing.T) {
				t.Parallel()
				schedule, s := make(t, token)
				s.status = status
				_, err := schedule.OnCall(t.Context(), dutyNow)
				if err == nil || tagout.IsFinal(err) != final || s.asked != 1 {
					t.Errorf("%v, final %t, asked %d times", err, tagout.IsFinal(err), s.asked)
				}
				mentionsNoSecret(t, err)
			})
		}
	}
}

func TestAScheduleSaysThatItsTokenIsWrongOrItsAnswerIsRubbish(t *testing.T) {
	eachSchedule(t, "another-"+password, func(t *testing.T, schedule tagout.Schedule, s *standIn) {
		_, err := schedule.OnCall(t.Context(), dutyNow)
		if tagout.CodeOf(err) != tagout.Forbidden || !strings.Contains(tagout.Sentence(err), "token") {
			t.Errorf("got %v", err)
		}
		mentionsNoSecret(t, err)
	})
}

func TestAScheduleThatAnswersSomethingElseIsUnreadable(t *testing.T) {
	eachSchedule(t, token, func(t *testing.T, schedule tagout.Schedule, s *standIn) {
		s.rubbish = true
		_, err := schedule.OnCall(t.Context(), dutyNow)
		if tagout.CodeOf(err) != tagout.Unavailable {
			t.Errorf("got %v", err)
		}
		mentionsNoSecret(t, err)
	})
}

func TestAScheduleIsGivenUpWithItsContext(t *testing.T) {
	eachSchedule(t, token, func(t *testing.T, schedule tagout.Schedule, s *standIn) {
		s.hang = make(chan struct{})
		defer close(s.hang)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := schedule.OnCall(ctx, dutyNow)
			failed <- err
		}()
		<-s.arrived
		cancel()
		if err := <-failed; tagout.CodeOf(err) != tagout.Unavailable || tagout.IsFinal(err) {
			t.Errorf("got %v", err)
		}
	})
}

func TestASchedulesSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind     string
		settings map[string]string
		says     string
	}{
		"no token":       {"pagerduty", map[string]string{"schedule": "P1"}, "needs its ID and a token"},
		"no schedule":    {"goalert", map[string]string{"url": "https://g.example.com", "token": token}, "needs its ID and a token"},
		"no address":     {"goalert", map[string]string{"schedule": "1", "token": token}, "not an http or https URL"},
		"in the clear":   {"goalert", map[string]string{"url": "http://g.example.com", "schedule": "1", "token": token}, "Use https"},
		"a password":     {"pagerduty", map[string]string{"api_url": "https://u:" + password + "@h", "schedule": "1", "token": token}, "not an http or https URL"},
		"another vendor": {"opsgenie", nil, "goalert or pagerduty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := integrations.NewSchedule(vendor("primary", c.kind, c.settings), integrations.Deps{})
			if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), c.says) || !strings.HasPrefix(err.Error(), "tagout.yaml:7:3: ") {
				t.Errorf("got %v", err)
			}
			mentionsNoSecret(t, err)
		})
	}
}

func TestTheDocumentationHasTheQueryForWhichAKeyOfGoAlertIsMade(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/paging.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\n"+oncall.GoAlertQuery+"\n") {
		t.Errorf("docs/paging.md does not have %s", oncall.GoAlertQuery)
	}
}
