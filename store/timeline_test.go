package store_test

import (
	"testing"

	"tagout"
	"tagout/store"
)

// bothTimelines makes one incident with six events beside another one.
func sixEvents(t *testing.T, url string) *store.Store {
	t.Helper()
	s := open(t, url, store.Options{})
	mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
	mustJoin(t, s, tagout.Match{}, opening("researcher", "a"))
	for _, text := range []string{"two", "three", "four", "five", "six"} {
		mustUpdate(t, s, 1, note(text))
	}
	mustVerify(t, s, 1)
	return s
}

func TestTheTimelineRefusesToBeChanged(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := sixEvents(t, url)
		db := rawDB(t, url)
		statements := []string{
			"UPDATE events SET data = '{}' WHERE incident = 1 AND seq = 3",
			"UPDATE events SET data = data",
			"DELETE FROM events WHERE incident = 1 AND seq = 6",
			"DELETE FROM events",
		}
		if isPostgres(url) {
			statements = append(statements, "TRUNCATE events", "TRUNCATE events, incidents CASCADE", "TRUNCATE incidents CASCADE",
				"INSERT INTO events SELECT incident, seq, at, actor_kind, actor_id, kind, '{}', prev, hash FROM events ON CONFLICT (incident, seq) DO UPDATE SET data = excluded.data")
		} else {
			statements = append(statements, "INSERT OR REPLACE INTO events SELECT incident, seq, at, actor_kind, actor_id, kind, '{}', prev, hash FROM events",
				"REPLACE INTO events SELECT * FROM events", "UPDATE OR REPLACE events SET seq = 2 WHERE seq = 3",
				"INSERT INTO events SELECT * FROM events WHERE true ON CONFLICT DO UPDATE SET data = '{}'")
		}
		for _, statement := range statements {
			if _, err := db.Exec(statement); err == nil {
				t.Errorf("%s was not refused", statement)
			}
		}
		mustVerify(t, s, 1)
		mustVerify(t, s, 2)
	})
}

// disarm takes the triggers away, as somebody with the owner's rights could.
func disarm(t *testing.T, url string) func(statement string) {
	t.Helper()
	db := rawDB(t, url)
	exec := func(statement string) {
		t.Helper()
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	if isPostgres(url) {
		exec("ALTER TABLE events DISABLE TRIGGER ALL")
		return exec
	}
	for _, name := range []string{"events_no_update", "events_no_delete", "events_no_replace"} {
		exec("DROP TRIGGER " + name)
	}
	return exec
}

func TestVerifyNamesTheFirstBadEventWhenTheTriggersWereDisabled(t *testing.T) {
	cases := map[string]struct {
		tamper []string
		bad    int64
	}{
		"an edit":          {[]string{"UPDATE events SET data = '{\"text\":\"nice\"}' WHERE incident = 1 AND seq = 3"}, 3},
		"an edited actor":  {[]string{"UPDATE events SET actor_id = 'U0ELSE' WHERE incident = 1 AND seq = 4"}, 4},
		"an edited time":   {[]string{"UPDATE events SET at = '2020-01-01 00:00:00+00:00' WHERE incident = 1 AND seq = 2"}, 2},
		"an edited hash":   {[]string{"UPDATE events SET hash = 'abc' WHERE incident = 1 AND seq = 5"}, 5},
		"a swap":           {[]string{"UPDATE events SET seq = 99 WHERE incident = 1 AND seq = 3", "UPDATE events SET seq = 3 WHERE incident = 1 AND seq = 4", "UPDATE events SET seq = 4 WHERE incident = 1 AND seq = 99"}, 3},
		"a deleted middle": {[]string{"DELETE FROM events WHERE incident = 1 AND seq = 4"}, 4},
		"a closed gap":     {[]string{"DELETE FROM events WHERE incident = 1 AND seq = 6", "UPDATE events SET seq = 6 WHERE incident = 1 AND seq = 5"}, 5},
		"a deleted end":    {[]string{"DELETE FROM events WHERE incident = 1 AND seq = 6"}, 6},
		"all deleted":      {[]string{"DELETE FROM events WHERE incident = 1"}, 1},
		"a forgotten head": {[]string{"UPDATE incidents SET head_seq = 0, head_hash = '' WHERE id = 1"}, 1},
		"a stolen event":   {[]string{"DELETE FROM events WHERE incident = 1 AND seq = 1", "UPDATE events SET incident = 1 WHERE incident = 2 AND seq = 1"}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, url string) {
				s := sixEvents(t, url)
				exec := disarm(t, url)
				for _, statement := range c.tamper {
					exec(statement)
				}
				bad, err := s.Verify(t.Context(), 1)
				wantCode(t, err, tagout.Conflict)
				if bad != c.bad {
					t.Errorf("named event %d (%v), want %d", bad, err, c.bad)
				}
			})
		})
	}
}
