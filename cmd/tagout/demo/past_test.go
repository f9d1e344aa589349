package demo

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/internal/config"
	"tagout/store"
)

func TestTheMadeUpPastIsMarkedVerifiesAndCarriesNothingOut(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	values := map[string]string{
		"DEMO_ADDRESS": "127.0.0.1:1", "DEMO_URL": "http://127.0.0.1:1", "DEMO_SECRET": "x", "DEMO_TOKEN": "x",
		"DEMO_DATABASE": "sqlite://" + filepath.ToSlash(filepath.Join(folder, "tagout.db")), "DEMO_JOURNAL": filepath.Join(folder, "tagout.journal"),
	}
	cfg, err := config.Parse("demo.yaml", configuration, config.Env{Lookup: func(name string) (string, bool) { v, ok := values[name]; return v, ok }})
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	for range 2 { // the second time there is one already
		if err := makePast(t.Context(), cfg, log); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), cfg.Database, store.Options{Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	list, err := s.Incidents(t.Context(), tagout.IncidentQuery{Limit: 1000})
	if err != nil || len(list) != pastIncidents+pastIncidents/samplePause {
		t.Fatalf("%d incidents, %v", len(list), err)
	}
	overdue := 0
	for _, i := range list {
		if !strings.HasPrefix(i.Title, SampleMark) && !strings.HasPrefix(i.Summary, SampleMark) || !i.State.Ended() || len(i.ActiveHolds())+len(i.Pins) > 0 {
			t.Errorf("%s %q is %s and holds %d", i.ID, i.Title, i.State, len(i.ActiveHolds()))
		}
		if bad, err := s.Verify(t.Context(), i.ID); err != nil {
			t.Errorf("%s: event %d: %v", i.ID, bad, err)
		}
		events, err := s.Timeline(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := i.Audit(events); err != nil {
			t.Error(err)
		}
		for _, e := range events {
			if e.At.After(time.Now()) {
				t.Errorf("%s: %s is in the future", i.ID, e.Kind)
			}
		}
		for _, a := range i.OpenActions() {
			if a.Due.Before(time.Now()) {
				overdue++
			}
		}
	}
	f, err := s.Figures(t.Context(), tagout.FiguresQuery{From: time.Now().Add(-91 * 24 * time.Hour), To: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	n := f.Now
	drills, err := s.Drills(t.Context(), tagout.DrillQuery{Agent: "mailer"})
	if err != nil || len(drills) != n.Drills || n.Drills != pastIncidents/samplePause {
		t.Fatalf("%d drills, %d of them in the figures, %v", len(drills), n.Drills, err)
	}
	for _, d := range drills {
		if d.Result != tagout.DrillPassed || len(d.Controls) != 1 || d.Controls[0].Observed <= 0 || d.BackAt.IsZero() {
			t.Errorf("a drill is told as %+v", d)
		}
	}
	if n.Incidents < 50 || n.Cancelled == 0 || n.TimeToDetect.N == 0 || n.TimeToKill.N == 0 || n.TimeToSignOff.N == 0 || n.NoGo.Of == 0 || n.Recurring.Of == 0 ||
		n.RollbackSuccess.Of == 0 || n.RollbackSuccess.Of == n.RollbackSuccess.All || n.PageReach.Of == 0 || len(n.MissedDeadlines) == 0 || len(f.Recurring) < 3 || overdue == 0 {
		t.Errorf("a digest would not be full: %d overdue, %+v", overdue, f)
	}
	if due, err := s.Ring(t.Context(), time.Now().AddDate(1, 0, 0)); err != nil || due > 0 {
		t.Errorf("%d things would be done within a year, %v", due, err)
	}
	if versions, err := s.Versions(t.Context(), "mailer"); err != nil || len(versions) > 0 {
		t.Errorf("the mailer is said to have run %v, %v", versions, err)
	}
}
