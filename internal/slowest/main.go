// Command slowest reads what `go test -json` says, prints what go test would print without
// -json, and then the tests that took longest, so that slowness is seen before it is grown used to.
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// shown is how many tests are named.
const shown = 10

func main() {
	if err := tell(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "slowest:", err)
		os.Exit(1)
	}
}

// event is a line of `go test -json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64 // seconds
}

// name is what a person calls the test.
func (e event) name() string { return strings.TrimPrefix(e.Package, "tagout/") + " " + e.Test }

// report is what was read so far.
type report struct {
	out  io.Writer
	said map[string][]string // by test that has not ended: what it printed
	took map[string]float64  // by test that has ended: seconds
}

// tell reads until the end of in. It returns what keeps it from reading or writing.
func tell(in io.Reader, out io.Writer) error {
	r := report{out: out, said: map[string][]string{}, took: map[string]float64{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.take(line)
		}
		if err == io.EOF {
			return r.ends()
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil { // what go itself has to say
		fmt.Fprint(r.out, line)
		return
	}
	switch e.Action {
	case "output", "build-output":
		r.hears(e)
	case "pass", "skip":
		if e.Test != "" {
			delete(r.said, e.name())
			r.took[e.name()] = e.Elapsed
		}
	case "fail":
		r.fails(e)
	}
}

// hears keeps what a test says until it is known how it ends.
func (r *report) hears(e event) {
	switch {
	case strings.HasPrefix(e.Output, "=== "), e.Output == "PASS\n":
	case e.Test == "":
		fmt.Fprint(r.out, e.Output)
	default:
		r.said[e.name()] = append(r.said[e.name()], e.Output)
	}
}

// fails prints what a test said. With its package fails what never came to an end, as when
// the time is over.
func (r *report) fails(e event) {
	if e.Test != "" {
		r.took[e.name()] = e.Elapsed
	}
	var failed []string
	for name := range r.said {
		if name == e.name() || e.Test == "" && strings.HasPrefix(name, e.name()) {
			failed = append(failed, name)
		}
	}
	slices.Sort(failed)
	for _, name := range failed {
		fmt.Fprint(r.out, strings.Join(r.said[name], ""))
		delete(r.said, name)
	}
}

// ends names the slowest tests.
func (r *report) ends() error {
	var names []string
	for name := range r.took {
		if r.took[name] > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(r.took[b], r.took[a]), cmp.Compare(a, b)) })
	if len(names) > 0 {
		fmt.Fprintln(r.out, "the slowest tests:")
	}
	for _, name := range names[:min(shown, len(names))] {
		if _, err := fmt.Fprintf(r.out, "%8.2fs  %s\n", r.took[name], name); err != nil {
			return err
		}
	}
	return nil
}
