package replicas

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/internal/handclock"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// table is the database that the replicas share.
type table struct {
	mu   sync.Mutex
	rows map[string]tagout.Replica
	key  []byte
	down bool
}

func newTable() *table {
	return &table{rows: map[string]tagout.Replica{}, key: []byte("0123456789abcdef0123456789abcdef")}
}

var errDown = tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")

func (t *table) Beat(_ context.Context, me tagout.Replica) (others []tagout.Replica, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return nil, errDown
	}
	t.rows[me.ID] = me
	for _, id := range slices.Sorted(maps.Keys(t.rows)) {
		if id != me.ID {
			others = append(others, t.rows[id])
		}
	}
	return others, nil
}

func (t *table) Leave(_ context.Context, id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.rows, id)
	return nil
}

func (t *table) Secret(context.Context, string) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.down {
		return nil, errDown
	}
	return t.key, nil
}

// replica is one of them with what it was asked.
type replica struct {
	*Peers
	server *httptest.Server
	clock  *handclock.Clock

	mu     sync.Mutex
	stops  []tagout.StopRequest
	result tagout.StopResult
	leads  bool
	readAt time.Time
	sight  tagout.Sighting
}

func newReplica(t *testing.T, id string, in *table) *replica {
	t.Helper()
	r := &replica{}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) { r.Handler().ServeHTTP(w, q) }))
	t.Cleanup(r.server.Close)
	r.joins(t, id, r.server.URL, in, nil)
	return r
}

// joins makes the replica one of those that share a table; without a transport it reaches them by TCP.
func (r *replica) joins(t *testing.T, id, url string, in *table, by http.RoundTripper) {
	r.clock, r.result = handclock.At(noon), tagout.StopResult{Pending: true}
	r.Peers = New(Options{
		Me: tagout.Replica{ID: id, URL: url, Version: "v1"}, Store: in, Clock: r.clock, Transport: by,
		Stop: func(_ context.Context, s tagout.StopRequest) (tagout.StopResult, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.stops = append(r.stops, s)
			return r.result, nil
		},
		Leads:  func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.leads },
		ReadAt: func() time.Time { r.mu.Lock(); defer r.mu.Unlock(); return r.readAt },
		Look:   func(string) tagout.Sighting { r.mu.Lock(); defer r.mu.Unlock(); return r.sight },
	})
	t.Cleanup(r.end)
}

// wires are a network in memory: what answers by host. Who is not there cannot be reached.
type wires map[string]http.Handler

// RoundTrip has a host answer, or waits until nobody waits any more if that never does.
func (w wires) RoundTrip(r *http.Request) (*http.Response, error) {
	handler, there := w[r.URL.Host]
	switch {
	case !there:
		return nil, errors.New("connection refused")
	case handler == nil:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, r)
	return answer.Result(), nil
}

// meet lets every replica hear of the others.
func meet(t *testing.T, all ...*replica) {
	t.Helper()
	for range 2 {
		for _, r := range all {
			r.beat(t.Context())
		}
	}
}

func (r *replica) got() []tagout.StopRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.stops)
}

func (r *replica) set(change func(r *replica)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx := soon(t)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("waited in vain until ", what)
		}
	}
}
