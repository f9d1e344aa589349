// Package pgtest gives tests a real Postgres that is thrown away afterwards.
//
// New hands each test an empty database of its own. All of them live in one cluster
// per test process, started when the first test asks and stopped by Main:
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
// StartCluster starts a further cluster that a test may stop and start as it likes.
//
// Prepared hands each test a copy of one that was prepared once, such as by migrating it.
// The clusters use the machine's own initdb and postgres, do not wait for the disk, accept
// everyone on 127.0.0.1 as superuser, and live in the folder for temporary files. Where the
// variable TAGOUT_TEST_POSTGRES holds a postgres:// URL with the right to create
// databases, New uses that server instead.
//
// Without Postgres a test is skipped with the command that installs it, and fails
// where CI=true.
package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ServerVariable is the environment variable with the postgres:// URL of a server
// that New shall use instead of a cluster of its own.
const ServerVariable = "TAGOUT_TEST_POSTGRES"

// patience bounds every wait for Postgres; it only ends a test that hangs.
const patience = 2 * time.Minute

// shared is the cluster of this test process, started at most once.
var shared struct {
	once   sync.Once
	server *server
	err    error

	preparing sync.Once
	failed    error // to prepare
}

// New returns the postgres:// URL of an empty database for this test alone. It is
// dropped, with whatever is still connected to it, when the test ends. New skips or
// fails the test if there is no Postgres.
func New(tb testing.TB) string {
	tb.Helper()
	if admin := os.Getenv(ServerVariable); admin != "" {
		return createDatabase(tb, admin, createStatement, "template0")
	}
	server := sharedServer(tb)
	return createDatabase(tb, server.url("postgres"), server.createStatement, "template0")
}

// Prepared returns the postgres:// URL of a database for this test alone, as New does; it
// is a copy of a database that prepare had once. All calls of a test process give the same
// prepare, which leaves no connection open.
func Prepared(tb testing.TB, prepare func(address string) error) string {
	tb.Helper()
	if os.Getenv(ServerVariable) != "" { // no copies are left on a server that is not ours
		address := New(tb)
		if err := prepare(address); err != nil {
			tb.Fatalf("prepare a database: %v", err)
		}
		return address
	}
	server := sharedServer(tb)
	shared.preparing.Do(func() {
		if shared.failed = execute(server.url("postgres"), server.createStatement(prepared, "template0")); shared.failed == nil {
			shared.failed = prepare(server.url(prepared))
		}
	})
	if shared.failed != nil {
		tb.Fatalf("prepare a database: %v", shared.failed)
	}
	return createDatabase(tb, server.url("postgres"), server.createStatement, prepared)
}

// prepared is the database that Prepared copies.
const prepared = "tagout_prepared"

// Main runs the tests of a package, stops this process's cluster if one was started,
// removes its folder, cleans up with each of after, and exits with the tests' code.
func Main(m *testing.M, after ...func()) {
	code := m.Run()
	for _, cleanup := range after {
		cleanup()
	}
	shared.once.Do(func() { shared.err = errors.New("the tests have ended") })
	if shared.server != nil {
		if err := shared.server.discard(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
		}
	}
	os.Exit(code)
}

func sharedServer(tb testing.TB) *server {
	tb.Helper()
	shared.once.Do(func() { shared.server, shared.err = newServer() })
	if shared.err != nil {
		giveUp(tb, shared.err)
	}
	return shared.server
}

// giveUp ends a test that cannot have its Postgres: a missing installation skips it,
// except under CI=true; anything else fails it.
func giveUp(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, errMissing) && os.Getenv("CI") != "true" {
		tb.Skip(err)
	}
	tb.Fatal(err)
}

// createDatabase makes a copy of the template on the server of the admin URL and returns
// the same URL with that database.
func createDatabase(tb testing.TB, admin string, statement func(name, template string) string, template string) string {
	tb.Helper()
	target, err := url.Parse(admin)
	if err != nil {
		tb.Fatalf("%s is not a postgres:// URL", ServerVariable) // the parse error would quote a password
	}
	name, err := randomName()
	if err == nil {
		err = execute(admin, statement(name, template))
	}
	if err != nil {
		tb.Fatalf("create a database for this test: %v", err)
	}
	tb.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			tb.Logf("the database %s stays behind: %v", name, err)
		}
	})
	target.Path = "/" + name
	return target.String()
}

// randomName returns a name that no other database has.
func randomName() (string, error) {
	random := make([]byte, 8)
	if _, err := rand.Read(random); err != nil {
		return "", err
	}
	return "tagout_test_" + hex.EncodeToString(random), nil
}

// createStatement makes a database that is a copy of another. template0 is nothing but what
// Postgres ships.
func createStatement(name, template string) string {
	return "CREATE DATABASE " + name + " TEMPLATE " + template + " ENCODING 'UTF8'"
}

// execute runs one statement on a connection of its own.
func execute(address, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}
