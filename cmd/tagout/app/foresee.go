package app

import (
	"context"
	"log/slog"
	"strings"

	"tagout"
	"tagout/escalation"
	"tagout/integrations"
	"tagout/internal/config"
)

// Foreteller makes what tells what alerts would do by a configuration. Nothing that it is
// made of reaches out. It returns Invalid as [New] does.
func Foreteller(cfg *config.Config) (*escalation.Foreteller, error) {
	a := &App{config: cfg, clock: tagout.SystemClock{}, log: slog.New(slog.DiscardHandler)}
	pagers, err := a.pagers()
	if err != nil {
		return nil, err
	}
	return escalation.NewForeteller(&cfg.Policy, append([]tagout.Pager{unconnected{}}, pagers...), a.clock)
}

// Source makes one configured alert source. It returns NotFound for a name that is none.
func Source(cfg *config.Config, name string) (tagout.Source, error) {
	var names []string
	for _, v := range cfg.Sources {
		if v.Name == name {
			return integrations.NewSource(v)
		}
		names = append(names, v.Name)
	}
	return nil, tagout.Errorf(tagout.NotFound, "There is no source of this name in the configuration. Fix: Use %s.", strings.Join(append(names, "failures"), " or "))
}

// unconnected stands for Slack where nothing is connected to it.
type unconnected struct{}

// Name is that of the pager by Slack.
func (unconnected) Name() string { return tagout.SlackPager }

// Reaches reports whether the person has a Slack ID, as the pager by Slack does.
func (unconnected) Reaches(to tagout.Person) bool { return to.ID != "" }

// Send sends nothing.
func (unconnected) Send(context.Context, tagout.Page) error {
	return tagout.Errorf(tagout.Unavailable, "Nothing is connected to Slack.")
}
