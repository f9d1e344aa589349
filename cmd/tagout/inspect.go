package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"tagout"
	"tagout/bot"
	"tagout/cmd/tagout/app"
	"tagout/commands"
	"tagout/escalation"
	"tagout/internal/bundle"
	"tagout/internal/config"
	"tagout/store"
)

type configCmd struct {
	Check  configCheckCmd  `cmd:"" help:"Check a configuration file; every problem with its place and the fix."`
	Schema configSchemaCmd `cmd:"" help:"Print the JSON Schema of the configuration, for editors."`
}

type configCheckCmd struct{ configFlag }

// Run checks the file and its rules.
func (c configCheckCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	if _, err := escalation.NewRouter(&cfg.Policy); err != nil {
		return err
	}
	if err := app.CheckAdapters(cfg); err != nil {
		return err
	}
	for _, notice := range cfg.Notices {
		fmt.Fprintln(env.stdout, "note:", notice)
	}
	fmt.Fprintln(env.stdout, sound(c.Path, cfg))
	return nil
}

type configSchemaCmd struct{}

// Run prints the schema.
func (configSchemaCmd) Run(env *surroundings) error {
	_, err := env.stdout.Write(config.Schema())
	return err
}

type slackCmd struct {
	Manifest slackManifestCmd `cmd:"" help:"Print the manifest of the Slack app for this configuration."`
}

type slackManifestCmd struct{ configFlag }

// Run prints the manifest.
func (c slackManifestCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	manifest, err := bot.Manifest(commands.All(nil, &cfg.Policy), bot.ManifestOptions{
		Socket: cfg.Slack.Mode == "socket", CommandPrefix: cfg.Slack.CommandPrefix, PublicURL: cfg.PublicURL,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(env.stdout, string(manifest))
	return nil
}

type verifyCmd struct {
	configFlag
	Incident string `arg:"" optional:"" help:"Only this incident, such as INC-7."`
	Head     string `help:"A hash that was published earlier: of the incident's timeline or, without an incident, of a checkpoint."`
	JSON     bool   `name:"json" help:"Print the result as JSON."`
}

// verified is the result for one incident.
type verified struct {
	Incident tagout.IncidentID `json:"incident"`
	Events   int64             `json:"events"`
	Head     string            `json:"head"`
	OK       bool              `json:"ok"`
	BadEvent int64             `json:"bad_event,omitempty"`
	Problem  string            `json:"problem,omitempty"`
}

// Run checks the chains. Any bad one is an error.
func (c verifyCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	s, err := store.Open(env.ctx, cfg.Database, store.Options{Logger: env.log})
	if err != nil {
		return err
	}
	defer s.Close()
	incidents, err := c.incidents(env, s)
	if err != nil {
		return err
	}
	if c.Incident == "" {
		if err := c.checkpoints(env, s); err != nil {
			return err
		}
	}
	if len(incidents) == 0 && !c.JSON {
		fmt.Fprintln(env.stdout, "There are no incidents, so there is nothing to verify.")
	}
	bad := 0
	for _, id := range incidents {
		i, err := s.Incident(env.ctx, id)
		if err != nil {
			return err
		}
		v := c.verify(env, s, i)
		if !v.OK {
			bad++
		}
		if err := c.print(env, v); err != nil {
			return err
		}
	}
	if bad > 0 {
		return tagout.Errorf(tagout.Conflict, "%d of %d timelines are not what was written.", bad, len(incidents))
	}
	return nil
}

// checkpoints checks the chain over all timelines, and that --head is part of it.
func (c verifyCmd) checkpoints(env *surroundings, s *store.Store) error {
	all, err := s.Checkpoints(env.ctx)
	if err != nil {
		return err
	}
	bad, err := tagout.VerifyCheckpoints(all, func(id tagout.IncidentID, seq int64) (string, error) { return s.EventHash(env.ctx, id, seq) })
	if err == nil && c.Head != "" && !slices.ContainsFunc(all, func(p tagout.Checkpoint) bool { return p.Hash == c.Head }) {
		err = tagout.Errorf(tagout.Conflict, "No checkpoint has the hash that was published. If it is the head of one incident, name it: tagout verify INC-7 --head HASH.")
	}
	if c.JSON {
		v := verifiedCheckpoints{Checkpoints: len(all), OK: err == nil, BadCheckpoint: bad}
		if len(all) > 0 {
			v.Head = all[len(all)-1].Hash
		}
		if err != nil {
			v.Problem = tagout.Sentence(err)
		}
		return errors.Join(json.NewEncoder(env.stdout).Encode(v), err)
	}
	if err == nil && len(all) > 0 {
		_, err = fmt.Fprintf(env.stdout, "checkpoints  ok  %d, head %s\n", len(all), all[len(all)-1].Hash)
	}
	return err
}

// verifiedCheckpoints is the result for the chain over all timelines.
type verifiedCheckpoints struct {
	Checkpoints   int    `json:"checkpoints"`
	Head          string `json:"head,omitempty"`
	OK            bool   `json:"ok"`
	BadCheckpoint int64  `json:"bad_checkpoint,omitempty"`
	Problem       string `json:"problem,omitempty"`
}

// incidents are the numbers of those that are to be checked.
func (c verifyCmd) incidents(env *surroundings, s *store.Store) ([]tagout.IncidentID, error) {
	if c.Incident == "" {
		return s.IncidentIDs(env.ctx)
	}
	id, err := tagout.ParseIncidentID(c.Incident)
	if err != nil {
		return nil, err
	}
	return []tagout.IncidentID{id}, nil
}

func (c verifyCmd) verify(env *surroundings, s *store.Store, i *tagout.Incident) verified {
	i, events, err := settled(env, s, i)
	v := verified{Incident: i.ID, Events: i.Head.Seq, Head: i.Head.Hash, OK: true}
	if err == nil {
		v.BadEvent, err = tagout.VerifyChain(i.ID, events, i.Head)
	}
	if err == nil && c.Incident != "" && c.Head != "" && !contains(events, c.Head) {
		v.BadEvent = i.Head.Seq + 1
		err = tagout.Errorf(tagout.Conflict, "%s: no event has the hash that was published; what followed event %d is gone or was rewritten.", i.ID, i.Head.Seq)
	}
	if err == nil {
		err = i.Audit(events)
	}
	if err == nil {
		err = c.evidence(env, s, i, events)
	}
	if err != nil {
		v.OK, v.Problem = false, tagout.Sentence(err)
	}
	return v
}

func (c verifyCmd) evidence(env *surroundings, s *store.Store, i *tagout.Incident, events []tagout.Event) error {
	kept, err := bundle.EvidenceOf(env.ctx, s, i.ID)
	if err != nil {
		return err
	}
	return i.AuditEvidence(events, kept)
}

// settled reads an incident and its timeline as they are together. Tagout may be at work:
// what was written between the two reads is not damage, so they are read again.
func settled(env *surroundings, s *store.Store, i *tagout.Incident) (*tagout.Incident, []tagout.Event, error) {
	for {
		events, err := s.Timeline(env.ctx, i.ID)
		if err != nil {
			return i, nil, err
		}
		again, err := s.Incident(env.ctx, i.ID)
		if err != nil {
			return i, nil, err
		}
		if again.Head == i.Head {
			return i, events, nil
		}
		i = again
	}
}

func contains(events []tagout.Event, hash string) bool {
	for _, e := range events {
		if e.Hash == hash {
			return true
		}
	}
	return false
}

func (c verifyCmd) print(env *surroundings, v verified) error {
	if c.JSON {
		return json.NewEncoder(env.stdout).Encode(v)
	}
	if v.OK {
		_, err := fmt.Fprintf(env.stdout, "%s  ok  %d events, head %s\n", v.Incident, v.Events, v.Head)
		return err
	}
	place := ""
	if v.BadEvent > 0 {
		place = fmt.Sprintf(" at event %d", v.BadEvent)
	}
	_, err := fmt.Fprintf(env.stdout, "%s  BAD%s: %s\n", v.Incident, place, v.Problem)
	return err
}
