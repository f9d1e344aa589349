package tagout_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tagout"
)

// day0 is when the histories of these tests begin.
var day0 = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

const goodAfter = 24 * time.Hour

// history is the prompt's: "v1@0 v2@30" with hours, and the hours of incidents.
func history(runs string, incidents ...float64) tagout.VersionHistory {
	h := tagout.VersionHistory{Agent: "mailer"}
	for _, r := range strings.Fields(runs) {
		version, hour, _ := strings.Cut(r, "@")
		var at float64
		fmt.Sscan(hour, &at)
		h.Runs = append(h.Runs, tagout.VersionRun{Component: "prompt", Version: version, Began: hours(at)})
	}
	for _, at := range incidents {
		h.Incidents = append(h.Incidents, hours(at))
	}
	return h
}

func hours(n float64) time.Time { return day0.Add(time.Duration(n * float64(time.Hour))) }

func TestAVersionIsKnownGoodOnceItRanQuietlyForLongEnough(t *testing.T) {
	t.Parallel()
	const edge = 1.0 / 3600 / 1e6 // a microsecond, in hours
	for name, c := range map[string]struct {
		h       tagout.VersionHistory
		now     float64
		current string
		good    string // the last known good
		back    string
		why     tagout.Basis
	}{
		"nothing is known":                      {history(""), 100, "", "", "", ""},
		"one version, too young":                {history("v1@0"), 23, "v1", "", "", ""},
		"one version, just old enough":          {history("v1@0"), 24, "v1", "v1", "", ""},
		"a moment too young":                    {history("v1@0"), 24 - edge, "v1", "", "", ""},
		"the one before proved itself":          {history("v1@0 v2@30"), 31, "v2", "v1", "v1", tagout.BasisKnownGood},
		"the one before was too short":          {history("v1@0 v2@10"), 11, "v2", "", "v1", tagout.BasisPrevious},
		"a bad one in between":                  {history("v1@0 v2@30 v3@40"), 41, "v3", "v1", "v1", tagout.BasisKnownGood},
		"an incident under the one before":      {history("v1@0 v2@30", 10), 31, "v2", "", "v1", tagout.BasisPrevious},
		"an incident now":                       {history("v1@0 v2@30", 70), 70, "v2", "v1", "v1", tagout.BasisKnownGood},
		"an incident as the newer begins":       {history("v1@0 v2@30", 30), 31, "v2", "v1", "v1", tagout.BasisKnownGood},
		"an incident just before":               {history("v1@0 v2@30", 30-edge), 31, "v2", "", "v1", tagout.BasisPrevious},
		"an incident as the older begins":       {history("v1@0 v2@30", 0), 31, "v2", "", "v1", tagout.BasisPrevious},
		"an incident before all":                {history("v1@0 v2@30", -1), 31, "v2", "v1", "v1", tagout.BasisKnownGood},
		"it came back":                          {history("v1@0 v2@30 v1@40"), 41, "v1", "v1", "v2", tagout.BasisPrevious},
		"it came back and went wrong":           {history("v1@0 v2@30 v1@40", 45), 46, "v1", "", "v2", tagout.BasisPrevious},
		"the newer run decides, for the better": {history("v1@0 v2@30 v1@40 v2@70", 10), 71, "v2", "v1", "v1", tagout.BasisKnownGood},
		"two that are said in turn":             {history("v1@0 v2@30 v1@30.1 v2@30.2 v1@30.3 v2@30.4"), 40, "v2", "v1", "v1", tagout.BasisKnownGood},
		"said again and again":                  {history("v1@0 v1@1 v1@23"), 24, "v1", "v1", "", ""},
		"what is to come does not count yet":    {history("v1@0 v2@50"), 40, "v1", "v1", "", ""},
		"the current one is good too":           {history("v1@0 v2@30 v3@60"), 90, "v3", "v3", "v2", tagout.BasisKnownGood},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slices.Reverse(c.h.Runs) // in any order
			got := c.h.Component("prompt", goodAfter, hours(c.now))
			back, why := got.Back()
			if got.Current != c.current || got.LastKnownGood != c.good || back != c.back || why != c.why {
				t.Errorf("current %q, last known good %q, back to %q (%s); want %q, %q, %q (%s)", got.Current, got.LastKnownGood, back, why, c.current, c.good, c.back, c.why)
			}
			if other := c.h.Component("policy", goodAfter, hours(c.now)); other.Current != "" || len(other.Known) > 0 {
				t.Errorf("of another component it tells %+v", other)
			}
		})
	}
}

// TestWhatAHistorySaysHoldsForAnyHistory checks what must hold however versions come and go.
func TestWhatAHistorySaysHoldsForAnyHistory(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 7))
		h := tagout.VersionHistory{}
		for range r.IntN(12) {
			h.Runs = append(h.Runs, tagout.VersionRun{Component: "prompt", Version: fmt.Sprint("v", r.IntN(4)), Began: hours(float64(r.IntN(200)))})
		}
		for range r.IntN(4) {
			h.Incidents = append(h.Incidents, hours(float64(r.IntN(220))))
		}
		now := hours(float64(r.IntN(240)))
		got := h.Component("prompt", goodAfter, now)
		back, _ := got.Back()
		shuffled := tagout.VersionHistory{Runs: slices.Clone(h.Runs), Incidents: h.Incidents}
		r.Shuffle(len(shuffled.Runs), func(a, b int) { shuffled.Runs[a], shuffled.Runs[b] = shuffled.Runs[b], shuffled.Runs[a] })
		quiet := tagout.VersionHistory{Runs: h.Runs}.Component("prompt", goodAfter, now)
		longer := h.Component("prompt", 2*goodAfter, now)
		switch {
		case fmt.Sprint(shuffled.Component("prompt", goodAfter, now)) != fmt.Sprint(got):
			t.Fatalf("seed %d: the order of the rows matters", seed)
		case back != "" && (back == got.Current || !got.Seen(back)):
			t.Fatalf("seed %d: back to %q from %+v", seed, back, got)
		case back == "" && len(got.Known) > 1:
			t.Fatalf("seed %d: %d versions are known, and none to go back to", seed, len(got.Known))
		case (got.Current == "") != (len(got.Known) == 0) || got.LastKnownGood != "" && !got.Seen(got.LastKnownGood):
			t.Fatalf("seed %d: %+v", seed, got)
		}
		for n, k := range got.Known {
			if k.Good && (k.GoodFor < goodAfter || !quiet.Known[n].Good) {
				t.Fatalf("seed %d: %s is good for %s, and in a quiet world %v", seed, k.Version, k.GoodFor, quiet.Known[n].Good)
			}
			if longer.Known[n].Good && longer.Known[n].GoodFor < 2*goodAfter {
				t.Fatalf("seed %d: asking for longer finds %s good after %s", seed, k.Version, longer.Known[n].GoodFor)
			}
		}
	}
}
