// Command bench measures the built program: a separate process loads it over TCP, with its
// database durable, and prints every figure with its settings as a table for
// docs/performance.md. Nothing here passes or fails by the clock; it fails only when what
// was acknowledged is not there afterwards.
//
//	go run ./internal/bench kill fleet everything ofrep growth start   # what `make bench-gate` runs
//	go run ./internal/bench digest
//	go run ./internal/bench intake                # make bench-intake
//	go run ./internal/bench slash page storm      # make bench-slack
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// figure is one measurement with its name on the command line.
type figure struct {
	name string
	what string
	run  func(context.Context, *bench, *report) error
}

// figures lists everything that can be measured, in the order of its table.
func figures() []figure {
	return []figure{
		{"kill", "kill posted → an OFREP client sees it", measureKill},
		{"fleet", "kill posted → seen by every client that is connected", measureFleets},
		{"everything", "everything killed → seen by clients of every agent", measureEverything},
		{"ofrep", "OFREP evaluations per second", measureEvaluations},
		{"growth", "how cost grows with agents and holds", measureGrowth},
		{"start", "start to ready, idle memory, size of the binary", measureStart},
		{"intake", "durable alert intake on Postgres", measureIntake},
		{"digest", "the figures of a large installation", measureDigest},
		{"slash", "slash command → acknowledged", measureSlash},
		{"page", "alert accepted → page sent", measurePage},
		{"storm", "many incidents at once, then one storm: Slack's limits, and pages first", measureStorm},
	}
}

// bench is what every figure needs: a place, the binary, and how long to load.
type bench struct {
	dir    string
	binary string
	load   time.Duration // of one loop
	warm   time.Duration // before it
	kills  int
	repeat int    // how often a fleet is told of a kill
	only   string // runs only those rows whose name contains it
	storm  stormSize

	profiles string // where CPU profiles of the server are kept; empty: none are made
	log      *slog.Logger
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	if len(args) == 1 && args[0] == bareCommand {
		return serveBare(ctx, stdout)
	}
	if len(args) == 5 && args[0] == fleetCommand {
		return beFleet(args[1:], os.Stdin, stdout)
	}
	b := &bench{log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.DurationVar(&b.load, "load", 5*time.Second, "how long each loop loads")
	flags.DurationVar(&b.warm, "warm", time.Second, "how long it loads before it measures")
	flags.IntVar(&b.kills, "kills", 500, "how many agents are killed")
	flags.StringVar(&b.binary, "binary", "", "the binary to measure; empty: build it as a release")
	flags.StringVar(&b.only, "only", "", "run only the rows whose name contains this")
	flags.IntVar(&b.repeat, "repeat", 20, "how often each fleet is told of a kill")
	flags.IntVar(&b.storm.incidents, "incidents", 500, "how many incidents of a storm open at once")
	flags.IntVar(&b.storm.alerts, "alerts", 100_000, "how many alerts of one storm follow")
	flags.IntVar(&b.storm.people, "people", 0, "how many people are paged; 0: one for each incident")
	flags.StringVar(&b.profiles, "profile", "", "a folder for CPU profiles of the server under intake and storm, and for what its statements took of Postgres under intake; the binary is built for that")
	flags.DurationVar(&b.storm.patience, "patience", 4*time.Hour, "how long a storm may take until all is quiet")
	if err := flags.Parse(args); err != nil {
		return err
	}
	chosen, err := choose(flags.Args())
	if err != nil {
		return err
	}
	if b.profiles != "" {
		if err := os.MkdirAll(b.profiles, 0o700); err != nil {
			return err
		}
	}
	if b.dir, err = os.MkdirTemp("", "tagout-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	if err := b.build(ctx); err != nil {
		return err
	}
	fmt.Fprintf(stdout, "Measured by `go run ./internal/bench %s` on %s.\n", strings.Join(args, " "), machine())
	for _, f := range chosen {
		r := &report{title: f.what}
		err := f.run(ctx, b, r)
		r.print(stdout)
		if err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return nil
}

// choose finds figures by name.
func choose(names []string) ([]figure, error) {
	all := figures()
	var chosen []figure
	for _, name := range names {
		n := slices.IndexFunc(all, func(f figure) bool { return f.name == name })
		if n < 0 {
			return nil, fmt.Errorf("there is no figure %q", name)
		}
		chosen = append(chosen, all[n])
	}
	if len(chosen) > 0 {
		return chosen, nil
	}
	var known []string
	for _, f := range all {
		known = append(known, fmt.Sprintf("  %-8s %s", f.name, f.what))
	}
	return nil, fmt.Errorf("name what to measure:\n%s", strings.Join(known, "\n"))
}

// wants reports whether a row is to be measured.
func (b *bench) wants(row string) bool { return strings.Contains(row, b.only) }

// place is a fresh folder for one server.
func (b *bench) place(name string) (string, error) {
	path := filepath.Join(b.dir, name)
	return path, os.MkdirAll(path, 0o700)
}
