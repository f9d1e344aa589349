package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/template"
	"time"
)

// The tokens of bench.yaml.
const (
	sourceToken = "generic-token"
	apiToken    = "bench-token"
)

//go:embed bench.yaml
var configuration string

// setup is what a figure asks of the server.
type setup struct {
	Listen, Database, Journal, SlackURL string
	Agents                              []string
	Plain                               []string // agents of which nothing but the name is declared
	Flagd                               string   // where flagd sync listens; empty: nowhere
	Lease                               string   // empty: 30s
	Teams                               []string // each a role of one person, and a failure class handed to it
	Patient                             bool     // nobody is paged again, and nothing is due, within a day
	Storm                               string   // an agent of which alerts labelled storm are SEV-3; empty: none
}

// agents are n names.
func agents(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = agentName(i)
	}
	return names
}

func agentName(i int) string { return fmt.Sprintf("agent-%04d", i) }

// server is the built program at work.
type server struct {
	address  string
	config   string
	profiled string // the CPU profile, if one is asked for
	command  *exec.Cmd
	log      bytes.Buffer // its errors and warnings
	died     chan struct{}
	took     time.Duration // from its start until it was ready
}

// build makes the release binary, unless one was named.
func (b *bench) build(ctx context.Context) error {
	if b.binary != "" {
		return nil
	}
	b.binary = filepath.Join(b.dir, "tagout")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", b.binary, "tagout/cmd/tagout")
	if b.profiles != "" {
		command.Args = slices.Insert(command.Args, 2, "-tags=profiling")
	}
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return nil
}

// prepare writes the configuration of a server that is to run in a folder.
func (b *bench) prepare(name string, s setup) (*server, error) {
	dir, err := b.place(name)
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s.Listen = "127.0.0.1:" + strconv.Itoa(port)
	s.Journal = filepath.Join(dir, "tagout.journal")
	if s.Database == "" {
		s.Database = sqliteIn(dir)
	}
	if s.Lease == "" {
		s.Lease = "30s"
	}
	if s.SlackURL == "" {
		s.SlackURL = "http://127.0.0.1:9" // nobody listens there
	}
	text, err := template.New("").Funcs(template.FuncMap{"userOf": userOf}).Parse(configuration)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := text.Execute(&out, s); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "tagout.yaml")
	return &server{address: s.Listen, config: path, profiled: filepath.Join(dir, "cpu.pprof")}, os.WriteFile(path, out.Bytes(), 0o600)
}

func sqliteIn(dir string) string {
	return "sqlite://" + filepath.ToSlash(filepath.Join(dir, "tagout.db"))
}

// start prepares and starts a server, and waits until it is ready.
func (b *bench) start(ctx context.Context, name string, s setup) (*server, error) {
	srv, err := b.prepare(name, s)
	if err != nil {
		return nil, err
	}
	return srv, srv.start(ctx, b.binary)
}

// start runs the binary and returns once it is ready; took says how long that was.
func (s *server) start(ctx context.Context, binary string) error {
	s.command = exec.Command(binary, "serve", "--config", s.config, "--log-level", "warn")
	s.command.Stderr = &s.log
	s.command.Env = append(os.Environ(), "TAGOUT_PROFILE="+s.profiled) // for a binary that was built for it
	s.died = make(chan struct{})
	began := time.Now()
	if err := s.command.Start(); err != nil {
		return err
	}
	go func() {
		_ = s.command.Wait()
		close(s.died)
	}()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(30 * time.Second)
	for {
		if s.ready(ctx) {
			s.took = time.Since(began)
			return nil
		}
		select {
		case <-tick.C:
		case <-s.died:
			return fmt.Errorf("the server ended: %s", s.log.Bytes())
		case <-limit:
			s.stop()
			return errors.New("the server did not get ready within 30 s")
		}
	}
}

func (s *server) ready(ctx context.Context) bool {
	status, _, err := s.get(ctx, "/readyz")
	return err == nil && status == http.StatusOK
}

// get asks with the API's token.
func (s *server) get(ctx context.Context, path string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+path, nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Authorization", "Bearer "+apiToken)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// stop ends the server at once.
func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGKILL)
	<-s.died
}

// explained adds the end of the server's log to an error.
func (s *server) explained(err error) error {
	if err == nil {
		return nil
	}
	s.stop()
	text := s.log.Bytes()
	return fmt.Errorf("%w\nthe server's log ends with:\n%s", err, text[max(0, len(text)-2000):])
}

// residentMB is its resident memory, now and at its highest.
func (s *server) residentMB() (now, peak int) {
	status := fmt.Sprintf("/proc/%d/status", s.command.Process.Pid)
	megabytes := func(key string) int {
		number, _, _ := strings.Cut(lineOf(status, key), " ")
		kilobytes, _ := strconv.Atoi(number)
		return kilobytes / 1024
	}
	return megabytes("VmRSS"), megabytes("VmHWM")
}
