package main

import (
	"context"
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tagout"
	"tagout/internal/config"
	"tagout/store"
)

func TestADigestIsPrintedFromTheDatabase(t *testing.T) {
	t.Parallel()
	code, out, errs := runs(t, "digest", "--config", past(t))
	if code != 0 || !strings.Contains(out, "A quiet week: no incident, nothing is held, nothing is overdue.") || !strings.Contains(out, "nothing is recorded yet") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	path := past(t, learnt, late, held, hidden)
	picture := filepath.Join(t.TempDir(), "charts.png")
	code, out, errs = runs(t, "digest", "--config", path, "--name", "weekly", "--window", "48h", "--png", picture)
	for _, want := range []string{"Weekly digest: ", "4 incidents, 4 more than the 2 days before", "Incidents: 4 (4 SEV-1)", "INC-2/1 narrow the mail tool, @U0ENG, was due", "mailer/email 🔴 ■ halted since", "Times in America/New_York"} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit %d, it does not say %q: %s%s", code, want, out, errs)
		}
	}
	f, err := os.Open(picture)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if config, err := png.DecodeConfig(f); err != nil || config.Width != 1080 {
		t.Errorf("%+v, %v", config, err)
	}
	code, out, _ = runs(t, "digest", "--config", path, "--json")
	var read struct {
		Window  string
		Now     tagout.Tally
		Message tagout.Message
	}
	if err := json.Unmarshal([]byte(out), &read); code != 0 || err != nil || read.Window != "168h0m0s" || read.Now.Incidents != 4 || len(read.Message.Charts) == 0 {
		t.Errorf("exit %d, %v: %s", code, err, out)
	}
}

func TestADigestThatCannotBeMadeSaysWhy(t *testing.T) {
	t.Parallel()
	path := past(t)
	for want, args := range map[string][]string{
		"There is no digest \"daily\" in the configuration. There are: weekly.": {"--name", "daily"},
		"at least an hour and at most a year":                                   {"--window", "1m"},
		"There is nothing to draw":                                              {"--png", filepath.Join(t.TempDir(), "x.png")},
		"Say which digest is to be sent: --name":                                {"--send"},
	} {
		code, out, errs := runs(t, append([]string{"digest", "--config", path}, args...)...)
		if code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%q: exit %d: %s%s", args, code, out, errs)
		}
	}
}

func TestADigestIsLeftToTheRunningTagout(t *testing.T) {
	t.Parallel()
	path := past(t, learnt)
	code, _, errs := runs(t, "digest", "--config", path, "--name", "weekly", "--send")
	if code != 0 || !strings.Contains(errs, "The running Tagout sends it now to #incidents.") {
		t.Fatalf("exit %d: %s", code, errs)
	}
	cfg, err := config.Load(path, config.Env{Lookup: func(string) (string, bool) { return "", false }, ReadFile: os.ReadFile})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), cfg.Database, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sent := make(chan tagout.DigestOrder, 2)
	if _, err := s.Work(t.Context(), map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectDigest: func(_ context.Context, e tagout.Effect) error {
		_, o, err := tagout.DigestOf(e)
		sent <- o
		return err
	}}); err != nil {
		t.Fatal(err)
	}
	if o := <-sent; o.Name != "weekly" || o.Channel != "#incidents" || o.Zone != "America/New_York" {
		t.Errorf("%+v", o)
	}
}
