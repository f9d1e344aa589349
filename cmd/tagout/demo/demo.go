// Package demo is Tagout with everything around it in one process: a Slack workspace in a
// box, agents that ask the gate before every action, and a page that shows both.
package demo

import (
	"context"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"

	"tagout"
	"tagout/cmd/tagout/app"
	"tagout/internal/config"
	"tagout/sandbox"
)

//go:embed demo.yaml
var configuration []byte

// Options are what a demo is made of.
type Options struct {
	Address string // host:port under which the handler is served; loopback
	Data    string // folder of the database and the journal
	Logger  *slog.Logger
	Version string
	Past    bool // a new folder gets 90 days of made-up incidents, each marked as a sample
}

// Demo is a running demonstration.
type Demo struct {
	app     *app.App
	sandbox *sandbox.Sandbox
	fleet   *fleet
	control *control
	feed    *feed
	handler http.Handler
}

// New wires a demo; nothing runs before [Demo.Start].
func New(o Options) (*Demo, error) {
	base := "http://" + o.Address
	secret, token := randomKey(), randomKey()
	values := map[string]string{
		"DEMO_ADDRESS": o.Address, "DEMO_URL": base, "DEMO_SECRET": secret, "DEMO_TOKEN": token,
		"DEMO_DATABASE": "sqlite://" + filepath.ToSlash(filepath.Join(o.Data, "tagout.db")),
		"DEMO_JOURNAL":  filepath.Join(o.Data, "tagout.journal"),
	}
	cfg, err := config.Parse("demo.yaml", configuration, config.Env{
		Lookup: func(name string) (string, bool) { v, ok := values[name]; return v, ok },
	})
	if err != nil {
		return nil, err
	}
	d := &Demo{feed: newFeed()}
	if o.Past {
		cfg.Policy.Notice = SampleNotice
		if err := makePast(context.Background(), cfg, o.Logger); err != nil {
			return nil, fmt.Errorf("make up a past: %w", err)
		}
	}
	if d.app, err = app.New(app.Options{Config: cfg, Logger: o.Logger, Version: o.Version}); err != nil {
		return nil, err
	}
	d.sandbox = sandbox.New(sandbox.Options{Logger: o.Logger.With("part", "sandbox"), Commands: slashCommands(d.app.Commands()), Shortcuts: menuEntries(d.app.Commands())})
	d.sandbox.SetBaseURL(base + "/sandbox")
	if d.control, err = newControl(secret, d.feed); err != nil {
		return nil, err
	}
	d.fleet = newFleet(base, token, cfg.Policy.Agents, d.control, d.feed)
	d.handler = d.routes(o.Address)
	return d, nil
}

func randomKey() string {
	key := make([]byte, 24)
	rand.Read(key)
	return "whsec_" + base64.StdEncoding.EncodeToString(key)
}

// menuEntries are the shortcuts as the sandbox offers them.
func menuEntries(list []tagout.Command) (entries []sandbox.Shortcut) {
	for _, c := range list {
		for _, entry := range c.Shortcuts {
			kind := map[bool]string{true: "message", false: "global"}[entry.OnMessage]
			entries = append(entries, sandbox.Shortcut{Name: entry.Name, CallbackID: entry.ID, Type: kind})
		}
	}
	return entries
}

func slashCommands(list []tagout.Command) []sandbox.Command {
	commands := []sandbox.Command{{Command: "/tagout", Description: "Every command of Tagout under one name", UsageHint: "VERB …", Escape: true}}
	for _, c := range list {
		commands = append(commands, sandbox.Command{Command: "/" + c.Name, Description: c.Summary, UsageHint: c.Usage, Escape: strings.Contains(c.Usage, "@")})
	}
	return commands
}

// Start begins to work: first Tagout, then the agents.
func (d *Demo) Start(ctx context.Context) error {
	if err := d.app.Start(ctx); err != nil {
		return fmt.Errorf("start the demo: %w", err)
	}
	d.fleet.start()
	return nil
}

// Stop ends the agents, then Tagout.
func (d *Demo) Stop(ctx context.Context) {
	d.fleet.stop()
	d.app.Stop(ctx)
	d.sandbox.Close()
}

// Handler serves the page, the sandbox and Tagout itself.
func (d *Demo) Handler() http.Handler { return d.handler }
