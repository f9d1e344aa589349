package store_test

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"strings"
	"testing"

	"tagout"
	"tagout/internal/pgtest"
	"tagout/store"
)

// asProgram migrates the database as its owner, applies the grants that are shipped, and
// returns the database's URL for the role that the program runs as.
func asProgram(t *testing.T, owner string) string {
	t.Helper()
	if err := store.Migrate(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	grants, err := os.ReadFile("../deploy/postgres/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	role := "app_" + strings.NewReplacer("-", "_", "/", "").Replace(u.Path) // roles belong to the whole server
	db := rawDB(t, owner)
	for _, statement := range []string{"CREATE ROLE " + role + " LOGIN PASSWORD 'of-the-test'", strings.ReplaceAll(string(grants), "tagout_app", role)} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		db, err := sql.Open("pgx", owner)
		if err == nil {
			_, err = db.Exec("DROP OWNED BY " + role + "; DROP ROLE " + role)
			db.Close()
		}
		if err != nil {
			t.Error(err)
		}
	})
	u.User = url.UserPassword(role, "of-the-test")
	return u.String()
}

func TestTheProgramsOwnRoleCanAddToTheRecordButNotChangeIt(t *testing.T) {
	t.Parallel()
	app := asProgram(t, pgtest.New(t))
	s, err := store.Open(t.Context(), app, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
	r := requested(t, s, i.ID)
	mustUpdate(t, s, i.ID, signing(r, "U0LEGAL", "legal", tagout.Go))
	mustVerify(t, s, i.ID)
	ctx, stop := context.WithCancel(t.Context())
	worked := make(chan tagout.IncidentID, 8)
	drained, err := s.Work(ctx, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectContain: func(_ context.Context, e tagout.Effect) error {
		worked <- e.Incident
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if id := <-worked; id != i.ID {
		t.Errorf("the effect of %s ran", id)
	}
	stop()
	drained()

	db := rawDB(t, app)
	for _, forbidden := range []string{
		"UPDATE events SET data = '{}'", "DELETE FROM events", "TRUNCATE events", "DROP TABLE events",
		"ALTER TABLE events DISABLE TRIGGER ALL", "DROP TRIGGER events_append_only ON events", "ALTER TABLE events OWNER TO CURRENT_USER",
		"DELETE FROM incidents", "DELETE FROM holds", "TRUNCATE holds CASCADE", "UPDATE signoffs SET verdict = 'GO'", "DELETE FROM signoffs",
		"CREATE OR REPLACE FUNCTION tagout_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
		"SET session_replication_role = replica", "UPDATE goose_db_version SET version_id = 0",
	} {
		if _, err := db.Exec(forbidden); err == nil || !strings.Contains(err.Error(), "SQLSTATE 42501") {
			t.Errorf("%s: %v; want it refused for want of a privilege", forbidden, err)
		}
	}
	mustVerify(t, s, i.ID)
}
