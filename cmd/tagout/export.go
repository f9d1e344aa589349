package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"tagout"
	"tagout/commands"
	"tagout/internal/bundle"
	"tagout/store"
)

// exportCmd packs the record of one incident.
type exportCmd struct {
	configFlag
	Incident string `arg:"" help:"The incident, such as INC-7."`
	Out      string `short:"o" help:"The file to write; INC-7.zip if left out, - for standard output."`
	Force    bool   `help:"Replace the file if it is there."`
}

// Run writes the file, readable by its owner only: it holds what alerts and reports said. A
// record that is not what was written is packed all the same, and an error.
func (c exportCmd) Run(env *surroundings) error {
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
	record, err := bundle.Read(env.ctx, s, id)
	if err != nil {
		return err
	}
	record.At, record.By, record.Describe = time.Now(), "tagout "+version, commands.Wording(&cfg.Policy)
	record.Policy = &cfg.Policy
	var packed bytes.Buffer
	findings, err := bundle.Write(&packed, record)
	if err != nil {
		return err
	}
	if err := c.write(env, id, packed.Bytes()); err != nil {
		return err
	}
	for _, f := range findings {
		if !f.OK {
			fmt.Fprintf(env.stderr, "%s  BAD: %s\n", id, f.Says)
		}
	}
	if !bundle.OK(findings) {
		return tagout.Errorf(tagout.Conflict, "The record of %s is not what was written. It was packed with what is wrong.", id)
	}
	return nil
}

func (c exportCmd) write(env *surroundings, id tagout.IncidentID, packed []byte) error {
	path := c.Out
	switch path {
	case "-":
		_, err := env.stdout.Write(packed)
		return err
	case "":
		path = id.String() + ".zip"
	}
	how := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		how = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, how, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return tagout.Errorf(tagout.Conflict, "There is a file %s already. Name another with --out, or replace it with --force.", path)
	}
	if err != nil {
		return err
	}
	if _, err := f.Write(packed); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Fprintf(env.stderr, "%s  written to %s, %d bytes. Check it with: unzip %s && sh %s/verify.sh\n", id, path, len(packed), path, id)
	return nil
}
