package pgtest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// errMissing says that this machine has no Postgres, and how to get one.
var errMissing = errors.New("no Postgres on this machine: run `sudo apt-get install -y postgresql` " +
	"or scripts/ensure-deps.sh, or set " + ServerVariable + " to a postgres:// URL that may create databases")

// distribution is where Debian and its kin keep each major version's programs.
const distribution = "/usr/lib/postgresql/*/bin"

// binaries are the programs of one Postgres installation, as absolute paths.
type binaries struct {
	initdb   string
	postgres string
}

// findBinaries looks in the folders that match pattern, the newest version first,
// and then on PATH. It returns errMissing if no place has both programs.
func findBinaries(pattern string) (binaries, error) {
	folders, err := filepath.Glob(pattern)
	if err != nil {
		return binaries{}, fmt.Errorf("look for Postgres: %w", err)
	}
	slices.SortFunc(folders, func(a, b string) int { return cmp.Compare(majorVersion(b), majorVersion(a)) })
	if onPath, err := exec.LookPath("initdb"); err == nil {
		if onPath, err = filepath.EvalSymlinks(onPath); err == nil {
			folders = append(folders, filepath.Dir(onPath))
		}
	}
	for _, folder := range folders {
		found := binaries{initdb: filepath.Join(folder, "initdb"), postgres: filepath.Join(folder, "postgres")}
		if executable(found.initdb) && executable(found.postgres) {
			return found, nil
		}
	}
	return binaries{}, errMissing
}

// majorVersion reads 15 out of /usr/lib/postgresql/15/bin, and 0 where there is none.
func majorVersion(bin string) int {
	version, err := strconv.Atoi(filepath.Base(filepath.Dir(bin)))
	if err != nil {
		return 0
	}
	return version
}

func executable(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
