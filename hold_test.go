package tagout_test

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tagout"
)

func tagOn(scope string, mode tagout.Mode) tagout.Hold {
	return tagout.Hold{ID: tagout.HoldID(scope + "=" + string(mode)), Scope: tagout.MustScope(scope), Mode: mode, Reason: string(mode) + " by test"}
}

func cappedOn(scope, limit string, disabled ...string) tagout.Hold {
	h := tagOn(scope, tagout.Capped)
	if limit != "" {
		h.Cap, _ = tagout.ParseCap(limit)
	}
	h.DisabledTools = disabled
	return h
}

func TestEvaluateGivesTheStrictestHoldThatCouldApply(t *testing.T) {
	t.Parallel()
	eu := tagOn("mailer/email/eu", tagout.Halted)
	cases := map[string]struct {
		agent string
		holds []tagout.Hold
		asked tagout.Attributes
		want  tagout.Mode
	}{
		"no hold":                      {"mailer", nil, tagout.Attributes{}, tagout.Running},
		"the held action":              {"mailer", []tagout.Hold{eu}, tagout.Attributes{Channel: "email", Region: "eu"}, tagout.Halted},
		"another channel":              {"mailer", []tagout.Hold{eu}, tagout.Attributes{Channel: "sms", Region: "eu"}, tagout.Running},
		"another region":               {"mailer", []tagout.Hold{eu}, tagout.Attributes{Channel: "email", Region: "us"}, tagout.Running},
		"upper case":                   {"mailer", []tagout.Hold{eu}, tagout.Attributes{Channel: " Email", Region: "EU "}, tagout.Halted},
		"channel not said":             {"mailer", []tagout.Hold{eu}, tagout.Attributes{Region: "eu"}, tagout.Halted},
		"nothing said":                 {"mailer", []tagout.Hold{eu}, tagout.Attributes{}, tagout.Halted},
		"undeclared channel":           {"mailer", []tagout.Hold{eu}, tagout.Attributes{Channel: "fax", Region: "eu"}, tagout.Halted},
		"undeclared, declared outside": {"mailer", []tagout.Hold{eu}, tagout.Attributes{Channel: "fax", Region: "us"}, tagout.Running},
		"tool by risk":                 {"mailer", []tagout.Hold{tagOn("mailer tool:@high", tagout.Paused)}, tagout.Attributes{Tool: "send"}, tagout.Paused},
		"tool of another risk":         {"mailer", []tagout.Hold{tagOn("mailer tool:@high", tagout.Paused)}, tagout.Attributes{Tool: "read"}, tagout.Running},
		"undeclared tool":              {"mailer", []tagout.Hold{tagOn("mailer tool:@high", tagout.Paused)}, tagout.Attributes{Tool: "ghost"}, tagout.Paused},
		"everything":                   {"mailer", []tagout.Hold{tagOn("*", tagout.Review)}, tagout.Attributes{}, tagout.Review},
		"every agent's channel":        {"mailer", []tagout.Hold{tagOn("*/sms", tagout.Halted)}, tagout.Attributes{Channel: "email"}, tagout.Running},
		"the strictest of two":         {"mailer", []tagout.Hold{tagOn("mailer", tagout.Capped), tagOn("mailer/sms", tagout.Paused)}, tagout.Attributes{Channel: "sms"}, tagout.Paused},
		"of another agent":             {"mailer", []tagout.Hold{tagOn("researcher", tagout.Halted)}, tagout.Attributes{}, tagout.Running},
		"undeclared agent":             {"ghost", nil, tagout.Attributes{}, tagout.Halted},
		"undeclared and held by all":   {"ghost", []tagout.Hold{tagOn("*", tagout.Capped)}, tagout.Attributes{}, tagout.Halted},
		"undeclared and held by name":  {"ghost", []tagout.Hold{tagOn("ghost", tagout.Capped)}, tagout.Attributes{}, tagout.Halted},
		"the wrong case of the agent":  {"Mailer", nil, tagout.Attributes{}, tagout.Halted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := tagout.Evaluate(c.agent, world()[c.agent], c.holds, c.asked)
			if d.Mode != c.want {
				t.Errorf("mode = %q, want %q", d.Mode, c.want)
			}
			if d.Allowed && d.Mode.Stricter(tagout.Capped) {
				t.Errorf("%q is allowed", d.Mode)
			}
		})
	}
}

func TestAnUndeclaredAgentIsKnownOnceAHoldNamesIt(t *testing.T) {
	t.Parallel()
	if d := tagout.Evaluate("ghost", nil, []tagout.Hold{tagOn("*", tagout.Paused)}, tagout.Attributes{}); d.Known || d.Reason == "" {
		t.Errorf("unnamed: known = %v, reason = %q", d.Known, d.Reason)
	}
	d := tagout.Evaluate("ghost", nil, []tagout.Hold{tagOn("ghost/x", tagout.Paused)}, tagout.Attributes{Channel: "y"})
	if !d.Known || d.Allowed || len(d.Holds) != 1 || d.Reason != "paused by test" {
		t.Errorf("named: %+v", d)
	}
}

func TestCappedAllowsOnlyToolsThatAreKnownToBeEnabled(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		holds []tagout.Hold
		tool  string
		want  bool
	}{
		"no tool disabled":               {[]tagout.Hold{cappedOn("mailer", "5/day")}, "", true},
		"disabled by name":               {[]tagout.Hold{cappedOn("mailer", "", "send")}, "send", false},
		"disabled by name in upper case": {[]tagout.Hold{cappedOn("mailer", "", "Send ")}, "send", false},
		"another tool":                   {[]tagout.Hold{cappedOn("mailer", "", "send")}, "read", true},
		"tool not said":                  {[]tagout.Hold{cappedOn("mailer", "", "send")}, "", false},
		"undeclared tool":                {[]tagout.Hold{cappedOn("mailer", "", "send")}, "ghost", false},
		"disabled by risk":               {[]tagout.Hold{cappedOn("mailer", "", "@high")}, "wipe", false},
		"of another risk":                {[]tagout.Hold{cappedOn("mailer", "", "@high")}, "list", true},
		"union of two":                   {[]tagout.Hold{cappedOn("mailer", "", "send"), cappedOn("*", "", "read")}, "read", false},
		"a risk that no tool has":        {[]tagout.Hold{cappedOn("researcher", "", "@low")}, "ghost", false},
	}
	for name, c := range cases {
		agent := c.holds[0].Scope.Agent
		if d := tagout.Evaluate(agent, world()[agent], c.holds, tagout.Attributes{Tool: c.tool}); d.Allowed != c.want {
			t.Errorf("%s: allowed = %v (disabled %q)", name, d.Allowed, d.DisabledTools)
		}
	}
}

func TestCapsCombineToTheLowestRate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		caps []string
		want string
	}{
		{[]string{"500/day", "100/day"}, "100/day"},
		{[]string{"24/day", "2/hour"}, "24/day"},
		{[]string{"2/hour", "24/day"}, "24/day"},
		{[]string{"", "7/week"}, "7/week"},
		{[]string{"1/hour", "0/month"}, "0/month"},
		{[]string{"", ""}, ""},
	}
	for _, c := range cases {
		var holds []tagout.Hold
		for _, limit := range c.caps {
			holds = append(holds, cappedOn("mailer", limit))
		}
		if d := tagout.Evaluate("mailer", world()["mailer"], holds, tagout.Attributes{}); d.Cap.String() != c.want {
			t.Errorf("%q combine to %q, want %q", c.caps, d.Cap, c.want)
		}
	}
}

func anyHold(r *rand.Rand) tagout.Hold {
	modes := []tagout.Mode{tagout.Halted, tagout.Paused, tagout.Review, tagout.Capped, tagout.Capped}
	h := tagout.Hold{ID: tagout.HoldID(strconv.Itoa(r.Int())), Scope: anyScope(r), Mode: modes[r.IntN(len(modes))]}
	if h.Mode == tagout.Capped && r.IntN(2) == 0 {
		h.DisabledTools = []string{pick(r, someTools()[1:])}
	}
	if r.IntN(3) == 0 {
		h.Cap = tagout.Cap{Amount: float64(r.IntN(100)), Per: pick(r, []string{"hour", "day", "week", "month"})}
	}
	return h
}

func someHolds(r *rand.Rand) []tagout.Hold {
	var holds []tagout.Hold
	for range r.IntN(4) {
		holds = append(holds, anyHold(r))
	}
	return holds
}

// looser reports whether a allows anything that b does not.
func looser(a, b tagout.Decision) bool {
	rate := func(c tagout.Cap) float64 {
		return c.Amount / map[string]float64{"hour": 1, "day": 24, "week": 24 * 7, "month": 24 * 30}[c.Per]
	}
	missing := func(tool string) bool { return !slices.Contains(a.DisabledTools, tool) }
	return b.Mode.Stricter(a.Mode) || a.Allowed && !b.Allowed ||
		!b.Cap.IsZero() && (a.Cap.IsZero() || rate(a.Cap) > rate(b.Cap)) ||
		slices.ContainsFunc(b.DisabledTools, missing)
}

func TestAnotherHoldNeverLoosens(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 50_000 {
		name, holds, more := pick(r, someAgents()[1:]), someHolds(r), anyHold(r)
		asked := tagout.Attributes{Channel: pick(r, someChannels()), Region: pick(r, someRegions()), Tool: pick(r, someTools())}
		before := tagout.Evaluate(name, world()[name], holds, asked)
		after := tagout.Evaluate(name, world()[name], append(holds, more), asked)
		if looser(after, before) {
			t.Fatalf("%q asking %+v under %v: %+v\nwith %v too: %+v", name, asked, holds, before, more, after)
		}
	}
}

func TestSayingLessNeverLoosens(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	for range 50_000 {
		name, holds := pick(r, someAgents()[1:]), someHolds(r)
		said := tagout.Attributes{Channel: pick(r, someChannels()), Region: pick(r, someRegions()), Tool: pick(r, someTools())}
		less := said
		*[]*string{&less.Channel, &less.Region, &less.Tool}[r.IntN(3)] = pick(r, []string{"", "undeclared"})
		full, sparse := tagout.Evaluate(name, world()[name], holds, said), tagout.Evaluate(name, world()[name], holds, less)
		if looser(sparse, full) {
			t.Fatalf("%q under %v\nsaying %+v: %+v\nsaying %+v: %+v", name, holds, said, full, less, sparse)
		}
	}
}

func TestOrderOfHoldsDoesNotMatter(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for range 5_000 {
		name, holds := pick(r, someAgents()[1:]), someHolds(r)
		asked := tagout.Attributes{Channel: pick(r, someChannels())}
		one := tagout.Evaluate(name, world()[name], holds, asked)
		slices.Reverse(holds)
		other := tagout.Evaluate(name, world()[name], holds, asked)
		if looser(one, other) || looser(other, one) {
			t.Fatalf("%+v\n%+v", one, other)
		}
	}
}

func FuzzEvaluate(f *testing.F) {
	f.Add("mailer", "email", "eu", "send", "mailer/email tool:@high", "capped", "send")
	f.Add("ghost", "", "EU ", "@high", "*", "halted", "@low")
	f.Fuzz(func(t *testing.T, name, channel, region, tool, scope, mode, disabled string) {
		s, err := tagout.ParseScope(scope)
		m, err2 := tagout.ParseMode(mode)
		if err != nil || err2 != nil || m == tagout.Running {
			t.Skip()
		}
		h := tagout.Hold{ID: "1", Scope: s, Mode: m, DisabledTools: []string{disabled}}
		asked := tagout.Attributes{Channel: channel, Region: region, Tool: tool}
		free := tagout.Evaluate(name, world()[name], nil, asked)
		held := tagout.Evaluate(name, world()[name], []tagout.Hold{h}, asked)
		if looser(held, free) {
			t.Fatalf("%+v is looser than %+v", held, free)
		}
		if nothing := tagout.Evaluate(name, world()[name], []tagout.Hold{h}, tagout.Attributes{}); looser(nothing, held) {
			t.Fatalf("saying nothing gets %+v, saying %+v gets %+v", nothing, asked, held)
		}
	})
}

func TestALiftedHoldDoesNotCount(t *testing.T) {
	t.Parallel()
	h := tagOn("mailer", tagout.Halted)
	h.LiftedAt = time.Unix(1, 0)
	if d := tagout.Evaluate("mailer", world()["mailer"], []tagout.Hold{h}, tagout.Attributes{}); d.Mode != tagout.Running {
		t.Errorf("mode = %q", d.Mode)
	}
}

func TestCapsAreReadAndPrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"500/day": "500/day", " 0.5/Hour ": "0.5/hour", "0/month": "0/month", "1e3/week": "1000/week"} {
		c, err := tagout.ParseCap(text)
		if err != nil || c.String() != want {
			t.Errorf("ParseCap(%q) = %q, %v; want %q", text, c, err, want)
		}
	}
	for _, text := range []string{"", "500", "/day", "x/day", "-1/day", "NaN/day", "Inf/day", "1e16/day", "5/year", "5/day/x"} {
		if c, err := tagout.ParseCap(text); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("ParseCap(%q) = %q, %v; want Invalid", text, c, err)
		}
	}
}

func TestAHoldSurvivesJSON(t *testing.T) {
	t.Parallel()
	h := tagout.Hold{ID: "h-1", Scope: tagout.MustScope("mailer/email tool:@high"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 12.5, Per: "day"},
		DisabledTools: []string{"send"}, Incident: 7, By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, Reason: "\u202e<!channel>\n\"x\"", At: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)}
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var back tagout.Hold
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(h, back) {
		t.Errorf("%s\nread back as %+v, %v", text, back, err)
	}
	for _, bad := range []string{`{"scope":"mailer","mode":"running"}`, `{"scope":"mailer","mode":"off"}`, `{"scope":"mailer"}`, `{"scope":"a b","mode":"halted"}`, `{"scope":"mailer","mode":"capped","cap":"5"}`} {
		if err := json.Unmarshal([]byte(bad), &back); err == nil || !strings.Contains(err.Error(), " ") {
			t.Errorf("%s was read", bad)
		}
	}
}
