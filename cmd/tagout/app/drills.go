package app

import (
	"time"

	"tagout"
)

// drills are the exercises that come by a schedule.
func (a *App) drills() []tagout.Routine {
	var list []tagout.Routine
	for _, plan := range a.config.Policy.Drills.Plans {
		zone, err := time.LoadLocation(plan.Timezone)
		if err != nil {
			zone = time.UTC // the configuration was checked
		}
		list = append(list, tagout.Routine{Name: plan.Routine(), Spec: plan.Schedule, Location: zone, Kind: tagout.EffectDrill, Data: plan})
	}
	return list
}
