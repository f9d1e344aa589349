package tagout_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
)

var updateDigests = flag.Bool("update-digests", false, "write testdata/digest-*.txt anew")

const week = 7 * 24 * time.Hour

var monday = time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)

func spread(n int, median, p90 time.Duration) tagout.Spread {
	return tagout.Spread{N: n, Median: median, P90: p90, Mean: median}
}

// fullDigest has something of everything.
func fullDigest() tagout.Digest {
	now := tagout.Tally{
		Incidents: 6, BySeverity: map[tagout.Severity]int{tagout.Sev1: 1, tagout.Sev2: 2, tagout.Sev3: 3}, Cancelled: 1, Drills: 2,
		TimeToDetect: spread(6, 90*time.Second, 5*time.Minute), TimeToAcknowledge: spread(6, 2*time.Minute, 9*time.Minute),
		TimeToContain: spread(6, 4*time.Second, 8*time.Second), TimeToKill: spread(5, 400*time.Millisecond, 2*time.Second),
		TimeToRestore: spread(2, 4*time.Hour, 9*time.Hour), TimeToSignOff: spread(4, 30*time.Minute, time.Hour),
		PageReach: tagout.Share{Of: 6, All: 6}, Recurring: tagout.Share{Of: 3, All: 6}, RollbackSuccess: tagout.Share{Of: 2, All: 2}, NoGo: tagout.Share{Of: 1, All: 4},
		MissedDeadlines: map[tagout.DeadlineKind]int{tagout.DueAcknowledge: 1, tagout.DueReview: 2},
	}
	before := tagout.Tally{
		Incidents: 9, BySeverity: map[tagout.Severity]int{tagout.Sev2: 4, tagout.Sev3: 5},
		TimeToDetect: spread(9, 92*time.Second, 5*time.Minute), TimeToAcknowledge: spread(9, 5*time.Minute, 12*time.Minute),
		TimeToContain: spread(9, 2*time.Second, 8*time.Second), TimeToKill: spread(9, 400*time.Millisecond, 2*time.Second),
		TimeToRestore: spread(9, 3*time.Hour, 9*time.Hour), PageReach: tagout.Share{Of: 8, All: 9}, Recurring: tagout.Share{Of: 2, All: 9},
		MissedDeadlines: map[tagout.DeadlineKind]int{tagout.DueReview: 1},
	}
	d := tagout.Digest{
		Order: tagout.DigestOrder{Name: "weekly", Window: week, Zone: "America/New_York", Channel: "#incidents"},
		Turn:  tagout.RoutineTurn{Routine: "digest weekly", Due: monday},
		Figures: tagout.Figures{Query: tagout.FiguresQuery{From: monday.Add(-week), To: monday}, Now: now, Before: before, Recurring: []tagout.RecurringPair{
			{Agent: "mailer", Class: "policy_violation", Incidents: 3, Recurring: 2, Last: []tagout.IncidentID{9, 7, 4, 2}},
		}},
		Rooms: map[tagout.IncidentID]string{9: "C0NINE", 7: "C0SEVEN"},
		Head:  tagout.Checkpoint{N: 812, Hash: strings.Repeat("ab", 32)}, Next: monday.Add(week),
	}
	for n := range 8 {
		t := before
		if n == 7 {
			t = now
		}
		d.Past = append(d.Past, tagout.DigestPeriod{From: monday.Add(-time.Duration(8-n) * week), Tally: t})
	}
	nine := &tagout.Incident{ID: 9, Title: "Spike of <!channel> complaints\nand more " + strings.Repeat("of it ", 30), Roles: map[string]tagout.UserID{tagout.RCAFacilitator: "U0RCA"}, Room: tagout.Room{Channel: "C0NINE"}}
	nine.Request = &tagout.ResumeRequest{ID: "R1", State: tagout.RequestPending, Scope: tagout.MustScope("mailer/email"), Target: tagout.Running, At: monday.Add(-26 * time.Hour), Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}}
	d.Waiting, d.Reviews = []*tagout.Incident{nine}, []*tagout.Incident{nine}
	for n := range 7 {
		d.Stops = append(d.Stops, tagout.DigestStop{Room: "C0NINE", Hold: tagout.Hold{Scope: tagout.MustScope("mailer/email/eu"), Mode: tagout.Halted, Incident: 9, At: monday.Add(-time.Duration(40-n) * time.Hour)}})
	}
	d.Overdue = []tagout.ActionOf{{Incident: nine, CorrectiveAction: tagout.CorrectiveAction{Number: 2, Title: "Test the consent filter", Owner: "U0ENG", Due: monday.Add(-72 * time.Hour)}}}
	d.Flags = []*tagout.Flag{{ID: 4, At: monday.Add(-time.Hour), Channel: "C0INC", TS: "1.2", Reports: []tagout.FlagReport{{By: "U0X", Words: "It promised a refund"}}}}
	d.Drills = tagout.DigestPart{Lines: []tagout.Text{tagout.T("kill researcher: 0.4 s")}}
	d.Hidden = tagout.DigestHidden{Stops: 1, Overdue: 2}
	return d
}

func digestPolicy() *tagout.Policy {
	return &tagout.Policy{
		Classes: map[string]*tagout.FailureClass{"policy_violation": {Title: "Policy violation"}},
		Roles:   map[string]*tagout.Role{"legal": {Name: "Legal"}},
	}
}

// inWords is a message with its charts, as a golden text.
func inWords(m tagout.Message) string {
	text := m.String()
	for _, c := range m.Charts {
		text += "\nchart: " + c.String()
	}
	return text + "\n"
}

func TestDigestsReadWell(t *testing.T) {
	t.Parallel()
	quiet := tagout.Digest{Order: tagout.DigestOrder{Name: "weekly", Window: week}, Head: tagout.Checkpoint{N: 3, Hash: "c0ffee"},
		Figures: tagout.Figures{Query: tagout.FiguresQuery{From: monday.Add(-week), To: monday}, Now: tagout.Tally{Drills: 1}, Before: tagout.Tally{Incidents: 4}}}
	late := fullDigest()
	late.Turn.Late, late.Turn.Missed = true, 2
	late.Stops, late.Waiting, late.Reviews, late.Overdue, late.Flags, late.Drills, late.Hidden, late.Figures.Recurring = nil, nil, nil, nil, nil, tagout.DigestPart{}, tagout.DigestHidden{}, nil
	late.Figures.Now = tagout.Tally{Incidents: 1, BySeverity: map[tagout.Severity]int{tagout.Sev3: 1}, TimeToAcknowledge: spread(1, time.Minute, time.Minute)}
	late.Doubts = []string{"the flags could not be read."}
	foreign := quiet
	foreign.Order.Name = "wöchentlich"
	if title := foreign.Message(digestPolicy()).Title; !strings.HasPrefix(title, "Wöchentlich digest: ") {
		t.Errorf("the title is %q", title)
	}
	foreign.Order.Name = "ü"
	if title := foreign.Message(digestPolicy()).Title; !strings.HasPrefix(title, "Ü digest: ") {
		t.Errorf("the title is %q", title)
	}
	for name, d := range map[string]tagout.Digest{"full": fullDigest(), "quiet": quiet, "late": late} {
		got, file := inWords(d.Message(digestPolicy())), filepath.Join("testdata", "digest-"+name+".txt")
		if *updateDigests {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != got {
			t.Errorf("%s (run with -update-digests and read the difference): %v\n%s", file, err, got)
		}
	}
}
