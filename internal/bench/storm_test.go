package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tagout/sandbox"
)

func TestUpdatesAreCountedByTheSecond(t *testing.T) {
	t.Parallel()
	began := time.Now()
	for want, after := range map[int][]time.Duration{
		0: nil,
		1: {0, time.Second, 2 * time.Second},
		2: {0, 500 * time.Millisecond, 2 * time.Second},
		3: {0, 2 * time.Second, 2100 * time.Millisecond, 2900 * time.Millisecond, 3 * time.Second},
	} {
		var at []time.Time
		for _, d := range after {
			at = append(at, began.Add(d))
		}
		if got := crowded(at); got != want {
			t.Errorf("%v: %d, want %d", after, got, want)
		}
	}
}

func TestWhatIsDueIsMissedOrFoundTwice(t *testing.T) {
	t.Parallel()
	s := openStormSlack(sandbox.Options{Strict: true}, teams(2))
	t.Cleanup(s.close)
	post := func(channel, key string) int {
		form := url.Values{"token": {"xoxb-sandbox"}, "channel": {channel}, "text": {"x"}, "metadata": {`{"event_type":"tagout","event_payload":{"key":"` + key + `"}}`}}
		answer, err := http.PostForm(s.http.URL+"/api/chat.postMessage", form)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode
	}
	for _, key := range []string{"card:INC-1", "note:announce", "page:p1"} {
		if post("#incidents", key) != http.StatusOK {
			t.Fatalf("%s was refused", key)
		}
	}
	if post("#incidents", "refused") != http.StatusTooManyRequests {
		t.Fatal("the fourth message in a row was not refused")
	}
	if post("#general", "page:p1") != http.StatusOK {
		t.Fatal("another channel was refused")
	}
	g := &gale{slack: s, due: map[string]string{"card:INC-1": "open_channel", "note": "post", "page:p1": "send-slack", "refused": "post"}}
	due, missing, twice := g.compare(false)
	if due != 4 || strings.Join(missing, " ") != "refused" || strings.Join(twice, " ") != "page:p1" {
		t.Errorf("%d due, missing %v, twice %v", due, missing, twice)
	}
	if _, came := s.arrival("refused"); came {
		t.Error("what was refused counts as sent")
	}
}
