package store_test

import (
	"context"
	"database/sql"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"tagout"
	"tagout/internal/handclock"
	"tagout/internal/pgtest"
	"tagout/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// eachDatabase runs one story on both databases, in which nothing has happened yet.
func eachDatabase(t *testing.T, story func(t *testing.T, url string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		story(t, freshSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		story(t, freshPostgres(t))
	})
}

// eachEmptyDatabase is eachDatabase without a schema, for what is about migrating.
func eachEmptyDatabase(t *testing.T, story func(t *testing.T, url string)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		story(t, "sqlite://"+filepath.Join(t.TempDir(), "tagout.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		story(t, pgtest.New(t))
	})
}

// freshPostgres is a copy of a database that was migrated once, which is quicker than to migrate it.
// All copies have one ID.
func freshPostgres(t testing.TB) string {
	t.Helper()
	return pgtest.Prepared(t, func(address string) error { return store.Migrate(context.Background(), address) })
}

// freshSQLite is a copy of a file that was migrated once.
func freshSQLite(t testing.TB) string {
	t.Helper()
	file, err := migratedFile()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tagout.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite://" + path
}

var migratedFile = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "tagout-migrated-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "tagout.db")
	if err := store.Migrate(context.Background(), "sqlite://"+path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

var noon = time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC)

func newClock() *handclock.Clock { return handclock.At(noon) }

func open(t testing.TB, url string, o store.Options) *store.Store {
	t.Helper()
	o.Migrate = true
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := store.Open(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// rawDB opens the database beside the store, as an attacker or an operator would.
func rawDB(t testing.TB, url string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		driver, dsn = "sqlite", path
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func isPostgres(url string) bool { return strings.HasPrefix(url, "postgres") }

func count(t testing.TB, db *sql.DB, query string) (n int) {
	t.Helper()
	if err := db.QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

var (
	ic   = tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}
	sev1 = &tagout.SeverityPolicy{
		Severity: tagout.Sev1, Page: []string{"legal"}, Deadlines: tagout.Deadlines{Contain: time.Minute},
		Resume: tagout.ResumePolicy{Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}, {AnyOf: []string{"platform"}}}, Expires: time.Hour},
	}
	agents = tagout.Registry{
		"mailer":     {Name: "mailer", Channels: []string{"email", "sms"}, Controls: []string{"webhook"}},
		"researcher": {Name: "researcher"},
	}
)

// opening opens a fresh incident with the real transition; on one that is open it adds a note.
func opening(agent, class string) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		if i.State != "" {
			return i.AddNote("again", ic, now)
		}
		return i.Open(tagout.Opening{
			Title: agent + " misbehaves", Summary: "a summary", Scope: tagout.Scope{Agent: agent}, Class: class, By: ic, Row: sev1, Page: []string{"legal"},
		}, now)
	}
}

// stopping opens an incident if need be, and hangs a hold.
func stopping(id, scope string) tagout.Transition {
	s := tagout.MustScope(scope)
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		var c tagout.Change
		if i.State == "" {
			opened, err := i.Open(tagout.Opening{Title: "stop", Scope: s, Class: "judgment_error", By: ic, Row: sev1}, now)
			if err != nil {
				return c, err
			}
			c = opened
		}
		hung, err := i.Hang(tagout.Hold{ID: tagout.HoldID(id), Scope: s, Mode: tagout.Halted, By: ic, Reason: "because", At: now}, agents, now)
		return c.And(hung), err
	}
}

func note(text string) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) { return i.AddNote(text, ic, now) }
}

func mustJoin(t testing.TB, s *store.Store, m tagout.Match, fn tagout.Transition) *tagout.Incident {
	t.Helper()
	i, _, err := s.Join(t.Context(), m, fn)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func mustUpdate(t testing.TB, s *store.Store, id tagout.IncidentID, fn tagout.Transition) *tagout.Incident {
	t.Helper()
	i, err := s.Update(t.Context(), id, fn)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func mustVerify(t testing.TB, s *store.Store, id tagout.IncidentID) {
	t.Helper()
	if bad, err := s.Verify(t.Context(), id); err != nil || bad != 0 {
		t.Fatalf("verify %s: event %d: %v", id, bad, err)
	}
}

func wantCode(t testing.TB, err error, want tagout.Code) {
	t.Helper()
	if got := tagout.CodeOf(err); got != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

// soon is a context that ends a test that hangs.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}
