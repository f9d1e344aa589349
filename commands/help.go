package commands

import (
	"context"
	"strings"

	"tagout"
)

// help explains the commands; its text comes from their list.
func help(others []tagout.Command) tagout.Command {
	c := tagout.Command{
		Name: "help", Summary: "Explain the commands, or one of them.", Usage: "[COMMAND]", Right: tagout.MayRead,
		Detail: detail(anyoneAndReadTokens, []string{"/help", "/help kill"}),
	}
	list := append(others[:len(others):len(others)], c)
	c.Run = func(_ context.Context, in tagout.Invocation) (tagout.Reply, error) {
		name := strings.ToLower(strings.TrimLeft(bare(line(in.Text)), "/"))
		if name == "" {
			return tagout.Reply{Message: overview(list)}, nil
		}
		for _, known := range list {
			if known.Name == name {
				return tagout.Reply{Message: explain(known)}, nil
			}
		}
		return tagout.Reply{}, tagout.Errorf(tagout.NotFound, "There is no command %q. The commands are %s.", clip(name), strings.Join(names(list), ", "))
	}
	return c
}

func names(list []tagout.Command) []string {
	all := make([]string, len(list))
	for n, c := range list {
		all[n] = c.Name
	}
	return all
}

func overview(list []tagout.Command) tagout.Message {
	m := tagout.Message{Title: "Tagout's commands"}
	m = m.Para("Stopping never asks, resuming always does. Each command works as ", tagout.Fixed("/tagout COMMAND"),
		", and by its own name where your workspace has it, such as ", tagout.Typed("kill"), ".")
	for _, c := range list {
		m = m.Para(tagout.Typed(synopsis(c)), " — ", c.Summary)
	}
	m.Footer = tagout.T("More about one of them: ", tagout.Fixed("/tagout help kill"))
	return m
}

func synopsis(c tagout.Command) string { return strings.TrimSpace(c.Name + " " + c.Usage) }

func explain(c tagout.Command) tagout.Message {
	m := tagout.Message{Title: c.Name}
	m = m.Para(c.Summary).Para(tagout.Typed(synopsis(c)))
	for _, text := range strings.Split(c.Detail, "\n") {
		if example, ok := strings.CutPrefix(text, "Example: "); ok {
			m = m.Para("Example: ", tagout.Typed(strings.TrimPrefix(example, "/")))
		} else {
			m = m.Para(text)
		}
	}
	return m
}
