package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// liberties are what people do with incidents and their holds, each by the rules. Those that
// are not possible just then are refused.
func liberties(r *rand.Rand, n int, staged *tagout.SeverityPolicy) map[string]tagout.Transition {
	scope := []string{"mailer", "mailer/email", "mailer/sms", "researcher"}[r.IntN(4)]
	request := func(narrower string, row *tagout.SeverityPolicy) tagout.Transition {
		return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			d := tagout.ResumeDraft{ID: fmt.Sprint("r", n), By: tagout.User{ID: "U0IC", Team: "T1"}, Target: tagout.Running}
			if narrower != "" {
				s := tagout.MustScope(narrower)
				d.Scope = &s
			}
			return i.RequestResume(d, row, agents, nil, now)
		}
	}
	sign := func(user, role string) tagout.Transition {
		return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			if i.Request == nil {
				return tagout.Change{}, errors.New("nothing to sign")
			}
			return signing(i.Request, user, role, tagout.Go)(i, now)
		}
	}
	long := strings.Repeat("long ", 200) // its row has another key
	return map[string]tagout.Transition{
		"stop":           stopping(fmt.Sprint("h", n), scope),
		"stop, long ID":  stopping(fmt.Sprint(long, n), scope),
		"ask":            request("", sev1),
		"ask for a part": request("mailer/sms", sev1),
		"ask in stages":  request("", staged),
		"GO of legal":    sign("U0LEGAL", "legal"),
		"GO of platform": sign("U0PLATFORM", "platform"),
		"next stage": func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			_, c, err := i.Advance(tagout.Pressing{User: tagout.User{ID: "U0LEGAL", Team: "T1"}, HomeTeam: "T1", Roles: []string{"legal"}}, agents, now)
			return c, err
		},
		"new alert": func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.FallBack(tagout.Setback{ID: fmt.Sprint("s", n), Scope: tagout.MustScope("mailer/sms"), Reason: "an alert", By: tagout.Tagout}, agents, now), nil
		},
		"false alarm": func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Cancel("false alarm", tagout.User{ID: "U0IC", Team: "T1"}, now)
		},
		"close": func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			return i.Close("over", tagout.User{ID: "U0IC", Team: "T1"}, now)
		},
	}
}

// plays are what people do one after the other, unless something comes between.
var plays = [][]string{
	{"stop"}, {"stop, long ID"}, {"new alert"}, {"false alarm"}, {"close"}, {"ask", "GO of legal"}, {"GO of legal", "GO of platform"},
	{"ask", "GO of legal", "GO of platform"}, {"ask for a part", "GO of platform", "GO of legal"},
	{"ask in stages", "GO of legal", "GO of platform", "next stage"}, {"ask in stages", "GO of legal", "GO of platform", "new alert", "next stage"},
}

func TestWhatWasLiftedByTheRulesIsNeverCalledUnsigned(t *testing.T) {
	stages, err := tagout.ParseStages("review 1m\nrunning")
	if err != nil {
		t.Fatal(err)
	}
	staged := *sev1
	staged.Resume.Stages = stages
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		drilled(t, s, "drill")
		did, lifted, ended := map[string]int{}, 0, 0
		for seed := range uint64(10) {
			r := rand.New(rand.NewPCG(seed, 23))
			i := mustJoin(t, s, tagout.Match{}, stopping(fmt.Sprint("first", seed), "mailer"))
			for n := range 12 {
				steps := plays[r.IntN(len(plays))]
				for step, name := range steps {
					if r.IntN(8) == 0 {
						continue
					}
					c.Pass(time.Minute)
					do := liberties(r, int(seed)*1000+n*10+step, &staged)[name]
					if _, err := s.Update(t.Context(), i.ID, do); err == nil {
						did[name]++
					}
				}
			}
			i, err := s.Incident(t.Context(), i.ID)
			if err != nil {
				t.Fatal(err)
			}
			lifted += len(i.Holds) - len(i.ActiveHolds())
			if i.State.Ended() {
				ended++
			}
		}
		if got, err := s.UnsignedLiftings(t.Context(), nil); err != nil || len(got) > 0 {
			t.Errorf("after %d liftings by the rules: %+v, %v", lifted, got, err)
		}
		if lifted < 12 || ended < 3 || did["next stage"] < 2 || did["ask for a part"] < 1 {
			t.Errorf("%d holds were lifted and %d incidents ended, by %v: this tells little", lifted, ended, did)
		}
	})
}
