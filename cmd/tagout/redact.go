package main

import (
	"fmt"
	"os/user"
	"slices"
	"time"

	"tagout"
	"tagout/store"
)

// redactCmd takes away the content of evidence, such as personal data that must not be kept.
type redactCmd struct {
	configFlag
	Incident string `arg:"" help:"The incident, such as INC-7."`
	SHA256   string `arg:"" name:"sha256" help:"The hash of the content, as the timeline and GET /v1/incidents/INC-7/evidence name it."`
	Reason   string `required:"" help:"Why. It stays on the record in place of the content."`
}

// Run needs a database role that may change evidence; the one that serves need not be.
func (c redactCmd) Run(env *surroundings) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	id, err := tagout.ParseIncidentID(c.Incident)
	if err != nil {
		return err
	}
	s, err := store.Open(env.ctx, cfg.Database, store.Options{Logger: env.log})
	if err != nil {
		return err
	}
	defer s.Close()
	kept, err := s.EvidenceOf(env.ctx, id)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(kept, func(e tagout.Evidence) bool { return e.SHA256 == c.SHA256 })
	if n < 0 {
		return tagout.Errorf(tagout.NotFound, "%s has no evidence of this hash. List it with GET /v1/incidents/%s/evidence.", id, id)
	}
	_, err = s.Update(env.ctx, id, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		return i.Redact(kept[n], c.Reason, tagout.Actor{Kind: tagout.BySystem, ID: operator()}, now)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s  the content of %s is gone; its hash and the reason stay\n", id, kept[n].Name)
	return nil
}

// operator is who runs this program, as the machine knows them.
func operator() string {
	u, err := user.Current()
	if err != nil {
		return "operator"
	}
	return "operator " + u.Username
}
