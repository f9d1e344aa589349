package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"tagout"
	"tagout/cmd/tagout/app"
	"tagout/escalation"
	"tagout/internal/charts"
	"tagout/internal/config"
	"tagout/store"
)

// digestCmd tells how it went lately.
type digestCmd struct {
	configFlag
	Name   string        `help:"One of the digests of the configuration, as it would come now."`
	Window time.Duration `help:"How far it looks back, such as 24h or 720h; 168h if left out, or as the named digest says."`
	JSON   bool          `name:"json" help:"Print the figures and lists as JSON."`
	PNG    string        `name:"png" type:"path" help:"Write the charts to this file, as a picture."`
	Send   bool          `help:"Have the running Tagout send it where the named digest goes: its channel and its addresses."`
}

// Run prints a digest, and has it sent if asked. What it names is what everybody may read.
func (c digestCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	order, digest, err := c.order(cfg)
	if err != nil {
		return err
	}
	s, err := store.Open(env.ctx, cfg.Database, store.Options{Logger: env.log})
	if err != nil {
		return err
	}
	defer s.Close()
	desk, err := app.Digests(env.ctx, cfg, s)
	if err != nil {
		return err
	}
	g, err := desk.Digest(env.ctx, tagout.RoutineTurn{}, order, tagout.Viewer{})
	if err != nil {
		return err
	}
	if err := c.print(env, cfg, g); err != nil {
		return err
	}
	if c.Send {
		return c.send(env, s, digest)
	}
	return nil
}

// order is the digest that is asked for.
func (c digestCmd) order(cfg *config.Config) (tagout.DigestOrder, *config.Digest, error) {
	order := tagout.DigestOrder{Window: 7 * 24 * time.Hour}
	var found *config.Digest
	var names []string
	for n := range cfg.Digests {
		if d := &cfg.Digests[n]; d.Name == c.Name {
			found, order = d, d.Order()
		}
		names = append(names, cfg.Digests[n].Name)
	}
	switch {
	case c.Name != "" && found == nil:
		return order, nil, tagout.Errorf(tagout.NotFound, "There is no digest %q in the configuration. There are: %s.", c.Name, or(strings.Join(names, ", "), "none"))
	case c.Send && found == nil:
		return order, nil, tagout.Errorf(tagout.Invalid, "Say which digest is to be sent: --name, and one of: %s.", or(strings.Join(names, ", "), "none is configured"))
	}
	if found == nil && len(cfg.Digests) > 0 {
		order.Zone = cfg.Digests[0].Timezone
	}
	if c.Window != 0 {
		order.Window = c.Window
	}
	return order, found, escalation.CheckWindow(order.Window)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// print writes the digest as text or JSON, and its charts as a picture.
func (c digestCmd) print(env *surroundings, cfg *config.Config, g tagout.Digest) error {
	m := g.Message(&cfg.Policy)
	if c.PNG != "" {
		if len(m.Charts) == 0 {
			return tagout.Errorf(tagout.NotFound, "There is nothing to draw: no incident in this window or those before it. No picture was written.")
		}
		picture, err := charts.PNG(m.Charts)
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.PNG, picture, 0o644); err != nil {
			return err
		}
	}
	if c.JSON {
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(struct {
			Window  string            `json:"window"`
			From    time.Time         `json:"from"`
			To      time.Time         `json:"to"`
			Message tagout.Message    `json:"message"`
			Now     tagout.Tally      `json:"now"`
			Before  tagout.Tally      `json:"before"`
			Head    tagout.Checkpoint `json:"checkpoint"`
		}{g.Order.Window.String(), g.Figures.Query.From, g.Figures.Query.To, m, g.Figures.Now, g.Figures.Before, g.Head})
	}
	_, err := fmt.Fprintln(env.stdout, m.String())
	return err
}

// send leaves the digest to the Tagout that runs on this database.
func (c digestCmd) send(env *surroundings, s *store.Store, d *config.Digest) error {
	id := rand.Text()
	var effects []tagout.Effect
	to := []string{d.Channel}
	for n, r := range app.DigestRoutines(*d) {
		order, ok := r.Data.(tagout.DigestOrder)
		if !ok {
			return errors.New("a digest's routine holds no digest")
		}
		if c.Window != 0 {
			order.Window = c.Window
		}
		if order.Email != "" {
			to = append(to, order.Email)
		}
		effects = append(effects, tagout.NewEffect(r.Kind, 0, fmt.Sprintf("%s:%d", id, n), tagout.AskedDigest(order, time.Now())))
	}
	if err := s.Queue(env.ctx, effects); err != nil {
		return err
	}
	fmt.Fprintf(env.stderr, "The running Tagout sends it now to %s.\n", strings.Join(to, ", "))
	return nil
}
