package config

import (
	"reflect"
	"strings"
	"time"

	"tagout"
)

// document is the whole file: with the types of its sections the table of keys, from
// which reading, the defaults, the schema and the documentation are made or checked.
type document struct {
	Commands    commandsSection `yaml:"commands" doc:"What an incident is that a command opens."`
	Listen      string          `yaml:"listen" doc:"Address for HTTP: Slack in http mode, alerts, API, OFREP, health, metrics."`
	FlagdListen string          `yaml:"flagd_listen" doc:"Address for gRPC (flagd.sync.v1); empty turns it off."`
	PublicURL   string          `yaml:"public_url" doc:"Where people reach Tagout, for links in pages; empty: no links."`
	Database    string          `yaml:"database" doc:"sqlite://FILE or postgres://USER:PASSWORD@HOST:PORT/NAME."`
	Journal     string          `yaml:"journal" doc:"File to which stops are written first, so that they outlive a database outage."`
	Gate        gateSection     `yaml:"gate" doc:"How the gate answers."`
	Replicas    replicasSection `yaml:"replicas" doc:"How several Tagouts on one Postgres reach each other."`

	DelegateAtMost time.Duration `yaml:"delegate_at_most" min:"1m" doc:"How long a signer may let somebody else sign in their place, at most."`
	SilenceAtMost  time.Duration `yaml:"silence_at_most" min:"1m" doc:"How long /silence lasts at most, at a time."`
	KnownGoodAfter time.Duration `yaml:"known_good_after" min:"1s" doc:"A version that was the current one for so long without an incident is known to be good; agents may say otherwise."`

	Slack         slackSection                        `yaml:"slack" need:"true" doc:"The Slack app."`
	Roles         map[string]roleSection              `yaml:"roles" need:"true" doc:"Functions in the organisation, by key. Members, Slack group and rotation are paged; only members sign."`
	IncidentRoles incidentRolesSection                `yaml:"incident_roles" doc:"Who has the roles of an incident unless somebody is chosen: whoever is on call in a role, else its first member."`
	People        map[string]personSection            `yaml:"people" doc:"How to reach people other than by Slack, by Slack user ID."`
	Rotations     map[string]rotationSection          `yaml:"rotations" doc:"People who take turns, by name."`
	Pagers        adapters                            `yaml:"pagers" doc:"Means to reach people beside Slack, in the order in which they are tried; each is KIND: {settings}."`
	Matrix        map[tagout.Severity]severitySection `yaml:"severities" need:"true" doc:"The escalation matrix: sev1 (worst), sev2, …"`
	Reminders     remindersSection                    `yaml:"reminders" doc:"When people are reminded of what is due."`
	Inform        informSection                       `yaml:"inform" doc:"Who outside the incident is told of it, with which words, and who must agree."`
	Classes       map[string]classSection             `yaml:"failure_classes" need:"true" doc:"What can go wrong and what was decided about it in advance, by key."`
	Agents        map[string]agentSection             `yaml:"agents" doc:"The agents, by name."`
	Sources       map[string]sourceSection            `yaml:"sources" doc:"Who may POST to /v1/alerts/NAME, by name."`
	Routes        []routeSection                      `yaml:"routes" doc:"What an alert means: the first rule that matches wins."`
	Trackers      map[string]trackerSection           `yaml:"trackers" doc:"Where corrective actions get tickets, by name."`
	Changes       map[string]changesSection           `yaml:"changes" doc:"Who may POST to /v1/changes/NAME that something was changed, by name."`
	Actions       actionsSection                      `yaml:"actions" doc:"What is done after incidents."`
	ReleaseCheck  releaseSection                      `yaml:"release_check" doc:"When tagout release-check says no."`
	Figures       figuresSection                      `yaml:"figures" doc:"How the figures of incidents are computed."`
	Health        healthSection                       `yaml:"health" doc:"How well agents do: metrics of Prometheus with targets, shown by /health and in digests."`
	Private       privateSection                      `yaml:"private" doc:"Who reads private incidents beside their people."`
	Redaction     redactionSection                    `yaml:"redaction" doc:"What messages in Slack do not show; the record keeps it whole."`
	Evidence      evidenceSection                     `yaml:"evidence" doc:"How long the contents of evidence are kept."`
	Maintenance   []maintenanceSection                `yaml:"maintenance" doc:"Silences on a schedule: alerts wake nobody meanwhile, and what they hold is held."`
	Digests       []digestSection                     `yaml:"digests" doc:"Reports on a schedule."`
	Drills        []drillSection                      `yaml:"drills" doc:"Exercises on a schedule."`
	DrillFailure  drillFailureSection                 `yaml:"drill_failure" doc:"What becomes of a drill that fails."`
	Chaos         []chaosSection                      `yaml:"chaos" doc:"What drills may break on purpose, to see whether it is noticed."`
	API           apiSection                          `yaml:"api" doc:"Programs that may stop, read and report. None can resume or approve."`
}

type commandsSection struct {
	DefaultSeverity tagout.Severity `yaml:"default_severity" doc:"Severity of an incident that a command opens, and of an alert whose route names none."`
	DefaultClass    string          `yaml:"default_class" doc:"Failure class of an incident that a command opens, and of an alert whose route names none."`
}

type privateSection struct {
	Roles []string `yaml:"roles" doc:"Roles whose members read every private incident. Its own people and those who must sign always do."`
}

// builder turns a decoded document into a Config and checks what the tags cannot say.
type builder struct {
	*decoder
	doc *document
	cfg *Config
}

// build runs every section's rules. References are checked against the names that the
// file holds, so that the order of the sections does not matter.
func (b *builder) build() {
	b.server()
	b.slack()
	b.people()
	b.incidentRoles()
	b.matrix()
	b.reminders()
	b.inform()
	b.private()
	b.redaction()
	b.classes()
	b.agents()
	b.commands()
	b.routes()
	b.adapters()
	b.trackers()
	b.release()
	b.figures()
	b.health()
	b.changes()
	b.schedules()
	b.maintenance()
	b.drills()
	b.api()
}

// private checks that each role names somebody: on-call and plain Slack groups are for paging,
// and read nothing.
func (b *builder) private() {
	p := path{}.key("private").key("roles")
	b.refs(p, "role", b.doc.Private.Roles, names(b.doc.Roles))
	for i, key := range b.doc.Private.Roles {
		role, ok := b.doc.Roles[key]
		if ok && len(role.Members) == 0 && !role.SignByGroup && b.sound(path{}.key("roles").member(key)) {
			b.fail(p.item(i), "Give the role members, or a slack_group with `sign_by_group: true`.",
				"Nobody could read private incidents for the role %s.", b.shown(p.item(i)))
		}
	}
	b.cfg.Policy.PrivateRoles = b.doc.Private.Roles
}

func (b *builder) commands() {
	p, c := path{}.key("commands"), b.doc.Commands
	b.refOrDefault(p.key("default_severity"), "severity", string(c.DefaultSeverity), names(b.doc.Matrix))
	b.refOrDefault(p.key("default_class"), "failure class", c.DefaultClass, names(b.doc.Classes))
	b.cfg.Policy.DefaultSeverity, b.cfg.Policy.DefaultClass = c.DefaultSeverity, c.DefaultClass
}

// refOrDefault is ref with a fix that makes sense when the name is our own default.
func (b *builder) refOrDefault(p path, what, name string, known []string) {
	if b.written(p) || contains(known, name) {
		b.ref(p, what, name, known)
		return
	}
	if len(known) == 0 || !b.sound(path{}.key("severities")) || !b.sound(path{}.key("failure_classes")) {
		return
	}
	b.addf(b.place(p), "Write `"+p.name+"` with "+list(known, "or")+".",
		"%s is left out, and its default %s is not a %s of this file.", quoted(p.name), quoted(name), what)
}

// written reports whether the file itself holds the key.
func (b *builder) written(p path) bool {
	n := b.nodes[p.name]
	return n != nil && n.at != n.home
}

// ref checks that something of this name exists. An empty name is no reference.
func (b *builder) ref(p path, what, name string, known []string) bool {
	if name == "" || contains(known, name) {
		return true
	}
	fix := "Use " + list(known, "or") + ", or add it."
	if len(known) == 0 {
		fix = "Add it."
	}
	if near := nearest(name, known); near != "" && !b.nodes[p.name].expanded {
		fix = "Did you mean `" + near + "`?"
	}
	b.addf(b.place(p), fix, "The %s %s does not exist.", what, b.shown(p))
	return false
}

// refs checks a list of references, and that none stands in it twice.
func (b *builder) refs(p path, what string, list, known []string) {
	for i, name := range list {
		b.ref(p.item(i), what, name, known)
		if name != "" && contains(list[:i], name) {
			b.addf(b.place(p.item(i)), "Remove one of them.", "The %s %s is listed twice.", what, b.shown(p.item(i)))
		}
	}
}

// fail tells of a problem with the value at p, which then counts as not read.
func (b *builder) fail(p path, fix, format string, args ...any) {
	b.addf(b.place(p), fix, format, args...)
	if n := b.nodes[p.name]; n != nil {
		n.bad = true
	}
}

// sound reports whether nothing at or below p was found wrong, so that what refers to it
// can be judged.
func (b *builder) sound(p path) bool {
	for name, n := range b.nodes {
		if n.bad && (name == p.name || strings.HasPrefix(name, p.name+".") || strings.HasPrefix(name, p.name+"[")) {
			return false
		}
	}
	return true
}

// place is where the value at p stands; where it is not in the file, where it would be.
func (b *builder) place(p path) place {
	for name := p.name; name != ""; name = parent(name) {
		if n := b.nodes[name]; n != nil {
			if n.kind == scalarNode {
				return n.at
			}
			return n.home
		}
	}
	return place{1, 1}
}

func parent(name string) string {
	for i := len(name) - 1; i > 0; i-- {
		if name[i] == '.' || name[i] == '[' {
			return name[:i]
		}
	}
	return ""
}

// shown is the scalar at p as a problem may show it.
func (b *builder) shown(p path) string {
	if n := b.nodes[p.name]; n != nil {
		return n.shown()
	}
	return "this value"
}

// ok reports whether the value at p was read without a problem.
func (b *builder) ok(p path) bool {
	n := b.nodes[p.name]
	return n == nil || !n.bad
}

// keys lists the names of the mapping at p in the order of the file.
func (b *builder) keys(p path) []string {
	n := b.nodes[p.name]
	if n == nil {
		return nil
	}
	var keys []string
	for _, e := range n.entries {
		keys = append(keys, e.key)
	}
	return keys
}

// names lists the keys of a map in alphabetical order.
func names[K ~string, V any](m map[K]V) []string {
	list := make([]string, 0, len(m))
	for key := range m {
		list = append(list, string(key))
	}
	return sorted(list)
}

// newDocument decodes the tree into a document.
func newDocument(d *decoder, root *node) *document {
	doc := &document{}
	d.value(root, reflect.ValueOf(doc).Elem(), field{}, path{})
	return doc
}
