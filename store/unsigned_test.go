package store_test

import (
	"slices"
	"testing"

	"tagout"
	"tagout/store"
)

func TestALiftingThatTheTimelineDoesNotTellOfIsFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		signed := mustJoin(t, s, tagout.Match{}, stopping("signed", "mailer/email"))
		r := requested(t, s, signed.ID)
		mustUpdate(t, s, signed.ID, signing(r, "U0LEGAL", "legal", tagout.Go))
		mustUpdate(t, s, signed.ID, signing(r, "U0PLATFORM", "platform", tagout.Go))
		open := mustJoin(t, s, tagout.Match{}, stopping("by hand", "mailer"))
		mustUpdate(t, s, open.ID, stopping("stands", "mailer/sms"))
		ended := mustJoin(t, s, tagout.Match{}, stopping("ended", "researcher"))
		db := rawDB(t, url)
		for _, statement := range []string{
			"UPDATE holds SET lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1' WHERE id IN ('by hand', 'ended')",
			"UPDATE incidents SET state = 'closed' WHERE agent = 'researcher'",
		} {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			ids  []tagout.HoldID
			want []tagout.HoldID
		}{
			"of all, ended or not": {nil, []tagout.HoldID{"by hand", "ended"}},
			"of these":             {[]tagout.HoldID{"signed", "stands", "ended", "never"}, []tagout.HoldID{"ended"}},
			"of none":              {[]tagout.HoldID{}, nil},
		} {
			got, err := s.UnsignedLiftings(t.Context(), c.ids)
			if err != nil || !slices.EqualFunc(got, c.want, func(h tagout.Hold, id tagout.HoldID) bool { return h.ID == id }) {
				t.Errorf("%s: %+v, %v; want %q", name, got, err, c.want)
			}
		}
		if got, err := s.UnsignedLiftings(t.Context(), []tagout.HoldID{"ended"}); err != nil || got[0].Incident != ended.ID || got[0].LiftedBy != "r1" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}
