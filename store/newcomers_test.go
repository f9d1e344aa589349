package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// came is an alert on a scope, of a class of its own.
func came(id, class, scope string, status tagout.AlertStatus) tagout.Incoming {
	in := alert(id, "", status)
	in.Verdict.Scope, in.Verdict.Class = tagout.MustScope(scope), class
	return in
}

func TestNewAlertsAreThoseThatBeganSinceInOtherIncidents(t *testing.T) {
	counted := func(in tagout.Incoming) tagout.Incoming {
		in.Verdict.Threshold = tagout.Threshold{Count: 9, Within: time.Hour}
		return in
	}
	nobody := came("n", "unknown", "*", tagout.Firing)
	nobody.Verdict.NoAgent = true
	for name, c := range map[string]struct {
		before, after []tagout.Incoming
		want          []string
	}{
		"nothing":                    {nil, nil, nil},
		"another incident":           {nil, []tagout.Incoming{came("a", "other", "mailer/sms", tagout.Firing)}, []string{"INC-2 mailer/sms"}},
		"a moment":                   {nil, []tagout.Incoming{came("a", "other", "mailer/sms", tagout.Momentary)}, []string{"INC-2 mailer/sms"}},
		"it is over already":         {nil, []tagout.Incoming{came("a", "other", "mailer/sms", tagout.Firing), came("a", "other", "mailer/sms", tagout.Resolved)}, []string{"INC-2 mailer/sms"}},
		"its own incident":           {nil, []tagout.Incoming{came("a", "own", "mailer/sms", tagout.Firing)}, nil},
		"another agent":              {nil, []tagout.Incoming{came("a", "other", "researcher", tagout.Firing)}, nil},
		"no agent":                   {nil, []tagout.Incoming{nobody}, nil},
		"everything":                 {nil, []tagout.Incoming{came("a", "other", "*", tagout.Firing)}, []string{"INC-2 *"}},
		"a repeat":                   {[]tagout.Incoming{came("a", "other", "mailer", tagout.Firing)}, []tagout.Incoming{came("a", "other", "mailer", tagout.Firing)}, nil},
		"a moment again":             {[]tagout.Incoming{came("a", "other", "mailer", tagout.Momentary)}, []tagout.Incoming{came("a", "other", "mailer", tagout.Momentary)}, nil},
		"its end":                    {[]tagout.Incoming{came("a", "other", "mailer", tagout.Firing)}, []tagout.Incoming{came("a", "other", "mailer", tagout.Resolved)}, nil},
		"it began again":             {[]tagout.Incoming{came("a", "other", "mailer", tagout.Firing), came("a", "other", "mailer", tagout.Resolved)}, []tagout.Incoming{came("a", "other", "mailer", tagout.Firing)}, []string{"INC-2 mailer"}},
		"one more folds in":          {[]tagout.Incoming{came("a", "other", "mailer", tagout.Firing)}, []tagout.Incoming{came("b", "other", "mailer/sms", tagout.Firing)}, []string{"INC-2 mailer/sms"}},
		"it waits for others":        {nil, []tagout.Incoming{counted(came("a", "other", "mailer/sms", tagout.Firing))}, []string{"INC pending mailer/sms"}},
		"it waited before":           {[]tagout.Incoming{counted(came("a", "other", "mailer", tagout.Firing))}, []tagout.Incoming{counted(came("a", "other", "mailer", tagout.Firing))}, nil},
		"it waits again":             {[]tagout.Incoming{counted(came("a", "other", "mailer", tagout.Firing)), counted(came("a", "other", "mailer", tagout.Resolved))}, []tagout.Incoming{counted(came("a", "other", "mailer", tagout.Firing))}, []string{"INC pending mailer"}},
		"the end of what never came": {nil, []tagout.Incoming{came("a", "other", "mailer", tagout.Resolved)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, url string) {
				clock := newClock()
				s := open(t, url, store.Options{Clock: clock})
				mustFold(t, s, came("own", "own", "mailer", tagout.Firing))
				for _, in := range c.before {
					clock.Pass(time.Second)
					mustFold(t, s, in)
				}
				asked := clock.Now()
				for _, in := range c.after {
					clock.Pass(time.Second)
					mustFold(t, s, in)
				}
				news, err := s.NewAlerts(t.Context(), "mailer", asked, 1)
				var got []string
				for _, n := range news {
					got = append(got, fmt.Sprint(n.Incident, " ", n.Scope))
				}
				if err != nil || !slices.Equal(got, c.want) {
					t.Errorf("got %q, %v; want %q", got, err, c.want)
				}
			})
		})
	}
}

func TestNewAlertsAboutAnyAgentAreAskedWithoutOne(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		before := time.Now().Add(-time.Hour)
		mustFold(t, s, came("a", "x", "mailer/sms", tagout.Firing), came("b", "y", "researcher", tagout.Firing))
		if news, err := s.NewAlerts(t.Context(), "", before, 0); err != nil || len(news) != 2 {
			t.Errorf("%+v, %v", news, err)
		}
	})
}
