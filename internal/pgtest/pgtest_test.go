package pgtest_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"tagout/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestEachTestGetsAnEmptyDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	first, second := pgtest.New(t), pgtest.New(t)
	if first == second {
		t.Fatalf("one database for both: %s", first)
	}
	exec(t, connect(t, first), "CREATE TABLE marks (id int)")
	tables := queryInt(t, connect(t, second), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
	if tables != 0 {
		t.Errorf("the second database starts with %d tables", tables)
	}
}

// prepare makes what the copies start with.
func prepare(address string) error {
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	_, err = conn.Exec(context.Background(), "CREATE TABLE prepared AS SELECT 1 AS id")
	return err
}

func TestACopyOfAPreparedDatabaseIsOnesOwn(t *testing.T) {
	t.Parallel()
	first, second := connect(t, pgtest.Prepared(t, prepare)), connect(t, pgtest.Prepared(t, prepare))
	exec(t, first, "INSERT INTO prepared VALUES (2)")
	for conn, want := range map[*pgx.Conn]int{first: 2, second: 1} {
		if got := queryInt(t, conn, "SELECT count(*) FROM prepared"); got != want {
			t.Errorf("%d rows, want %d", got, want)
		}
	}
}

func TestADatabaseIsDroppedWithItsTestEvenWhileInUse(t *testing.T) {
	t.Parallel()
	var address string
	var left *pgx.Conn
	t.Run("uses it", func(t *testing.T) {
		address = pgtest.New(t)
		var err error
		if left, err = pgx.Connect(context.Background(), address); err != nil {
			t.Fatal(err)
		}
	})
	if left == nil {
		t.Skip("no Postgres")
	}
	defer left.Close(context.Background())
	if _, err := left.Exec(context.Background(), "SELECT 1"); err == nil {
		t.Error("a connection outlived its database")
	}
	_, err := pgx.Connect(context.Background(), address)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "3D000" { // invalid_catalog_name
		t.Errorf("connecting again gave %v, want 'database does not exist'", err)
	}
}

func TestAGivenServerIsUsedInstead(t *testing.T) {
	given := pgtest.StartCluster(t)
	t.Setenv(pgtest.ServerVariable, given.URL("postgres"))
	var address string
	t.Run("uses it", func(t *testing.T) {
		address = pgtest.New(t)
		exec(t, connect(t, address), "CREATE TABLE marks (id int)")
	})
	got, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	want, err := url.Parse(given.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Host != want.Host || got.RawQuery != want.RawQuery {
		t.Errorf("database at %s, want on %s", got, want)
	}
	left := queryInt(t, connect(t, given.URL("postgres")), "SELECT count(*) FROM pg_database WHERE datname LIKE 'tagout\\_test\\_%'")
	if left != 0 {
		t.Errorf("%d databases left on the given server", left)
	}
}

func TestAClusterKeepsWhatWasCommittedThroughACrash(t *testing.T) {
	t.Parallel()
	cluster := pgtest.StartCluster(t)
	port, address := cluster.Port(), cluster.NewDatabase()
	before := connect(t, address)
	exec(t, before, "CREATE TABLE marks (id int)")
	exec(t, before, "INSERT INTO marks VALUES (1)")

	cluster.Stop(pgtest.Immediate)
	cluster.Stop(pgtest.Fast) // already down: nothing to do
	if _, err := before.Exec(context.Background(), "INSERT INTO marks VALUES (2)"); err == nil {
		t.Error("a stopped server took a row")
	}
	if conn, err := pgx.Connect(context.Background(), address); err == nil {
		conn.Close(context.Background())
		t.Error("a stopped server took a connection")
	}

	cluster.Start()
	cluster.Start() // already up: nothing to do
	if got := queryInt(t, connect(t, address), "SELECT count(*) FROM marks"); got != 1 {
		t.Errorf("%d rows after the crash, want 1", got)
	}
	cluster.Restart()
	if got := queryInt(t, connect(t, address), "SELECT count(*) FROM marks"); got != 1 {
		t.Errorf("%d rows after the restart, want 1", got)
	}
	if cluster.Port() != port {
		t.Errorf("the port moved from %d to %d", port, cluster.Port())
	}
}

func TestTheUnixSocketWorksToo(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t))
	var socket string
	if err := conn.QueryRow(context.Background(), "SELECT current_setting('unix_socket_directories')").Scan(&socket); err != nil {
		t.Fatal(err)
	}
	if os.Getenv(pgtest.ServerVariable) != "" {
		t.Skip("the given server keeps its socket where it likes")
	}
	config := conn.Config().Copy()
	config.Host = socket
	again, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	again.Close(context.Background())
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, statement string) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), statement); err != nil {
		t.Fatal(err)
	}
}

func queryInt(t *testing.T, conn *pgx.Conn, query string) (n int) {
	t.Helper()
	if err := conn.QueryRow(context.Background(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
