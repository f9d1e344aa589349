package config

import (
	"net/mail"
	"strings"
	"time"
	_ "time/tzdata" // a container may have no zones of its own

	"github.com/robfig/cron/v3"

	"tagout"
)

type roleSection struct {
	Name        string          `yaml:"name" doc:"How people call it; the key if left out."`
	Members     []tagout.UserID `yaml:"members" doc:"Slack user IDs; they are paged and may sign."`
	OnCall      string          `yaml:"on_call" doc:"A rotation that is paged."`
	SlackGroup  string          `yaml:"slack_group" doc:"ID of a Slack user group that is paged."`
	SignByGroup bool            `yaml:"sign_by_group" doc:"Members of the group may sign too. Make sure that few may edit the group."`
}

type personSection struct {
	Email string `yaml:"email" doc:"Address for the e-mail pager."`
	Phone string `yaml:"phone" doc:"Number with country code, in quotes: \"+15550100\"."`

	GitHub  string   `yaml:"github" doc:"Login at GitHub: a change that a GitHub webhook reports of it keeps this person from signing."`
	Handles []string `yaml:"handles" doc:"What they are called elsewhere, such as in a code host: a change that they made under it keeps them from signing."`

	Pagers []string      `yaml:"pagers" doc:"By which pagers they are paged, in this order: slack, and names under pagers; left out: by all that reach them."`
	After  time.Duration `yaml:"after" min:"10s" doc:"How long each of their pagers waits for an answer to the one before; left out: all at once."`
	Quiet  *quietSection `yaml:"quiet" doc:"When they are not paged for less than SEV-1, unless nobody else is reached."`
}

type quietSection struct {
	From     string `yaml:"from" need:"true" doc:"When it begins: HH:MM, in quotes."`
	To       string `yaml:"to" need:"true" doc:"When it ends: HH:MM, in quotes."`
	Timezone string `yaml:"timezone" doc:"Zone of the hours, such as Europe/Berlin."`
}

type incidentRolesSection struct {
	Comms    string `yaml:"comms" doc:"Role whose first member becomes comms lead; left out: comms, else program."`
	Platform string `yaml:"platform" doc:"Role whose first member becomes platform owner; left out: platform."`
	Domain   string `yaml:"domain" doc:"Role whose first member becomes domain owner; left out: the handoff of the failure class, else the owner of the agent."`
	RCA      string `yaml:"rca" doc:"Role whose first member becomes RCA facilitator; left out: rca, else engineering."`
}

type rotationSection struct {
	Members   []tagout.UserID `yaml:"members" doc:"Slack user IDs in the order of their turns."`
	Handoff   string          `yaml:"handoff" doc:"When the next one takes over: cron, five fields."`
	Timezone  string          `yaml:"timezone" doc:"Zone of the handoff and of the times in overrides, such as America/New_York."`
	PagerDuty settings        `yaml:"pagerduty" doc:"Instead of members and handoff, the schedule of PagerDuty: {schedule: its ID, token: a REST API key that may read, api_url: where not https://api.pagerduty.com}."`
	GoAlert   settings        `yaml:"goalert" doc:"Instead of members and handoff, the schedule of GoAlert: {url: of GoAlert, schedule: its ID, token: a GraphQL API key}."`
}

func (b *builder) people() {
	policy := &b.cfg.Policy
	policy.DelegateAtMost = b.doc.DelegateAtMost
	policy.SilenceAtMost = b.doc.SilenceAtMost
	policy.Roles = map[string]*tagout.Role{}
	policy.People = map[tagout.UserID]tagout.Person{}
	policy.Rotations = map[string]*tagout.Rotation{}
	b.cfg.Schedules = map[string]tagout.Vendor{}
	for _, key := range b.keys(path{}.key("roles")) {
		b.role(path{}.key("roles").member(key), key, b.doc.Roles[key])
	}
	for _, key := range b.keys(path{}.key("rotations")) {
		b.rotation(path{}.key("rotations").member(key), key, b.doc.Rotations[key])
	}
	for _, key := range b.keys(path{}.key("people")) {
		b.person(path{}.key("people").member(key), tagout.UserID(key), b.doc.People[key])
	}
}

// incidentRoles says whose members have the roles of an incident. What the file leaves out
// goes to roles that are called so, where there are any.
func (b *builder) incidentRoles() {
	roles := map[string]string{}
	first := func(role string, keys ...string) {
		for _, key := range keys {
			if _, there := b.doc.Roles[key]; there && roles[role] == "" {
				roles[role] = key
			}
		}
	}
	p, s := path{}.key("incident_roles"), b.doc.IncidentRoles
	for role, key := range map[string]string{
		tagout.CommsLead: s.Comms, tagout.PlatformOwner: s.Platform, tagout.DomainOwner: s.Domain,
		tagout.RCAFacilitator: s.RCA,
	} {
		if key != "" {
			b.ref(p.key(role), "role", key, names(b.doc.Roles))
			roles[role] = key
		}
	}
	first(tagout.CommsLead, "comms", "program")
	first(tagout.PlatformOwner, "platform")
	first(tagout.RCAFacilitator, "rca", "engineering")
	b.cfg.Policy.IncidentRoles = roles
}

func (b *builder) role(p path, key string, r roleSection) {
	b.name(p, "role", key)
	b.users(p.key("members"), r.Members)
	b.ref(p.key("on_call"), "rotation", r.OnCall, names(b.doc.Rotations))
	if r.SlackGroup != "" && !slackID(r.SlackGroup, "S") {
		b.fail(p.key("slack_group"), "Write the group's ID, such as S0123456789.",
			"%s is not the ID of a Slack user group.", sentence(b.shown(p.key("slack_group"))))
	}
	if r.SignByGroup && r.SlackGroup == "" && b.ok(p.key("slack_group")) {
		b.fail(p.key("sign_by_group"), "Add `slack_group: S…`, or remove sign_by_group.", "The role signs by its group, but has none.")
	}
	b.cfg.Policy.Roles[key] = &tagout.Role{
		Key: key, Name: or(r.Name, key), Members: r.Members, SlackGroup: r.SlackGroup, SignByGroup: r.SignByGroup,
		OnCall: r.OnCall,
	}
}

func (b *builder) rotation(p path, key string, r rotationSection) {
	b.name(p, "rotation", key)
	rotation := &tagout.Rotation{Key: key, Members: r.Members, Handoff: r.Handoff, Timezone: r.Timezone}
	b.cfg.Policy.Rotations[key] = rotation
	if r.PagerDuty.node != nil || r.GoAlert.node != nil {
		b.scheduled(p, rotation, r)
		return
	}
	b.users(p.key("members"), r.Members)
	for _, need := range []string{"members", "handoff"} {
		if n := b.nodes[p.name]; n != nil && b.nodes[p.key(need).name] == nil && b.ok(p) && b.ok(p.key("pagerduty")) && b.ok(p.key("goalert")) {
			b.addf(n.home, "Add `"+need+": …`, or the schedule of another service under pagerduty or goalert.", "%s is missing.", quoted(p.key(need).name))
		}
	}
	if len(r.Members) == 0 && b.nodes[p.key("members").name] != nil && b.ok(p.key("members")) {
		b.fail(p.key("members"), "List at least one Slack user ID.", "The rotation has no members.")
	}
	b.schedule(p, "handoff", r.Handoff, r.Timezone)
}

// scheduled is a rotation whose turns another service keeps.
func (b *builder) scheduled(p path, rotation *tagout.Rotation, r rotationSection) {
	rotation.Elsewhere = true
	kinds := map[string]settings{"pagerduty": r.PagerDuty, "goalert": r.GoAlert}
	for _, own := range []string{"members", "handoff"} {
		if b.nodes[p.key(own).name] != nil {
			b.fail(p.key(own), "Keep one of the two.", "The rotation has turns of its own and the schedule of another service.")
		}
	}
	if r.PagerDuty.node != nil && r.GoAlert.node != nil {
		b.fail(p.key("goalert"), "Keep one of the two.", "The rotation has the schedules of two services.")
		return
	}
	if _, err := time.LoadLocation(r.Timezone); err != nil || r.Timezone == "Local" {
		b.fail(p.key("timezone"), "Write a name of the IANA list, such as America/New_York or UTC.",
			"There is no time zone %s.", b.shown(p.key("timezone")))
	}
	for kind, s := range kinds {
		if s.node != nil {
			b.cfg.Schedules[rotation.Key] = b.vendor(rotation.Key, kind, s.node.home, s.node)
		}
	}
}

func (b *builder) person(p path, id tagout.UserID, s personSection) {
	if !slackID(string(id), "UW") {
		b.addf(b.nodes[p.name].home, "Use the person's Slack user ID as the key, such as U0123456789.", "%s is not a Slack user ID.", quoted(string(id)))
	}
	if s.Email != "" {
		if a, err := mail.ParseAddress(s.Email); err != nil || a.Address != s.Email {
			b.fail(p.key("email"), "Write it as name@example.com.", "This is not an e-mail address.")
		}
	}
	digits, plus := strings.CutPrefix(s.Phone, "+")
	if s.Phone != "" && (!plus || len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0') {
		b.fail(p.key("phone"), "Write it with country code and without spaces, in quotes: \"+15550100\".", "This is not a phone number.")
	}
	b.cfg.Policy.People[id] = tagout.Person{
		ID: id, Email: s.Email, Phone: s.Phone, GitHub: s.GitHub, Handles: s.Handles, Pagers: s.Pagers,
		After: s.After, Quiet: b.quiet(p.key("quiet"), s.Quiet),
	}
	b.personPagers(p, s)
	if login := strings.Trim(strings.ToLower(s.GitHub), "abcdefghijklmnopqrstuvwxyz0123456789-_"); login != "" {
		b.fail(p.key("github"), "Write the login alone, without @ and without an address: octocat.", "This is not a GitHub login.")
	}
	for i, handle := range s.Handles {
		if q := p.key("handles").item(i); strings.TrimSpace(handle) == "" && b.ok(q) {
			b.fail(q, "Write the name, such as octocat, or remove it.", "This handle is empty.")
		}
	}
}

// personPagers checks that somebody's pagers are there, each once.
func (b *builder) personPagers(p path, s personSection) {
	known := map[string]bool{"slack": true}
	for _, name := range pagerNames(b.doc.Pagers) {
		known[name] = true
	}
	for i, name := range s.Pagers {
		q := p.key("pagers").item(i)
		switch {
		case !b.ok(q):
		case !known[name] && b.ok(path{}.key("pagers")):
			b.fail(q, "Use slack or a pager of this file; the second of a kind is called email-2.", "There is no pager %s.", b.shown(q))
		case contains(s.Pagers[:i], name):
			b.fail(q, "Remove one of them.", "The pager %s is listed twice.", b.shown(q))
		}
	}
	if q := p.key("after"); s.After > 0 && len(s.Pagers) < 2 && b.ok(q) && b.ok(p.key("pagers")) {
		b.fail(q, "List two pagers or more, such as `pagers: [slack, email]`, or remove after.", "There is no further pager to wait for.")
	}
}

func (b *builder) quiet(p path, s *quietSection) tagout.QuietHours {
	if s == nil {
		return tagout.QuietHours{}
	}
	for key, text := range map[string]string{"from": s.From, "to": s.To} {
		if _, err := time.Parse("15:04", text); err != nil && b.nodes[p.key(key).name] != nil && b.ok(p.key(key)) {
			b.fail(p.key(key), "Write it as HH:MM, in quotes: \"22:00\".", "This is not a time of day.")
		}
	}
	if s.From != "" && s.From == s.To && b.ok(p.key("to")) {
		b.fail(p.key("to"), "Choose another time, or remove quiet.", "The quiet hours end when they begin.")
	}
	if _, err := time.LoadLocation(s.Timezone); err != nil || s.Timezone == "Local" {
		b.fail(p.key("timezone"), "Write a name of the IANA list, such as America/New_York or UTC.",
			"There is no time zone %s.", b.shown(p.key("timezone")))
	}
	return tagout.QuietHours{From: s.From, To: s.To, Timezone: s.Timezone}
}

// users checks a list of Slack user IDs and makes each of them known.
func (b *builder) users(p path, ids []tagout.UserID) {
	seen := map[tagout.UserID]bool{}
	for i, id := range ids {
		q := p.item(i)
		switch {
		case !b.ok(q):
		case !slackID(string(id), "UW"):
			b.fail(q, "Write the ID from the person's Slack profile, such as U0123456789.", "%s is not a Slack user ID.", sentence(b.shown(q)))
		case seen[id]:
			b.fail(q, "Remove one of them.", "The person %s is listed twice.", b.shown(q))
		}
		seen[id] = true
		if _, known := b.cfg.Policy.People[id]; !known {
			b.cfg.Policy.People[id] = tagout.Person{ID: id}
		}
	}
}

// name checks the key of something that other keys refer to.
func (b *builder) name(p path, what, key string) {
	if len(key) > 64 || !legal(key, "_-.") {
		b.addf(b.nodes[p.name].home, "Use lower-case letters, digits, _, - and dots.", "%s cannot be the name of a %s.", quoted(key), what)
		b.nodes[p.name].bad = true
	}
}

// schedule checks the cron expression and the zone under p.
func (b *builder) schedule(p path, key, expression, timezone string) {
	if _, err := time.LoadLocation(timezone); err != nil || timezone == "Local" {
		b.fail(p.key("timezone"), "Write a name of the IANA list, such as America/New_York or UTC.",
			"There is no time zone %s.", b.shown(p.key("timezone")))
	}
	q := p.key(key)
	if b.nodes[q.name] == nil || !b.ok(q) {
		return
	}
	const fix = "Write five fields (minute, hour, day, month, weekday), such as \"0 9 * * MON\"."
	if strings.Contains(expression, "=") || strings.HasPrefix(expression, "@every") {
		b.fail(q, fix, "This is not a schedule: the zone stands under timezone, and intervals are not taken.")
		return
	}
	schedule, err := cron.ParseStandard(expression)
	if err != nil {
		b.fail(q, fix, "This is not a schedule.")
		return
	}
	if schedule.Next(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		b.fail(q, fix, "This schedule never comes.")
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
