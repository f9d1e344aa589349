package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// settings are those of every cluster: small, and without waiting for the disk. What was
// committed outlives a crash of the server all the same, since the kernel keeps what it
// wrote; only a crash of the machine could lose it, and that ends the tests anyway.
const settings = `
listen_addresses = '127.0.0.1'
max_connections = 500
shared_buffers = 32MB
fsync = off
synchronous_commit = on
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
min_wal_size = 80MB
jit = off
autovacuum = off
logging_collector = off
log_destination = 'stderr'
log_line_prefix = '%m [%p] %d '
lc_messages = 'C'
`

// readyLine is what Postgres logs once it accepts connections.
const readyLine = "database system is ready to accept connections"

// Ports are drawn below those that systems hand out for outgoing connections, so
// that a stopped cluster finds its port free when it starts again.
const lowestPort, highestPort = 15000, 31999

// server is one Postgres cluster. Its methods are for one goroutine at a time, but
// for url and port, which never change.
type server struct {
	bin     binaries
	folder  *folder
	port    int
	running *process
}

// newServer creates a cluster in a folder of its own and starts it. It returns
// errMissing if there is no Postgres on this machine.
func newServer() (*server, error) {
	bin, err := findBinaries(distribution)
	if err != nil {
		return nil, err
	}
	sweep(folderParent(), time.Now())
	place, err := newFolder(folderParent())
	if err != nil {
		return nil, err
	}
	s := &server{bin: bin, folder: place}
	if err := s.create(); err != nil {
		return nil, errors.Join(err, place.remove())
	}
	for range 5 { // somebody may take the port between the look and the start
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.start(); err == nil || !strings.Contains(err.Error(), "Address already in use") {
			break
		}
	}
	if err != nil {
		return nil, errors.Join(err, place.remove())
	}
	return s, nil
}

func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// createStatement makes a database of this server. Since nothing waits for the disk, to copy
// files takes a quarter of the time that it takes to log their pages.
func (s *server) createStatement(name, template string) string {
	if majorVersion(filepath.Dir(s.bin.postgres)) < 15 { // where files are always copied
		return createStatement(name, template)
	}
	return createStatement(name, template) + " STRATEGY file_copy"
}

func (s *server) dataDir() string { return filepath.Join(s.folder.path, "data") }

// create runs initdb and writes the settings.
func (s *server) create() error {
	initdb := s.command(s.bin.initdb, "--pgdata="+s.dataDir(), "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, bytes.TrimSpace(out))
	}
	file, err := os.OpenFile(filepath.Join(s.dataDir(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%sunix_socket_directories = '%s'\n", settings, s.folder.path)
	return errors.Join(err, file.Close())
}

// start runs Postgres and returns once it accepts connections. A running server is
// left as it is.
func (s *server) start() error {
	if s.running != nil && !s.running.ended() {
		return nil
	}
	cmd := s.command(s.bin.postgres, "-D", s.dataDir(), "-p", strconv.Itoa(s.port))
	process, err := launch(cmd)
	if err != nil {
		return fmt.Errorf("start Postgres: %w", err)
	}
	s.running = process
	select {
	case <-process.log.ready:
		return nil
	case <-process.done:
		return fmt.Errorf("the server ended while starting:\n%s", process.log.tail())
	case <-time.After(patience):
		return errors.Join(fmt.Errorf("the server did not start within %s:\n%s", patience, process.log.tail()), s.stop(Immediate))
	}
}

// stop ends a running Postgres in the given way and waits until it is gone.
func (s *server) stop(mode Mode) error {
	if s.running == nil || s.running.ended() {
		return nil
	}
	signal, err := mode.signal()
	if err != nil {
		return err
	}
	if err := s.running.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop Postgres: %w", err)
	}
	select {
	case <-s.running.done:
		return nil
	case <-time.After(patience):
		return fmt.Errorf("the server did not stop (%s) within %s:\n%s", mode, patience, s.running.log.tail())
	}
}

// discard stops Postgres at once and removes its folder.
func (s *server) discard() error {
	return errors.Join(s.stop(Immediate), s.folder.remove())
}

// command prepares a program to run in the cluster's folder as its user.
func (s *server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = s.folder.path
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder.path, "TZ=" + os.Getenv("TZ"), "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.folder.as}
	return cmd
}

func freePort() (int, error) {
	var last error
	for range 50 {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1)
		listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		return port, listener.Close()
	}
	return 0, fmt.Errorf("find a free port for Postgres: %w", last)
}

// process is one run of Postgres.
type process struct {
	cmd  *exec.Cmd
	log  *serverLog
	done chan struct{} // closed once the process is gone
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// launch starts Postgres as a child that dies with this process, however it ends.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, log: newServerLog(), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.log, p.log
	cmd.WaitDelay = 10 * time.Second
	dieWithParent(cmd.SysProcAttr)
	started := make(chan error)
	go func() {
		// The kernel ties the child's life to the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // how it ended is in its log
		close(p.done)
	}()
	return p, <-started
}

// serverLog keeps the end of what Postgres writes, and notices when it is ready.
type serverLog struct {
	ready chan struct{} // closed once Postgres accepts connections

	mu     sync.Mutex
	kept   []byte
	opened bool
}

const logKept = 16 << 10

func newServerLog() *serverLog { return &serverLog{ready: make(chan struct{})} }

// Write keeps what Postgres wrote; it never fails.
func (l *serverLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, text...)
	if !l.opened && bytes.Contains(l.kept, []byte(readyLine)) {
		l.opened = true
		close(l.ready)
	}
	if extra := len(l.kept) - logKept; extra > 0 {
		l.kept = append(l.kept[:0], l.kept[extra:]...)
	}
	return len(text), nil
}

func (l *serverLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(bytes.TrimSpace(l.kept))
}
