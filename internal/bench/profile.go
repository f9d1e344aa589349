package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// unnamed is what does not belong into the name of a file.
var unnamed = regexp.MustCompile(`[^a-z0-9]+`)

// profile keeps a CPU profile of the server while something is done, as DIR/name.pprof, if
// that was asked for. Read it by `go tool pprof -top FILE`.
func (b *bench) profile(s *server, name string, during func() error) error {
	if b.profiles == "" {
		return during()
	}
	if err := s.command.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	failed := during()
	if err := s.command.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	for range 500 {
		if _, err := os.Stat(s.profiled); err == nil {
			path := b.profilePath(name, ".pprof")
			b.log.Info("profiled", "in", path)
			if err := copyFile(path, s.profiled); err != nil {
				return err
			}
			return failed
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("the server wrote no profile: %s", s.log.Bytes())
}

// statementCounts are the settings with which Postgres keeps count of its statements; none
// unless profiles are kept, since counting costs time.
func (b *bench) statementCounts() []string {
	if b.profiles == "" {
		return nil
	}
	return []string{"shared_preload_libraries=pg_stat_statements", "pg_stat_statements.track_planning=on"}
}

// profileStatements keeps what the statements of a database took of Postgres, the dearest
// first, as DIR/name.sql.txt: milliseconds, calls, rows, statement.
func (b *bench) profileStatements(ctx context.Context, pg *cluster, database, name string) error {
	if b.profiles == "" {
		return nil
	}
	if err := pg.exec(ctx, database, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return err
	}
	var all string
	err := pg.query(ctx, database, `SELECT string_agg(format('%s ms planned in %s ms; %s calls, %s rows, %s WAL records, %s blocks: %s',
			total_exec_time::int, total_plan_time::int, calls, rows, wal_records, shared_blks_hit, regexp_replace(query, '\s+', ' ', 'g')), E'\n' ORDER BY total_exec_time DESC)
		FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`, &all)
	if err != nil {
		return err
	}
	return os.WriteFile(b.profilePath(name, ".sql.txt"), []byte(all+"\n"), 0o600)
}

func (b *bench) profilePath(name, ending string) string {
	return filepath.Join(b.profiles, strings.Trim(unnamed.ReplaceAllString(strings.ToLower(name), "-"), "-")+ending)
}

func copyFile(to, from string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
