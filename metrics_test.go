package tagout_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestEveryMetricIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?:Name: |counter\(|NewDesc\()"(tagout_[a-z_]+)"`)
	names := map[string]bool{}
	walk(t, ".go", func(file, text string) {
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(text, `"tagout_`) {
			return
		}
		for _, found := range declared.FindAllStringSubmatch(text, -1) {
			names[found[1]] = true
		}
	})
	if len(names) < 15 {
		t.Fatalf("only %d metrics were found in the code", len(names))
	}
	for name := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/metrics.md does not name %s", name)
		}
	}
	for _, found := range regexp.MustCompile("(?m)^\\| `(tagout_[a-z_]+)`").FindAllStringSubmatch(string(page), -1) {
		if !names[found[1]] {
			t.Errorf("docs/metrics.md names %s, which does not exist", found[1])
		}
	}
}
