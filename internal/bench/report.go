package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is the table of one figure.
type report struct {
	title  string
	notes  []string
	header []string
	rows   [][]string
}

func (r *report) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

func (r *report) columns(names ...string) { r.header = names }

func (r *report) row(cells ...string) { r.rows = append(r.rows, cells) }

// print writes the table in Markdown.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "\n### %s\n\n", r.title)
	for _, n := range r.notes {
		fmt.Fprintf(w, "- %s\n", n)
	}
	if len(r.notes) > 0 {
		fmt.Fprintln(w)
	}
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(r.header)
	line(slices.Repeat([]string{"---"}, len(r.header)))
	for _, cells := range r.rows {
		line(cells)
	}
}

// latencies are how long each of many things took.
type latencies []time.Duration

// at is the quantile q, 0 to 1, in words; the latencies must be sorted.
func (l latencies) at(q float64) string {
	if len(l) == 0 {
		return "–"
	}
	return milliseconds(l[int(q*float64(len(l)-1))])
}

// spread is p50, p99 and the slowest.
func (l latencies) spread() []string {
	slices.Sort(l)
	return []string{l.at(0.5), l.at(0.99), l.at(1)}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3g ms", float64(d.Microseconds())/1000)
}

func thousands(n int) string {
	text := fmt.Sprint(n)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

func ratio(ours, theirs float64) string {
	if theirs == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", ours/theirs)
}

// machine says on what this was measured.
func machine() string {
	text := fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	if model := lineOf("/proc/cpuinfo", "model name"); model != "" {
		text += ", " + model
	}
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		text += ", load average before " + strings.Join(strings.Fields(string(load))[:1], "")
	}
	return text
}

// lineOf is the value of the first "key: value" line of a file, or "".
func lineOf(path, key string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
