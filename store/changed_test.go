package store_test

import (
	"testing"

	"tagout"
	"tagout/store"
)

// meddle changes what a hold holds, as whoever owns the database can.
func meddle(t *testing.T, url, id, field, value string) {
	t.Helper()
	doc := `json_set(doc, '$.` + field + `', json('` + value + `'))`
	if isPostgres(url) {
		doc = `jsonb_set(doc::jsonb, '{` + field + `}', '` + value + `')::text`
	}
	if _, err := rawDB(t, url).Exec("UPDATE holds SET doc = " + doc + " WHERE id = '" + id + "'"); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsChangedOfAHoldIsFoundAndToldAsItWas(t *testing.T) {
	for name, c := range map[string]struct {
		field, value string
		found        bool
	}{
		"a narrower scope":    {"scope", `"mailer/sms"`, true},
		"another agent":       {"scope", `"researcher"`, true},
		"a looser mode":       {"mode", `"capped"`, true},
		"a cap":               {"cap", `"5/day"`, true},
		"tools":               {"disabled_tools", `["send"]`, true},
		"a share of canaries": {"canary_share", `0.9`, true},
		"a plan":              {"plan", `"r1"`, true},
		"as if by a drill":    {"drill", `"kill"`, true},
		"the reason":          {"reason", `"x"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, url string) {
				s := open(t, url, store.Options{})
				i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
				mustUpdate(t, s, i.ID, stopping("h2", "mailer/email"))
				meddle(t, url, "h1", c.field, c.value)
				for _, ids := range [][]tagout.HoldID{nil, {"h2", "h1", "never"}} {
					got, err := s.UnsignedChanges(t.Context(), ids)
					if err != nil || (len(got) == 1) != c.found {
						t.Fatalf("%+v, %v", got, err)
					}
					if c.found && (got[0].ID != "h1" || got[0].Incident != i.ID || !got[0].SameTerms(i.Holds[0])) {
						t.Errorf("%+v, want %+v", got[0], i.Holds[0])
					}
				}
				if got, err := s.UnsignedChanges(t.Context(), []tagout.HoldID{}); err != nil || len(got) > 0 {
					t.Errorf("of none: %+v, %v", got, err)
				}
			})
		})
	}
}

func TestWhatWasChangedAndLiftedIsToldAsItWas(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		meddle(t, url, "h1", "scope", `"mailer/sms"`)
		if _, err := rawDB(t, url).Exec("UPDATE holds SET lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1'"); err != nil {
			t.Fatal(err)
		}
		for _, ids := range [][]tagout.HoldID{nil, {"h1"}} {
			got, err := s.UnsignedLiftings(t.Context(), ids)
			if err != nil || len(got) != 1 || !got[0].SameTerms(i.Holds[0]) || got[0].Active() || got[0].Incident != i.ID {
				t.Errorf("%+v, %v", got, err)
			}
		}
		if got, err := s.UnsignedChanges(t.Context(), nil); err != nil || len(got) > 0 {
			t.Errorf("it does not stand, but %+v, %v", got, err)
		}
	})
}
