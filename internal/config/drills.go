package config

import "tagout"

type drillSection struct {
	Name     string `yaml:"name" need:"true" doc:"What it is called."`
	Schedule string `yaml:"schedule" need:"true" doc:"When it runs: cron, five fields."`
	Timezone string `yaml:"timezone" doc:"Zone of the schedule."`
	Agent    string `yaml:"agent" need:"true" doc:"The agent that is drilled, on its canary."`
	Action   string `yaml:"action" allow:"kill,rollback" doc:"What is exercised."`
	Page     bool   `yaml:"page" doc:"A game day: people are paged for real, with [DRILL] in every page."`
	Scenario string `yaml:"scenario" doc:"What of chaos is broken meanwhile."`
}

type drillFailureSection struct {
	Severity tagout.Severity `yaml:"severity" doc:"Severity of the incident that a drill becomes when it fails or something real comes."`
	Class    string          `yaml:"class" doc:"Failure class of that incident."`
}

type chaosSection struct {
	Name    string `yaml:"name" need:"true" doc:"What it is called, as in /drill kill AGENT scenario=NAME."`
	Agent   string `yaml:"agent" need:"true" doc:"The agent whose drills may use it."`
	Break   string `yaml:"break" need:"true" allow:"control_hangs,stop_ignored,pager_down" doc:"What is broken, inside Tagout and for that drill only."`
	Control string `yaml:"control" doc:"Of control_hangs and stop_ignored: which control; left out: the only one."`
	Pager   string `yaml:"pager" doc:"Of pager_down: which pager, such as slack or email."`
}

func (b *builder) drills() {
	b.chaos()
	of := path{}.key("drill_failure")
	drills := &b.cfg.Policy.Drills
	drills.Severity, drills.Class = b.doc.DrillFailure.Severity, b.doc.DrillFailure.Class
	if b.written(of.key("severity")) {
		b.ref(of.key("severity"), "severity", string(drills.Severity), names(b.doc.Matrix))
	}
	if b.written(of.key("class")) {
		b.ref(of.key("class"), "failure class", drills.Class, names(b.doc.Classes))
	}
	seen := map[string]bool{}
	for i, d := range b.doc.Drills {
		p := path{}.key("drills").item(i)
		b.fresh(p.key("name"), d.Name, seen)
		b.schedule(p, "schedule", d.Schedule, d.Timezone)
		agent := b.drilled(p.key("agent"), d.Agent)
		if s, ok := drills.Scenario(d.Scenario); d.Scenario != "" && b.ok(p.key("agent")) && b.sound(path{}.key("chaos")) && (!ok || s.Agent != agent) {
			b.fail(p.key("scenario"), "Use one of chaos that is for this agent, or add it.",
				"The scenario %s does not exist for this agent.", b.shown(p.key("scenario")))
		}
		if a := b.cfg.Policy.Agents[agent]; a != nil && a.Canary.Agent == "" {
			b.notice(p, b.plain(p.key("name"), d.Name), "cannot run until agents."+agent+".canary says where")
		}
		drills.Plans = append(drills.Plans, tagout.DrillPlan{Name: d.Name, Schedule: d.Schedule, Timezone: d.Timezone, Agent: agent,
			Action: tagout.DrillAction(d.Action), Page: d.Page, Scenario: d.Scenario})
	}
}

// drilled is the name of an agent that must exist.
func (b *builder) drilled(p path, name string) string {
	if canonical, err := tagout.CanonicalName(name); err == nil {
		name = canonical
	}
	b.ref(p, "agent", name, b.cfg.Policy.Agents.Names())
	return name
}

func (b *builder) chaos() {
	seen := map[string]bool{}
	pagers := append([]string{"slack"}, vendorNames(b.cfg.Pagers)...)
	for i, c := range b.doc.Chaos {
		p := path{}.key("chaos").item(i)
		b.fresh(p.key("name"), c.Name, seen)
		agent := b.drilled(p.key("agent"), c.Agent)
		s := tagout.Scenario{Name: c.Name, Agent: agent, Break: tagout.Breakage(c.Break), What: c.Control}
		controls := vendorNames(b.cfg.Controls[agent])
		switch {
		case !b.ok(p.key("break")) || !b.ok(p.key("agent")):
		case s.Break == tagout.PagerDown && c.Pager == "":
			b.fail(p, "Write pager: slack, or another one of "+list(pagers, "or")+".", "It does not say which pager is down.")
		case s.Break == tagout.PagerDown:
			b.ref(p.key("pager"), "pager", c.Pager, pagers)
			s.What = c.Pager
		case c.Control == "" && len(controls) == 1:
			s.What = controls[0]
		case c.Control == "":
			b.fail(p, "Write control: with one of the controls of this agent.", "It does not say which control is broken.")
		default:
			b.ref(p.key("control"), "control", c.Control, controls)
		}
		b.cfg.Policy.Drills.Scenarios = append(b.cfg.Policy.Drills.Scenarios, s)
	}
}

func vendorNames(vendors []tagout.Vendor) []string {
	names := make([]string, len(vendors))
	for n, v := range vendors {
		names[n] = v.Name
	}
	return names
}
