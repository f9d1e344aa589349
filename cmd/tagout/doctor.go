package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"tagout"
	"tagout/cmd/tagout/app"
	"tagout/escalation"
	"tagout/internal/config"
)

// doctorCmd looks whether an installation would work.
type doctorCmd struct {
	configFlag
	JSON bool `name:"json" help:"Print the result as JSON."`
}

// Run looks at everything that the configuration names, without paging, posting or changing
// anything. It fails if something will not work.
func (c doctorCmd) Run(env *surroundings) error {
	found := c.examine(env)
	if c.JSON {
		if err := json.NewEncoder(env.stdout).Encode(map[string]any{"ok": worst(found) != tagout.CheckProblem, "checks": found}); err != nil {
			return err
		}
	} else if err := printCheckups(env.stdout, found); err != nil {
		return err
	}
	problems := 0
	for _, one := range found {
		if one.Level == tagout.CheckProblem {
			problems++
		}
	}
	switch problems {
	case 0:
		return nil
	case 1:
		return tagout.Errorf(tagout.Conflict, "1 of %d things will not work.", len(found))
	}
	return tagout.Errorf(tagout.Conflict, "%d of %d things will not work.", problems, len(found))
}

func (c doctorCmd) examine(env *surroundings) []tagout.Checkup {
	const part = "Configuration"
	cfg, err := c.load()
	if err == nil {
		_, err = escalation.NewRouter(&cfg.Policy)
	}
	if err == nil {
		err = app.CheckAdapters(cfg)
	}
	if err != nil {
		return configurationProblems(part, err)
	}
	found := []tagout.Checkup{tagout.Fine(part, sound(c.Path, cfg))}
	for _, notice := range cfg.Notices {
		found = append(found, tagout.Doubtful(part, strings.TrimRight(notice, ".")+".", ""))
	}
	return append(found, app.Examine(env.ctx, cfg)...)
}

// configurationProblems are a line of the error each; each has its own fix.
func configurationProblems(part string, err error) (found []tagout.Checkup) {
	for _, line := range strings.Split(explain(err), "\n") {
		text, fix, _ := strings.Cut(line, " Fix: ")
		if strings.TrimSpace(text) != "" {
			found = append(found, tagout.Broken(part, text, fix))
		}
	}
	return found
}

func sound(path string, cfg *config.Config) string {
	return fmt.Sprintf("%s is sound: %d agents, %d severities, %d failure classes, %d routes.", path,
		len(cfg.Policy.Agents), len(cfg.Policy.Severities), len(cfg.Policy.Classes), len(cfg.Policy.Routes))
}

// worst is the worst level of all.
func worst(found []tagout.Checkup) tagout.CheckLevel {
	level := tagout.CheckOK
	for _, one := range found {
		if one.Level == tagout.CheckProblem || one.Level == tagout.CheckWarning && level == tagout.CheckOK {
			level = one.Level
		}
	}
	return level
}

// printCheckups shows each part on a line, with what is to be done below it.
func printCheckups(w io.Writer, found []tagout.Checkup) error {
	var b strings.Builder
	for _, one := range found {
		fmt.Fprintf(&b, "%s %s: %s\n", one.Level.Glyph(), one.Part, one.Text)
		if one.Fix != "" {
			fmt.Fprintf(&b, "    Fix: %s\n", one.Fix)
		}
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}
