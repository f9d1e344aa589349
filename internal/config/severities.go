package config

import (
	"strconv"
	"strings"
	"time"

	"tagout"
)

type severitySection struct {
	Title          string           `yaml:"title" doc:"What makes an incident this severe."`
	Page           []string         `yaml:"page" doc:"Roles that are paged at once."`
	DecisionRights string           `yaml:"decision_rights" doc:"What those who are paged may decide."`
	Contain        *containSection  `yaml:"contain" need:"true" doc:"What is done to the agent on arrival."`
	Also           []containSection `yaml:"also" doc:"More that is done to the agent on arrival."`
	Pin            bool             `yaml:"pin" doc:"No version change while the incident is open: what runs is pinned, changes are refused, and other versions are drift."`
	Repeat         time.Duration    `yaml:"repeat" doc:"Page again until acknowledged; 0s or left out: once."`
	AnswerExpires  time.Duration    `yaml:"acknowledge_expires" min:"1m" doc:"Paging starts again when nothing has happened for so long after somebody acknowledged; left out: never."`
	Escalate       []rungSection    `yaml:"escalate" doc:"Further roles that are paged when nobody has acknowledged."`
	Deadlines      deadlinesSection `yaml:"deadlines" doc:"How long things may take, counted from detection."`
	Clocks         []clockSection   `yaml:"clocks" doc:"Duties to report to an authority."`
	Resume         *resumeSection   `yaml:"resume" need:"true" doc:"What is asked for before the agent may run again."`
}

type containSection struct {
	Mode     tagout.Mode `yaml:"mode" need:"true" allow:"halted,paused,review,capped,running" doc:"How far the scope is held; running holds nothing, which the worst severity cannot."`
	Scope    string      `yaml:"scope" allow:"agent,shard" doc:"The whole agent, or the shard: the most specific scope known."`
	Cap      tagout.Cap  `yaml:"cap" doc:"Spend that is still allowed, such as 500/day; with mode capped."`
	Rollback bool        `yaml:"rollback" doc:"Go back to the last known good versions as well."`
}

type rungSection struct {
	After time.Duration `yaml:"after" need:"true" min:"1s" doc:"How long after the first page."`
	To    []string      `yaml:"to" need:"true" doc:"Roles."`
}

type deadlinesSection struct {
	Contain     time.Duration `yaml:"contain" min:"1s" doc:"Until every stop was observed."`
	Acknowledge time.Duration `yaml:"acknowledge" min:"1s" doc:"Until somebody answered."`
	Inform      time.Duration `yaml:"inform" min:"1s" doc:"Until stakeholders were told."`
	Review      time.Duration `yaml:"review" min:"1s" doc:"Until the review was held."`
	Action      time.Duration `yaml:"action" min:"1m" doc:"Until a corrective action is done, counted from when it is added, unless somebody says otherwise."`
}

type clockSection struct {
	Name  string        `yaml:"name" need:"true" doc:"The duty."`
	Due   time.Duration `yaml:"due" need:"true" min:"1s" doc:"How long it may take."`
	Owner string        `yaml:"owner" need:"true" doc:"The role that must do it."`
}

type resumeSection struct {
	Signoffs []signoffSection `yaml:"signoffs" need:"true" doc:"All of these must sign, each a different person."`
	Order    bool             `yaml:"order" doc:"They sign in this order; who is not in turn must wait."`
	Require  []string         `yaml:"require" allow:"cause,control_changes,verified,review_scheduled,fix,alerting,impact,remediation" doc:"Deliverables that a request must hold."`
	Monitor  time.Duration    `yaml:"monitor" doc:"No new alert on the scope for so long before a GO counts."`
	Expires  time.Duration    `yaml:"expires" min:"1s" doc:"How long a request can be signed."`
	Stages   []stageSection   `yaml:"stages" doc:"How an agent goes back to running after the sign-offs; left out: at once."`
}

type signoffSection struct {
	Role  string   `yaml:"role" doc:"This role must sign."`
	Any   []string `yaml:"any" doc:"Any one of these roles must sign."`
	Count int      `yaml:"count" doc:"How many different people of them must sign; left out: one."`
}

func (b *builder) matrix() {
	b.cfg.Policy.Severities = map[tagout.Severity]*tagout.SeverityPolicy{}
	root := path{}.key("severities")
	if n := b.nodes[root.name]; n != nil && !n.bad && len(n.entries) == 0 {
		b.fail(root, "Add at least sev1.", "There is no severity.")
	}
	for _, key := range b.keys(root) {
		p := root.member(key)
		number, isSeverity := strings.CutPrefix(key, "sev")
		if rank, err := strconv.Atoi(number); !isSeverity || err != nil || rank < 1 || strconv.Itoa(rank) != number {
			b.addf(b.nodes[p.name].home, "Call it sev1 (the worst), sev2, and so on.", "%s is not a severity.", quoted(key))
			b.nodes[p.name].bad = true
		}
		b.severity(p, tagout.Severity(key), b.doc.Matrix[tagout.Severity(key)])
	}
}

func (b *builder) severity(p path, key tagout.Severity, s severitySection) {
	row := &tagout.SeverityPolicy{
		Severity: key, Title: s.Title, Page: s.Page, DecisionRights: s.DecisionRights,
		Pin: s.Pin, Repeat: s.Repeat, AnswerExpires: s.AnswerExpires, Deadlines: tagout.Deadlines(s.Deadlines),
	}
	b.paged(p.key("page"), s.Page)
	if s.Contain != nil {
		row.Contain = b.containment(p.key("contain"), *s.Contain)
		if b.doc.Matrix[worstOf(b.doc.Matrix)].Contain == s.Contain && row.Contain.Mode == tagout.Running {
			b.fail(p.key("contain").key("mode"), "Use halted or paused.", "The worst severity holds the agent: running holds nothing.")
		}
	}
	for i, also := range s.Also {
		if also.Mode == tagout.Running {
			b.fail(p.key("also").item(i).key("mode"), "Remove it.", "Mode running holds nothing.")
		}
		row.Also = append(row.Also, b.containment(p.key("also").item(i), also))
	}
	for i, rung := range s.Escalate {
		q := p.key("escalate").item(i).key("to")
		b.paged(q, rung.To)
		if b.empty(q, len(rung.To)) {
			b.fail(q, "List at least one role, or remove this step.", "This step of the ladder pages nobody.")
		}
		row.Escalate = append(row.Escalate, tagout.Rung(rung))
	}
	for i, clock := range s.Clocks {
		q := p.key("clocks").item(i)
		b.ref(q.key("owner"), "role", clock.Owner, names(b.doc.Roles))
		row.Clocks = append(row.Clocks, tagout.RegulatoryClock(clock))
	}
	if s.Resume != nil {
		row.Resume = b.resume(p.key("resume"), *s.Resume)
	}
	b.cfg.Policy.Severities[key] = row
}

// worstOf is the worst severity of a matrix.
func worstOf(matrix map[tagout.Severity]severitySection) tagout.Severity {
	var worst tagout.Severity
	for key := range matrix {
		worst = worst.Worst(key)
	}
	return worst
}

func (b *builder) containment(p path, c containSection) tagout.Containment {
	if c.Mode == tagout.Capped && c.Cap.IsZero() && b.ok(p.key("cap")) {
		b.fail(p, "Add a cap such as `cap: 500/day`, or use another mode.", "Mode capped holds nothing without a cap.")
	}
	if c.Mode != tagout.Capped && c.Mode != "" && !c.Cap.IsZero() {
		b.fail(p.key("cap"), "Remove the cap, or use `mode: capped`.", "A cap counts only with mode capped.")
	}
	return tagout.Containment{Mode: c.Mode, Agent: c.Scope != "shard", Cap: c.Cap, Rollback: c.Rollback}
}

// paged checks roles that are to be paged: somebody must be there.
func (b *builder) paged(p path, roles []string) {
	b.refs(p, "role", roles, names(b.doc.Roles))
	for i, key := range roles {
		role, ok := b.doc.Roles[key]
		if ok && len(role.Members) == 0 && role.SlackGroup == "" && role.OnCall == "" && b.sound(path{}.key("roles").member(key)) {
			b.fail(p.item(i), "Give the role members, a slack_group or on_call.", "The role %s is paged here, but reaches nobody.", b.shown(p.item(i)))
		}
	}
}

func (b *builder) resume(p path, r resumeSection) tagout.ResumePolicy {
	policy := tagout.ResumePolicy{Monitor: r.Monitor, Expires: r.Expires, Require: r.Require, Stages: b.stages(p.key("stages"), r.Stages)}
	for i, item := range r.Require {
		if item != "" && contains(r.Require[:i], item) {
			b.fail(p.key("require").item(i), "Remove one of them.", "%s is listed twice.", sentence(b.shown(p.key("require").item(i))))
		}
	}
	if q := p.key("signoffs"); b.empty(q, len(r.Signoffs)) {
		b.fail(q, "Name at least one role that must sign, such as [{role: legal}].", "Nobody would have to sign before the agent runs again.")
	}
	for i, s := range r.Signoffs {
		q := p.key("signoffs").item(i)
		needed := tagout.NeededSignoff{AnyOf: b.signoff(q, s), InTurn: r.Order && i > 0}
		if b.enough(q.key("count"), s.Count, needed.AnyOf); s.Count > 1 {
			needed.Count = s.Count
		}
		policy.Rule = append(policy.Rule, needed)
	}
	return policy
}

func (b *builder) signoff(p path, s signoffSection) []string {
	role, any := p.key("role"), p.key("any")
	if !b.ok(p) {
		return nil
	}
	if (b.nodes[role.name] == nil) == (b.nodes[any.name] == nil) || b.empty(any, len(s.Any)) && s.Role == "" && b.nodes[role.name] == nil {
		b.fail(p, "Write {role: legal}, or {any: [program, revops]}.", "A sign-off needs either one role or a list of which any may sign.")
		return nil
	}
	if s.Role != "" {
		b.ref(role, "role", s.Role, names(b.doc.Roles))
		b.signs(role, s.Role)
		return []string{s.Role}
	}
	if b.nodes[role.name] != nil && b.ok(role) {
		b.fail(role, "Name the role that must sign.", "The sign-off names no role.")
	}
	b.refs(any, "role", s.Any, names(b.doc.Roles))
	for i, key := range s.Any {
		b.signs(any.item(i), key)
	}
	return s.Any
}

// enough checks that as many people can sign as must.
func (b *builder) enough(p path, count int, roles []string) {
	if b.nodes[p.name] == nil || !b.ok(p) {
		return
	}
	if count < 1 {
		b.fail(p, "Write how many different people must sign, such as 2.", "Nobody would have to sign.")
		return
	}
	people := map[tagout.UserID]bool{}
	for _, key := range roles {
		role, ok := b.doc.Roles[key]
		if !ok || role.SignByGroup || !b.sound(path{}.key("roles").member(key)) {
			return // more may sign than the file names
		}
		for _, id := range role.Members {
			people[id] = true
		}
	}
	if len(people) < count {
		b.fail(p, "Lower the count, or give the roles more members.",
			"%d people must sign, but only %d can, so that nobody could ever resume.", count, len(people))
	}
}

// signs checks that somebody can sign for a role.
func (b *builder) signs(p path, key string) {
	role, ok := b.doc.Roles[key]
	if ok && len(role.Members) == 0 && !role.SignByGroup && b.sound(path{}.key("roles").member(key)) {
		b.fail(p, "Give the role members, or a slack_group with `sign_by_group: true`.",
			"Nobody can sign for the role %s, so that nobody could ever resume.", b.shown(p))
	}
}

// empty reports whether a list that is in the file was read and holds nothing.
func (b *builder) empty(p path, length int) bool {
	return length == 0 && b.nodes[p.name] != nil && b.ok(p)
}

// plain is a name for a notice: left out if it came from outside the file.
func (b *builder) plain(p path, name string) string {
	if n := b.nodes[p.name]; n == nil || n.expanded {
		return ""
	}
	return name
}
