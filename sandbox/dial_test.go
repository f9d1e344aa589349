package sandbox_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"
)

// dials says whether a websocket address accepts a connection.
func dials(t *testing.T, address string) bool {
	t.Helper()
	conn, _, err := websocket.DefaultDialer.DialContext(soon(t), address, nil)
	if err != nil {
		return false
	}
	t.Cleanup(func() { _ = conn.Close() })
	return true
}

// download reads a URL as text.
func download(t *testing.T, address string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(soon(t), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
