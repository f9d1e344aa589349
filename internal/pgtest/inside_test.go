package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestTheNewestInstallationIsChosen(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for version, programs := range map[string][]string{
		"9":  {"initdb", "postgres"},
		"15": {"initdb", "postgres"},
		"17": {"initdb"}, // a client package has no server
	} {
		for _, program := range programs {
			install(t, filepath.Join(root, version, "bin", program), 0o755)
		}
	}
	install(t, filepath.Join(root, "18", "bin", "initdb"), 0o644)
	install(t, filepath.Join(root, "18", "bin", "postgres"), 0o644)

	found, err := findBinaries(filepath.Join(root, "*", "bin"))
	if err != nil {
		t.Fatal(err)
	}
	want := binaries{initdb: filepath.Join(root, "15/bin/initdb"), postgres: filepath.Join(root, "15/bin/postgres")}
	if found != want {
		t.Errorf("found %+v, want %+v", found, want)
	}
}

func TestPostgresIsFoundOnThePath(t *testing.T) {
	root := t.TempDir()
	install(t, filepath.Join(root, "initdb"), 0o755)
	install(t, filepath.Join(root, "postgres"), 0o755)
	t.Setenv("PATH", root)
	found, err := findBinaries(filepath.Join(root, "none", "*"))
	if err != nil || found.postgres != filepath.Join(root, "postgres") {
		t.Errorf("found %+v, %v", found, err)
	}
}

func TestAMissingPostgresSkipsAndFailsUnderCI(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := findBinaries(filepath.Join(t.TempDir(), "*"))
	if !errors.Is(err, errMissing) {
		t.Fatalf("error = %v, want errMissing", err)
	}
	for ci, want := range map[string]string{"": "skip", "false": "skip", "true": "fatal"} {
		t.Setenv("CI", ci)
		verdict := &verdict{TB: t}
		giveUp(verdict, err)
		if verdict.first != want {
			t.Errorf("CI=%q: %s, want %s", ci, verdict.first, want)
		}
		if !strings.Contains(verdict.said, "apt-get install -y postgresql") {
			t.Errorf("CI=%q: %q does not say what to install", ci, verdict.said)
		}
	}
}

func TestABrokenClusterIsNeverSkipped(t *testing.T) {
	t.Setenv("CI", "")
	verdict := &verdict{TB: t}
	giveUp(verdict, errors.New("initdb: no space left on device"))
	if verdict.first != "fatal" {
		t.Errorf("%s, want fatal", verdict.first)
	}
}

func TestOnlyAbandonedFoldersAreSwept(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	owned, err := newFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	abandoned, err := newFolder(parent)
	if err != nil {
		t.Fatal(err)
	}
	// As the kernel does for a killed process. A child that is just being started still has the file.
	if err := errors.Join(syscall.Flock(int(abandoned.lock.Fd()), syscall.LOCK_UN), abandoned.lock.Close()); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	young := filepath.Join(parent, folderPrefix+"young")
	old := filepath.Join(parent, folderPrefix+"old")
	other := filepath.Join(parent, "somebody-elses")
	for _, path := range []string{young, old, other} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(old, now, now.Add(-2*unlockedAge)); err != nil {
		t.Fatal(err)
	}

	sweep(parent, now)

	for path, want := range map[string]bool{owned.path: true, abandoned.path: false, young: true, old: false, other: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s kept = %v, want %v", path, err == nil, want)
		}
	}
	if err := owned.remove(); err != nil {
		t.Error(err)
	}
}

func TestAnUnknownStopModeIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := Mode("softly").signal(); err == nil {
		t.Error("accepted")
	}
}

// ownerVariable makes TestOwnerToKill play the process that is killed.
const ownerVariable = "PGTEST_OWNER"

func TestOwnerToKill(t *testing.T) {
	if os.Getenv(ownerVariable) == "" {
		t.Skip("only as a child of the test below")
	}
	cluster := StartCluster(t)
	fmt.Printf("\n%s %s\n", cluster.URL("postgres"), cluster.server.folder.path)
	select {}
}

func TestAKilledProcessLeavesNoClusterBehind(t *testing.T) {
	t.Parallel()
	if _, err := findBinaries(distribution); err != nil {
		giveUp(t, err)
	}
	owner := exec.Command(os.Args[0], "-test.run=^TestOwnerToKill$")
	owner.Env = append(os.Environ(), ownerVariable+"=1")
	out, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = owner.Process.Kill(); _ = owner.Wait() })
	var address, path string
	for lines := bufio.NewScanner(out); address == "" && lines.Scan(); {
		if found, err := fmt.Sscanf(lines.Text(), "postgres://%s %s", &address, &path); found == 2 && err == nil {
			address = "postgres://" + address
		}
	}
	if address == "" {
		t.Fatal("the owner did not say where its cluster is")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)

	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()

	if _, err := conn.Exec(ctx, "SELECT pg_sleep(3600)"); err == nil || ctx.Err() != nil {
		t.Errorf("the orphaned server still serves (%v)", err)
	}
	sweep(folderParent(), time.Now())
	if _, err := os.Stat(path); err == nil {
		t.Errorf("%s was left behind", path)
	}
}

// verdict records how a test was ended instead of ending it.
type verdict struct {
	testing.TB
	first, said string
}

func (v *verdict) Helper()           {}
func (v *verdict) Skip(args ...any)  { v.record("skip", args) }
func (v *verdict) Fatal(args ...any) { v.record("fatal", args) }

func (v *verdict) record(kind string, args []any) {
	if v.first == "" { // the real ones do not return
		v.first, v.said = kind, fmt.Sprint(args...)
	}
}

func install(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), mode); err != nil {
		t.Fatal(err)
	}
}
