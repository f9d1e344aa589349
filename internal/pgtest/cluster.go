package pgtest

import (
	"fmt"
	"os"
	"syscall"
	"testing"
)

// Mode is a way to stop Postgres.
type Mode string

// The ways to stop Postgres, as pg_ctl names them.
const (
	// Smart waits until every client has gone.
	Smart Mode = "smart"
	// Fast disconnects the clients and shuts down cleanly.
	Fast Mode = "fast"
	// Immediate is a crash: nothing is written, and the next start recovers.
	Immediate Mode = "immediate"
)

func (m Mode) signal() (os.Signal, error) {
	switch m {
	case Smart:
		return syscall.SIGTERM, nil
	case Fast:
		return syscall.SIGINT, nil
	case Immediate:
		return syscall.SIGQUIT, nil
	default:
		return nil, fmt.Errorf("stop mode %q: use smart, fast or immediate", string(m))
	}
}

// Cluster is a Postgres server of one test, which may stop and start it to see what
// its clients make of that. Its port and data stay the same throughout. The methods
// fail the test on trouble, so call them from the test's own goroutine.
type Cluster struct {
	tb     testing.TB
	server *server
}

// StartCluster starts a Postgres server for this test alone and discards it when the
// test ends. It skips or fails the test if there is no Postgres on this machine; a
// server named by TAGOUT_TEST_POSTGRES is not used, since it is not ours to stop.
func StartCluster(tb testing.TB) *Cluster {
	tb.Helper()
	server, err := newServer()
	if err != nil {
		giveUp(tb, err)
	}
	tb.Cleanup(func() {
		if err := server.discard(); err != nil {
			tb.Error(err)
		}
	})
	return &Cluster{tb: tb, server: server}
}

// URL returns the postgres:// URL of a database on this server, whether or not the
// server runs and the database exists. "postgres" always exists.
func (c *Cluster) URL(database string) string { return c.server.url(database) }

// Port returns the server's TCP port on 127.0.0.1.
func (c *Cluster) Port() int { return c.server.port }

// NewDatabase creates an empty database and returns its URL. The server must run.
func (c *Cluster) NewDatabase() string {
	c.tb.Helper()
	random, err := randomName()
	if err == nil {
		err = execute(c.URL("postgres"), c.server.createStatement(random, "template0"))
	}
	if err != nil {
		c.tb.Fatalf("create a database: %v", err)
	}
	return c.URL(random)
}

// Stop ends the server and returns once it is gone. A stopped server is left alone.
func (c *Cluster) Stop(mode Mode) {
	c.tb.Helper()
	if err := c.server.stop(mode); err != nil {
		c.tb.Fatal(err)
	}
}

// Start starts the server again, on the same port with the same data, and returns
// once it accepts connections. A running server is left alone.
func (c *Cluster) Start() {
	c.tb.Helper()
	if err := c.server.start(); err != nil {
		c.tb.Fatal(err)
	}
}

// Restart is a crash of the server followed by a start.
func (c *Cluster) Restart() {
	c.tb.Helper()
	c.Stop(Immediate)
	c.Start()
}
