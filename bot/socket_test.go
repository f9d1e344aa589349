package bot

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestASilentSocketIsReplaced(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	enough := make(chan struct{})
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/api/apps.connections.open", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"ok": true, "url": "ws" + strings.TrimPrefix(server.URL, "http") + "/socket"})
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		if opened.Add(1) == socketCount+2 {
			close(enough)
		}
		_, _, _ = conn.ReadMessage() // says nothing, until the other side goes
	})

	b := quietBot()
	b.api = NewAPI("xoxb-x", server.URL+"/api/", nil)
	s := b.Socket("xapp-x")
	s.silence, s.watchEvery = 50*time.Millisecond, 5*time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = s.Run(ctx) })
	select {
	case <-enough:
	case <-time.After(2 * time.Minute):
		t.Errorf("%d connections were opened", opened.Load())
	}
	cancel()
	running.Wait()
}
