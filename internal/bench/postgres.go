package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgresSettings are those of the throwaway server, as they are printed with the figures.
// Everything that makes a commit durable is on.
const postgresSettings = "fsync=on synchronous_commit=on full_page_writes=on shared_buffers=256MB max_wal_size=2GB min_wal_size=1GB"

// cluster is a throwaway Postgres server.
type cluster struct {
	dir     string
	port    int
	command *exec.Cmd
	version string
}

// startPostgres makes a cluster in a folder of its own and starts it. The programs are
// Debian's or those on PATH. more are settings beside postgresSettings.
func startPostgres(ctx context.Context, more ...string) (*cluster, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("/tmp", "tagout-bench-pg-") // a socket's path must be short
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir}
	as, err := unprivileged(dir)
	if err != nil {
		return nil, err
	}
	attributes := &syscall.SysProcAttr{Credential: as}
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "--pgdata="+filepath.Join(dir, "data"), "--username=postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	initdb.SysProcAttr, initdb.Dir = attributes, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if c.port, err = freePort(); err != nil {
		return nil, err
	}
	args := []string{"-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(c.port), "-k", dir, "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"}
	for _, setting := range append(strings.Fields(postgresSettings), more...) {
		args = append(args, "-c", setting)
	}
	c.command = exec.Command(filepath.Join(bin, "postgres"), args...)
	c.command.SysProcAttr, c.command.Dir = attributes, dir
	if err := c.command.Start(); err != nil {
		return nil, err
	}
	if err := c.awaitReady(ctx); err != nil {
		return nil, err
	}
	return c, c.settle(ctx)
}

// settle makes the server like one that has run for a while: it has log files to use again. A
// new one makes each of them, 16 MB, and fsyncs it, while it is measured.
func (c *cluster) settle(ctx context.Context) error {
	for _, statement := range []string{
		"CREATE TABLE filler AS SELECT repeat('x', 900) FROM generate_series(1, 700000)", "DROP TABLE filler", "CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT",
	} {
		if err := c.exec(ctx, "postgres", statement); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) awaitReady(ctx context.Context) error {
	for range 200 {
		err := c.query(ctx, "postgres", "SHOW server_version", &c.version)
		if err == nil {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.discard()
	return fmt.Errorf("the throwaway Postgres did not start")
}

// discard stops the server and removes it.
func (c *cluster) discard() {
	_ = c.command.Process.Signal(syscall.SIGQUIT)
	_ = c.command.Wait()
	_ = os.RemoveAll(c.dir)
}

func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, url.PathEscape(database))
}

// fresh creates an empty database and returns its name.
func (c *cluster) fresh(ctx context.Context) (string, error) {
	name := "bench" + strconv.FormatUint(rand.Uint64(), 36)
	return name, c.exec(ctx, "postgres", "CREATE DATABASE "+name)
}

func (c *cluster) exec(ctx context.Context, database, statement string) error {
	conn, err := pgx.Connect(ctx, c.url(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// query reads one value.
func (c *cluster) query(ctx context.Context, database, statement string, into any) error {
	conn, err := pgx.Connect(ctx, c.url(database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	return conn.QueryRow(ctx, statement).Scan(into)
}

// postgresPrograms is the folder of the newest installation.
func postgresPrograms() (string, error) {
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	if len(folders) > 0 {
		slices.SortFunc(folders, func(a, b string) int { return majorVersion(b) - majorVersion(a) })
		return folders[0], nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", fmt.Errorf("no Postgres on this machine: install the package postgresql")
	}
	return filepath.Dir(path), nil
}

func majorVersion(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	return n
}

// unprivileged is the user under which root runs Postgres, to whom it gives the folder; nil
// for anybody else.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(account.Uid)
		if err != nil {
			return nil, err
		}
		gid, err := strconv.Atoi(account.Gid)
		if err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid)
	}
	return nil, fmt.Errorf("the server refuses to run as root, and there is no user postgres or nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// onBoth measures on a Postgres that it starts and throws away, and on SQLite, whose URL is "".
func (b *bench) onBoth(ctx context.Context, measure func(name, database string) error) error {
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer pg.discard()
	database, err := pg.fresh(ctx)
	if err != nil {
		return err
	}
	for _, on := range []struct{ name, url string }{{"Postgres", pg.url(database)}, {"SQLite", ""}} {
		if !b.wants(on.name) {
			continue
		}
		if err := measure(on.name, on.url); err != nil {
			return err
		}
	}
	return nil
}
