package config_test

import (
	"fmt"
	"strings"
	"testing"

	"tagout"
	"tagout/internal/config"
)

// broken is one way to break the small configuration: what to replace by what, with a §
// where the problem is to be told of; without old, new is added at the end.
type broken struct {
	old, new string
	says     string // of the sentence
	fix      string // of the cure
}

func rules() map[string]broken {
	const (
		slack = `slack: {bot_token: "${BOT}", app_token: "${APP}"}`
		legal = "legal: {members: [U0LEGAL]}"
		row   = "    page: [legal]\n"
		halt  = "contain: {mode: halted}"
		must  = "resume: {signoffs: [{role: legal}]}"
		class = "{title: Judgment error}"
		agent = "mailer: {channels: [email], tools: {send_email: high}}"
		src   = "generic: {kind: generic}"
	)
	return map[string]broken{
		// the file
		"not YAML":          {legal, "legal: {members: [U0LEGAL\n  §mops: {members: []}", "not YAML", "brackets"},
		"large file":        {"", strings.Repeat("# x\n", 70_000), "larger than 256 KiB", "configuration file"},
		"tab":               {legal, "legal:\n§\tmembers: [U0LEGAL]", "not YAML", "indentation"},
		"second document":   {"", "---\n§a: b\n", "second YAML document", "Remove"},
		"anchor":            {legal, "legal: §&a {members: [U0LEGAL]}", "anchor", "Write the value out"},
		"alias":             {legal, "legal: {members: [U0LEGAL], name: §*a}", "alias", "Write the value out"},
		"tag":               {legal, "legal: {members: [U0LEGAL], name: §!!str x}", "tag", "Write the value out"},
		"merge key":         {legal, "legal: {§<<: {members: [U0LEGAL]}}", "cannot be a key", "plain text"},
		"not finite":        {legal, "legal: {members: [U0LEGAL], name: §.inf}", "finite", "Write the value out"},
		"duplicate key":     {"", "§listen: 127.0.0.1:1\n", "second time, first in line 1", "Keep one"},
		"deep nesting":      {"", "pagers: " + strings.Repeat("[", 99) + "[§[", "nested too deeply", "brackets"},
		"deep list":         {"", "pagers:\n  " + strings.Repeat("- ", 100) + "§- a", "nested too deeply", "brackets"},
		"unknown key":       {"", "§colour: red\n", "`colour` is not known", "The keys here are commands, listen"},
		"near key":          {"", "§lissten: x\n", "`lissten` is not known", "Did you mean `listen`?"},
		"unknown inner key": {legal, "legal: {members: [U0LEGAL], §member: [U0X]}", "`member` is not known", "Did you mean `members`?"},
		"missing section":   {"agents:\n  " + agent, "pagers: §x", "A list is needed here, not text", "webhook"},
		"empty item":        {legal, "legal: {members: [U0LEGAL, §null]}", "empty", "Give it a value"},
		"not a mapping":     {legal, "legal: §[U0LEGAL]", "A set of keys with values is needed here, not a list", "key: value"},
		"not a list":        {legal, "legal: {members: §U0LEGAL}", "A list is needed here, not text", "[one, two]"},
		"not a value":       {legal, "legal: {members: [U0LEGAL], name: §[x]}", "A single value is needed here, not a list", "after the colon"},
		"number for text":   {legal, "legal: {members: [U0LEGAL], name: §5}", "Text is needed here, not a number", "in quotes"},
		"truth for text":    {legal, "legal: {members: [U0LEGAL], name: §true}", "not a truth value", "in quotes"},
		"text for truth":    {legal, "legal: {members: [U0LEGAL], sign_by_group: §\"true\"}", "true or false", "without quotes"},
		"text for number":   {class, "{on_failure: retry, retries: §many}", "whole number", "plain number"},
		"quoted number":     {class, "{on_failure: retry, retries: §\"3\"}", "whole number", "plain number"},
		"part of a number":  {class, "{on_failure: retry, retries: §1.5}", "whole number", "plain number"},
		"negative number":   {class, "{on_failure: retry, retries: §-1}", "too small", "plain number"},
		// what is not shown, and not kept
		"broken mask":   {"", "redaction: {patterns: {a: §'('}}\n", "is no regular expression", "RE2"},
		"endless mask":  {"", "redaction: {patterns: {a: §'x*'}}\n", "finds even nothing", "RE2"},
		"long mask":     {"", "redaction: {patterns: {a: §'" + strings.Repeat("a", 301) + "'}}\n", "more than 300 characters", "RE2"},
		"unknown mask":  {"", "§redaction: {off: [fax]}\n", "none of the usual masks", "phone"},
		"gone too soon": {"", "evidence: {keep: §24h}\n", "before the review", "168h"},
		// informing
		"late reminder":       {"", "reminders: {at: §100}\n", "comes too late", "from 1 to 99"},
		"audience of nobody":  {"", "inform: {audiences: {§internal: {title: x}}}\n", "Nobody would get the notes", "Add channels or emails"},
		"audience's channel":  {"", "inform: {audiences: {internal: {channels: [§Stake Holders]}}}\n", "not a Slack channel", "in quotes"},
		"audience's list":     {"", "inform: {audiences: {internal: {emails: [§nobody]}}}\n", "not an e-mail address", "list@example.com"},
		"audience's severity": {"", "inform: {audiences: {internal: {channels: [\"#a\"], severities: [§sev9]}}}\n", "severity `sev9` does not exist", "sev1"},
		"unknown approver":    {"", "inform: {audiences: {internal: {channels: [\"#a\"], approve: [§lega]}}}\n", "role `lega` does not exist", "`legal`"},
		"unknown template":    {"", "inform: {audiences: {internal: {channels: [\"#a\"], template: §inner}}}\n", "template `inner` does not exist", "Use customer"},
		"broken template":     {"", "inform: {templates: {internal: §\"{{.Incidnt}}\"}}\n", "line 1 of the template: can't evaluate field Incidnt", "docs/informing.md"},
		"customers unsigned":  {"", "inform: {audiences: {§customer: {channels: [\"#a\"]}}}\n", "must be approved", "approve: [legal]"},
		"no human":            {"", "inform: {audiences: {§customer: {channels: [\"#a\"], approve: [legal], transparency: true}}}\n", "how to reach a human", "contact"},
		"opaque template":     {"", "inform: {contact: x, audiences: {§people: {channels: [\"#a\"], approve: [legal], transparency: true}}}\n", "does not say all that transparency", "{{.AI}}"},

		"duration":          {"", "gate: {stale_after: §soon}\n", "not a duration", "with a unit"},
		"no unit":           {"", "gate: {stale_after: §30}\n", "not a duration", "with a unit"},
		"negative duration": {row, row + "    repeat: §-1s\n", "negative", "with a unit"},
		"zero duration":     {"", "gate: {stale_after: §0s}\n", "too short: at least 1s", "with a unit"},

		// references to the world outside
		"missing variable":  {slack, `slack: {bot_token: §"${NONE}", app_token: "${APP}"}`, "NONE is not set", "${NONE:-default}"},
		"open reference":    {slack, `slack: {bot_token: §"${BOT", app_token: "${APP}"}`, "not closed", "$${"},
		"bad reference":     {slack, `slack: {bot_token: §"${B-T}", app_token: "${APP}"}`, "not a reference", "${file:/path}"},
		"nested reference":  {slack, `slack: {bot_token: §"${BOX:-${BOT}}", app_token: "${APP}"}`, "not a reference", "another reference"},
		"missing file":      {slack, `slack: {bot_token: §"${file:/none}", app_token: "${APP}"}`, "`/none` cannot be read: it does not exist", "Create the file"},
		"huge file":         {slack, `slack: {bot_token: §"${file:/huge}", app_token: "${APP}"}`, "larger than 64 KiB", "one secret"},
		"wrong from world":  {"", "gate: {stale_after: §\"${BOT}\"}\n", "not a duration", "with a unit"},
		"choice from world": {halt, `contain: {mode: §"${BOT}"}`, "This value is not one of the values", "halted, paused, review, capped or running"},

		// maintenance
		"maintenance for":      {"", "maintenance: [{name: m, schedule: \"0 2 * * *\", for: §25h, scope: mailer}]\n", "longer than a silence may last", "silence_at_most"},
		"maintenance of all":   {"", "maintenance: [{name: m, schedule: \"0 2 * * *\", for: 1h, scope: §\"*\"}]\n", "cannot be silenced", "Name an agent"},
		"maintenance class":    {"", "maintenance: [{name: m, schedule: \"0 2 * * *\", for: 1h, scope: mailer, class: §nonsense}]\n", "nonsense", ""},
		"maintenance schedule": {"", "maintenance: [{name: m, schedule: §often, for: 1h, scope: mailer}]\n", "not a schedule", "five fields"},

		// server
		"listen":           {"listen: 127.0.0.1:8080", "listen: §nowhere", "not an address", "127.0.0.1:8080"},
		"port":             {"listen: 127.0.0.1:8080", "listen: §127.0.0.1:99999", "not an address", "127.0.0.1:8080"},
		"flagd_listen":     {"", "flagd_listen: §\"8015\"\n", "not an address", "127.0.0.1:8080"},
		"clash":            {"", "flagd_listen: §127.0.0.1:8080\n", "same address", "another port"},
		"clash everywhere": {"", "flagd_listen: §:8080\n", "same address", "another port"},
		"public_url":       {"", "public_url: §tagout.example.com\n", "http:// or https://", "https://tagout.example.com"},
		"public query":     {"", "public_url: §https://tagout.example.com/?a=b\n", "query", "https://tagout.example.com"},
		"public user":      {"", "public_url: §https://a:b@tagout.example.com/\n", "user name or password", "https://tagout.example.com"},
		"public host":      {"", "public_url: §https:///x\n", "no host", "https://tagout.example.com"},
		"public unread":    {"", "public_url: §\"https://%zz\"\n", "cannot be read", "https://tagout.example.com"},
		"database":         {"", "database: §mysql://x\n", "no known kind", "sqlite://tagout.db"},
		"database file":    {"", "database: §sqlite://\n", "no known kind", "sqlite://tagout.db"},
		"postgres":         {"", "database: §\"postgres://u:%zz@h/x\"\n", "cannot be read", "%XX"},
		"postgres host":    {"", "database: §postgres:///x\n", "cannot be read", "HOST"},
		"journal":          {"", "journal: §\"\"\n", "no file name", "survives"},

		// Slack
		"no slack":          {slack + "\n", "", "`slack` is missing", "Add `slack: …`"},
		"slack mode":        {slack, `slack: {mode: §sokcet, bot_token: "${BOT}", app_token: "${APP}"}`, "`sokcet` is not one", "Did you mean `socket`?"},
		"no bot token":      {slack, `§slack: {app_token: "${APP}"}`, "`slack.bot_token` is missing", "Add"},
		"empty bot token":   {slack, `slack: {bot_token: §"", app_token: "${APP}"}`, "`slack.bot_token` is empty", "xoxb-"},
		"no app token":      {slack, `§slack: {bot_token: "${BOT}"}`, "socket mode needs it", "xapp-"},
		"no signing secret": {slack, `slack: {mode: http, bot_token: "${BOT}", signing_secret: §"${NONE:-}"}`, "http mode needs it", "signing secret"},
		"swapped bot":       {slack, `slack: {bot_token: §"${APP}", app_token: "${APP}"}`, "not a bot token", "xoxb-"},
		"swapped app":       {slack, `slack: {bot_token: "${BOT}", app_token: §"${BOT}"}`, "not an app-level token", "xapp-"},
		"api_url":           {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", api_url: §slack.com}`, "http:// or https://", "https://slack.com/api/"},
		"announce":          {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", announce: §incidents}`, "`incidents` is not a Slack channel", "\"#incidents\""},
		"announce letters":  {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", announce: §"#Big News"}`, "not a Slack channel", "\"#incidents\""},
		"prefix":            {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", command_prefix: §"AI "}`, "start of a command", "lower-case"},
		"channel name":      {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", channel_name: §"{{.Number"}`, "not a template", "{{.Agent}}"},
		"channel field":     {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", channel_name: §"{{.Number}}{{.Token}}"}`, "not known there", "{{.Agent}}"},
		"channel loop":      {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", channel_name: §"{{.Number}}{{range .X}}{{end}}"}`, "not known there", "{{.Agent}}"},
		"channel pipe":      {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", channel_name: §"{{.Number}}{{define \"x\"}}{{end}}"}`, "not a template", "{{.Agent}}"},
		"channel number":    {slack, `slack: {bot_token: "${BOT}", app_token: "${APP}", channel_name: §"inc-{{.Agent}}"}`, "incident's number", "Add {{.Number}}"},

		// people
		"role name":       {legal, legal + "\n  §Big Boss: {members: [U0X]}", "`Big Boss` cannot be the name of a role", "lower-case"},
		"member":          {legal, "legal: {members: [U0LEGAL, §ada]}", "`ada` is not a Slack user ID", "U0123456789"},
		"member twice":    {legal, "legal: {members: [U0LEGAL, §U0LEGAL]}", "`U0LEGAL` is listed twice", "Remove one"},
		"group":           {legal, "legal: {members: [U0LEGAL], slack_group: §legal}", "not the ID of a Slack user group", "S0123456789"},
		"group to sign":   {legal, "legal: {members: [U0LEGAL], sign_by_group: §true}", "signs by its group, but has none", "slack_group"},
		"on call":         {legal, "legal: {members: [U0LEGAL], on_call: §primary}", "rotation `primary` does not exist", "Add it"},
		"person":          {"", "people:\n  §ada: {email: ada@example.com}\n", "`ada` is not a Slack user ID", "as the key"},
		"email":           {"", "people: {U0X: {email: §\"Ada <ada@example.com>\"}}\n", "not an e-mail address", "name@example.com"},
		"phone":           {"", "people: {U0X: {phone: §\"0155 100\"}}\n", "not a phone number", "country code"},
		"phone number":    {"", "people: {U0X: {phone: §+15550100}}\n", "Text is needed", "in quotes"},
		"rotation empty":  {"", "rotations: {r: {§members: [], handoff: \"@weekly\"}}\n", "no members", "at least one"},
		"rotation person": {"", "rotations: {r: {members: [§x], handoff: \"@weekly\"}}\n", "not a Slack user ID", "U0123456789"},
		"no handoff":      {"", "rotations: {§r: {members: [U0X]}}\n", "`rotations.r.handoff` is missing", "Add"},
		"no turns":        {"", "rotations: {§r: {handoff: \"@weekly\"}}\n", "`rotations.r.members` is missing", "pagerduty or goalert"},
		"two sources":     {"", "rotations: {r: {§members: [U0X], pagerduty: {schedule: P1, token: x}}}\n", "turns of its own and the schedule", "Keep one"},
		"two schedules":   {"", "rotations: {r: {§goalert: {schedule: P1}, pagerduty: {schedule: P1, token: x}}}\n", "schedules of two services", "Keep one"},
		"schedule kind":   {"", "rotations: {r: {pagerduty: §PABC}}\n", "A set of keys with values is needed", "{key: value}"},
		"schedule zone":   {"", "rotations: {r: {pagerduty: {schedule: P1}, timezone: §Mars}}\n", "no time zone", "UTC"},
		"handoff":         {"", "rotations: {r: {members: [U0X], handoff: §Mondays}}\n", "not a schedule", "five fields"},
		"handoff zone":    {"", "rotations: {r: {members: [U0X], handoff: §TZ=UTC}}\n", "under timezone", "five fields"},
		"handoff every":   {"", "rotations: {r: {members: [U0X], handoff: §\"@every 1h\"}}\n", "intervals", "five fields"},
		"handoff never":   {"", "rotations: {r: {members: [U0X], handoff: §\"0 0 30 2 *\"}}\n", "never comes", "five fields"},
		"timezone":        {"", "rotations: {r: {members: [U0X], handoff: \"@weekly\", timezone: §Mars}}\n", "no time zone `Mars`", "America/New_York"},
		"timezone local":  {"", "rotations: {r: {members: [U0X], handoff: \"@weekly\", timezone: §Local}}\n", "no time zone", "UTC"},

		// severities
		"severity name":      {"  sev2:\n", "  §severe:\n", "`severe` is not a severity", "sev1 (the worst)"},
		"severity zero":      {"  sev2:\n", "  §sev02:\n", "`sev02` is not a severity", "sev1 (the worst)"},
		"page":               {row, "    page: [§legl]\n", "role `legl` does not exist", "Did you mean `legal`?"},
		"page far":           {row, "    page: [§xyz]\n", "role `xyz` does not exist", "Use empty, legal or mops"},
		"page twice":         {row, "    page: [legal, §legal]\n", "listed twice", "Remove one"},
		"page nobody":        {row, "    page: [§empty]\n", "reaches nobody", "members"},
		"no contain":         {"sev1:\n" + row + "    " + halt + "\n", "§sev1:\n" + row, "`severities.sev1.contain` is missing", "Add"},
		"contain no mode":    {halt, "§contain: {scope: agent}", "`severities.sev1.contain.mode` is missing", "Add"},
		"contain running":    {halt, "contain: {mode: §running}", "The worst severity holds the agent", "halted or paused"},
		"also running":       {halt, "contain: {mode: halted}\n    also: [{mode: §running}]", "running holds nothing", "Remove it"},
		"contain scope":      {halt, "contain: {mode: halted, scope: §agnet}", "`agnet` is not one", "Did you mean `agent`?"},
		"cap":                {halt, "contain: {mode: capped, cap: §lots}", "\"lots\" is not a cap", "docs/configuration.md"},
		"capped without cap": {halt, "§contain: {mode: capped}", "nothing without a cap", "cap: 500/day"},
		"cap without capped": {halt, "contain: {mode: halted, cap: §500/day}", "only with mode capped", "Remove the cap"},
		"also":               {halt, halt + "\n    also: [{mode: §stopped}]", "`stopped` is not one", "halted, paused"},
		"escalate role":      {row, row + "    escalate: [{after: 5m, to: [§exec]}]\n", "role `exec` does not exist", "or add it"},
		"escalate nobody":    {row, row + "    escalate: [{after: 5m, §to: []}]\n", "pages nobody", "at least one role"},
		"escalate at once":   {row, row + "    escalate: [{after: §0s, to: [legal]}]\n", "too short", "unit"},
		"deadline":           {row, row + "    deadlines: {contain: §0s}\n", "too short", "unit"},
		"clock owner":        {row, row + "    clocks: [{name: report, due: 1h, owner: §lega}]\n", "role `lega` does not exist", "Did you mean `legal`?"},
		"clock due":          {row, row + "    clocks: [§{name: report, owner: legal}]\n", "`severities.sev1.clocks[0].due` is missing", "Add"},
		"no resume":          {halt + "\n    " + must, halt, "`severities.sev1.resume` is missing", "Add"},
		"no sign-off":        {must, "resume: {§signoffs: []}", "Nobody would have to sign", "at least one role"},
		"sign-off none":      {must, "resume: {signoffs: [§{}]}", "either one role or a list", "{role: legal}"},
		"sign-off both":      {must, "resume: {signoffs: [§{role: legal, any: [mops]}]}", "either one role or a list", "{role: legal}"},
		"sign-off any none":  {must, "resume: {signoffs: [§{any: []}]}", "either one role or a list", "{role: legal}"},
		"sign-off empty":     {must, "resume: {signoffs: [{role: §\"\"}]}", "names no role", "must sign"},
		"sign-off role":      {must, "resume: {signoffs: [{role: §leagl}]}", "role `leagl` does not exist", "legal"},
		"sign-off any role":  {must, "resume: {signoffs: [{any: [legal, §lega]}]}", "role `lega` does not exist", "Did you mean `legal`?"},
		"sign-off count":     {must, "resume: {signoffs: [{role: legal, count: §0}]}", "Nobody would have to sign", "such as 2"},
		"sign-off too many":  {must, "resume: {signoffs: [{any: [legal], count: §2}]}", "2 people must sign, but only 1 can", "more members"},
		"empty handle":       {"", "people: {U0LEGAL: {handles: [§\" \"]}}\n", "handle is empty", "octocat"},
		"nobody signs":       {must, "resume: {signoffs: [{role: §empty}]}", "nobody could ever resume", "sign_by_group"},
		"require":            {must, "resume: {signoffs: [{role: legal}], require: [§causes]}", "`causes` is not one", "Did you mean `cause`?"},
		"require twice":      {must, "resume: {signoffs: [{role: legal}], require: [fix, §fix]}", "`fix` is listed twice", "Remove one"},
		"expires":            {must, "resume: {signoffs: [{role: legal}], expires: §0s}", "too short", "unit"},

		// classes and commands
		"class name":        {"judgment_error:", "§Judgment Error: {}\n  judgment_error:", "cannot be the name of a failure class", "lower-case"},
		"handoff role":      {class, "{handoff: §nobody}", "role `nobody` does not exist", "or add it"},
		"on_failure":        {class, "{on_failure: §continue}", "`continue` is not one", "stop or retry"},
		"retry without":     {"judgment_error: " + class, "§judgment_error: {on_failure: retry}", "none is left from the start", "retries: 3"},
		"retries with stop": {class, "{retries: §3}", "only with on_failure: retry", "Remove it"},
		"rollback_when":     {class, "{rollback_when: §always}", "`always` is not one", "new_version, repeated or never"},
		"empty step":        {class, "{runbook: [Look, §\" \"]}", "It is empty", "Write it"},
		"long name":         {class, "{keep: [§" + strings.Repeat("x", 41) + "]}", "more than 40 characters", "Shorten it"},
		"many names":        {class, "{§keep: [" + strings.Repeat("x, ", 20) + "y]}", "more than the 20", "Merge"},
		"default severity":  {"", "commands: {default_severity: §sev9}\n", "severity `sev9` does not exist", "Did you mean `sev1`?"},
		"default class":     {"", "commands: {default_class: §judgement}\n", "failure class `judgement` does not exist", "judgment_error"},

		// agents
		"agent name":      {agent, "§mail er: {}", "cannot be the name of an agent", "letters"},
		"agent twice":     {agent, agent + "\n  §Mailer: {}", "`Mailer` and `mailer` name the same agent: names are compared in lower case", "Remove one"},
		"owner":           {agent, "mailer: {owner: §nobody}", "role `nobody` does not exist", "or add it"},
		"channel":         {agent, "mailer: {channels: [§e mail]}", "cannot be the name of a channel", "letters"},
		"channel twice":   {agent, "mailer: {channels: [email, §Email]}", "name the same channel", "Remove one"},
		"region":          {agent, "mailer: {regions: [§eu/west]}", "cannot be the name of a region", "letters"},
		"tool":            {agent, "mailer: {tools: {§\"@high\": low}}", "cannot be the name of a tool", "letters"},
		"tool twice":      {agent, "mailer: {tools: {a: low, §A: high}}", "name the same tool", "Remove one"},
		"risk":            {agent, "mailer: {tools: {a: §huge}}", "`huge` is not a risk", "low, medium or high"},
		"lease":           {agent, "mailer: {lease: §1s}", "too short: at least 3s", "unit"},
		"canary":          {agent, "mailer: {canary: §a/b/c/d}", "too many parts", "agent/channel/region"},
		"foreign canary":  {agent, "mailer: {canary: §researcher}", "part of that agent", "starts with mailer"},
		"unknown canary":  {agent, "mailer: {channels: [email], canary: §mailer/sms}", "channel \"sms\"", "declare it"},
		"control":         {agent, "mailer: {controls: [§webhook]}", "One kind with its settings", "- webhook: {url: …}"},
		"control kinds":   {agent, "mailer: {controls: [§{a: {}, b: {}}]}", "One kind with its settings", "- webhook: {url: …}"},
		"control setting": {agent, "mailer: {controls: [{webhook: §http://x}]}", "settings of `webhook` are not a set", "- webhook: {url: …}"},

		// adapters and routes
		"source name":      {src, "§Alert Manager: {kind: generic}", "cannot be the name of a source", "lower-case"},
		"source kind":      {src, "§generic: {}", "`sources.generic.kind` is missing", "Add"},
		"open source":      {"listen: 127.0.0.1:8080", "listen: 0.0.0.0:8080", "`generic` has no token", "127.0.0.1 only"},
		"when":             {"", "routes: [{when: §\" \"}]\n", "no condition", "\"true\""},
		"no when":          {"", "routes: [§{severity: sev1}]\n", "`routes[0].when` is missing", "Add"},
		"route severity":   {"", "routes: [{when: x, severity: §sev7}]\n", "severity `sev7` does not exist", "Did you mean"},
		"route class":      {"", "routes: [{when: x, class: §tool_misuse}]\n", "failure class `tool_misuse` does not exist", "or add it"},
		"route scope":      {"", "routes: [{when: x, scope: §mailer tools:x}]\n", "not part of a scope", "agent/channel/region"},
		"route agent":      {"", "routes: [{when: x, scope: §mialer}]\n", "agent \"mialer\"", "declare it"},
		"threshold window": {"", "routes: [{when: x, §threshold: {count: 3}}]\n", "both a count and a window", "{count: 3, within: 5m}"},
		"threshold count":  {"", "routes: [{when: x, threshold: {count: §0, within: 1m}}]\n", "too small", "plain number"},

		// schedules and API
		"digest channel": {"", "digests: [{name: d, schedule: \"@daily\", channel: §here}]\n", "`here` is not a Slack channel", "\"#incidents\""},
		"digest twice":   {"", "digests: [{name: d, schedule: \"@daily\"}, {name: §d, schedule: \"@daily\"}]\n", "`d` stands here for the second time", "otherwise"},
		"digest name":    {"", "digests: [{name: §\"\", schedule: \"@daily\"}]\n", "name is empty", "Give it a name"},
		"digest cron":    {"", "digests: [{name: d, schedule: §\"61 * * * *\"}]\n", "not a schedule", "five fields"},
		"drill agent":    {"", "drills: [{name: d, schedule: \"@daily\", agent: §mialer}]\n", "agent `mialer` does not exist", "Did you mean `mailer`?"},
		"drill scenario": {"", "drills: [{name: d, schedule: \"@daily\", agent: mailer, scenario: §x}]\n", "scenario `x` does not exist", "chaos"},
		"chaos pager":    {"", "chaos: [{name: c, agent: mailer, break: pager_down, pager: §fax}]\n", "pager `fax` does not exist", "slack"},
		"no chaos pager": {"", "chaos: [§{name: c, agent: mailer, break: pager_down}]\n", "which pager is down", "pager: slack"},
		"no control":     {"", "chaos: [§{name: c, agent: mailer, break: control_hangs}]\n", "which control", "controls of this agent"},
		"chaos break":    {"", "chaos: [{name: c, agent: mailer, break: §explode}]\n", "`explode` is not one", "control_hangs"},
		"drill failure":  {"", "drill_failure: {severity: §sev9}\n", "severity `sev9` does not exist", "sev"},
		"drill action":   {"", "drills: [{name: d, schedule: \"@daily\", agent: mailer, action: §explode}]\n", "`explode` is not one", "kill or rollback"},
		"no component":   {agent, "mailer: {§components: []}", "nothing that can be rolled back", "[prompt]"},
		"same component": {agent, "mailer: {components: [prompt, §Prompt]}", "name the same component", "Remove one"},
		"too soon good":  {agent, "mailer: {known_good_after: §1ms}", "too short: at least 1s", "unit"},
		"token right":    {"", "api: {tokens: [{name: x, token: y, may: [§resume]}]}\n", "`resume` is not one", "stop, read, report, rollback or drill"},
		"token no right": {"", "api: {tokens: [{name: x, token: y, §may: []}]}\n", "may do nothing", "[stop, read, report, rollback, drill]"},
		"token same":     {"", "api: {tokens: [{name: x, token: y, may: [read]}, {name: z, token: §y, may: [stop]}]}\n", "same token", "of its own"},
		"token name":     {"", "api: {tokens: [{name: x, token: y, may: [read]}, {name: §x, token: z, may: [stop]}]}\n", "second time", "otherwise"},
	}
}

// where cuts the § out of a text and says in which line and column it stood.
func where(text string) (clean, place string) {
	before, after, found := strings.Cut(text, "§")
	if !found {
		return text, "tagout.yaml:"
	}
	line := strings.Count(before, "\n")
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:]))
	return before + after, fmt.Sprintf("tagout.yaml:%d:%d: ", line+1, column+1)
}

func TestEveryRuleTellsThePlaceAndTheFix(t *testing.T) {
	t.Parallel()
	pairs := tokens()
	pairs["/huge"] = strings.Repeat("x", 70_000)
	for name, c := range rules() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := small + c.new
			if c.old != "" {
				if !strings.Contains(small, c.old) {
					t.Fatalf("%q is not in the small configuration", c.old)
				}
				text = strings.Replace(small, c.old, c.new, 1)
			}
			text, place := where(text)
			_, err := config.Parse("tagout.yaml", []byte(text), world(pairs))
			if tagout.CodeOf(err) != tagout.Invalid {
				t.Fatalf("error %v, want Invalid", err)
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != 1 {
				t.Errorf("one thing is wrong, %d problems are told:\n%v", len(lines), err)
			}
			sentence, fix, ok := strings.Cut(lines[0], " Fix: ")
			if !strings.HasPrefix(sentence, place) || !strings.Contains(sentence, c.says) || !ok || !strings.Contains(fix, c.fix) {
				t.Errorf("got  %s\nwant %s…%s… Fix: …%s…", lines[0], place, c.says, c.fix)
			}
			if !strings.HasSuffix(sentence, ".") || !strings.HasSuffix(fix, ".") && !strings.HasSuffix(fix, "?") {
				t.Errorf("not two sentences: %s", lines[0])
			}
		})
	}
}
