package api

import (
	"encoding/csv"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
)

func someFigures() tagout.Figures {
	tally := tagout.Tally{
		Incidents: 4, BySeverity: map[tagout.Severity]int{tagout.Sev1: 1, tagout.Sev2: 3}, Cancelled: 1, Drills: 2, ByLease: 1,
		TimeToAcknowledge: tagout.Spread{N: 4, Median: 90 * time.Second, P90: 5 * time.Minute, Mean: 100500 * time.Millisecond},
		NoGo:              tagout.Share{Of: 1, All: 4}, MissedDeadlines: map[tagout.DeadlineKind]int{tagout.DueReview: 2, tagout.DueAcknowledge: 1},
	}
	return tagout.Figures{
		Now: tally, Before: tagout.Tally{Incidents: 3},
		Groups:    []tagout.FigureGroup{{Quarter: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), Class: "policy_violation", Agent: "mailer", Severity: tagout.Sev1, Count: 4}},
		Recurring: []tagout.RecurringPair{{Agent: "mailer", Class: "policy_violation", Incidents: 3, Recurring: 2, Last: []tagout.IncidentID{9, 7}}},
	}
}

func TestFiguresAreServedAsJSON(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.figures = someFigures()
	got := b.do(http.MethodGet, "/v1/metrics/incidents?from=2026-10-01&to=2026-11-01T00:00:00%2B01:00&agent=Mailer&class=policy_violation&severity=sev1&timezone=Europe/Berlin", "", bearing(readToken))
	if got.StatusCode != http.StatusOK || !strings.HasPrefix(got.Header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %s", got.StatusCode, got.body)
	}
	q := b.desk.figured
	if !q.From.Equal(time.Date(2026, 9, 30, 22, 0, 0, 0, time.UTC)) || !q.To.Equal(time.Date(2026, 10, 31, 23, 0, 0, 0, time.UTC)) ||
		q.Agent != "mailer" || q.Class != "policy_violation" || q.Severity != tagout.Sev1 || q.Location.String() != "Europe/Berlin" {
		t.Errorf("asked for %+v", q)
	}
	var v figuresView
	if err := json.Unmarshal([]byte(got.body), &v); err != nil {
		t.Fatal(err)
	}
	ack, detect := v.Now.Times["time_to_acknowledge"], v.Now.Times["time_to_detect"]
	if ack.N != 4 || *ack.Median != 90 || *ack.P90 != 300 || *ack.Mean != 100.5 || detect.N != 0 || detect.Median != nil {
		t.Errorf("%+v", v.Now.Times)
	}
	if rate := v.Now.Rates["no_go"]; *rate.Rate != 0.25 || v.Now.Rates["recurring"].Rate != nil {
		t.Errorf("%+v", v.Now.Rates)
	}
	if v.Now.MissedInTotal != 3 || v.Now.Cancelled != 1 || v.Now.Drills != 2 || v.Before.Incidents != 3 || v.Groups[0].Quarter != "2026-10-01" || v.Pairs[0].Last[1] != "INC-7" {
		t.Errorf("%s", got.body)
	}
}

func TestFiguresGoIntoASpreadsheet(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.figures = someFigures()
	got := b.do(http.MethodGet, "/v1/metrics/incidents?format=csv", "", bearing(readToken))
	lines, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || got.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Fatal(err, got.Header)
	}
	want := map[string]string{
		"incidents":            "incidents,,4,,,,,3,,,,,,,",
		"time_to_acknowledge":  "seconds,4,,90,300,100.5,0,,,,,,,,",
		"no_go":                "share,4,0.25,,,,0,,,,,,,,",
		"missed_review":        "deadlines,,2,,,,,0,,,,,,,",
		"incidents_of_quarter": "incidents,,4,,,,,,,,,2026-10-01,policy_violation,mailer,sev1",
		"recurring_pair":       "incidents,3,2,,,,,,,,,,policy_violation,mailer,",
	}
	for _, line := range lines {
		if text, asked := want[line[0]]; asked && strings.Join(line[1:], ",") != text {
			t.Errorf("%s: %s, want %s", line[0], strings.Join(line[1:], ","), text)
		}
		delete(want, line[0])
	}
	if len(want) > 0 {
		t.Errorf("no line for %v", want)
	}
	if age := b.desk.figured.To.Sub(b.desk.figured.From); age != 90*24*time.Hour {
		t.Errorf("without a window it is of %s", age)
	}
}

func TestIncidentsGoIntoASpreadsheetWithoutFormulasAndSecrets(t *testing.T) {
	t.Parallel()
	b := newBench()
	open := tagout.MeasuredIncident{State: tagout.StateClosed, Title: `=HYPERLINK("https://evil.example";"x")`, Corrected: []tagout.Milestone{tagout.Onset}, Measures: tagout.Measures{
		Incident: 7, Agent: "mailer", Class: "+1", Severity: tagout.Sev1, Counting: tagout.Counts, Missed: map[tagout.DeadlineKind]int{tagout.DueReview: 1}, Ordered: 2, Back: 1,
		Milestones: [7]time.Time{noon.Add(-time.Minute), noon, noon.Add(time.Minute)},
	}}
	private := open
	private.Incident, private.Private = 8, true
	lines := open
	lines.Incident, lines.Title, lines.Class = 9, " \t@SUM(A1)\r\n", "-x"
	b.desk.measured = []tagout.MeasuredIncident{open, private, lines}
	got := b.do(http.MethodGet, "/v1/metrics/incidents.csv", "", bearing(readToken))
	table, err := csv.NewReader(strings.NewReader(got.body)).ReadAll()
	if err != nil || len(table) != 4 {
		t.Fatalf("%v %s", err, got.body)
	}
	cells := map[string]string{}
	for n, name := range table[0] {
		cells[name] = table[1][n]
	}
	for name, want := range map[string]string{
		"incident": "INC-7", "private": "no", "title": `'=HYPERLINK("https://evil.example";"x")`, "class": "'+1", "onset": noon.Add(-time.Minute).Format("2006-01-02T15:04:05.000Z"),
		"contained": "", "corrected": "onset", "to_detect_s": "60", "to_acknowledge_s": "60", "to_contain_s": "", "missed_deadlines": "review", "rollbacks": "2", "rolled_back": "1",
	} {
		if cells[name] != want {
			t.Errorf("%s is %q, want %q", name, cells[name], want)
		}
	}
	if table[2][0] != "INC-8" || table[2][1] != "yes" || strings.Join(table[2][2:], "") != "" {
		t.Errorf("of a private one it tells %v", table[2])
	}
	if table[3][4] != "'-x" || !strings.HasPrefix(table[3][7], "'") {
		t.Errorf("formulas behind blanks: %q", table[3])
	}
}

func TestNoFilterTellsOfAPrivateIncidentWhatItIs(t *testing.T) {
	t.Parallel()
	b := newBench()
	for _, query := range []string{"", "?agent=mailer", "?class=policy_violation", "?severity=sev1"} {
		for _, path := range []string{"/v1/metrics/incidents.csv", "/v1/metrics/incidents"} {
			b.do("GET", path+query, "", bearing(readToken)).is(t, 200)
			if b.desk.figured.Public != (query != "") {
				t.Errorf("%s%s asks for %+v", path, query, b.desk.figured)
			}
		}
	}
}

func TestABadWindowIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench()
	for query, says := range map[string]string{
		"from=yesterday": "from must be", "to=2026-13-01": "to must be", "from=2026-10-01&to=2026-09-01": "ends at", "timezone=Mars/Olympus": "timezone", "agent=a%20b": "may hold only",
	} {
		for _, path := range []string{"/v1/metrics/incidents?", "/v1/metrics/incidents.csv?"} {
			got := b.do(http.MethodGet, path+query, "", bearing(readToken))
			if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.body, says) || strings.Contains(got.body, "yesterday") {
				t.Errorf("%s%s: %d %s", path, query, got.StatusCode, got.body)
			}
		}
	}
}
