package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"tagout"
	"tagout/cmd/tagout/app"
	"tagout/commands"
	"tagout/integrations/failure"
	"tagout/internal/config"
)

// maxRouted is how many bytes of a body are read.
const maxRouted = 8 << 20

// routeCmd tells what an alert would do.
type routeCmd struct {
	configFlag
	Source string   `required:"" help:"The source of the configuration that would have received it; failures for a failure report."`
	Header []string `short:"H" sep:"none" help:"A header of the request, such as 'ce-type: x'."`
	JSON   bool     `name:"json" help:"Print the result as JSON."`
	File   string   `arg:"" optional:"" help:"The body, as the sender posts it; standard input if left out."`
}

// Run decodes a body as its source would, and tells what would become of each alert. It does
// nothing: it opens no database and asks nobody.
func (c routeCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	alerts, err := c.alerts(env, cfg)
	if err != nil {
		return err
	}
	foreteller, err := app.Foreteller(cfg)
	if err != nil {
		return err
	}
	told := make([]foreseen, 0, len(alerts))
	for n, a := range alerts {
		f, err := foreteller.Foresee(env.ctx, a)
		if err != nil {
			return err
		}
		told = append(told, foreseenOf(f))
		if c.JSON {
			continue
		}
		if n > 0 {
			fmt.Fprintln(env.stdout)
		}
		fmt.Fprintln(env.stdout, commands.ForesightMessage(&cfg.Policy, f))
	}
	switch {
	case c.JSON:
		return json.NewEncoder(env.stdout).Encode(map[string]any{"alerts": told})
	case len(told) == 0:
		fmt.Fprintln(env.stdout, "This says nothing to Tagout: it would be answered with 202, and nothing would happen.")
	}
	return nil
}

// alerts reads the body as the source would.
func (c routeCmd) alerts(env *surroundings, cfg *config.Config) ([]tagout.Alert, error) {
	in := io.Reader(os.Stdin)
	if c.File != "" && c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return nil, &tagout.Error{Code: tagout.NotFound, Err: err, Message: "The file cannot be read: " + err.Error() + "."}
		}
		defer f.Close()
		in = f
	}
	body, err := io.ReadAll(io.LimitReader(in, maxRouted+1))
	if err != nil {
		return nil, err
	}
	if c.Source == "failures" {
		a, err := failure.Decode(body, time.Now())
		return []tagout.Alert{a}, err
	}
	source, err := app.Source(cfg, c.Source)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Content-Type": {"application/json"}}
	for _, h := range c.Header {
		name, value, ok := strings.Cut(h, ":")
		if !ok {
			return nil, tagout.Errorf(tagout.Invalid, "A header is written as 'name: value'.")
		}
		header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return source.Decode(env.ctx, tagout.Delivery{Source: c.Source, Header: header, Body: body, At: time.Now()})
}
