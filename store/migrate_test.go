package store_test

import (
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestTheSchemaGoesUpDownAndUpWithData(t *testing.T) {
	eachEmptyDatabase(t, func(t *testing.T, url string) {
		fill := func() string {
			s := open(t, url, store.Options{})
			i := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
			if i.ID != 1 {
				t.Fatalf("the first incident of a new schema is %s", i.ID)
			}
			requested(t, s, i.ID)
			if _, err := s.Fold(t.Context(), []tagout.Incoming{alert("a1", "mailer", tagout.Firing)}, taking); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Claim(t.Context(), "k", []byte("p"), noon); err != nil {
				t.Fatal(err)
			}
			id, err := s.DatabaseID(t.Context())
			if err != nil || len(id) != 36 || strings.Count(id, "-") != 4 {
				t.Fatal(id, err)
			}
			mustVerify(t, s, i.ID)
			return id
		}
		first := fill()
		db := rawDB(t, url)
		if err := store.MigrateTo(t.Context(), url, 0); err != nil {
			t.Fatal(err)
		}
		left := "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'"
		if isPostgres(url) {
			left = "SELECT (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND relname NOT LIKE 'goose_%')" +
				" + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public')" +
				" + (SELECT count(*) FROM pg_type y JOIN pg_namespace n ON n.oid = typnamespace WHERE nspname = 'public' AND typname NOT LIKE '%goose_%')"
		}
		if n := count(t, db, left); n != 0 {
			t.Errorf("%d things are left of the schema", n)
		}
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		if second := fill(); second == first {
			t.Error("another database has the same ID")
		}
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal("a second migration:", err)
		}
	})
}

func TestSeveralReplicasMayMigrateAtOnce(t *testing.T) {
	eachEmptyDatabase(t, func(t *testing.T, url string) {
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if err := store.Migrate(soon(t), url); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		mustJoin(t, open(t, url, store.Options{}), tagout.Match{}, opening("mailer", "a"))
	})
}

func TestWithoutMigrateTheSchemaMustBeThere(t *testing.T) {
	eachEmptyDatabase(t, func(t *testing.T, url string) {
		_, err := store.Open(t.Context(), url, store.Options{})
		wantCode(t, err, tagout.Conflict)
		if !strings.Contains(err.Error(), "tagout migrate") {
			t.Error(err)
		}
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestANewerSchemaIsRefused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		db := rawDB(t, url)
		if _, err := db.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
			t.Fatal(err)
		}
		for _, migrate := range []bool{true, false} {
			_, err := store.Open(t.Context(), url, store.Options{Migrate: migrate})
			wantCode(t, err, tagout.Conflict)
		}
	})
}

func TestTheSQLiteFileIsNobodyElsesBusiness(t *testing.T) {
	t.Parallel()
	path := t.TempDir() + "/a b?c#d%20e.db"
	s := open(t, "sqlite://"+path, store.Options{})
	mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %s", path+suffix, info.Mode())
		}
	}
}

func TestABadURLIsInvalidAndNotRepeated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "mysql://root:hunter2@db/x", "sqlite://", "sqlite://:memory:", "postgres://u:hunter2@host:port/x", "sqlite:///no/such/folder/x.db"} {
		_, err := store.Open(t.Context(), url, store.Options{Migrate: true})
		wantCode(t, err, tagout.Invalid)
		if strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	}
}

// One incident as the first release wrote it: its record must stay readable.
const firstDoc = `{"ID":"INC pending","Title":"t","Summary":"s","Severity":"sev2","HighestSeverity":"sev1","Class":"tool_misuse","Scope":"mailer/email","State":"acknowledged","CorrelationID":"c","OpenedBy":{"kind":"user","id":"U0IC"},"Private":true,"Drill":true,"Milestones":{"acknowledged":"2026-11-21T12:00:00.123456Z","detected":"2026-11-21T12:00:00.123456Z"},"Roles":{"ic":"U0IC"},"AcknowledgedBy":{"kind":"user","id":"U0IC"},"Rule":[{"any_of":["legal"]}],"Monitor":60000000000,"Require":["cause"],"Holds":null,"Controls":[{"agent":"mailer","control":"webhook","requested_at":"2026-11-21T12:00:00Z"}],"Request":null,"Alerts":{"distinct":3,"repeats":0,"firing":1},"Rollback":null,"Ladder":{"sev1":2},"Room":{"channel":"C1"},"Head":{"seq":0,"hash":""}}`

func TestRecordsOfTheFirstReleaseStayReadable(t *testing.T) {
	t.Parallel()
	url := "sqlite://" + t.TempDir() + "/old.db"
	s := open(t, url, store.Options{})
	mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
	if _, err := rawDB(t, url).Exec("UPDATE incidents SET doc = ?, alerts_distinct = 3", firstDoc); err != nil {
		t.Fatal(err)
	}
	i, err := s.Incident(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	ok := i.Title == "t" && i.HighestSeverity == tagout.Sev1 && i.Scope == tagout.MustScope("mailer/email") && i.State == tagout.StateAcknowledged &&
		i.CorrelationID == "c" && i.OpenedBy == ic && i.Private && i.Drill && i.At(tagout.Detected).Equal(noon) && i.Roles["ic"] == "U0IC" &&
		i.Rule[0].AnyOf[0] == "legal" && i.Monitor == time.Minute && i.Require[0] == "cause" && i.Controls[0].Control == "webhook" &&
		i.Alerts.Distinct == 3 && i.Ladder["sev1"] == 2 && i.Room.Channel == "C1" && i.Summary == "s" && i.Class == "tool_misuse" && i.Severity == tagout.Sev2
	if !ok {
		t.Fatalf("%+v", i)
	}
}
