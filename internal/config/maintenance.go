package config

import (
	"time"

	"tagout"
)

type maintenanceSection struct {
	Name     string        `yaml:"name" need:"true" doc:"What it is called."`
	Schedule string        `yaml:"schedule" need:"true" doc:"When it begins: cron, five fields."`
	Timezone string        `yaml:"timezone" doc:"Zone of the schedule."`
	For      time.Duration `yaml:"for" need:"true" min:"1m" doc:"How long it lasts; at most silence_at_most."`
	Scope    string        `yaml:"scope" need:"true" doc:"What is silenced meanwhile: an agent, or a part of it."`
	Class    string        `yaml:"class" doc:"Only alerts of this failure class."`
	Reason   string        `yaml:"reason" doc:"Why, for whoever reads of it; the name if left out."`
}

// Maintenance is a silence on a schedule.
type Maintenance struct {
	Name     string
	Schedule string // cron, in Timezone
	Timezone string
	Order    tagout.MaintenanceOrder
}

func (b *builder) maintenance() {
	seen := map[string]bool{}
	for i, m := range b.doc.Maintenance {
		p := path{}.key("maintenance").item(i)
		b.fresh(p.key("name"), m.Name, seen)
		b.schedule(p, "schedule", m.Schedule, m.Timezone)
		if b.ok(p.key("for")) && b.ok(path{}.key("silence_at_most")) && m.For > b.doc.SilenceAtMost {
			b.fail(p.key("for"), "Shorten it, or raise silence_at_most.", "It is longer than a silence may last.")
		}
		b.ref(p.key("class"), "failure class", m.Class, names(b.doc.Classes))
		scope, ok := b.scope(p.key("scope"), m.Scope)
		if ok {
			b.declared(p.key("scope"), scope)
		}
		if ok && m.Scope != "" && scope.Agent == "" {
			b.fail(p.key("scope"), "Name an agent, such as mailer or mailer/email.", "Everything at once cannot be silenced.")
		}
		b.cfg.Maintenance = append(b.cfg.Maintenance, Maintenance{Name: m.Name, Schedule: m.Schedule, Timezone: m.Timezone,
			Order: tagout.MaintenanceOrder{Name: m.Name, Scope: scope, Class: m.Class, For: m.For, Reason: or(m.Reason, m.Name)}})
	}
}
