package story_test

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

// TestInAMaintenanceWindowOnlyWhatCanWaitWaits: at two at night the CRM is imported, which upsets
// the researcher. A small alert is listed and wakes nobody; a stop and a SEV-1 are told as ever;
// and what still fires at half past three opens then.
func TestInAMaintenanceWindowOnlyWhatCanWaitWaits(t *testing.T) {
	t.Parallel()
	for _, where := range []setting{{"sqlite", "socket"}, {"postgres", "socket"}} {
		t.Run(where.database, func(t *testing.T) {
			t.Parallel()
			w, clock := newWorld(t, where), &moved{}
			berlin, err := time.LoadLocation("Europe/Berlin")
			if err != nil {
				t.Fatal(err)
			}
			night := nightIn(berlin)
			clock.to(night.Add(-time.Hour))
			w.params.Maintenance, w.params.Idle, w.params.Lease, w.clock = "0 2 * * *", true, "3s", clock
			w.starts()
			db := w.opens()
			w.eventually("the schedule is known", func() bool {
				var known int
				return db.QueryRow("SELECT count(*) FROM routines WHERE next_at IS NOT NULL AND name LIKE 'maintenance%'").Scan(&known) == nil && known == 1
			})
			clock.to(night.Add(time.Second))
			told := w.reads("U0IC", "#incidents", "SIL-1 · researcher is silenced.*The CRM is being imported.*It kept nothing quiet")

			small := map[string]string{"agent": "researcher", "severity": "info"}
			begins, ends := map[string]any{"status": "firing"}, map[string]any{"status": "resolved"}
			for _, name := range []string{"Odd wording", "Slow answers"} {
				if id := w.alarm(name, small, begins); id != "" {
					t.Errorf("%s opened %s", name, id)
				}
			}
			w.alarm("Slow answers", small, ends)
			w.types("U0IC", "#general", "/silences")
			w.reads("U0IC", "#general", "SIL-1.*researcher.*The CRM is being imported.*2 alerts")

			w.types("U0IC", "#general", "/kill researcher class=integration_failure it writes nonsense")
			w.agentSees("researcher", nil, tagout.Halted)
			w.reads("U0IC", "#incidents", "INC-1 SEV-2")
			w.isPaged("U0PROGRAM", "INC-1")
			if id := w.alarm("PersonalDataSent", map[string]string{"agent": "researcher", "severity": "critical"}, begins); id != "INC-2" {
				t.Errorf("the SEV-1 is in %s", id)
			}
			w.reads("U0IC", "#incidents", "INC-2 SEV-1")
			w.isPaged("U0LEGAL", "INC-2")
			if w.says("#incidents", "Odd wording") || w.says(w.slack.DM("U0MOPS"), "Odd wording") {
				t.Errorf("somebody was told of what can wait\n%s", w.scene())
			}

			clock.to(night.Add(90*time.Minute + time.Second))
			w.reads("U0IC", "#incidents", "INC-3 SEV-3.*Odd wording")
			w.isPaged("U0MOPS", "INC-3")
			w.eventually("its message says that it is over", func() bool { return strings.Contains(w.textOf("#incidents", told.TS), "is not silenced any more") })
			if status, _, err := w.try("GET", "/v1/incidents/INC-4", "breakglass-token", nil); err != nil || status != 404 {
				t.Errorf("what ended in the window has opened an incident: %d, %v", status, err)
			}
			w.verifies()
		})
	}
}

// nightIn is two in the morning of one of the next days: of one on which the clocks are not changed,
// since there may be no such time then, or there are two.
func nightIn(zone *time.Location) time.Time {
	now := time.Now().In(zone)
	for days := 2; ; days++ {
		midnight := time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, zone)
		_, before := midnight.Zone()
		if _, after := midnight.Add(12 * time.Hour).Zone(); before == after {
			return midnight.Add(2 * time.Hour)
		}
	}
}
