package story_test

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
)

// keepPort keeps a port of this machine for the test, until it ends: nobody else is given it,
// neither for a listener nor for a connection, and the test may listen there as often as it likes.
// It does so with a socket that is bound, and never listens: Linux lets a listener that may reuse
// its address, as those of Go, Postgres and most others do, in beside it.
func keepPort(t *testing.T) string {
	t.Helper()
	kept, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(os.NewSyscallError("socket", err))
	}
	t.Cleanup(func() { syscall.Close(kept) })
	if err := syscall.SetsockoptInt(kept, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(os.NewSyscallError("setsockopt", err))
	}
	loopback := [4]byte{127, 0, 0, 1}
	if err := syscall.Bind(kept, &syscall.SockaddrInet4{Addr: loopback}); err != nil {
		t.Fatal(os.NewSyscallError("bind", err))
	}
	name, err := syscall.Getsockname(kept)
	if err != nil {
		t.Fatal(os.NewSyscallError("getsockname", err))
	}
	bound, is := name.(*syscall.SockaddrInet4)
	if !is {
		t.Fatalf("the socket is bound to %v", name)
	}
	address := netip.AddrPortFrom(netip.AddrFrom4(loopback), uint16(bound.Port)).String()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("a port that is kept cannot be listened on: %v", err)
	}
	listener.Close()
	return address
}
