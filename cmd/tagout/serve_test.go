package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestABodyThatNeverComesIsGivenUpOn(t *testing.T) {
	t.Parallel()
	read := make(chan error, 1)
	server := httptest.NewServer(bodiesWithin(50*time.Millisecond, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		read <- err
	})))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /v1/alerts/generic HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-read:
		if err == nil {
			t.Error("the handler read a whole body, but only its first byte was sent")
		}
	case <-time.After(30 * time.Second):
		conn.Close()
		t.Error("the server still waits for the body")
	}
}

// deadlines counts the deadlines that were set.
type deadlines struct {
	*httptest.ResponseRecorder
	set int
}

func (d *deadlines) SetReadDeadline(time.Time) error {
	d.set++
	return nil
}

func TestAPageThatListensHasNoDeadline(t *testing.T) {
	t.Parallel()
	handler := bodiesWithin(time.Second, http.NotFoundHandler())
	for _, c := range []struct {
		request *http.Request
		want    int
	}{
		{httptest.NewRequest(http.MethodGet, "/events", nil), 0},
		{httptest.NewRequest(http.MethodPost, "/v1/failures", strings.NewReader("{}")), 1},
	} {
		w := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		if handler.ServeHTTP(w, c.request); w.set != c.want {
			t.Errorf("%s: %d deadlines, want %d", c.request.Method, w.set, c.want)
		}
	}
}
