package app

import (
	"slices"
	"testing"
	"time"

	"tagout"
	"tagout/internal/config"
)

func TestMaintenanceOfTheConfigurationComesByItsSchedule(t *testing.T) {
	t.Parallel()
	order := tagout.MaintenanceOrder{Name: "nightly", Scope: tagout.MustScope("mailer"), For: time.Hour, Reason: "import"}
	a := &App{config: &config.Config{Maintenance: []config.Maintenance{{Name: "nightly", Schedule: "0 2 * * *", Timezone: "Europe/Berlin", Order: order}}}}
	list := a.scheduled()
	n := slices.IndexFunc(list, func(r tagout.Routine) bool { return r.Name == "maintenance nightly" })
	if n < 0 || list[n].Spec != "0 2 * * *" || list[n].Zone() != "Europe/Berlin" || list[n].Kind != tagout.EffectMaintenance || list[n].Data != order {
		t.Errorf("%+v", list)
	}
}
