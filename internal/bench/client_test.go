package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestClientsTakeWhatArrivesInAnyPieces(t *testing.T) {
	t.Parallel()
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 2000\n"
	event := "id: a-1\ndata: {\"type\":\"refetchEvaluation\"}\n\n"
	ping := frame(framePing, 0, 0, []byte("12345678"))
	for name, c := range map[string]struct {
		speak    protocol
		arrives  string
		news     int
		answered string
	}{
		"sse":   {sse{}, head + event + ":\n\n" + event, 2, ""},
		"flagd": {flagdSync{}, string(frame(frameSettings, 0, 0, nil)) + string(frame(frameHeaders, flagEndHeaders, 1, []byte("x"))) + string(frame(frameData, 0, 1, []byte("abc"))) + string(ping) + string(frame(frameData, 0, 1, []byte("de"))), 2, string(frame(frameSettings, flagAck, 0, nil)) + string(frame(framePing, flagAck, 0, []byte("12345678")))},
	} {
		for _, size := range []int{1, 7, 1000} {
			news, answered := 0, ""
			var rest []byte
			for left := c.arrives; left != ""; {
				piece := left[:min(size, len(left))]
				left = left[len(piece):]
				n, over, answer := c.speak.take(append(rest, piece...))
				news, answered, rest = news+n, answered+string(answer), bytes.Clone(over)
			}
			if news != c.news || answered != c.answered || len(rest) > 0 {
				t.Errorf("%s in pieces of %d: %d news, answered %q, left %q", name, size, news, answered, rest)
			}
		}
	}
}

func TestACrowdHearsOfEachRoundOnce(t *testing.T) {
	t.Parallel()
	tell := make(chan bool, 100)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Query().Get("agent"), "agent-000") {
			t.Errorf("asked for %s", r.URL)
		}
		events := http.NewResponseController(w)
		for round := 0; ; round++ {
			fmt.Fprintf(w, "id: %d\ndata: x\n\nid: again\ndata: x\n\n", round)
			if events.Flush() != nil {
				return
			}
			select {
			case <-tell:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(server.CloseClientConnections)
	c, err := gather(sse{}, server.Listener.Addr().String(), 3, agentName)
	if err != nil && runtime.GOOS != "linux" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.settle(20 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
		c.look()
		before := time.Now().UnixNano()
		for range 3 {
			tell <- true
		}
		seen, err := c.saw(20 * time.Second)
		if err != nil || len(seen) != 3 || seen[0] < before {
			t.Fatalf("%v, error %v", seen, err)
		}
	}
}
