package main

import (
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"time"
)

// crowd is many clients that one thread listens to, so that what they cost is little beside
// what is measured.
type crowd struct {
	speak   protocol
	poll    int
	clients map[int]*listener // by file descriptor
	greeted int
	round   int
	seen    []int64 // when each heard in this round, in Unix nanoseconds
	last    time.Time
	buffer  [64 << 10]byte
}

type listener struct {
	rest  []byte
	round int // in which it heard last
	first bool
}

// gather connects n clients, each to the agent that agentOf says, and returns once each
// got what a client gets first.
func gather(speak protocol, address string, n int, agentOf func(int) string) (*crowd, error) {
	poll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	to, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return nil, err
	}
	c := &crowd{speak: speak, poll: poll, clients: make(map[int]*listener, n)}
	where := &syscall.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())}
	for i := range n {
		if err := c.connect(where, speak.hello(agentOf(i))); err != nil {
			return nil, fmt.Errorf("client %d: %w", i, err)
		}
		for i-c.greeted > 64 { // few at a time
			if err := c.listen(time.Second); err != nil {
				return nil, err
			}
		}
	}
	for limit := time.Now().Add(time.Minute); c.greeted < n; {
		if time.Now().After(limit) {
			return nil, fmt.Errorf("%d of %d clients were never told anything", n-c.greeted, n)
		}
		if err := c.listen(time.Second); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *crowd) connect(where syscall.Sockaddr, hello []byte) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err = syscall.Connect(fd, where); err != nil {
		return os.NewSyscallError("connect", err)
	}
	if _, err = syscall.Write(fd, hello); err != nil {
		return os.NewSyscallError("write", err)
	}
	if err = syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	c.clients[fd] = &listener{}
	return syscall.EpollCtl(c.poll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// listen takes what arrives within a time.
func (c *crowd) listen(within time.Duration) error {
	var events [256]syscall.EpollEvent
	n, err := syscall.EpollWait(c.poll, events[:], int(within.Milliseconds()))
	if err == syscall.EINTR {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range events[:max(n, 0)] {
		if err := c.read(int(e.Fd)); err != nil {
			return err
		}
	}
	return nil
}

func (c *crowd) read(fd int) error {
	one := c.clients[fd]
	kept := copy(c.buffer[:], one.rest)
	size, err := syscall.Read(fd, c.buffer[kept:])
	if err == syscall.EAGAIN {
		return nil
	}
	if err != nil || size == 0 {
		return fmt.Errorf("a client was cut off: %w", err)
	}
	at := time.Now()
	news, rest, answer := c.speak.take(c.buffer[:kept+size])
	one.rest = append(one.rest[:0], rest...)
	if len(answer) > 0 {
		if _, err := syscall.Write(fd, answer); err != nil {
			return err
		}
	}
	if news == 0 {
		return nil
	}
	c.last = at
	if !one.first {
		one.first = true
		c.greeted++
	} else if one.round < c.round {
		one.round = c.round
		c.seen = append(c.seen, at.UnixNano())
	}
	return nil
}

// settle waits until nothing has arrived for a while.
func (c *crowd) settle(quiet time.Duration) error {
	for c.last = time.Now(); time.Since(c.last) < quiet; {
		if err := c.listen(quiet / 4); err != nil {
			return err
		}
	}
	return nil
}

// look starts a round: from now on the first news of each client counts.
func (c *crowd) look() {
	c.round++
	c.seen = c.seen[:0]
}

// saw waits until every client heard, and returns when each did.
func (c *crowd) saw(patience time.Duration) ([]int64, error) {
	for limit := time.Now().Add(patience); len(c.seen) < len(c.clients); {
		if time.Now().After(limit) {
			return nil, fmt.Errorf("%d of %d clients heard nothing within %s", len(c.clients)-len(c.seen), len(c.clients), patience)
		}
		if err := c.listen(100 * time.Millisecond); err != nil {
			return nil, err
		}
	}
	return slices.Clone(c.seen), nil
}

// mayOpen is how many files this process may open.
func mayOpen() int {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	limit.Cur = limit.Max // so do the server and the fleet, being Go programs
	_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit)
	return int(limit.Cur)
}
