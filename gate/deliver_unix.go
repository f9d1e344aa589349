//go:build unix

package gate

import (
	"net"
	"syscall"
)

// rawOf is the connection's file, or nil if it has none of its own, as under TLS.
func rawOf(conn net.Conn) syscall.RawConn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// writeNow writes as much as is taken at once, and returns how much that was.
func writeNow(raw syscall.RawConn, text []byte) (taken int) {
	err := raw.Write(func(fd uintptr) bool {
		taken, _ = syscall.Write(int(fd), text) // what is wrong shows in the next attempt, which waits
		return true
	})
	if err != nil {
		return 0
	}
	return max(taken, 0)
}
