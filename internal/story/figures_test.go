package story_test

import (
	"strconv"
	"testing"
	"time"

	"tagout"
)

func TestMilestonesAreSetByFactsAndCorrectedWithATrace(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.alarm("MailToUnsubscribed", critical)
		room := w.room("inc-1-")
		w.state("INC-1", tagout.StateContained)
		w.presses("U0IC", room, "Acknowledge")
		w.reads("U0IC", room, "@U0IC acknowledged")

		w.types("U0MOPS", room, "/milestone onset 30m ago support heard of it")
		w.reads("U0MOPS", room, "Only the incident commander, the RCA facilitator and the platform owner of INC-1")
		w.types("U0IC", room, "/milestone acknowledged 30m ago by phone")
		w.reads("U0IC", room, "acknowledged cannot be before detected")
		if began, told := w.incident("INC-1").Milestones["onset"]; told {
			t.Errorf("nobody said when it began, but the onset is %s", began)
		}
		w.types("U0IC", room, "/milestone onset 30m ago support heard of it")
		w.reads("U0IC", room, "Onset.* before it was detected.*corrected by <@U0IC> \\(not known before\\): support heard of it")
		w.reads("U0MOPS", room, "@U0IC corrected onset to .* \\(nobody knew before\\): support heard of it")

		w.types("U0IC", room, "/milestone")
		w.presses("U0IC", room, "Correct one")
		w.fills("U0IC", map[string]any{"milestone": "onset", "at": strconv.FormatInt(time.Now().Add(-40*time.Minute).Unix(), 10), "why": "the first complaint is older"})
		w.reads("U0IC", room, "corrected by <@U0IC> \\(before: .*\\): the first complaint is older")
		w.types("U0IC", room, "/status INC-1")
		w.reads("U0IC", room, "Corrected.*onset .*the first complaint is older")

		i := w.incident("INC-1")
		if len(i.Corrections) != 2 || i.Corrections[0].From != nil || i.Corrections[1].To != i.Milestones["onset"] || i.Corrections[1].By != "user:U0IC" {
			t.Errorf("the API shows %+v with onset %s", i.Corrections, i.Milestones["onset"])
		}
		if w.events("INC-1", tagout.EventMilestone) != 2 {
			t.Error("the timeline does not tell of two corrections")
		}
		w.agentSees("mailer", emailEU(), tagout.Halted)

		var f struct {
			Now struct {
				Incidents int `json:"incidents"`
				Times     map[string]struct {
					N      int     `json:"n"`
					Median float64 `json:"median_s"`
				} `json:"times"`
			} `json:"now"`
		}
		w.get("/v1/metrics/incidents", &f)
		detect, kill := f.Now.Times["time_to_detect"], f.Now.Times["time_to_kill"]
		if f.Now.Incidents != 1 || detect.N != 1 || detect.Median < 2340 || detect.Median > 2460 || kill.N != 1 || kill.Median > 60 {
			t.Errorf("the figures are %+v", f.Now)
		}
		w.verifies()
	})
}
