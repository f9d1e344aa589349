package story_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/pgtest"
)

// TestAReplicaThatIsCutFromTheDatabaseStopsTheClientsOfTheOthers, and resumes nothing.
func TestAReplicaThatIsCutFromTheDatabaseStopsTheClientsOfTheOthers(t *testing.T) {
	t.Parallel()
	var network *wire
	all := newReplicas(t, func(n int, w *world) string {
		if n == 0 {
			network = newWire(w)
			w.log.expect(away...)
		}
		return ""
	})
	cut, well := all[0], all[1:]
	all.see("mailer", emailEU(), tagout.Running)
	told := well[0].listens("mailer")
	<-told // at the beginning
	cut.instance("mailer", "mailer-1")
	well[0].instance("mailer", "mailer-2")

	network.hangs("upstream")
	network.hangs("downstream")
	began := time.Now()
	answer := make(chan said, 1)
	go func() { answer <- cut.orders("kill", "mailer sev1 wrong people") }()
	well.see("mailer", emailEU(), tagout.Halted)
	t.Logf("the other replicas answered halted %s after the stop was sent; nobody knew yet that the database was away", time.Since(began))
	t.Logf("an event stream told of it after %s", (<-told).Sub(began))
	if a := <-answer; !a.Pending && (a.Incident != "INC-1" || !strings.Contains(a.Text, "recorded by another replica")) { // pending: it was recorded too late for the answer
		t.Errorf("the cut replica answered %+v", a)
	}
	cut.agentSees("mailer", emailEU(), tagout.Halted)

	began = time.Now()
	go func() { answer <- cut.orders("kill", "researcher odd") }()
	well.see("researcher", nil, tagout.Halted)
	t.Logf("the next stop took %s", time.Since(began))
	if a := <-answer; !a.Pending && a.Incident != "INC-2" {
		t.Errorf("the cut replica answered %+v", a)
	}

	well[0].isReached()
	room := well[0].room("inc-1-")
	well[0].asksToResume("U0IC", room, deliverables)
	cut.isReached()
	cut.presses("U0LEGAL", room, "GO")
	cut.reads("U0LEGAL", room, "nothing was changed")
	all.see("mailer", emailEU(), tagout.Halted)
	well[1].isReached()
	well[1].presses("U0LEGAL", room, "GO")
	well.see("mailer", emailEU(), tagout.Running)
	cut.agentSees("mailer", emailEU(), tagout.Halted) // it cannot know
	well[0].eventually("the control is told", func() bool { return !well[0].mailer.holding("mailer") })

	network.heals()
	all.see("mailer", emailEU(), tagout.Running)
	all.see("researcher", nil, tagout.Halted)
	if got := len(well[0].incidents()); got != 2 {
		t.Errorf("%d incidents, want 2", got)
	}
	if got := well[0].events("INC-1", tagout.EventHeld); got != 1 {
		t.Errorf("the stop hangs %d times", got)
	}
	well[0].eventually("the control is left alone", func() bool { return !well[0].mailer.holding("mailer") })
	well[0].verifies()
}

// TestThreeReplicasDoEverythingOnce: alerts, commands and sign-offs come to any of them.
func TestThreeReplicasDoEverythingOnce(t *testing.T) {
	t.Parallel()
	all := newReplicas(t, nil)
	a, b, c := all[0], all[1], all[2]
	for n, r := range all {
		r.instance("mailer", fmt.Sprint("mailer-", n))
		r.agentSees("mailer", emailEU(), tagout.Running)
	}
	storm := make(chan string)
	for n := range 12 {
		go func() {
			_, _, err := all[n%3].try(http.MethodPost, "/v1/alerts/generic", "generic-token", map[string]any{"name": "MailToUnsubscribed", "labels": critical, "fingerprint": fmt.Sprint(n)})
			storm <- fmt.Sprint(err)
		}()
	}
	for range 12 {
		if err := <-storm; err != "<nil>" {
			t.Error(err)
		}
	}
	all.see("mailer", emailEU(), tagout.Halted)
	b.isReached()
	a.recordedOnce("mailer")
	room := a.room("inc-1-")
	a.reads("U0IC", room, "12 alerts")
	for n, r := range all {
		r.instance("mailer", fmt.Sprint("mailer-", n))
	}
	for _, r := range all {
		r.eventually("the instances of all count", func() bool {
			var out struct {
				HeardBy string `json:"heard_by"`
			}
			r.get("/v1/agents/mailer/gate", &out)
			return strings.HasPrefix(out.HeardBy, "3 of 3 instances, slowest")
		})
	}
	if text := a.orders("status", "").Text; !strings.Contains(text, "(this one)") || !strings.Contains(text, b.address) || strings.Count(text, " leads") != 1 {
		t.Errorf("the status does not tell of the replicas: %s", text)
	}

	c.isReached()
	c.types("U0IC", room, "/ack")
	a.reads("U0IC", room, "(?i)acknowledged")
	a.eventually("the card, which the leader edits, says so", func() bool {
		card := ""
		for _, m := range a.slack.Messages(room) {
			if strings.Contains(plain(m), "Incident commander") {
				card = plain(m)
			}
		}
		return strings.Contains(card, "Incident commander@U0IC") || strings.Contains(card, "U0IC")
	})
	b.isReached()
	b.asksToResume("U0IC", room, deliverables)
	c.isReached()
	c.presses("U0LEGAL", room, "GO")
	all.see("mailer", emailEU(), tagout.Running)
	a.state("INC-1", tagout.StateResumed)
	a.eventually("the control is told", func() bool { return !a.mailer.holding("mailer") })
	a.reads("U0LEGAL", room, "Approved")
	a.eventually("the announcement ends", func() bool {
		for _, m := range a.slack.Messages("#incidents") {
			if strings.Contains(plain(m), "INC-1 SEV-1") && strings.Contains(plain(m), "resumed") {
				return true
			}
		}
		return false
	})
	rooms := 0
	for _, channel := range a.slack.Channels() {
		if strings.HasPrefix(channel.Name, "inc-") {
			rooms++
		}
	}
	if pages := a.mails.count("legal@example.com", "INC-1"); rooms != 1 || pages != 1 {
		t.Errorf("%d channels, %d mails to Legal, want one of each", rooms, pages)
	}
	a.verifies()
}

// TestTheLeaderAloneLoosensAndAnotherTakesOver when it is killed.
func TestTheLeaderAloneLoosensAndAnotherTakesOver(t *testing.T) {
	t.Parallel()
	all := newReplicas(t, nil)
	first := all.leader()
	rest := all.others(first)
	const applies = `tagout_gate_control_requests_total{control="webhook",operation="apply",outcome="ok"}`
	resumes := func(by *replica, id string, loosens *replica, others replicas) {
		t.Helper()
		by.isReached()
		room := by.room("inc-" + number(id) + "-")
		by.state(id, tagout.StateContained)
		by.asksToResume("U0IC", room, deliverables)
		before := map[*replica]string{} // the stop was sent long ago
		for _, r := range append(replicas{loosens}, others...) {
			before[r] = r.metric(applies)
		}
		by.presses("U0LEGAL", room, "GO")
		by.state(id, tagout.StateResumed)
		by.eventually("the control is told", func() bool { return !by.mailer.holding("mailer") })
		for _, r := range others {
			if after := r.metric(applies); after != before[r] {
				t.Errorf("%s does not lead and sent the control %s states, before the GO %s", r.address, after, before[r])
			}
		}
		if loosens.metric(applies) == before[loosens] {
			t.Error("the leader did not loosen the control")
		}
	}
	told := rest[1].listens("mailer")
	<-told // at the beginning
	began := time.Now()
	rest[0].orders("kill", "mailer sev1 wrong people")
	t.Logf("a client of another replica was told of the stop %s after it was sent", (<-told).Sub(began))
	all.see("mailer", emailEU(), tagout.Halted)
	resumes(rest[0], "INC-1", first, rest)
	all.see("mailer", emailEU(), tagout.Running)

	if err := first.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-first.died
	rest[1].orders("kill", "mailer sev1 wrong people again")
	rest.see("mailer", emailEU(), tagout.Halted)
	rest[0].eventually("another leads", func() bool { return rest.leader() != nil })
	next := rest.leader()
	resumes(rest[0], "INC-2", next, rest.others(next))
	rest.see("mailer", emailEU(), tagout.Running)
	rest[0].verifies()
}

// TestAReplicaDiesInTheMiddleOfAStop: nothing is lost, and nothing doubled.
func TestAReplicaDiesInTheMiddleOfAStop(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"stop.applied", "stop.recorded"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			all := newReplicas(t, func(n int, w *world) (crashAt string) {
				if n == 0 {
					crashAt = point
				}
				return crashAt
			})
			dying, well := all[0], all[1:]
			for _, w := range all { // whoever leads knows nothing yet of a stop that was not recorded, and looks after the control
				w.log.expect("a held agent was found running")
			}
			if err := dying.tries("U0IC", "#general", "/kill mailer sev1 wrong people"); err == nil {
				t.Log("the command was acknowledged")
			}
			dying.eventually("the process dies", dying.dead)
			if !dying.killed() {
				t.Fatal("the process ended in another way")
			}
			well[0].isReached()
			if point == "stop.applied" { // only its journal knows
				dying.process = dying.launches("")
			}
			well.see("mailer", emailEU(), tagout.Halted)
			well[0].recordedOnce("mailer")
			if point == "stop.recorded" {
				dying.process = dying.launches("")
			}
			all.see("mailer", emailEU(), tagout.Halted)
			well[0].recordedOnce("mailer")
			well[0].verifies()
		})
	}
}

// TestPostgresIsRestartedInTheMiddleOfAStop: all replicas obey meanwhile, and one incident
// comes of it.
func TestPostgresIsRestartedInTheMiddleOfAStop(t *testing.T) {
	t.Parallel()
	var cluster *pgtest.Cluster
	var database string
	all := newReplicas(t, func(n int, w *world) string {
		if n == 0 {
			cluster = pgtest.StartCluster(w.t)
			database = cluster.NewDatabase()
		}
		w.params.Database = database
		w.log.expect(away...)
		return ""
	})
	all.see("mailer", emailEU(), tagout.Running)
	cluster.Stop(pgtest.Immediate)
	all[1].isReached()
	all[1].types("U0IC", "#general", "/kill mailer sev1 wrong people")
	all.see("mailer", emailEU(), tagout.Halted) // the others were told without a database
	all[1].reads("U0IC", "#general", "halted.*mailer.*INC pending")
	all[1].eventually("the control is told", func() bool { return all[1].mailer.holding("mailer") })

	cluster.Start()
	all[0].recordedOnce("mailer")
	room := all[0].room("inc-1-")
	all[0].eventually("one leads", func() bool { return all.leader() != nil })
	all.see("mailer", emailEU(), tagout.Halted)
	all[0].isReached()
	all[0].asksToResume("U0IC", room, deliverables)
	all[2].isReached()
	all[2].insists("U0LEGAL", room, "GO")
	all.see("mailer", emailEU(), tagout.Running)
	all[0].eventually("the control is told", func() bool { return !all[0].mailer.holding("mailer") })
	all[0].verifies()
}

// TestAReplicaThatIsCutOffHearsOfStopsAndHaltsEverythingInTheEnd: what it cannot read it is
// told, and what it cannot know it does not allow.
func TestAReplicaThatIsCutOffHearsOfStopsAndHaltsEverythingInTheEnd(t *testing.T) {
	t.Parallel()
	var network *wire
	all := newReplicas(t, func(n int, w *world) string {
		w.params.StaleAfter = "12s"
		if n == 0 {
			network = newWire(w)
			w.log.expect(away...)
		}
		return ""
	})
	cut, well := all[0], all[1:]
	network.hangs("upstream")
	network.hangs("downstream")
	well[0].orders("kill", "mailer sev1 wrong people")
	well.see("mailer", emailEU(), tagout.Halted)
	began := time.Now()
	cut.eventually("the cut replica holds the mailer", func() bool {
		got := cut.standing("mailer")
		return len(got) == 1 && got[0] == "mailer halted"
	})
	t.Logf("the replica that is cut off was told of the stop after %s", time.Since(began))

	cut.agentSees("researcher", nil, tagout.Halted)
	if reason := fmt.Sprint(cut.asks("researcher").Metadata["reason"]); !strings.Contains(reason, "holds unknown") {
		t.Errorf("the researcher is told %s", reason)
	}
	well.see("researcher", nil, tagout.Running)
	network.heals()
	all.see("researcher", nil, tagout.Running)
	all.see("mailer", emailEU(), tagout.Halted)
	if got := well[0].events("INC-1", tagout.EventHeld); got != 1 || len(well[0].incidents()) != 1 {
		t.Errorf("the stop hangs %d times in %d incidents", got, len(well[0].incidents()))
	}
	well[0].verifies()
}
