package bot

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tagout"
)

// SampleDigest is a digest that has something of everything, long lists and foreign text too.
func SampleDigest() tagout.Message {
	const week = 7 * 24 * time.Hour
	minutes := func(n int, half, most time.Duration) tagout.Spread {
		return tagout.Spread{N: n, Median: half * time.Minute, P90: most * time.Minute}
	}
	d := tagout.Digest{Order: tagout.DigestOrder{Name: "weekly", Window: week, Zone: "America/New_York"}, Turn: tagout.RoutineTurn{Routine: "digest weekly"}}
	for n, counts := range [][3]int{{1, 3, 2}, {0, 2, 5}, {0, 1, 3}, {2, 4, 6}, {0, 2, 4}, {1, 3, 2}, {0, 2, 3}, {1, 2, 3}} {
		d.Past = append(d.Past, tagout.DigestPeriod{From: night.Add(time.Duration(n-8) * week), Tally: tagout.Tally{
			Incidents: counts[0] + counts[1] + counts[2], BySeverity: map[tagout.Severity]int{tagout.Sev1: counts[0], tagout.Sev2: counts[1], tagout.Sev3: counts[2]},
			TimeToAcknowledge: minutes(6, time.Duration(8-n), time.Duration(20-2*n)), TimeToDetect: minutes(6, 2, 5), TimeToContain: tagout.Spread{N: 6, Median: 800 * time.Millisecond, P90: 4 * time.Second},
			TimeToKill: tagout.Spread{N: 6, Median: 300 * time.Millisecond, P90: time.Second}, TimeToRestore: minutes(5, 240, 600), TimeToSignOff: minutes(4, 30, 60),
			PageReach: tagout.Share{Of: 6, All: 6}, Recurring: tagout.Share{Of: n % 3, All: 6}, MissedDeadlines: map[tagout.DeadlineKind]int{tagout.DueReview: 1},
		}})
	}
	d.Figures = tagout.Figures{Query: tagout.FiguresQuery{From: night.Add(-week), To: night}, Now: d.Past[7].Tally, Before: d.Past[6].Tally}
	for n := range 30 {
		i := &tagout.Incident{ID: tagout.IncidentID(n + 1), Title: evil + strings.Repeat(" long", 60), Room: tagout.Room{Channel: "C0INCIDENTS"}, Roles: map[string]tagout.UserID{tagout.RCAFacilitator: "U0IC"}}
		i.Request = &tagout.ResumeRequest{State: tagout.RequestPending, Scope: tagout.MustScope("mailer/email"), Target: tagout.Running, At: night}
		d.Stops = append(d.Stops, tagout.DigestStop{Hold: tagout.Hold{Scope: tagout.MustScope("mailer/email/eu"), Mode: tagout.Halted, Incident: i.ID, At: night}, Room: "C0INCIDENTS"})
		d.Waiting, d.Reviews = append(d.Waiting, i), append(d.Reviews, i)
		d.Overdue = append(d.Overdue, tagout.ActionOf{Incident: i, CorrectiveAction: tagout.CorrectiveAction{Number: 1, Title: evil, Owner: "U0ENG", Due: night}})
		d.Flags = append(d.Flags, &tagout.Flag{ID: tagout.FlagID(n + 1), At: night, Reports: []tagout.FlagReport{{Words: evil}}})
		d.Figures.Recurring = append(d.Figures.Recurring, tagout.RecurringPair{Agent: fmt.Sprintf("agent-%d", n), Class: "policy_violation", Incidents: 3, Recurring: 2, Last: []tagout.IncidentID{3, 2, 1}})
	}
	d.Drills.Lines = []tagout.Text{tagout.T("kill ", tagout.Fixed("researcher"), ": stopped in 0.4 s")}
	d.Hidden = tagout.DigestHidden{Stops: 1}
	d.Head, d.Next = tagout.Checkpoint{N: 812, Hash: strings.Repeat("ab", 32)}, night.Add(week)
	return d.Message(&tagout.Policy{})
}

func TestADigestIsOneMessageWithItsCharts(t *testing.T) {
	t.Parallel()
	m := SampleDigest()
	r := renderer{}
	if parts := r.parts(m); len(parts) != 1 {
		t.Errorf("it is %d messages", len(parts))
	}
	content := r.content(m)
	if len(content.Blocks) > 30 {
		t.Errorf("it has %d blocks", len(content.Blocks))
	}
	blocks, err := json.Marshal(content.Blocks)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(blocks), `"data_visualization"`); n != 2 {
		t.Errorf("it has %d charts", n)
	}
	if !strings.Contains(string(blocks), strings.Repeat("ab", 32)) {
		t.Error("the head of the record is not in it as a whole")
	}
	golden(t, "digest.message", map[string]any{"text": content.Text, "blocks": content.Blocks})
}

func TestAChartThatSlackWouldRefuseIsLeftOut(t *testing.T) {
	t.Parallel()
	good := tagout.Chart{Title: "a", Categories: []string{"x"}, Series: []tagout.ChartSeries{{Name: "s", Values: []float64{1}}}}
	bad := good
	bad.Title = strings.Repeat("a", 51)
	for n, list := range [][]tagout.Chart{{bad}, {bad, good}, {good, good, good}} {
		if got := len(charts(list)); got != min(n, tagout.MaxCharts) {
			t.Errorf("of %d charts %d are shown", len(list), got)
		}
	}
}
