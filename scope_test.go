package tagout_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tagout"
)

// world is a small registry that has every case: an agent with everything, one with single
// values, one without divisions, and names that several agents share.
func world() tagout.Registry {
	return tagout.Registry{
		"mailer": {Name: "mailer", Channels: []string{"email", "sms"}, Regions: []string{"us", "eu"},
			Tools: map[string]tagout.Risk{"send": tagout.HighRisk, "wipe": tagout.HighRisk, "list": tagout.MediumRisk, "read": tagout.LowRisk}},
		"researcher": {Name: "researcher", Channels: []string{"crm"}, Regions: []string{"us", "eu"},
			Tools: map[string]tagout.Risk{"buy": tagout.HighRisk}},
		"plain": {Name: "plain"},
	}
}

// The values that tests combine: declared ones, an undeclared one ("ghost"), and none.
func someAgents() []string { return []string{"", "mailer", "researcher", "plain", "ghost"} }

func someChannels() []string { return []string{"", "email", "sms", "crm", "ghost"} }

func someRegions() []string { return []string{"", "us", "eu", "ghost"} }

func someTools() []string {
	return []string{"", "send", "wipe", "list", "read", "buy", "ghost", "@high", "@medium", "@low"}
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

func anyScope(r *rand.Rand) tagout.Scope {
	return tagout.Scope{Agent: pick(r, someAgents()), Channel: pick(r, someChannels()), Region: pick(r, someRegions()), Tool: pick(r, someTools())}
}

// namedContexts lists every action that names only what the agent declares; an agent
// without channels, regions or tools says nothing about them.
func namedContexts(a *tagout.Agent) []tagout.Scope {
	orNone := func(values []string) []string {
		if len(values) == 0 {
			return []string{""}
		}
		return values
	}
	var tools []string
	for tool := range a.Tools {
		tools = append(tools, tool)
	}
	var all []tagout.Scope
	for _, channel := range orNone(a.Channels) {
		for _, region := range orNone(a.Regions) {
			for _, tool := range orNone(tools) {
				all = append(all, tagout.Scope{Agent: a.Name, Channel: channel, Region: region, Tool: tool})
			}
		}
	}
	return all
}

func TestScopesAreReadInAnyFormAndPrintedInOne(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"mailer":                         "mailer",
		"  Mailer ":                      "mailer",
		"mailer/*":                       "mailer",
		"mailer/*/*":                     "mailer",
		"mailer/Email":                   "mailer/email",
		"mailer/email/*":                 "mailer/email",
		"mailer/email/EU":                "mailer/email/eu",
		"mailer/*/eu":                    "mailer/*/eu",
		"*":                              "*",
		"*/*/*":                          "*",
		"*/email":                        "*/email",
		"* tool:send_email":              "* tool:send_email",
		"mailer tool:@HIGH":              "mailer tool:@high",
		"mailer tool:*":                  "mailer",
		"mailer/email/eu \t tool:send":   "mailer/email/eu tool:send",
		"a.b-c_1/d.e/f-g":                "a.b-c_1/d.e/f-g",
		strings.Repeat("a", 64):          strings.Repeat("a", 64),
		"mailer/email/eu tool:send.mail": "mailer/email/eu tool:send.mail",
	}
	for text, want := range cases {
		got, err := tagout.ParseScope(text)
		if err != nil || got.String() != want {
			t.Errorf("ParseScope(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestTextThatIsNoScopeIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"":                          "missing",
		" \t\n":                     "missing",
		"mailer//eu":                "channel",
		"/email":                    "agent",
		"mailer/email/eu/x":         "too many parts",
		"mailer tool:a tool:b":      "too many words",
		"mailer because of spam":    "too many words",
		"mailer email":              "not part of a scope",
		"tool:send":                 "agent",
		"mailer tool:":              "empty",
		"mailer tool:@extreme":      "risk",
		"mailer tool:@":             "risk",
		"mailer/e*":                 "letters",
		"máiler":                    "letters",
		"mailer\x00":                "letters",
		"<!channel>":                "letters",
		strings.Repeat("a", 65):     "longer",
		"mailer/email tool:@high/x": "risk",
	}
	for text, want := range cases {
		_, err := tagout.ParseScope(text)
		if tagout.CodeOf(err) != tagout.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseScope(%q) = %v, want Invalid that says %q", text, err, want)
		}
	}
}

func FuzzParseScope(f *testing.F) {
	for _, seed := range []string{"*", "mailer/email/eu tool:send", "*/*/eu tool:@high", "MAILER", "ma\u212Aer", "a/b/c/d", "tool:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := tagout.ParseScope(text)
		if err != nil {
			if tagout.CodeOf(err) != tagout.Invalid {
				t.Fatalf("ParseScope(%q) = %v, want Invalid", text, err)
			}
			return
		}
		again, err := tagout.ParseScope(s.String())
		if err != nil || again != s {
			t.Fatalf("%q prints as %q, which reads as %#v, %v; want %#v", text, s, again, err, s)
		}
		if s.String() != strings.ToLower(s.String()) || strings.Contains(s.String(), "/* ") || strings.HasSuffix(s.String(), "/*") {
			t.Fatalf("%q is not canonical", s)
		}
		if !s.Covers(s, nil) || !s.Touches(s, nil) || !tagout.Everything.Covers(s, nil) {
			t.Fatalf("%q does not cover itself, or is not part of everything", s)
		}
	})
}

func TestCoversTakesNoChances(t *testing.T) {
	t.Parallel()
	cases := []struct {
		scope, other string
		want         bool
	}{
		{"*", "mailer/email/eu tool:send", true},
		{"mailer", "mailer/email", true},
		{"mailer/email", "mailer", false},
		{"mailer/*/eu", "mailer/email/eu", true},
		{"mailer/*/eu", "mailer/email", false},
		{"mailer", "researcher", false},
		{"mailer", "*", false},
		{"mailer tool:@high", "mailer tool:send", true},
		{"mailer tool:@high", "mailer tool:list", false},
		{"mailer tool:@high", "mailer tool:ghost", false},
		{"mailer tool:@high", "mailer tool:@high", true},
		{"mailer tool:@high", "mailer", false},
		{"mailer tool:send", "mailer tool:@high", false},
		{"mailer", "mailer tool:@low", true},
	}
	mailer := world()["mailer"]
	for _, c := range cases {
		if got := tagout.MustScope(c.scope).Covers(tagout.MustScope(c.other), mailer); got != c.want {
			t.Errorf("%q covers %q = %v", c.scope, c.other, got)
		}
	}
	if tagout.MustScope("mailer tool:@high").Covers(tagout.MustScope("mailer tool:send"), nil) {
		t.Error("a tool of an unknown agent is known to be of high risk")
	}
}

func TestTouchesIsTrueInDoubt(t *testing.T) {
	t.Parallel()
	cases := []struct {
		scope, other string
		want         bool
	}{
		{"mailer/email", "mailer/*/eu", true},
		{"mailer/email", "mailer/sms", false},
		{"*", "ghost", true},
		{"*/email", "mailer", true},
		{"mailer tool:@high", "mailer tool:send", true},
		{"mailer tool:@high", "mailer tool:read", false},
		{"mailer tool:@high", "mailer tool:ghost", true},
		{"mailer tool:@high", "mailer tool:@low", false},
		{"mailer tool:send", "mailer tool:wipe", false},
		{"mailer tool:send", "mailer/sms", true},
	}
	mailer := world()["mailer"]
	for _, c := range cases {
		a, b := tagout.MustScope(c.scope), tagout.MustScope(c.other)
		if a.Touches(b, mailer) != c.want || b.Touches(a, mailer) != c.want {
			t.Errorf("%q touches %q: want %v, both ways", a, b, c.want)
		}
	}
}

// TestScopeAlgebraHoldsForAnyScopes checks the laws that the rest relies on.
func TestScopeAlgebraHoldsForAnyScopes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	registry := world()
	for range 5_000 {
		a, b, c := anyScope(r), anyScope(r), anyScope(r)
		agent := registry[pick(r, someAgents())]
		if a.Covers(b, agent) && b.Covers(c, agent) && !a.Covers(c, agent) {
			t.Fatalf("%q covers %q covers %q, but not across", a, b, c)
		}
		if a.Covers(b, agent) && !a.Touches(b, agent) {
			t.Fatalf("%q covers %q but does not touch it", a, b)
		}
		if a.Touches(b, agent) != b.Touches(a, agent) {
			t.Fatalf("%q and %q touch one way only", a, b)
		}
		checkIntersection(t, a, b, registry)
	}
}

func checkIntersection(t *testing.T, a, b tagout.Scope, registry tagout.Registry) {
	t.Helper()
	for _, agent := range registry {
		both, some := a.Intersect(b, agent)
		if mirrored, also := b.Intersect(a, agent); both != mirrored || some != also {
			t.Fatalf("%q and %q meet in %q, the other way round in %q", a, b, both, mirrored)
		}
		for _, action := range namedContexts(agent) {
			inBoth := a.Covers(action, agent) && b.Covers(action, agent)
			inMeeting := some && both.Covers(action, agent)
			if inBoth != inMeeting {
				t.Fatalf("%q is in %q and in %q: %v; in their intersection %q: %v", action, a, b, inBoth, both, inMeeting)
			}
		}
	}
}

func TestComplementKeepsWhatIsNotAskedFor(t *testing.T) {
	t.Parallel()
	cases := []struct{ scope, without, want string }{
		{"mailer", "mailer/email", "mailer/sms"},
		{"mailer", "mailer/email/eu", "mailer/sms, mailer/email/us"},
		{"mailer", "mailer tool:send", "mailer tool:list, mailer tool:read, mailer tool:wipe"},
		{"mailer", "mailer tool:@high", "mailer tool:list, mailer tool:read"},
		{"mailer tool:@high", "mailer tool:send", "mailer tool:wipe"},
		{"mailer/email", "mailer/*/eu", "mailer/email/us"},
		{"mailer/email", "mailer", ""},
		{"mailer/email", "mailer/sms", "mailer/email"},
		{"mailer/email", "researcher", "mailer/email"},
		{"*", "mailer", "plain, researcher"},
		{"*", "mailer/email", "plain, researcher, mailer/sms"},
	}
	for _, c := range cases {
		rest, err := tagout.MustScope(c.scope).Complement(tagout.MustScope(c.without), world())
		var got []string
		for _, s := range rest {
			got = append(got, s.String())
		}
		if err != nil || strings.Join(got, ", ") != c.want {
			t.Errorf("%q without %q = %q, %v; want %q", c.scope, c.without, got, err, c.want)
		}
	}
}

func TestComplementRefusesWhenAPartHasNoOtherValue(t *testing.T) {
	t.Parallel()
	cases := []struct{ scope, without string }{
		{"plain", "plain/email"},
		{"researcher", "researcher/crm/us"}, // a channel that nobody declared would run in us
		{"mailer tool:ghost", "mailer tool:@high"},
		{"researcher", "researcher/crm"},
		{"*/email", "*/email/eu"},
		{"ghost", "ghost/email"},
		{"researcher tool:@high", "researcher tool:buy"},
	}
	for _, c := range cases {
		rest, err := tagout.MustScope(c.scope).Complement(tagout.MustScope(c.without), world())
		if tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%q without %q = %q, %v; want Invalid", c.scope, c.without, rest, err)
		}
	}
}

// TestComplementReleasesExactlyWhatIsAskedFor compares evaluation before and after a hold
// is replaced by its complement, for every action that can be asked about, declared or not.
func TestComplementReleasesExactlyWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	registry, replaced := world(), 0
	for range 5_000 {
		s, without := anyScope(r), anyScope(r)
		rest, err := s.Complement(without, registry)
		if err != nil {
			if tagout.CodeOf(err) != tagout.Invalid {
				t.Fatalf("%q without %q: %v", s, without, err)
			}
			continue
		}
		replaced++
		for _, agent := range registry {
			checkDeclared(t, s, without, rest, agent)
			checkUndeclared(t, s, without, rest, agent)
		}
	}
	if replaced < 1_000 {
		t.Errorf("only %d of the pairs had a complement", replaced)
	}
}

// checkDeclared: of what is declared, exactly what without covers is released.
func checkDeclared(t *testing.T, s, without tagout.Scope, rest []tagout.Scope, a *tagout.Agent) {
	t.Helper()
	for _, action := range namedContexts(a) {
		if a.Channels == nil || a.Regions == nil || a.Tools == nil {
			continue // it says nothing of what it has none of: checkUndeclared has it
		}
		stays := slices.ContainsFunc(rest, func(one tagout.Scope) bool { return one.Covers(action, a) })
		if want := s.Covers(action, a) && !without.Covers(action, a); stays != want {
			t.Fatalf("%q without %q = %q: %q stays = %v, want %v", s, without, rest, action, stays, want)
		}
	}
}

// knownOf is an action by what the agent declares of it: anything else could be anything.
func knownOf(a *tagout.Agent, asked tagout.Attributes) tagout.Scope {
	action := tagout.Scope{Agent: a.Name}
	if slices.Contains(a.Channels, asked.Channel) {
		action.Channel = asked.Channel
	}
	if slices.Contains(a.Regions, asked.Region) {
		action.Region = asked.Region
	}
	if _, declared := a.Tools[asked.Tool]; declared {
		action.Tool = asked.Tool
	}
	return action
}

// checkUndeclared: whatever may lie outside of without stays as held as it was.
func checkUndeclared(t *testing.T, s, without tagout.Scope, rest []tagout.Scope, a *tagout.Agent) {
	t.Helper()
	held := func(asked tagout.Attributes, scopes ...tagout.Scope) bool {
		var holds []tagout.Hold
		for _, one := range scopes {
			holds = append(holds, tagout.Hold{Scope: one, Mode: tagout.Halted})
		}
		return tagout.Evaluate(a.Name, a, holds, asked).Mode == tagout.Halted
	}
	for _, channel := range someChannels() {
		for _, region := range someRegions() {
			for _, tool := range []string{"", "send", "list", "buy", "ghost"} {
				asked := tagout.Attributes{Channel: channel, Region: region, Tool: tool}
				part, some := s.Intersect(knownOf(a, asked), a)
				if some && held(asked, s) && !without.Covers(part, a) && !held(asked, rest...) {
					t.Fatalf("%q without %q = %q releases %q of %q", s, without, rest, asked, a.Name)
				}
			}
		}
	}
}
