// Command tagout is lockout/tagout for AI agents, run from Slack.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"tagout"
	"tagout/internal/config"
)

// version is set by the release build.
var version = "dev"

// hurry is set by the build that the stories run: see [app.Options]. A release has none.
var hurry = "0"

// cli is the command line.
type cli struct {
	Demo    demoCmd    `cmd:"" help:"Show Tagout at work: a Slack workspace in a box, agents that really ask the gate. Needs nothing else."`
	Serve   serveCmd   `cmd:"" help:"Run Tagout."`
	Migrate migrateCmd `cmd:"" help:"Bring the database's schema up to date."`
	Config  configCmd  `cmd:"" help:"Check the configuration, or print its schema."`
	Doctor  doctorCmd  `cmd:"" help:"Check that everything that the configuration names is there and would work: database, journal, Slack, controls, pagers. Pages nobody and changes nothing."`
	Route   routeCmd   `cmd:"" help:"Tell what an alert would do and why, without doing anything."`
	Slack   slackCmd   `cmd:"" help:"Set up the Slack app."`
	Verify  verifyCmd  `cmd:"" help:"Check the hash chain of the timelines: exit 0, or 1 with the first bad event."`
	Export  exportCmd  `cmd:"" help:"Pack an incident's whole record into a zip file that can be checked without Tagout."`
	Digest  digestCmd  `cmd:"" help:"Tell how it went lately: figures with trends, what recurs, and what waits. Print it, draw it, or have it sent."`
	Redact  redactCmd  `cmd:"" help:"Take the content of one piece of evidence away; its hash and the reason stay on the record."`
	Release releaseCmd `cmd:"" name:"release-check" help:"Tell whether an agent may be released: exit 0, or 1 with what stands against it, or 3 if that could not be found out."`
	Journal journalCmd `cmd:"" help:"Repair a damaged journal of stops."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Kill   killCmd   `cmd:"" group:"Break glass: stop through a running Tagout, without Slack" help:"Halt an agent, or a part of it: drop what is in flight."`
	Pause  pauseCmd  `cmd:"" group:"Break glass: stop through a running Tagout, without Slack" help:"Pause an agent, or a part of it: finish what is in flight."`
	Hold   holdCmd   `cmd:"" group:"Break glass: stop through a running Tagout, without Slack" help:"Restrict an agent, or a part of it, to review or a cap."`
	Drill  drillCmd  `cmd:"" group:"Break glass: stop through a running Tagout, without Slack" help:"Practise on an agent's canary, and wait for what comes of it: drill kill AGENT. Alone: what was practised last."`
	Status statusCmd `cmd:"" group:"Break glass: stop through a running Tagout, without Slack" help:"Tell how everything stands, or one scope or incident."`

	LogLevel string `default:"info" enum:"debug,info,warn,error" help:"How much is logged: debug, info, warn or error."`
}

// surroundings are what a command may use of the process.
type surroundings struct {
	ctx    context.Context
	stdout io.Writer
	stderr io.Writer
	log    *slog.Logger
	clock  tagout.Clock
	rest   func(context.Context, time.Duration) // between two looks at what goes on
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	profileOnSignal()
	if transport, ok := http.DefaultTransport.(*http.Transport); ok {
		transport.ResponseHeaderTimeout = 30 * time.Second // some of shoutrrr's services would wait for ever
	}
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run parses and runs one command line, and returns its exit code: 0 for success, 1 for a
// failure, 2 for a command line that means nothing; break-glass verbs also exit 3 and 4.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runIn(&surroundings{ctx: ctx, stdout: stdout, stderr: stderr, clock: tagout.SystemClock{}, rest: rest}, args)
}

// runIn is run with other surroundings; it adds the log.
func runIn(env *surroundings, args []string) int {
	stdout, stderr := env.stdout, env.stderr
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("tagout"), kong.Writers(stdout, stderr), kong.UsageOnError(),
		kong.Description("Lockout/tagout for AI agents: stops them, gathers people, and refuses to restart them unsigned."),
		kong.Exit(func(code int) { exit = code }))
	if err != nil {
		fmt.Fprintln(stderr, "tagout:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help
		return exit
	}
	if err != nil {
		fmt.Fprintln(stderr, "tagout:", err)
		return 2
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong has checked it
	env.log = slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	if err := parsed.Run(env); err != nil {
		fmt.Fprintln(stderr, "tagout:", explain(err))
		if own, ok := errors.AsType[exitError](err); ok {
			return own.code
		}
		return 1
	}
	return 0
}

// rest waits for a while, or until the context ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// explain is an error as an operator needs it: the sentence, and the cause if there is one.
func explain(err error) string {
	if e, ok := errors.AsType[*tagout.Error](err); ok && e.Err != nil {
		return e.Message
	}
	return err.Error()
}

// configFlag is the configuration file of a command.
type configFlag struct {
	Path string `name:"config" short:"c" default:"tagout.yaml" help:"The configuration file."`
}

func (f configFlag) load() (*config.Config, error) {
	return config.Load(f.Path, config.SystemEnv())
}

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(env *surroundings) error {
	fmt.Fprintln(env.stdout, "tagout", version)
	return nil
}
