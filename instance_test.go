package tagout_test

import (
	"testing"
	"time"

	"tagout"
)

func TestHeardBySaysWhoIsMissing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	stop := now.Add(-5 * time.Second)
	heard := tagout.Instance{Name: "a", AskedAt: now, StoppedAt: stop, HeardAt: stop.Add(20 * time.Millisecond)}
	late := tagout.Instance{Name: "b", AskedAt: now, StoppedAt: stop, HeardAt: stop.Add(2 * time.Second)}
	silent := tagout.Instance{Name: "mailer-7", AskedAt: now.Add(-40 * time.Second), StoppedAt: stop}
	free := tagout.Instance{Name: "c", AskedAt: now.Add(-3 * time.Second)}
	cases := map[string]struct {
		instances []tagout.Instance
		want      string
	}{
		"nobody known":  {nil, ""},
		"all heard":     {[]tagout.Instance{heard, late}, "2 of 2 instances, slowest 2 s"},
		"one alone":     {[]tagout.Instance{heard}, "1 of 1 instance, slowest 0.02 s"},
		"one missing":   {[]tagout.Instance{heard, silent}, "1 of 2 instances, slowest 0.02 s; mailer-7 has not asked for 40 s"},
		"nobody heard":  {[]tagout.Instance{silent}, "0 of 1 instance; mailer-7 has not asked for 40 s"},
		"many missing":  {[]tagout.Instance{silent, silent, silent, silent, silent}, "0 of 5 instances; mailer-7 has not asked for 40 s; mailer-7 has not asked for 40 s; mailer-7 has not asked for 40 s; and 2 more"},
		"nothing holds": {[]tagout.Instance{free}, "1 instance, the last asked 3 s ago"},
	}
	for name, c := range cases {
		if got := tagout.HeardBy(c.instances, now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
