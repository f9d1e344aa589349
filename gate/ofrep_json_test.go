package gate

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParseContext compares with what encoding/json makes of the same body.
func FuzzParseContext(f *testing.F) {
	for _, seed := range []string{
		`{"context":{"channel":"email","region":"eu","tool":"send"}}`, ` { "context" : { "channel" : "E\\u006dail" } , "x" : [ {"a":"}"} , 1e5 , "]\\"" ] } `,
		`{"context":null}`, `null`, `{}`, `[]`, `"x"`, `1`, `{"context":{"channel":{"channel":"x"},"region":["eu"],"tool":null}}`,
		`{"\\u0063ontext":{"channel":"\xff"}}`, `{"context":{"":"","channel":""}}`, "{\"context\":{\"channel\":\"a\"}\n}\t",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, problem := parseContext(body)
		want, bad := slowly(body)
		if (problem != nil) != bad {
			t.Fatalf("%q: problem %+v, want one: %v", body, problem, bad)
		}
		if twice(body) || !utf8.Valid(body) {
			return // encoding/json takes the last, and mends what is no UTF-8
		}
		if got != want {
			t.Fatalf("%q: %+v, want %+v", body, got, want)
		}
	})
}

// slowly is parseContext in plain encoding/json.
func slowly(body []byte) (asking, bool) {
	var asked asking
	var request map[string]json.RawMessage
	if json.Unmarshal(body, &request) != nil {
		return asked, true
	}
	var context map[string]any
	if raw, ok := request["context"]; ok && json.Unmarshal(raw, &context) != nil {
		return asked, true
	}
	asked.Channel, _ = context["channel"].(string)
	asked.Region, _ = context["region"].(string)
	asked.Tool, _ = context["tool"].(string)
	asked.Attributes = asked.Canonical()
	instance, _ := context["targetingKey"].(string)
	version, _ := context["version"].(string)
	asked.instance, asked.version = clip(instance, longestInstance), clip(version, longestVersion)
	return asked, false
}

// twice reports whether a key that counts may come twice, however it is written.
func twice(body []byte) bool {
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	seen := map[string]int{}
	for {
		token, err := decoder.Token()
		if err != nil {
			return seen["context"] > 1 || seen["channel"] > 1 || seen["region"] > 1 || seen["tool"] > 1 || seen["targetingKey"] > 1 || seen["version"] > 1
		}
		if s, ok := token.(string); ok {
			seen[s]++
		}
	}
}

func TestAnAttributeThatComesTwiceCountsAsMissing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"context":{"channel":"email","channel":"sms"}}`, `{"context":{"channel":"sms"},"context":{"channel":"sms"}}`, `{"context":{"channel":"sms","\u0063hannel":"sms"}}`} {
		if asked, problem := parseContext([]byte(body)); problem != nil || asked.Channel != "" {
			t.Errorf("%s: %+v, %+v", body, asked, problem)
		}
	}
}
