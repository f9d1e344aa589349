package commands_test

import (
	"fmt"
	"strings"
	"testing"

	"tagout"
)

const docsIntro = `# Commands

<!-- Generated from the list of commands by: go test ./commands -run TestDocs -update -->

Each command works as ` + "`/tagout COMMAND`" + `, and by its own name where the workspace has it. Tagout's two
rules decide what they do: stopping never asks, resuming always does.

A **scope** is ` + "`agent[/channel[/region]]`" + `, then optionally ` + "`tool:NAME`" + ` or ` + "`tool:@high`" + ` by risk; ` + "`*`" + ` is
everything. It comes first. Around it quotes and behind it commas do not matter. What else was not
understood is named in the answer, after the stop: an unknown agent is held all the same.

An **incident** is named as ` + "`INC-7`" + `, or is the one in whose channel the command is typed.

The answer to a stop says what is held since when, then follows each enforcement point for up to ten
minutes: *requested → accepted → observed*. It says *stopped* only when every one was observed.

`

// docs is the page about the commands.
func docs(list []tagout.Command) string {
	var b strings.Builder
	b.WriteString(docsIntro + "| command | what it does | API tokens |\n|---|---|---|\n")
	for _, c := range list {
		fmt.Fprintf(&b, "| [`/%s`](#%s) | %s | %s |\n", c.Name, c.Name, c.Summary, rights[c.Right])
	}
	for _, c := range list {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```\n/%s\n```\n", c.Name, c.Summary, strings.TrimSpace(c.Name+" "+c.Usage))
		for _, text := range strings.Split(c.Detail, "\n") {
			if example, ok := strings.CutPrefix(text, "Example: "); ok {
				text = "Example: `" + example + "`"
			}
			b.WriteString("\n" + text + "\n")
		}
	}
	return b.String()
}

var rights = map[tagout.Right]string{tagout.MayStop: "`stop`", tagout.MayRead: "`read`", tagout.MayRollback: "`rollback`", tagout.MayNot: "none"}

func TestDocsOfTheCommandsAreUpToDate(t *testing.T) {
	t.Parallel()
	golden(t, "../docs/commands.md", docs(newBench(t).list))
}
