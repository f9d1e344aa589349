package tagout_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tagout"
)

const hour = time.Hour

// dueRow is a row of the matrix with deadlines and a clock.
func dueRow(s tagout.Severity, inform, review time.Duration, clocks ...tagout.RegulatoryClock) *tagout.SeverityPolicy {
	return &tagout.SeverityPolicy{Severity: s, Deadlines: tagout.Deadlines{Acknowledge: 5 * time.Minute, Inform: inform, Review: review}, Clocks: clocks,
		Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}}}
}

var report = tagout.RegulatoryClock{Name: "Art. 73 report", Due: 360 * hour, Owner: "legal"}

func dueOf(t *testing.T, i *tagout.Incident, key string) tagout.Deadline {
	t.Helper()
	all := i.Deadlines()
	n := slices.IndexFunc(all, func(d tagout.Deadline) bool { return d.Key == key })
	if n < 0 {
		t.Fatalf("no deadline %s among %+v", key, all)
	}
	return all[n]
}

func clerks(tagout.Deadline) []string { return []string{"comms"} }

func TestASeverityThatIsRaisedBringsItsClocksAndLoweringRemovesNone(t *testing.T) {
	t.Parallel()
	i := opened(t, dueRow("sev2", hour, 72*hour))
	if _, err := i.ChangeSeverity(dueRow("sev1", 30*time.Minute, 96*hour, report), nil, "", requester.Actor(), noon.Add(10*time.Minute)); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]time.Duration{"inform": 30 * time.Minute, "review": 72 * hour, "clock:art. 73 report": 360 * hour} {
		if got := dueOf(t, i, key); !got.Due.Equal(noon.Add(want)) {
			t.Errorf("%s is due at %s, want %s after detection", key, got.Due, want)
		}
	}
	if _, err := i.ChangeSeverity(dueRow("sev3", 0, 0), nil, "", requester.Actor(), noon.Add(20*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := len(i.Deadlines()); got != 4 {
		t.Errorf("%d deadlines after lowering, want 4", got)
	}
}

func TestRemindersComeAtAPartOfTheTimeAndOfLongOnesOnceMore(t *testing.T) {
	t.Parallel()
	for limit, want := range map[time.Duration][]time.Duration{
		30 * time.Minute: {24 * time.Minute},
		48 * hour:        {48 * hour / 100 * 80},
		240 * hour:       {192 * hour, 216 * hour},
		360 * hour:       {288 * hour, 336 * hour},
	} {
		if got := (tagout.Reminders{}).Of(limit); !slices.Equal(got, want) {
			t.Errorf("of %s one is reminded after %v, want %v", limit, got, want)
		}
	}
	if got := (tagout.Reminders{At: 50}).Of(360 * hour); !slices.Equal(got, []time.Duration{180 * hour}) {
		t.Errorf("without a second reminder: %v", got)
	}
}

func TestDeadlinesAreMetByFacts(t *testing.T) {
	t.Parallel()
	row := dueRow("sev1", hour, 72*hour, report)
	row.Deadlines.Contain = time.Minute
	row.Tell = []tagout.Telling{{Audience: "customer", Title: "Customers", Within: 4 * hour}}
	i := opened(t, row)
	if slices.ContainsFunc(i.Deadlines(), func(d tagout.Deadline) bool { return d.Kind == tagout.DueContain }) {
		t.Error("an incident that holds nothing has something to contain")
	}
	hang(t, i, hold("h1", "mailer", tagout.Halted, noon.Add(10*time.Minute)))
	if got := dueOf(t, i, "contain"); !got.Due.Equal(noon.Add(11 * time.Minute)) {
		t.Errorf("contain is due at %s, but the stop came after ten minutes", got.Due)
	}
	i.TakeReport(observed(noon.Add(10*time.Minute+time.Second), "h1"))
	if _, err := i.Acknowledge(requester.Actor(), noon.Add(6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	i.NoteArrived(tagout.NoteDelivery{Note: "n1", Audience: "internal", Title: "Stakeholders", To: "#a", Next: noon.Add(2 * hour)}, noon.Add(20*time.Minute))
	later := noon.Add(30 * time.Minute)
	for key, want := range map[string]tagout.DeadlineState{
		"contain": tagout.DeadlineMet, "acknowledge": tagout.DeadlineLate, "inform": tagout.DeadlineMet, "inform:customer": tagout.DeadlineOpen,
		"review": tagout.DeadlineOpen, "clock:art. 73 report": tagout.DeadlineOpen, "update:internal:n1": tagout.DeadlineOpen,
	} {
		if got := dueOf(t, i, key).State(later); got != want {
			t.Errorf("%s is %s, want %s", key, got, want)
		}
	}
	i.NoteArrived(tagout.NoteDelivery{Note: "n2", Audience: "internal", Title: "Stakeholders", To: "#a"}, later)
	if next, missed := i.NextDeadline(later); next.Key != "inform:customer" || len(missed) != 0 {
		t.Errorf("next %+v, missed %v: the newer note promised nothing", next, missed)
	}
}

func TestTheEndOfAnIncidentEndsAllButTheReviewAndTheClocks(t *testing.T) {
	t.Parallel()
	for state, open := range map[tagout.State][]string{
		tagout.StateResumed: {"review", "clock:art. 73 report"}, tagout.StateClosed: {"clock:art. 73 report"}, tagout.StateCancelled: nil,
	} {
		i := opened(t, dueRow("sev1", hour, 72*hour, report))
		i.State = state
		var waits []string
		for _, d := range i.Deadlines() {
			if d.Waits() {
				waits = append(waits, d.Key)
			}
		}
		if !slices.Equal(waits, open) {
			t.Errorf("%s waits for %v, want %v", state, waits, open)
		}
	}
}

func TestAClockIsStoppedOnceByNameWithWhoAndWhen(t *testing.T) {
	t.Parallel()
	i := opened(t, dueRow("sev1", hour, 72*hour, report, tagout.RegulatoryClock{Name: "Art. 33 notice", Due: 72 * hour, Owner: "privacy"}))
	for name, code := range map[string]tagout.Code{"art.": tagout.Invalid, "review": tagout.NotFound, "": tagout.NotFound} {
		if _, err := i.StopClock(name, "", requester.Actor(), noon); tagout.CodeOf(err) != code {
			t.Errorf("stopping %q: %v, want %s", name, err, code)
		}
	}
	at := noon.Add(361 * hour)
	c, err := i.StopClock("73", "by courier", requester.Actor(), at)
	if err != nil || kinds(c) != "deadline.stopped" {
		t.Fatalf("%v %v", kinds(c), err)
	}
	if d := dueOf(t, i, "clock:art. 73 report"); d.State(at) != tagout.DeadlineLate || d.By != requester.Actor() || !d.Stopped.Equal(at) || d.Note != "by courier" {
		t.Errorf("%+v", d)
	}
	if _, err := i.StopClock("73", "", requester.Actor(), at); tagout.CodeOf(err) != tagout.Conflict {
		t.Errorf("stopping it twice: %v", err)
	}
}

// TestNothingIsRemindedOrMissedTwiceAndNothingAfterItsEnd plays random lives of an incident:
// facts come, time passes, the configuration changes, and timers wake it at any moment.
func TestNothingIsRemindedOrMissedTwiceAndNothingAfterItsEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 7))
		i := opened(t, dueRow("sev2", hour, 72*hour))
		missed, reminded := map[string]int{}, map[string]int{}
		at := noon
		for range 60 {
			at = at.Add(time.Duration(r.Int64N(int64(20 * hour))))
			before := limits(i)
			switch r.IntN(8) {
			case 0:
				_, _ = i.Acknowledge(requester.Actor(), at)
			case 1:
				_, _ = i.ChangeSeverity(dueRow([]tagout.Severity{"sev1", "sev2", "sev3"}[r.IntN(3)], time.Duration(1+r.IntN(90))*time.Minute, 72*hour, report), nil, "", requester.Actor(), at)
			case 2:
				_, _ = i.StopClock("73", "", requester.Actor(), at)
			case 3:
				i.NoteArrived(tagout.NoteDelivery{Note: at.String(), Audience: "internal", To: "#a", Next: at.Add(time.Duration(r.Int64N(int64(40 * hour))))}, at)
			case 4:
				i.Tighten(map[tagout.Severity]*tagout.SeverityPolicy{"sev2": dueRow("sev2", time.Duration(r.IntN(90))*time.Minute, time.Duration(r.IntN(90))*hour)}, at)
			case 5:
				if r.IntN(10) == 0 {
					i.State = tagout.StateResumed
				}
			}
			for key, limit := range before {
				if now, stands := limits(i)[key]; !stands || now > limit {
					t.Fatalf("seed %d: %s went from %s to %s", seed, key, limit, now)
				}
			}
			open := map[string]bool{}
			for _, d := range i.Deadlines() {
				open[d.Key] = d.Waits()
			}
			marks := snapshot(i)
			i.PassDeadlines(clerks, at)
			for key, m := range i.Marks {
				if old := marks[key]; m.MissedAt != old.MissedAt || m.Reminded != old.Reminded {
					if !open[key] {
						t.Fatalf("seed %d: %s was spoken of after its end", seed, key)
					}
					if m.MissedAt != old.MissedAt {
						missed[key]++
					} else {
						reminded[key]++
					}
				}
			}
			if again := i.PassDeadlines(clerks, at); !again.IsEmpty() {
				t.Fatalf("seed %d: the same moment spoke twice: %s", seed, kinds(again))
			}
			for _, d := range i.Deadlines() {
				if d.Waits() && d.State(at) == tagout.DeadlineMissed && missed[d.Key] != 1 {
					t.Fatalf("seed %d: %s is over, and was told %d times", seed, d.Key, missed[d.Key])
				}
			}
		}
		for key, n := range missed {
			if n > 1 || reminded[key] > 2 {
				t.Fatalf("seed %d: %s missed %d times, reminded %d times", seed, key, n, reminded[key])
			}
		}
	}
}

func limits(i *tagout.Incident) map[string]time.Duration {
	all := map[string]time.Duration{}
	for _, term := range i.Terms {
		all[term.Key] = term.Limit
	}
	return all
}

func snapshot(i *tagout.Incident) map[string]tagout.DeadlineMark {
	all := map[string]tagout.DeadlineMark{}
	for key, mark := range i.Marks {
		all[key] = mark
	}
	return all
}

func TestTighteningSetsTimersOnlyForWhatIsNew(t *testing.T) {
	t.Parallel()
	row := dueRow("sev1", hour, 72*hour)
	i := opened(t, row)
	rows := map[tagout.Severity]*tagout.SeverityPolicy{"sev1": row}
	if c := i.Tighten(rows, noon); !c.IsEmpty() {
		t.Errorf("the same configuration changed something: %s", kinds(c))
	}
	rows["sev1"] = dueRow("sev1", 2*hour, 0)
	if c := i.Tighten(rows, noon); !c.IsEmpty() || len(i.Deadlines()) != 3 {
		t.Errorf("a looser configuration changed something: %s", kinds(c))
	}
	rows["sev1"] = dueRow("sev1", 20*time.Minute, 72*hour, report)
	c := i.Tighten(rows, noon.Add(time.Minute))
	if kinds(c) != "deadline.tightened deadline.tightened" || len(c.Effects) != 1 || !c.Effects[0].Due.Equal(noon.Add(4*time.Minute)) { // the reminder to acknowledge
		t.Errorf("%s with %d timers", kinds(c), len(c.Effects))
	}
}

func TestOneTimerAfterTheOtherTellsEverythingAtItsTime(t *testing.T) {
	t.Parallel()
	i := opened(t, dueRow("sev1", hour, 72*hour, report))
	i.NoteArrived(tagout.NoteDelivery{Note: "n1", Audience: "internal", To: "#a", Next: noon.Add(5 * hour)}, noon.Add(-hour)) // informed
	var told []time.Duration
	for range 20 {
		c := i.WakeDeadlines()
		if len(c.Effects) == 0 {
			break
		}
		at := c.Effects[0].Due
		for _, e := range i.PassDeadlines(clerks, at).Events {
			told = append(told, e.At.Sub(noon))
		}
	}
	want := []time.Duration{4 * time.Minute, 5 * time.Minute, 5 * hour, 72 * hour * 8 / 10, 72 * hour, 288 * hour, 336 * hour, 360 * hour}
	if !slices.Equal(told, want) {
		t.Errorf("told after %v, want %v", told, want)
	}
}
