package config_test

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tagout/internal/config"
)

// properties walks the schema and calls visit for every key with its pattern, such as
// severities.*.page.
func properties(schema map[string]any, at string, visit func(pattern string, s map[string]any)) {
	if of, ok := schema["properties"].(map[string]any); ok {
		for key, value := range of {
			pattern := strings.TrimPrefix(at+"."+key, ".")
			visit(pattern, value.(map[string]any))
			properties(value.(map[string]any), pattern, visit)
		}
	}
	if member, ok := schema["additionalProperties"].(map[string]any); ok {
		properties(member, at+".*", visit)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		properties(items, at+"[]", visit)
	}
}

func schema(t *testing.T) map[string]any {
	t.Helper()
	var s map[string]any
	if err := json.Unmarshal(config.Schema(), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSchemaExplainsEveryKey(t *testing.T) {
	t.Parallel()
	count := 0
	properties(schema(t), "", func(pattern string, s map[string]any) {
		count++
		text, _ := s["description"].(string)
		if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "…") || len(text) < 5 {
			t.Errorf("%s: the description %q is no sentence", pattern, text)
		}
	})
	if count < 80 {
		t.Errorf("only %d keys", count)
	}
}

func TestTheDocumentationHasEveryKeyWithItsMeaningAndDefault(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if cells := strings.SplitN(line, "|", 3); len(cells) == 3 && strings.HasPrefix(strings.TrimSpace(cells[1]), "`") {
			rows[strings.Trim(strings.TrimSpace(cells[1]), "`")] = strings.ReplaceAll(cells[2], `\|`, "|")
		}
	}
	properties(schema(t), "", func(pattern string, s map[string]any) {
		row, ok := rows[pattern]
		delete(rows, pattern)
		if !ok {
			t.Errorf("there is no row `%s`", pattern)
			return
		}
		if !strings.Contains(row, s["description"].(string)) {
			t.Errorf("the row of %s does not say %q", pattern, s["description"])
		}
		if value, ok := s["default"].(string); ok && !strings.Contains(row, "`"+value+"`") {
			t.Errorf("the row of %s does not give the default %s", pattern, value)
		}
	})
	for pattern := range rows {
		kind, _, _ := strings.Cut(pattern, ".")
		if slices.Contains([]string{"email", "github", "goalert", "jira", "pagerduty", "shoutrrr", "twilio", "webhook"}, kind) {
			continue // settings that only the adapter knows
		}
		t.Errorf("the row `%s` explains a key that there is not", pattern)
	}
}

func TestTheSchemaIsStrictWhereTheReaderIs(t *testing.T) {
	t.Parallel()
	s := schema(t)
	if s["additionalProperties"] != false {
		t.Error("unknown keys at the top are allowed")
	}
	of := s["properties"].(map[string]any)
	source := of["sources"].(map[string]any)["additionalProperties"].(map[string]any)
	if source["additionalProperties"] != true {
		t.Error("a source cannot have settings of its kind")
	}
	slack := of["slack"].(map[string]any)
	if !reflect.DeepEqual(slack["required"], []any{"bot_token"}) {
		t.Errorf("slack requires %v", slack["required"])
	}
	mode := slack["properties"].(map[string]any)["mode"].(map[string]any)["anyOf"].([]any)[0].(map[string]any)["enum"].([]any)
	if !slices.Contains(mode, any("socket")) || len(mode) != 2 {
		t.Errorf("modes %v", mode)
	}
}
