//go:build !linux

package story_test

import (
	"net"
	"testing"
)

// keepPort is a port that was free just now.
func keepPort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
