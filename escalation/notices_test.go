package escalation_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
)

var update = flag.Bool("update", false, "write testdata anew")

// shown is a message as text, with what can be pressed.
func shown(m tagout.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] %s\n", or(string(m.Tone), "neutral"), m.String())
	for _, button := range m.Buttons {
		value, _, _ := strings.Cut(button.Value, "|")
		fmt.Fprintf(&b, "(%s: %s %s)\n", button.Label, button.Action, value)
	}
	return b.String()
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// told compares with a file under testdata.
func told(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run the test with -update)", err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run the test with -update and read the difference).\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// room gives an incident its channel.
func (w *world) room(t *testing.T, change func(*tagout.Room)) {
	t.Helper()
	if _, err := w.desk.SetRoom(t.Context(), 1, change); err != nil {
		t.Fatal(err)
	}
}

func TestCardAndAnnouncementTellWhatIsKnown(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(t *testing.T, w *world){
		"requested": func(t *testing.T, w *world) {
			w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
			w.room(t, func(r *tagout.Room) { r.Channel, r.Name = "C1", "inc-1-mailer-policy-violation" })
		},
		"observed and acknowledged": func(t *testing.T, w *world) {
			w.accept(alert("Complaints rise", "mailer/email/eu", "warning"))
			w.clock.Pass(310 * time.Millisecond)
			w.observe(t, "mailer")
			if _, err := w.desk.Acknowledge(t.Context(), 1, responder); err != nil {
				t.Fatal(err)
			}
		},
		"not confirmed": func(t *testing.T, w *world) {
			w.stop(t, "h1", "mailer/email", tagout.Halted)
			failed := tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{"h1"}, At: w.clock.Now(), Error: "the control answered 500"}
			if err := w.desk.Report(t.Context(), failed); err != nil {
				t.Fatal(err)
			}
			w.clock.Pass(20 * time.Minute)
		},
		"heard by some": func(t *testing.T, w *world) {
			w.stop(t, "h1", "mailer/email", tagout.Halted)
			stopped := w.clock.Now()
			w.clock.Pass(20 * time.Second)
			w.gate.instances = []tagout.Instance{
				{Name: "mailer-1", AskedAt: w.clock.Now(), StoppedAt: stopped, HeardAt: stopped.Add(310 * time.Millisecond)},
				{Name: "mailer-7", AskedAt: stopped.Add(-20 * time.Second), StoppedAt: stopped},
			}
		},
		"by lease": func(_ *testing.T, w *world) {
			w.accept(alert("Odd answers", "researcher/crm", "minor"))
			w.clock.Pass(time.Minute)
			w.ring()
		},
		"lease not over": func(_ *testing.T, w *world) { w.accept(alert("Odd answers", "researcher/crm", "minor")) },
		"which agent":    func(_ *testing.T, w *world) { w.accept(alert("Somebody spends", "", "warning")) },
		"no channel": func(t *testing.T, w *world) {
			w.accept(alert("Complaints rise", "mailer/email/eu", "minor"))
			w.room(t, func(r *tagout.Room) { r.Failure = "The channel could not be opened: Slack said restricted_action." })
		},
		"everything, by hand, in many parts": func(t *testing.T, w *world) {
			for n := range 10 {
				joined := order(fmt.Sprint("h", n), fmt.Sprintf("agent%d tool:t", n), tagout.Halted)
				if n > 0 {
					joined.Join = 1
				}
				if _, err := w.desk.Stop(t.Context(), joined); err != nil {
					t.Fatal(err)
				}
			}
		},
		"rolled back": func(t *testing.T, w *world) {
			twoVersions(w)
			w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
			w.ring()
			w.clock.Pass(2 * time.Second)
			w.readBack(t, "v41")
		},
		"resumed": func(t *testing.T, w *world) {
			w.stop(t, "h1", "mailer/email", tagout.Halted)
			w.approve(t, 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			arrange(t, w)
			card, err := w.desk.Card(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			line, err := w.desk.Announcement(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			told(t, "card "+name, shown(card)+"\nannounced: "+shown(line))
		})
	}
}

func TestAPageSaysWhatIsHeldAndWhatToDecide(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
	w.room(t, func(r *tagout.Room) { r.Channel = "C1" })
	w.ring()
	told(t, "page", shown(w.slack.sent[0].Message))
}

func TestTheDecisionShowsWhatIsSignedAndWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(t *testing.T, w *world, i *tagout.Incident){
		"pending": func(*testing.T, *world, *tagout.Incident) {},
		"half signed": func(t *testing.T, w *world, i *tagout.Incident) {
			if _, err := w.press("U0LEGAL", i, tagout.Go); err != nil {
				t.Fatal(err)
			}
		},
		"approved": func(t *testing.T, w *world, i *tagout.Incident) {
			for _, signer := range []tagout.UserID{"U0LEGAL", "U0PROGRAM"} {
				if _, err := w.press(signer, i, tagout.Go); err != nil {
					t.Fatal(err)
				}
			}
		},
		"refused": func(t *testing.T, w *world, i *tagout.Incident) {
			if _, err := w.press("U0LEGAL", i, tagout.NoGo); err != nil {
				t.Fatal(err)
			}
		},
		"void": func(t *testing.T, w *world, _ *tagout.Incident) {
			w.stop(t, "h2", "mailer/sms", tagout.Halted)
		},
		"expired": func(_ *testing.T, w *world, _ *tagout.Incident) {
			w.clock.Pass(5 * time.Hour)
			w.ring()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, twoVersions, func(w *world) {
				row := w.policy.Severities["sev1"]
				row.Resume.Rule = append(row.Resume.Rule, rule("program", "revops")...)
			})
			w.accept(alert("Complaints rise", "mailer/email/eu", "critical"))
			w.ring()
			w.readBack(t, "v41")
			i := w.ask(t, 1)
			arrange(t, w, i)
			m, err := w.desk.Decision(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			told(t, "decision "+name, shown(m))
		})
	}
}

func TestAnIncidentWithoutRequestHasNoDecision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer", "minor"))
	_, err := w.desk.Decision(t.Context(), 1)
	refused(t, err, tagout.NotFound, "no resume request")
	for _, read := range []func(context.Context, tagout.IncidentID) (tagout.Message, error){w.desk.Card, w.desk.Announcement, w.desk.Decision} {
		_, err := read(t.Context(), 9)
		refused(t, err, tagout.NotFound, "INC-9")
	}
}

func TestARoomThatDidNotChangeLeavesNoLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.accept(alert("A", "mailer", "minor"))
	w.room(t, func(r *tagout.Room) { r.Channel = "C1" })
	w.room(t, func(r *tagout.Room) { r.Card = "1.1" })
	if n := w.count(1, tagout.EventRoom); n != 1 || w.incident(1).Room.Card != "1.1" {
		t.Errorf("%d lines, room %+v", n, w.incident(1).Room)
	}
	if id, err := w.desk.IncidentOfChannel(t.Context(), "C1"); id != 1 || err != nil {
		t.Errorf("C1 is the channel of %s, %v", id, err)
	}
	if id, err := w.desk.IncidentOfChannel(t.Context(), ""); id != 0 || err != nil {
		t.Errorf("no channel is that of %s, %v", id, err)
	}
}
