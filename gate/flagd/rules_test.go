package flagd

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// evaluate is as much of JSONLogic as definitions use, as its reference describes it. What
// it does not know fails the test.
func evaluate(t *testing.T, logic any, data map[string]any) any {
	t.Helper()
	operation, isRule := logic.(map[string]any)
	if !isRule {
		if list, isList := logic.([]any); isList {
			values := make([]any, len(list))
			for i, one := range list {
				values[i] = evaluate(t, one, data)
			}
			return values
		}
		return logic
	}
	if len(operation) != 1 {
		t.Fatalf("a rule with %d operations: %v", len(operation), operation)
	}
	for name, operands := range operation {
		list, _ := operands.([]any)
		switch name {
		case "var":
			var value any = data
			for _, key := range strings.Split(operands.(string), ".") {
				object, _ := value.(map[string]any)
				value = object[key]
			}
			return value
		case "if":
			if truthy(evaluate(t, list[0], data)) {
				return evaluate(t, list[1], data)
			}
			return evaluate(t, list[2], data)
		case "and", "or":
			for _, one := range list {
				if truthy(evaluate(t, one, data)) != (name == "and") {
					return name == "or"
				}
			}
			return name == "and"
		case "in":
			return slices.Contains(evaluate(t, list[1], data).([]any), evaluate(t, list[0], data))
		case "!!":
			value := evaluate(t, list[0], data)
			text, isText := value.(string)
			return value != nil && value != false && value != float64(0) && (!isText || text != "")
		case "===":
			a, b := evaluate(t, list[0], data), evaluate(t, list[1], data)
			return reflect.TypeOf(a) == reflect.TypeOf(b) && reflect.DeepEqual(a, b)
		case "cat":
			var text strings.Builder
			for _, one := range list {
				if value := evaluate(t, one, data); value != nil {
					fmt.Fprint(&text, value)
				}
			}
			return text.String()
		case "fractional": // in the story with the real provider the hash is put to the test
			by, first := evaluate(t, list[0], data).(string), list[1].([]any)
			if key, ours := strings.CutPrefix(by, "mailer:plan:"); ours && tagout.InCanary("mailer", "plan", key, first[1].(float64)/10000) {
				return first[0]
			}
			return list[2].([]any)[0]
		case "<", ">":
			a, b := number(evaluate(t, list[0], data)), number(evaluate(t, list[1], data))
			return name == "<" && a < b || name == ">" && a > b
		default:
			t.Fatalf("the operation %s is not in JSONLogic's reference, or not known here", name)
		}
	}
	return nil
}

func truthy(v any) bool { b, isBool := v.(bool); return isBool && b }

// number is the loose reading of JavaScript: what is missing counts as 0.
func number(v any) float64 {
	n, _ := v.(float64)
	return n
}

// flagSet is what a client has of one agent.
type flagSet map[string]struct {
	State     string
	Variants  map[string]any
	Default   string `json:"defaultVariant"`
	Targeting map[string]any
	Metadata  map[string]any
}

func parse(t *testing.T, text []byte) flagSet {
	t.Helper()
	var flags flagSet
	if err := json.Unmarshal([]byte("{"+string(text)+"}"), &flags); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return flags
}

// decide is what an in-process client makes of a flag at a time.
func (f flagSet) decide(t *testing.T, key string, context map[string]any, at time.Time) any {
	t.Helper()
	flag := f[key]
	data := maps.Clone(context)
	if data == nil {
		data = map[string]any{}
	}
	data["$flagd"] = map[string]any{"flagKey": key, "timestamp": float64(at.Unix())} // overwrites what a context says
	variant := flag.Default
	if flag.Targeting != nil {
		var isText bool
		if variant, isText = evaluate(t, flag.Targeting, data).(string); !isText {
			t.Fatalf("%s: no variant", key)
		}
	}
	value, there := flag.Variants[variant]
	if !there {
		t.Fatalf("%s: the variant %q does not exist", key, variant)
	}
	return value
}

var now = time.Date(2026, 11, 21, 12, 0, 0, 400e6, time.UTC)

func TestDefinitionsDecideAsTheGateDoes(t *testing.T) {
	t.Parallel()
	agent := &tagout.Agent{Name: "mailer", Channels: []string{"email", "sms", "in-app"}, Regions: []string{"us", "eu"}, Lease: 30 * time.Second,
		Tools: map[string]tagout.Risk{"send_email": tagout.HighRisk, "call": tagout.HighRisk, "read": tagout.LowRisk, "list": tagout.MediumRisk}, Fallback: "a template"}
	bare := &tagout.Agent{Name: "mailer", Lease: 30 * time.Second}
	random := rand.New(rand.NewPCG(3, 14))
	for round := range 1500 {
		a := agent
		if round%10 == 0 {
			a = bare
		}
		standing := tagout.Standing{Agent: a, Holds: randomHolds(random, random.IntN(5))}
		flags := parse(t, define(standing, now))
		for range 12 {
			compare(t, flags, standing, randomContext(random))
		}
	}
}

func compare(t *testing.T, flags flagSet, s tagout.Standing, c spoken) {
	t.Helper()
	want := tagout.Evaluate("mailer", s.Agent, s.Holds, c.attributes)
	mode := tagout.Mode(flags.decide(t, "mailer.mode", c.context, now).(string))
	allows := flags.decide(t, "mailer.allowed", c.context, now).(bool)
	if c.recognised && (mode != want.Mode || allows != want.Allowed) || !mode.AtLeast(want.Mode) || allows && !want.Allowed {
		t.Fatalf("%v under %v: %s, %v, want %s, %v", c.context, s.Holds, mode, allows, want.Mode, want.Allowed)
	}
	for key, strictest := range map[string]any{"mailer.mode": "halted", "mailer.allowed": false, "mailer.frozen": true} {
		for _, at := range []time.Time{now.Add(30 * time.Second), now.Add(time.Hour), now.Add(-31 * time.Second), time.Unix(0, 0)} {
			if got := flags.decide(t, key, c.context, at); got != strictest {
				t.Fatalf("%s at %s: %v", key, at, got)
			}
		}
	}
	if got := flags.decide(t, "mailer.frozen", c.context, now); got != (len(s.Holds) > 0) {
		t.Fatalf("frozen under %v: %v", s.Holds, got)
	}
}

func randomHolds(random *rand.Rand, n int) []tagout.Hold {
	pick := func(values ...string) string { return values[random.IntN(len(values))] }
	var holds []tagout.Hold
	for i := range n {
		h := tagout.Hold{ID: tagout.HoldID(fmt.Sprint(i)), Mode: tagout.Modes()[random.IntN(4)], Scope: tagout.Scope{
			Agent: pick("mailer", "mailer", ""), Channel: pick("", "email", "sms", "in-app", "fax"), Region: pick("", "", "us", "eu", "mars"),
			Tool: pick("", "", "", "send_email", "read", "@high", "@low", "ghost"),
		}}
		for range random.IntN(3) {
			h.DisabledTools = append(h.DisabledTools, pick("read", "call", "@high", "@medium", "ghost", " List "))
		}
		if random.IntN(3) == 0 {
			h.Plan, h.CanaryShare = "plan", []float64{0.1, 0.5}[random.IntN(2)]
		}
		holds = append(holds, h)
	}
	return holds
}

// spoken is what a client says. recognised is whether it is spelled so that a definition
// knows it; otherwise the answer may be stricter than the gate's.
type spoken struct {
	context    map[string]any
	attributes tagout.Attributes
	recognised bool
}

func randomContext(random *rand.Rand) spoken {
	c := spoken{context: map[string]any{}, recognised: true}
	say := func(key string, into *string, values ...string) {
		value := values[random.IntN(len(values))]
		switch random.IntN(10) {
		case 0:
			return // nothing
		case 1:
			c.context[key] = []any{float64(3), nil, true, []any{value}, map[string]any{value: value}}[random.IntN(5)]
			return // counts as nothing
		case 2:
			value = strings.ToUpper(value)
		case 3:
			value = strings.ToUpper(value[:1]) + value[1:]
		case 4:
			value, c.recognised = " "+value, false
		case 5:
			value, c.recognised = value[:1]+strings.ToUpper(value[1:]), false
		}
		c.context[key], *into = value, value
	}
	say("channel", &c.attributes.Channel, "email", "sms", "in-app", "fax", "carrier-pigeon")
	say("region", &c.attributes.Region, "us", "eu", "mars")
	say("tool", &c.attributes.Tool, "send_email", "call", "read", "list", "ghost", "@high")
	switch random.IntN(8) {
	case 0: // nothing
	case 1:
		c.context["targetingKey"] = []any{float64(3), true, nil, "", []any{"mailer-1"}}[random.IntN(5)] // counts as nothing
	default:
		c.attributes.Key = fmt.Sprint("mailer-", random.IntN(40))
		c.context["targetingKey"] = c.attributes.Key
	}
	if random.IntN(4) == 0 {
		c.context["$flagd"] = map[string]any{"timestamp": float64(now.Unix())} // of no use
		c.context["$flagd.timestamp"] = float64(now.Unix())
	}
	return c
}

func TestDoubtIsHalted(t *testing.T) {
	t.Parallel()
	flags := parse(t, define(tagout.Standing{Agent: &tagout.Agent{Name: "mailer", Fallback: "wait"}, Doubt: "holds unknown"}, now))
	for key, want := range map[string]any{"mailer.mode": "halted", "mailer.allowed": false, "mailer.frozen": true} {
		if got := flags.decide(t, key, nil, now); got != want {
			t.Errorf("%s = %v", key, got)
		}
		if m := flags[key].Metadata; m["reason"] != "holds unknown" || m["fallback"] != "wait" {
			t.Errorf("%s: %v", key, m)
		}
	}
}

func TestMetadataTellsOfTheStrictestHold(t *testing.T) {
	t.Parallel()
	capped := tagout.Hold{ID: "1", Scope: tagout.MustScope("mailer/sms"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 500, Per: "day"}, DisabledTools: []string{"call", "read"}, Incident: 8}
	paused := tagout.Hold{ID: "2", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Paused, Reason: "complaints", Incident: 7}
	s := tagout.Standing{Agent: &tagout.Agent{Name: "mailer", Fallback: "plain"}, Holds: []tagout.Hold{capped, paused}, Versions: map[string]string{"prompt": "v41"}}
	want := map[string]any{"flagSetId": "mailer", "incident": "INC-7", "scope": "mailer/email", "reason": "complaints", "fallback": "plain",
		"spendCap": 500.0, "spendCapPer": "day", "disabledTools": "call,read", "versions.prompt": "v41"}
	for key, flag := range parse(t, define(s, now)) {
		if !maps.Equal(flag.Metadata, want) || flag.State != "ENABLED" {
			t.Errorf("%s: %s %v\nwant %v", key, flag.State, flag.Metadata, want)
		}
	}
}
