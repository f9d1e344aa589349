package config

import (
	"os"
	"strings"
	"testing"

	"tagout"
)

const secret = "s3cr3t%zz"

// scalars lists every single value below n.
func scalars(n *node) []*node {
	if n.kind == scalarNode {
		return []*node{n}
	}
	var list []*node
	for _, e := range n.entries {
		list = append(list, scalars(e.value)...)
	}
	for _, item := range n.items {
		list = append(list, scalars(item)...)
	}
	return list
}

// clone is a deep copy of n.
func clone(n *node) *node {
	c := *n
	c.entries, c.items = nil, nil
	for _, e := range n.entries {
		c.entries = append(c.entries, entry{e.key, e.at, clone(e.value)})
	}
	for _, item := range n.items {
		c.items = append(c.items, clone(item))
	}
	return &c
}

func exampleTree(t *testing.T) (*problems, *node) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p := &problems{file: "tagout.yaml"}
	root := readTree(p, text)
	newExpander(p, Env{Lookup: func(name string) (string, bool) {
		value := map[string]string{"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}[name]
		return value, value != ""
	}}).walk(root)
	if err := p.err(); err != nil {
		t.Fatal(err)
	}
	return p, root
}

func TestWhatCameFromOutsideTheFileIsInNoErrorAndNoNotice(t *testing.T) {
	t.Parallel()
	_, whole := exampleTree(t)
	refused := 0
	for i := range scalars(whole) {
		for _, value := range []string{secret, "https://user:" + secret + "@h/", "postgres://u:" + secret + "@h/d", secret + "/a b c d", ""} {
			p, root := &problems{file: "tagout.yaml"}, clone(whole)
			n := scalars(root)[i]
			n.text, n.expanded = value, true
			cfg, err := build(p, root)
			if err != nil {
				refused++
				if strings.Contains(err.Error(), "s3cr3t") || tagout.CodeOf(err) != tagout.Invalid {
					t.Errorf("%d:%d: %v", n.at.line, n.at.column, err)
				}
				continue
			}
			if text := strings.Join(cfg.Notices, "\n"); strings.Contains(text, "s3cr3t") {
				t.Errorf("%d:%d: %s", n.at.line, n.at.column, text)
			}
		}
	}
	if refused < 200 {
		t.Errorf("only %d values were refused: the test sees nothing", refused)
	}
}

func TestASecretWrittenIntoTheFileIsInNoError(t *testing.T) {
	t.Parallel()
	for _, at := range [][]string{
		{"database"}, {"public_url"}, {"journal"}, {"listen"}, {"slack", "bot_token"}, {"slack", "app_token"}, {"slack", "signing_secret"},
		{"slack", "api_url"}, {"sources", "generic", "token"}, {"people", "U0PLATFORM", "email"}, {"people", "U0PLATFORM", "phone"},
	} {
		for _, value := range []string{secret, "https://user:" + secret + "@h/", "postgres://u:" + secret + "@h/d", "xapp-" + secret, "xoxb-" + secret} {
			for _, plain := range []string{"text", "number"} {
				p, root := exampleTree(t)
				n := root
				for _, key := range at {
					n = n.get(key)
				}
				n.text, n.plain, n.expanded = value, plain, false
				if _, err := build(p, root); err != nil && strings.Contains(err.Error(), "s3cr3t") {
					t.Errorf("%v: %v", at, err)
				}
			}
		}
	}
}

func TestSettingsOfAnAdapterAreInNoError(t *testing.T) {
	t.Parallel()
	var settings struct {
		Count int     `yaml:"count"`
		Share float64 `yaml:"share"`
		On    bool    `yaml:"on"`
		Inner struct {
			URL []string `yaml:"url"`
		} `yaml:"inner"`
	}
	tree := readTree(&problems{}, []byte("{count: "+secret+", share: ["+secret+"], on: "+secret+", inner: {url: "+secret+"}}"))
	err := decodeSettings("tagout.yaml", tree, &settings)
	if err == nil || strings.Contains(err.Error(), "s3cr3t") || strings.Count(err.Error(), "Fix: ") != 4 {
		t.Errorf("error %v", err)
	}
}

func TestBrokenYAMLIsToldOfWithoutItsLines(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	broken := []string{"{", "]", "  : ", "\t- x", "'", `"`, "&", "*", "!", "%", "@", "`", "|", ">", "? [", "- - :", "<<: *x", "---", "\x00", "\\"}
	for i := range lines {
		for k := range 4 { // of the ways to break a line; all of them come up
			junk := broken[(i+5*k)%len(broken)]
			changed := append([]string{}, lines...)
			changed[i] = junk + " token_s3cr3t: x" + lines[i]
			_, err := Parse("tagout.yaml", []byte(strings.ReplaceAll(strings.Join(changed, "\n"), "${SLACK_BOT_TOKEN}", "s3cr3t-in-file")), Env{})
			if err == nil {
				continue
			}
			for _, line := range strings.Split(err.Error(), "\n") {
				if strings.Contains(line, "s3cr3t") && !strings.Contains(line, "`") { // a key that is not known is named
					t.Errorf("line %d with %q: %s", i+1, junk, line)
				}
				if strings.Contains(line, "s3cr3t-in-file") {
					t.Errorf("line %d with %q: %s", i+1, junk, line)
				}
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	text, err := os.ReadFile("../../deploy/tagout.example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for _, seed := range []string{
		"", "a", "- a", "{", "slack: {bot_token: ${A}}", "a: &a [*a]", "? a\n: b", "listen: |\n  x\n", "routes: [{when: x, scope: ${A}}]",
		"rotations: {r: {members: [U0X], handoff: ${A}, timezone: ${A}}}", "severities: {sev1: {contain: {mode: capped, cap: 1e400/day}}}",
		"pagers: [{webhook: {url: ${A}}}]", "roles: {a: , b: {members: [~]}}", "slack: {channel_name: '{{'}", "---\n---\n", "%YAML 1.2\n---\na: b",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		env := Env{
			Lookup:   func(string) (string, bool) { return secret, true },
			ReadFile: func(string) ([]byte, error) { return []byte(secret), nil },
		}
		cfg, err := Parse("f", data, env)
		if (cfg == nil) == (err == nil) {
			t.Fatalf("configuration %v, error %v", cfg, err)
		}
		if err == nil {
			return
		}
		if tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("error %v", err)
		}
		if !strings.Contains(string(data), "s3cr3t") && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("the error shows what came from outside: %v", err)
		}
		for _, line := range strings.Split(err.Error(), "\n") {
			if !strings.HasPrefix(line, "f:") || !strings.Contains(line, " Fix: ") {
				t.Errorf("problem without place or fix: %q", line)
			}
		}
	})
}
