package story_test

import (
	"testing"

	"tagout"
)

func TestAHoldThatTheDatabaseLostStandsAndIsRecordedAgain(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer/email/eu complaint spike")
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.happens("INC-1", tagout.EventHeld, 1)
		w.log.expect("the database has lost a hold", "not in the journal")
		db := w.opens()
		statements := []string{"ALTER TABLE holds DISABLE TRIGGER ALL", "DELETE FROM holds"}
		if w.setting.database == "sqlite" {
			statements = []string{"DROP TRIGGER holds_no_delete", "DELETE FROM holds"}
		}
		for _, statement := range statements {
			if _, err := db.Exec(statement); err != nil {
				t.Fatal(err)
			}
		}
		w.eventually("the hold is recorded again", func() bool {
			if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
				t.Fatalf("nobody signed, and the agent is %s", got)
			}
			var n int
			return db.QueryRow("SELECT count(*) FROM holds WHERE lifted_at IS NULL").Scan(&n) == nil && n == 1
		})
	})
}

func TestAHoldThatSomebodyLiftsInTheDatabaseIsHeldAgain(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer/email/eu sev1 complaint spike")
		w.happens("INC-1", tagout.EventHeld, 1)
		room := w.room("inc-1-")
		w.log.expect("nobody signed for that")
		db := w.opens()
		lift := func() {
			t.Helper()
			if _, err := db.Exec("UPDATE holds SET lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1' WHERE lifted_at IS NULL"); err != nil {
				t.Fatal(err)
			}
		}
		stays := func(held int) {
			t.Helper()
			w.eventually("it is held again", func() bool {
				if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
					t.Fatalf("nobody signed, and the agent is %s", got)
				}
				return w.events("INC-1", tagout.EventHeld) == held
			})
		}
		lift() // while Tagout runs
		stays(2)
		w.reads("U0IC", room, "Lifted without sign-offs")
		w.stops()
		lift() // while it does not
		w.starts()
		stays(3)
		if n := len(w.incidents()); n != 1 {
			t.Errorf("there are %d incidents", n)
		}
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.agentSees("mailer", emailEU(), tagout.Running)
	})
}

func TestAHoldThatSomebodyLiftsTogetherWithItsIncidentIsHeldAgain(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer/email/eu sev1 complaint spike")
		w.happens("INC-1", tagout.EventHeld, 1)
		w.log.expect("nobody signed for that")
		db := w.opens()
		ends := func(id string) {
			t.Helper()
			doc := `json_set(doc, '$.State', 'closed')`
			if w.setting.database != "sqlite" {
				doc = `jsonb_set(doc::jsonb, '{State}', '"closed"')::text`
			}
			for _, statement := range []string{
				"UPDATE holds SET lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1' WHERE lifted_at IS NULL",
				"UPDATE incidents SET state = 'closed', doc = " + doc + " WHERE id = " + id,
			} {
				if _, err := db.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
		}
		stays := func(id string) {
			t.Helper()
			w.eventually("it is held again, in an incident of its own", func() bool {
				if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
					t.Fatalf("nobody signed, and the agent is %s", got)
				}
				return w.events(id, tagout.EventHeld) == 1
			})
		}
		ends("1") // while Tagout runs
		stays("INC-2")
		w.stops()
		ends("2") // while it does not
		w.starts()
		stays("INC-3")
		w.stops()
		w.starts() // what is held already is not held twice
		room := w.room("inc-3-")
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.stops()
		w.starts() // and what was signed stays signed
		w.agentSees("mailer", emailEU(), tagout.Running)
		if n := len(w.incidents()); n != 3 {
			t.Errorf("there are %d incidents", n)
		}
	})
}

// changes changes what the holds hold that stand, as whoever owns the database can; also lifts
// them, if told so.
func (w *world) changes(field, value string, also string) {
	w.t.Helper()
	doc := `json_set(doc, '$.` + field + `', '` + value + `')`
	if w.setting.database != "sqlite" {
		doc = `jsonb_set(doc::jsonb, '{` + field + `}', '"` + value + `"')::text`
	}
	if _, err := w.opens().Exec("UPDATE holds SET doc = " + doc + also + " WHERE lifted_at IS NULL"); err != nil {
		w.t.Fatal(err)
	}
}

func TestWhatSomebodyChangesOfAHoldInTheDatabaseIsHeldAgain(t *testing.T) {
	tell(t, bothStores, func(t *testing.T, w *world) {
		w.types("U0IC", "#general", "/kill mailer/email sev1 complaint spike")
		w.happens("INC-1", tagout.EventHeld, 1)
		room := w.room("inc-1-")
		w.log.expect("nobody signed for that")
		stays := func(held int) {
			t.Helper()
			w.eventually("what it held is held again", func() bool {
				if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
					t.Fatalf("nobody signed, and the agent is %s", got)
				}
				return w.events("INC-1", tagout.EventHeld) == held
			})
		}
		w.changes("scope", "mailer/sms", "") // while Tagout runs
		stays(2)
		w.reads("U0IC", room, "Changed without sign-offs: the hold on mailer/email was changed in the database, and nobody signed for that. What it held is held again.")
		w.eventually("the platform owner is paged", func() bool { return w.mails.count("platform@example.com", "was changed in the database") > 0 })
		w.stops()
		w.changes("mode", "capped", "") // while it does not: both
		w.starts()
		stays(3)
		w.stops()
		w.changes("scope", "mailer/sms", ", lifted_at = CURRENT_TIMESTAMP, lifted_by = 'r1'")
		w.starts()
		w.eventually("what they held is held again", func() bool { return w.events("INC-1", tagout.EventHeld) == 6 })
		w.agentSees("mailer", emailEU(), tagout.Halted)
		w.asksToResume("U0IC", room, deliverables)
		w.presses("U0LEGAL", room, "GO")
		w.agentSees("mailer", emailEU(), tagout.Running)
		w.stops()
		w.starts() // what was signed stays signed
		w.agentSees("mailer", emailEU(), tagout.Running)
	})
}
