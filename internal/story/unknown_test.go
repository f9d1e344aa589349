package story_test

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

// TestTheDatabaseHangsInTheMiddleOfAGo: the commit of the sign-off was sent and no answer
// came. Until it is known that the database has it, the agent stays stopped.
func TestTheDatabaseHangsInTheMiddleOfAGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		// ends decides what the database makes of the commit that waits in it.
		ends func(s *server)
		// after is what the story goes on with when the network is well again.
		after func(w *world, room string)
	}{
		{"committed", func(s *server) {
			s.lets()
			s.w.eventually("the database has the approval", func() bool { return s.count(approvals) == 1 })
		}, func(*world, string) {}},
		{"rolled back", func(s *server) {
			s.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + waiting)
			s.w.eventually("the database has forgotten the commit", func() bool { return s.count("pg_stat_activity WHERE "+waiting) == 0 })
			s.lets()
		}, func(w *world, room string) {
			w.reads("U0LEGAL", room, "did not confirm that your press was counted.*press again")
			if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
				w.t.Fatalf("the database knows of no approval, and the mailer is %s", got)
			}
			w.insists("U0LEGAL", room, "GO")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setting{"postgres", "socket"})
			s := reaches(w)
			network := newWire(w)
			w.log.expect(away...)
			w.starts()
			id := w.alarm("MailToUnsubscribed", critical)
			room := w.room("inc-1-")
			w.asksToResume("U0IC", room, deliverables)

			s.holdsCommitsOf(tagout.EventApproved)
			defer s.neverRunsUnsigned()()
			w.presses("U0LEGAL", room, "GO")
			w.eventually("the commit waits", func() bool { return s.count("pg_stat_activity WHERE "+waiting) == 1 })
			network.hangs("downstream")
			c.ends(s)
			if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
				t.Errorf("the outcome of the commit is unknown, and the mailer is %s", got)
			}

			network.heals()
			c.after(w, room)
			w.agentSees("mailer", emailEU(), tagout.Running)
			w.state(id, tagout.StateResumed)
			if signed, lifted, held := w.events(id, tagout.EventSigned), w.events(id, tagout.EventLifted), w.events(id, tagout.EventHeld); signed != 1 || lifted != held {
				t.Errorf("%d sign-offs, %d of %d holds lifted", signed, lifted, held)
			}
			w.eventually("the control is told", func() bool { return !w.mailer.holding("mailer") })
		})
	}
}

// TestAGoWhileTheDatabaseTakesNothing: the click is answered, and changes nothing.
func TestAGoWhileTheDatabaseTakesNothing(t *testing.T) {
	t.Parallel()
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, o.setting)
			db := w.arranges(o)
			w.starts()
			id := w.alarm("MailToUnsubscribed", critical)
			room := w.room("inc-1-")
			w.asksToResume("U0IC", room, deliverables)

			db.goes()
			if err := w.slack.Click(w.ctx, sandbox.Click{User: "U0LEGAL", Channel: room, Label: "GO"}); err != nil {
				t.Fatalf("the click: %v", err)
			}
			w.reads("U0LEGAL", room, "nothing was changed")
			if got := w.mode("mailer", emailEU()); got != string(tagout.Halted) {
				t.Errorf("the mailer is %s", got)
			}
			db.returns()
			w.eventually("the request can be read", w.recorded)
			if got := w.events(id, tagout.EventSigned); got != 0 {
				t.Errorf("a click that was said to change nothing was counted %d times", got)
			}
			w.insists("U0LEGAL", room, "GO")
			w.state(id, tagout.StateResumed)
			if got := w.events(id, tagout.EventSigned); got != 1 {
				t.Errorf("%d sign-offs counted, want 1", got)
			}
		})
	}
}

const (
	approvals = "events WHERE kind = '" + string(tagout.EventApproved) + "'"
	// waiting is a connection whose commit waits for the story.
	waiting = "wait_event = 'advisory' AND datname = current_database()"
	gateKey = "4711"
)

// server is the story's own way to the world's Postgres.
type server struct {
	w    *world
	url  string
	conn *sql.Conn
}

// reaches connects to the world's Postgres; call it before a proxy is put in between.
func reaches(w *world) *server {
	w.t.Helper()
	db, err := sql.Open("pgx", w.params.Database) // the driver that the store brings
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(w.ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return &server{w, w.params.Database, conn}
}

func (s *server) exec(statement string) {
	s.w.t.Helper()
	if _, err := s.conn.ExecContext(s.w.ctx, statement); err != nil {
		s.w.t.Fatal(err)
	}
}

// count counts the rows of a table, or of some of it.
func (s *server) count(from string) (n int) {
	s.w.t.Helper()
	if err := s.conn.QueryRowContext(s.w.ctx, "SELECT count(*) FROM "+from).Scan(&n); err != nil {
		s.w.t.Fatal(err)
	}
	return n
}

// holdsCommitsOf makes every commit with an event of this kind wait until the story lets it.
func (s *server) holdsCommitsOf(kind tagout.EventKind) {
	s.w.t.Helper()
	s.exec("SELECT pg_advisory_lock(" + gateKey + ")")
	s.exec(`CREATE FUNCTION story_wait() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_advisory_xact_lock_shared(` + gateKey + `); RETURN NULL; END $$`)
	s.exec(`CREATE CONSTRAINT TRIGGER story_wait AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW WHEN (NEW.kind = '` + string(kind) + `') EXECUTE FUNCTION story_wait()`)
}

func (s *server) lets() { s.exec("SELECT pg_advisory_unlock(" + gateKey + ")") }

// neverRunsUnsigned asks the gate again and again, and fails the story if the mailer may
// run while the database knows of no approval. The returned function ends it.
func (s *server) neverRunsUnsigned() (end func()) {
	other := reaches(&world{t: s.w.t, ctx: s.w.ctx, params: params{Database: s.url}})
	ctx, cancel := context.WithCancel(s.w.ctx)
	var asking sync.WaitGroup
	asking.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if s.w.mode("mailer", emailEU()) != string(tagout.Running) {
				continue
			}
			var n int
			if err := other.conn.QueryRowContext(ctx, "SELECT count(*) FROM "+approvals).Scan(&n); err == nil && n == 0 {
				s.w.t.Error("the mailer runs, and the database knows of no approval")
				return
			}
		}
	})
	return func() { cancel(); asking.Wait() }
}
