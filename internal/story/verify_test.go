package story_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"tagout"
)

// opens opens the story's database behind Tagout's back.
func (w *world) opens() *sql.DB {
	w.t.Helper()
	driver, dsn := "pgx", w.params.Database
	if w.setting.database == "sqlite" {
		driver, dsn = "sqlite", strings.TrimPrefix(w.params.Database, "sqlite://")
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	return db
}

// disarms takes away what protects the timeline, as only somebody who owns the database can.
func (w *world) disarms(db *sql.DB) {
	w.t.Helper()
	statements := []string{"ALTER TABLE events DISABLE TRIGGER ALL"}
	if w.setting.database == "sqlite" {
		statements = []string{"DROP TRIGGER events_no_update", "DROP TRIGGER events_no_delete", "DROP TRIGGER events_no_replace"}
	}
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestVerifyFindsWhatWasDoneToATimeline(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tamper []string
		head   bool // compare with the head that was published before
		says   string
	}{
		"untouched": {nil, true, "ok"},
		"an edit":   {[]string{`UPDATE events SET data = '{"text":"nothing happened"}' WHERE incident = 1 AND seq = 3`}, false, "BAD at event 3"},
		"a swap": {[]string{"UPDATE events SET seq = 1000 WHERE incident = 1 AND seq = 2", "UPDATE events SET seq = 2 WHERE incident = 1 AND seq = 3",
			"UPDATE events SET seq = 3 WHERE incident = 1 AND seq = 1000"}, false, "BAD at event 2"},
		"a deletion in the middle": {[]string{"DELETE FROM events WHERE incident = 1 AND seq = 2"}, false, "BAD at event 2"},
		"a deletion at the end": {[]string{"DELETE FROM events WHERE incident = 1 AND seq = (SELECT max(seq) FROM events WHERE incident = 1)"},
			false, "BAD at event"},
		"a deletion at the end that hides itself": {[]string{"DELETE FROM events WHERE incident = 1 AND seq = (SELECT max(seq) FROM events WHERE incident = 1)",
			"UPDATE incidents SET head_seq = (SELECT max(seq) FROM events WHERE incident = 1), head_hash = (SELECT hash FROM events WHERE incident = 1 ORDER BY seq DESC LIMIT 1) WHERE id = 1"},
			true, "BAD at event"},
		"a hold that somebody lifted by SQL": {[]string{"UPDATE holds SET lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1' WHERE incident = 1"},
			false, "nobody signed for that"},
	} {
		for _, database := range []string{"sqlite", "postgres"} {
			t.Run(name+"/"+database, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, setting{database, "socket"})
				w.starts()
				w.types("U0IC", "#general", "/kill researcher odd answers")
				room := w.room("inc-1-")
				w.types("U0IC", room, "/note looked at the logs")
				w.happens("INC-1", tagout.EventNote, 1)
				w.stops()

				db := w.opens()
				var head string
				if err := db.QueryRow("SELECT hash FROM events WHERE incident = 1 ORDER BY seq DESC LIMIT 1").Scan(&head); err != nil {
					t.Fatal(err)
				}
				if _, err := db.Exec("DELETE FROM events WHERE incident = 1"); err == nil {
					t.Fatal("the timeline could be deleted while its triggers stand")
				}
				if c.tamper != nil {
					w.disarms(db)
				}
				for _, statement := range c.tamper {
					if _, err := db.Exec(statement); err != nil {
						t.Fatalf("%s: %v", statement, err)
					}
				}
				args := []string{"verify", "--config", filepath.Join(w.dir, "tagout.yaml"), "INC-1"}
				if c.head {
					args = append(args, "--head", head)
				}
				out, code := w.runs(args...)
				want := 1
				if c.tamper == nil {
					want = 0
				}
				if code != want || !strings.Contains(out, c.says) {
					t.Errorf("exit %d, want %d with %q\n%s", code, want, c.says, out)
				}
			})
		}
	}
}

func TestAPublishedCheckpointShowsThatAnIncidentWasCutOff(t *testing.T) {
	t.Parallel()
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{database, "socket"})
			w.starts()
			w.types("U0IC", "#general", "/kill researcher odd answers")
			w.room("inc-1-")
			w.stops()
			w.starts() // at its start the program seals what grew
			db := w.opens()
			var head string
			w.eventually("a checkpoint", func() bool {
				return db.QueryRow("SELECT hash FROM checkpoints ORDER BY n DESC LIMIT 1").Scan(&head) == nil
			})
			w.stops()
			verify := []string{"verify", "--config", filepath.Join(w.dir, "tagout.yaml"), "--head"}
			if out, code := w.runs(append(verify, head)...); code != 0 || !strings.Contains(out, "checkpoints  ok") {
				t.Errorf("exit %d: %s", code, out)
			}
			if out, code := w.runs(append(verify, strings.Repeat("0", 64))...); code != 1 || !strings.Contains(out, "No checkpoint") {
				t.Errorf("a hash that never was: exit %d: %s", code, out)
			}
			w.disarms(db)
			for _, statement := range []string{"DELETE FROM events WHERE seq > 1", "UPDATE incidents SET head_seq = 1, head_hash = (SELECT hash FROM events WHERE seq = 1)"} {
				if _, err := db.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			if out, code := w.runs(append(verify, head)...); code != 1 || !strings.Contains(out, "INC-1: its timeline is not the one") {
				t.Errorf("an incident that was cut off: exit %d: %s", code, out)
			}
		})
	}
}
