package store

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// released are the migrations that databases out there have. A new one needs a higher number:
// goose refuses one that is lower than what a database has already.
var released = []string{"0001", "0010", "0020", "0030", "0070", "0075", "0080", "0085", "0086", "0110", "0120", "0130", "0140", "0160"}

func TestNewMigrationsComeAfterThoseThatAreReleased(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"postgres", "sqlite"} {
		files, err := migrationFiles.ReadDir(path.Join("migrations", dialect))
		if err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for _, f := range files {
			number, _, _ := strings.Cut(f.Name(), "_")
			numbers = append(numbers, number)
		}
		if !slices.IsSorted(numbers) || len(numbers) < len(released) || !slices.Equal(numbers[:len(released)], released) {
			t.Errorf("%s: the migrations are %v, want those of the release first: %v", dialect, numbers, released)
		}
	}
}
