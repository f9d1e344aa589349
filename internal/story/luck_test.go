package story_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

func containsAny(s string, texts ...string) bool {
	for _, text := range texts {
		if strings.Contains(s, text) {
			return true
		}
	}
	return false
}

func TestDuplicateDeliveriesHaveOneEffect(t *testing.T) {
	tell(t, everywhere, func(t *testing.T, w *world) {
		w.slack.Duplicate(1)
		w.types("U0IC", "#general", "/kill mailer")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		room := w.room("inc-1-")
		w.slack.Duplicate(1)
		w.types("U0IC", room, "/note seen by two customers")
		w.happens("INC-1", tagout.EventNote, 1)
		w.slack.Duplicate(1)
		w.presses("U0PROGRAM", room, "Acknowledge")
		w.happens("INC-1", tagout.EventAcknowledged, 1)
		w.reads("U0PROGRAM", room, "@U0PROGRAM acknowledged")
		for kind, want := range map[tagout.EventKind]int{tagout.EventHeld: 1, tagout.EventNote: 1, tagout.EventAcknowledged: 1} {
			if got := w.events("INC-1", kind); got != want {
				t.Errorf("%d × %s, want %d", got, kind, want)
			}
		}
	})
}

func TestTwoClicksOnGoCountOnce(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.asksToResume("U0IC", room, deliverables)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := w.slack.Click(w.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "GO"}); err != nil {
					w.t.Logf("a click: %v", err) // the button may be gone already
				}
			})
		}
		both.Wait()
		w.state(id, tagout.StateResumed)
		if got := w.events(id, tagout.EventSigned); got != 1 {
			t.Errorf("%d sign-offs counted, want 1", got)
		}
	})
}

func TestBadStaleAndTamperedSignaturesAreRefused(t *testing.T) {
	tell(t, []setting{{"sqlite", "http"}, {"postgres", "http"}}, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/status")
		for name, alter := range map[string]func(*sandbox.Delivery){
			"tampered": func(d *sandbox.Delivery) { d.Body = []byte(strings.Replace(string(d.Body), "status", "kill", 1)) },
			"stale":    func(d *sandbox.Delivery) { w.slack.Resign(d, time.Now().Add(-6*time.Minute)) },
			"future":   func(d *sandbox.Delivery) { w.slack.Resign(d, time.Now().Add(6*time.Minute)) },
			"bad":      func(d *sandbox.Delivery) { d.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64)) },
			"unsigned": func(d *sandbox.Delivery) { d.Header.Del("X-Slack-Signature") },
			"undated":  func(d *sandbox.Delivery) { d.Header.Del("X-Slack-Request-Timestamp") },
		} {
			status, _, err := w.slack.Redeliver(w.ctx, alter)
			if err != nil || status != http.StatusUnauthorized {
				t.Errorf("%s: %d %v, want 401", name, status, err)
			}
		}
		if len(w.incidents()) != 0 {
			t.Error("a refused request had an effect")
		}
		if w.log.has("command=%2F") || w.log.has("response_url") {
			t.Error("the body of a refused request is in the log")
		}
	})
}

func TestForeignTextStaysText(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		nasty := "<!channel> <@U0EXEC> <https://evil.example|log in> *bold* & \u202Egnirts \U0001F4A5 `x`"
		id := w.alarm(nasty, map[string]string{"agent": "mailer", "severity": "critical", "note": nasty}, map[string]any{
			"summary": nasty + strings.Repeat(" lorem ipsum", 70_000), "annotations": map[string]string{"description": nasty}})
		room := w.room("inc-" + number(id))
		w.reads("U0IC", room, "<!channel>")
		w.types("U0IC", room, "/note "+nasty)
		w.types("U0IC", room, "/timeline")
		w.isPaged("U0LEGAL", "<!channel>")
		w.reads("U0IC", room, "note|noted")
		for _, c := range w.slack.Channels() {
			for _, m := range w.slack.Messages(c.ID) {
				if strings.Contains(strings.Join(m.Mentions, " "), "!") {
					t.Errorf("foreign text became a mention: %v in %s", m.Mentions, m.Text)
				}
				if strings.Contains(string(m.Blocks), `"url":"https://evil.example`) {
					t.Errorf("foreign text became a link: %s", m.Blocks)
				}
			}
		}
	})
}

func TestLiftingOneOfTwoIncidentsLeavesTheAgentStopped(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		first := w.alarm("MailToUnsubscribed", critical)
		second := w.alarm("ToneScore", harmless)
		if first == second {
			t.Fatalf("two kinds of failure share %s", first)
		}
		room := w.room("inc-" + number(first) + "-")
		w.room("inc-" + number(second) + "-")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.state(first, tagout.StateResumed)
		w.agentSees("mailer", smsUS(), tagout.Running)
		w.agentSees("mailer", emailUS(), tagout.Review)
	})
}

func TestAnAlertForAnotherRegionIsContainedToo(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		first := w.alarm("ToneScore", harmless)
		w.agentSees("mailer", emailUS(), tagout.Review)
		w.agentSees("mailer", emailEU(), tagout.Running)
		second := w.alarm("ToneScore", map[string]string{"agent": "mailer", "severity": "info", "channel": "email", "region": "eu"})
		if first != second {
			t.Errorf("the second region opened %s instead of joining %s", second, first)
		}
		w.agentSees("mailer", emailEU(), tagout.Review)
	})
}

func TestAStopThatRacesAGoStands(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.asksToResume("U0IC", room, deliverables)
		var both sync.WaitGroup
		both.Go(func() {
			if err := w.slack.Click(w.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "GO"}); err != nil {
				w.t.Logf("the click: %v", err)
			}
		})
		both.Go(func() {
			if err := w.tries("U0ENG", "#general", "/kill mailer/email still wrong"); err != nil {
				w.t.Errorf("the stop: %v", err)
			}
		})
		both.Wait()
		w.eventually("the stop is recorded", func() bool {
			for _, i := range w.incidents() {
				for _, h := range i.Holds {
					if h.Scope == "mailer/email" {
						return true
					}
				}
			}
			return false
		})
		if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
			t.Errorf("after the race email is %s, want halted", got)
		}
	})
}

func TestANewStopMakesTheRequestVoid(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.asksToResume("U0IC", room, deliverables)
		w.types("U0ENG", "#general", "/kill mailer/email again")
		w.reads("U0IC", room, "request is void: a new stop")
		w.happens("INC-1", tagout.EventVoided, 1)
		if w.mode("mailer", emailEU()) != string(tagout.Halted) {
			t.Error("the mailer runs")
		}
	})
}

func TestLoweringTheSeverityDoesNotDodgeTheSignoffs(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.types("U0IC", room, "/severity sev3 not so bad")
		w.reads("U0IC", room, "still needs the sign-offs of SEV-1")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0MOPS", room, "GO")
		w.reads("U0MOPS", room, "not a signer.*Legal")
		if w.mode("mailer", emailEU()) != string(tagout.Halted) {
			t.Fatal("SEV-3's signer resumed a SEV-1")
		}
		w.presses("U0LEGAL", room, "GO")
		w.state(id, tagout.StateResumed)
	})
}

func TestNoGoBlocks(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "NO-GO")
		w.reads("U0IC", room, "@U0LEGAL said NO-GO") // whatever becomes of the form that asks why
		w.reads("U0IC", room, "Not valid any more: refused")
		w.fills("U0LEGAL", map[string]any{"reason": "the filter is not in production"})
		w.reads("U0IC", room, "@U0LEGAL said why it is NO-GO: the filter is not in production")
		w.reads("U0IC", room, "Not valid any more: refused.*NO-GO.*U0LEGAL.*for Legal.*the filter is not in production")
		if i := w.incident(id); len(i.Holds) != 1 || w.mode("mailer", emailEU()) != string(tagout.Halted) {
			t.Errorf("after NO-GO: %+v", i)
		}
	})
}

func TestAnIncompleteRequestNamesWhatIsMissing(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.types("U0IC", room, "/resume")
		problems := w.triesForm("U0IC", map[string]any{"cause": "x", "control_changes": "y", "verified": " ", "verified_against": "it", "review_scheduled": time.Now().Add(time.Hour)})
		if len(problems) == 0 {
			t.Errorf("a request without verification was accepted\n%s", w.scene())
		}
	})
}

func TestChannelNameTakenArchivedOrForbidden(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.log.expect("missing_scope", "is_archived", "channel")
		w.slack.Fault(sandbox.Fault{Method: "conversations.create", Times: 1, Kind: sandbox.APIError("name_taken")})
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-mailer-policy-violation-2")

		w.slack.Archive(room)
		w.types("U0IC", "#incidents", "/ack INC-1")
		w.reads("U0IC", "#incidents", "@U0IC acknowledged")

		remove := w.slack.Fault(sandbox.Fault{Method: "conversations.create", Kind: sandbox.APIError("missing_scope")})
		defer remove()
		id := w.alarm("ToneScore", harmless)
		w.agentSees("mailer", emailUS(), tagout.Halted)
		w.isPaged("U0MOPS", id)
		w.reads("U0IC", "#incidents", id+".*(channels:manage|missing_scope|scope)")
	})
}

func TestSlackDownDoesNotStopTheStop(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.log.expect("slack", "Slack", "page")
		w.slackDown = true
		w.slack.Down(true)
		id := w.alarm("MailToUnsubscribed", critical)
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.eventually("the e-mail page arrives", func() bool { return w.mails.count("platform@example.com", id) >= 1 })
		w.state(id, tagout.StateContained)
		w.slackDown = false
		w.slack.Down(false)
		room := w.room("inc-" + number(id) + "-")
		w.isPaged("U0LEGAL", id)
		w.reads("U0IC", room, "1 of 1 confirmed")
	})
}

func TestARequestExpires(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Expires = "1500ms" }, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.types("U0IC", room, "/resume")
		w.fills("U0IC", deliverables) // it may expire before anybody can read it
		w.reads("U0IC", room, "request expired")
		w.reads("U0IC", room, "Expired\\.")
		if i := w.incident(id); len(i.Holds) != 1 {
			t.Errorf("after the expiry: %+v", i)
		}
	})
}

func TestPagingRepeatsAndClimbsUntilAcknowledged(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Repeat = "1s" }, func(t *testing.T, w *world) {
		id := w.alarm("MailToUnsubscribed", critical)
		w.isPaged("U0EXEC", "not acknowledged within")
		w.isPaged("U0LEGAL", "still not acknowledged")
		w.types("U0IC", "#incidents", "/ack "+id)
		w.happens(id, tagout.EventAcknowledged, 1)
	})
}

func TestTheQuietWindowHoldsBackTheGo(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Monitor = "30m" }, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer sev2 spend")
		room := w.room("inc-1-")
		for range 3 {
			w.alarm("SpendRate", map[string]string{"agent": "mailer", "severity": "warning"})
		}
		w.asksToResume("U0IC", room, map[string]any{"fix": "limit restored"})
		w.presses("U0PROGRAM", room, "GO")
		w.reads("U0PROGRAM", room, "GO does not count (yet|before)")
		if w.mode("mailer", emailEU()) == string(tagout.Running) {
			t.Error("the mailer runs within the quiet window")
		}
	})
}

func TestAControlThatLiesIsNotObservedAndPagesAfterTheDeadline(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.ContainDeadline = "1500ms" }, func(t *testing.T, w *world) {
		w.log.expect("found running", "control")
		w.mailer.set(func(m *machine) { m.deaf = true })
		id := w.alarm("MailToUnsubscribed", critical)
		w.happens(id, tagout.EventControlAccepted, 1)
		w.happens(id, tagout.EventUnconfirmed, 1)
		w.isPaged("U0PLATFORM", "not observed stopped in time")
		if got := w.incident(id).State; got == string(tagout.StateContained) {
			t.Error("a stop that was only accepted is called contained")
		}
		w.mailer.set(func(m *machine) { m.deaf = false })
		w.state(id, tagout.StateContained)
	})
}

func TestDriftIsFoundAndStoppedAgain(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Lease = "3s" }, func(t *testing.T, w *world) {
		w.log.expect("found running")
		id := w.alarm("MailToUnsubscribed", critical)
		w.state(id, tagout.StateContained)
		w.eventually("the drift is found", func() bool {
			w.mailer.set(func(m *machine) { m.holds = nil })
			return w.events(id, tagout.EventDrift) > 0
		})
		w.state(id, tagout.StateContained)
		w.happens(id, tagout.EventControlObserved, 2)
	})
}

func TestAnAgentWithoutControlsIsContainedByLease(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Lease = "3s" }, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill researcher")
		w.state("INC-1", tagout.StateContained)
		w.reads("U0IC", w.room("inc-1-"), "by lease, not observed")
	})
}

func TestAStormIsOneIncident(t *testing.T) {
	tellWith(t, bothStores, func(p *params) { p.Hurry = 1 }, func(t *testing.T, w *world) {
		w.slack.SetStrict(true)
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				for m := range 25 {
					labels := map[string]string{"agent": "mailer", "severity": "critical", "n": string(rune('a'+n)) + string(rune('a'+m))}
					body := map[string]any{"name": "Storm", "labels": labels}
					if status, _, err := w.try(http.MethodPost, "/v1/alerts/generic", "generic-token", body); err != nil || status != http.StatusAccepted {
						w.t.Errorf("an alert of the storm: %d %v", status, err)
					}
				}
			})
		}
		all.Wait()
		if got := w.incidents(); len(got) != 1 {
			t.Errorf("the storm made %d incidents", len(got))
		}
		if got := w.events("INC-1", tagout.EventAlert); got != 200 {
			t.Errorf("%d alerts on the timeline, want 200", got)
		}
		w.isPaged("U0LEGAL", "INC-1")
		room := w.room("inc-1-")
		w.reads("U0IC", room, "Alerts\\W+200 alerts") // the last state is what the card shows
		if rooms := slices.DeleteFunc(w.slack.Channels(), func(c sandbox.Channel) bool { return !strings.HasPrefix(c.Name, "inc-") }); len(rooms) != 1 {
			t.Errorf("the storm made %d channels", len(rooms))
		}
		if n := w.posted(room, "200 alerts"); n != 1 {
			t.Errorf("%d messages tell of the storm", n)
		}
		w.reads("U0IC", "#incidents", "INC-1")
		if n := w.posted("#incidents", "INC-1"); n != 1 {
			t.Errorf("%d messages announce the storm", n)
		}
		if m := w.slack.Manners(); len(m.Ignored) > 0 {
			t.Errorf("rate limits were ignored: %v", m.Ignored)
		}
	})
}
