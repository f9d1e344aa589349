package commands

import (
	"testing"
	"time"

	"tagout"
)

func TestAPastMomentIsReadAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC) // the night in which Berlin's clocks go forward
	for text, want := range map[string]string{
		"00:05 by phone":                          "2026-03-29T00:05:00Z by phone",
		"00:05:30, by phone":                      "2026-03-29T00:05:30Z by phone",
		"14:05 by phone":                          "2026-03-28T14:05:00Z by phone",
		"25m ago by phone":                        "2026-03-29T01:05:00Z by phone",
		"1h30m Ago":                               "2026-03-29T00:00:00Z",
		"2d ago x":                                "2026-03-27T01:30:00Z x",
		"2026-03-27T14:05 it was so":              "2026-03-27T14:05:00Z it was so",
		"2026-03-27 14:05 it was so":              "2026-03-27T14:05:00Z it was so",
		"2026-03-27T14:05:06.5Z it was so":        "2026-03-27T14:05:06.5Z it was so",
		"2026-03-27t14:05+01:00 it was so":        "2026-03-27T13:05:00Z it was so",
		"2026-03-29T03:15 Europe/Berlin it was":   "2026-03-29T01:15:00Z it was",
		"03:15 Europe/Berlin client/server fault": "2026-03-29T01:15:00Z client/server fault",
		"00:05 client/server fault":               "2026-03-29T00:05:00Z client/server fault",
		"00:05 UTC by phone":                      "2026-03-29T00:05:00Z by phone",
		"02:05+01:00 by phone":                    "2026-03-29T01:05:00Z by phone",
	} {
		at, rest, err := parsePast(text, now, now.Add(-time.Hour))
		got := at.UTC().Format(time.RFC3339Nano)
		if rest != "" {
			got += " " + rest
		}
		if err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "25:00 x", "-5m ago x", "x ago", "2026-13-01T14:05 x", "00:05 Mars/Olympus x", "14.05 x", "2026-03-27 x"} {
		if _, _, err := parsePast(text, now, now); tagout.CodeOf(err) != tagout.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, _, err := parsePast("00:05 x", now, now.Add(-48*time.Hour)); tagout.CodeOf(err) != tagout.Invalid || err.Error() != "The incident is of 2026-03-27: write the date too, as 2026-03-27T00:05. Nothing was changed." {
		t.Errorf("of an old incident: %v", err)
	}
}
