package app

import (
	"bytes"
	"context"
	"strings"

	"tagout"
	"tagout/commands"
	"tagout/internal/bundle"
)

// record packs the record of an incident as `tagout export` does. It returns Invalid if it is
// larger than [tagout.MaxRecord].
func (a *App) record(ctx context.Context, id tagout.IncidentID) (tagout.PackedRecord, error) {
	select {
	case a.packing <- struct{}{}: // one at a time is held in memory
		defer func() { <-a.packing }()
	case <-ctx.Done():
		return tagout.PackedRecord{}, context.Cause(ctx)
	}
	r, err := bundle.Read(ctx, a.store, id)
	if err != nil {
		return tagout.PackedRecord{}, err
	}
	r.At, r.By, r.Describe = a.clock.Now(), "tagout "+a.options.Version, commands.Wording(&a.config.Policy)
	r.Policy = &a.config.Policy
	into := &limited{left: tagout.MaxRecord}
	findings, err := bundle.Write(into, r)
	if err != nil {
		return tagout.PackedRecord{}, err
	}
	p := tagout.PackedRecord{Content: into.Bytes(), Head: r.Incident.Head}
	var wrong []string
	for _, f := range findings {
		if !f.OK {
			wrong = append(wrong, f.Says)
		}
	}
	p.Wrong = strings.Join(wrong, " ")
	return p, nil
}

// limited takes so many bytes and refuses the rest.
type limited struct {
	bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, tagout.Errorf(tagout.Invalid, "It is larger than %d MB when packed.", tagout.MaxRecord>>20)
	}
	return l.Buffer.Write(p)
}
