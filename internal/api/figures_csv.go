package api

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// csvOf is a table as a file.
func csvOf(name string, lines [][]string) (*tableOutput, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true // as RFC 4180 has it
	for _, line := range lines {
		for n := range line {
			line[n] = cell(line[n])
		}
		if err := w.Write(line); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return &tableOutput{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="` + name + `"`, Body: b.Bytes()}, w.Error()
}

// cell keeps a spreadsheet from computing what somebody else wrote: what begins like a formula
// gets an apostrophe in front.
func cell(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	if first := strings.TrimLeft(text, " "); first != "" && strings.ContainsRune("=+-@", rune(first[0])) {
		return "'" + text
	}
	return text
}

// figureLines has a line for each figure: counts have a value, rates a value of n, times a
// median, a 90th percentile and a mean in seconds.
func figureLines(f tagout.Figures) [][]string {
	lines := [][]string{{"figure", "unit", "n", "value", "median", "p90", "mean", "before_n", "before_value", "before_median", "before_p90", "before_mean", "quarter", "class", "agent", "severity"}}
	add := func(name, unit string, now, before []string, more ...string) {
		line := append(append([]string{name, unit}, now...), before...)
		lines = append(lines, append(append(line, more...), make([]string, 4-len(more))...))
	}
	number := func(n int) []string { return []string{"", strconv.Itoa(n), "", "", ""} }
	add("incidents", "incidents", number(f.Now.Incidents), number(f.Before.Incidents))
	add("cancelled", "incidents", number(f.Now.Cancelled), number(f.Before.Cancelled))
	add("drills", "incidents", number(f.Now.Drills), number(f.Before.Drills))
	for _, s := range spreads() {
		add(s.name, "seconds", spreadCells(s.of(f.Now)), spreadCells(s.of(f.Before)))
	}
	add("contained_by_lease", "incidents", number(f.Now.ByLease), number(f.Before.ByLease))
	for _, s := range shares() {
		add(s.name, "share", shareCells(s.of(f.Now)), shareCells(s.of(f.Before)))
	}
	for _, kind := range deadlineKinds() {
		add("missed_"+string(kind), "deadlines", number(f.Now.MissedDeadlines[kind]), number(f.Before.MissedDeadlines[kind]))
	}
	for _, g := range f.Groups {
		add("incidents_of_quarter", "incidents", number(g.Count), make([]string, 5), g.Quarter.Format(time.DateOnly), g.Class, g.Agent, string(g.Severity))
	}
	for _, p := range f.Recurring {
		add("recurring_pair", "incidents", []string{strconv.Itoa(p.Incidents), strconv.Itoa(p.Recurring), "", "", ""}, make([]string, 5), "", p.Class, p.Agent)
	}
	return lines
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func spreadCells(s tagout.Spread) []string {
	if s.N == 0 {
		return []string{"0", "", "", "", ""}
	}
	return []string{strconv.Itoa(s.N), "", decimal(s.Median.Seconds()), decimal(s.P90.Seconds()), decimal(s.Mean.Seconds())}
}

func shareCells(s tagout.Share) []string {
	value := ""
	if rate, known := s.Rate(); known {
		value = decimal(rate)
	}
	return []string{strconv.Itoa(s.All), value, "", "", ""}
}

// incidentLines has a line for each incident.
func incidentLines(list []tagout.MeasuredIncident) [][]string {
	header := []string{"incident", "private", "counting", "severity", "class", "agent", "state", "title"}
	for _, m := range tagout.Milestones() {
		header = append(header, string(m))
	}
	header = append(header, "corrected", "to_detect_s", "to_acknowledge_s", "to_contain_s", "contained_by_lease", "to_restore_s", "to_kill_s", "missed_deadlines", "rollbacks", "rolled_back")
	lines := [][]string{header}
	for _, m := range list {
		line := []string{m.Incident.String(), yes(m.Private)}
		if !m.Private { // no token is one of its people
			line = append(line, measuredCells(m)...)
		}
		lines = append(lines, append(line, make([]string, len(header)-len(line))...))
	}
	return lines
}

func measuredCells(m tagout.MeasuredIncident) []string {
	line := []string{string(m.Counting), string(m.Severity), m.Class, m.Agent, string(m.State), m.Title}
	var corrected, missed []string
	for _, name := range tagout.Milestones() {
		text := ""
		if at := m.At(name); !at.IsZero() {
			text = at.UTC().Format("2006-01-02T15:04:05.000Z")
		}
		line = append(line, text)
	}
	for _, name := range m.Corrected {
		corrected = append(corrected, string(name))
	}
	for _, kind := range deadlineKinds() {
		for range m.Missed[kind] {
			missed = append(missed, string(kind))
		}
	}
	took := func(d time.Duration, known bool) string {
		if !known {
			return ""
		}
		return decimal(d.Seconds())
	}
	return append(line, strings.Join(corrected, " "), took(m.ToDetect()), took(m.ToAcknowledge()), took(m.ToContain()), yes(m.ByLease && !m.At(tagout.Contained).IsZero()),
		took(m.ToRestore()), took(m.ToKill()), strings.Join(missed, " "), strconv.Itoa(m.Ordered), strconv.Itoa(m.Back))
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
