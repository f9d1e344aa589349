// Package floors keeps the building in shape: which package may import which, and a
// few habits of the source that a compiler does not check.
//
// Read collects the facts of a source tree, Check judges them, and Tagout is the
// layout that this module promises in its architecture. The three are apart so that
// every rule can be tested against made-up files.
package floors

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// File is what the rules need to know of one Go file.
type File struct {
	// Path is the file's place below the module's root, with slashes.
	Path string
	// Package is the name in its package clause, ending in "_test" for external tests.
	Package string
	// Imports are the import paths.
	Imports []string
	// Lines counts the lines.
	Lines int
	// Inits are the line numbers of functions named init.
	Inits []int
	// Generated is whether the file says that it was generated.
	Generated bool
}

func (f File) dir() string {
	if dir := path.Dir(f.Path); dir != "." {
		return dir
	}
	return ""
}

func (f File) test() bool     { return strings.HasSuffix(f.Path, "_test.go") }
func (f File) external() bool { return f.test() && strings.HasSuffix(f.Package, "_test") }

// Check returns one sentence for each way in which the files break the layout, in
// the order of the files. None means that all is well.
func Check(layout Layout, files []File) []string {
	var broken []string
	for _, file := range files {
		for _, problem := range layout.problems(file) {
			broken = append(broken, file.Path+": "+problem)
		}
	}
	return broken
}

func (l Layout) problems(file File) []string {
	var problems []string
	if !file.Generated {
		for _, line := range file.Inits {
			problems = append(problems, fmt.Sprintf("line %d is an init function; wire it in cmd instead", line))
		}
		if file.Lines > l.MaxLines {
			problems = append(problems, fmt.Sprintf("%d lines, more than %d; split it by subject", file.Lines, l.MaxLines))
		}
	}
	room, ok := l.room(file.dir())
	if !ok {
		return append(problems, fmt.Sprintf("the folder %q has no place in the layout", file.dir()))
	}
	for _, target := range file.Imports {
		if problem := l.arrow(room, file, target); problem != "" {
			problems = append(problems, problem)
		}
	}
	return problems
}

// room returns the room that a folder belongs to: its own, or the smallest tree.
func (l Layout) room(dir string) (Room, bool) {
	var best Room
	found := false
	for _, room := range l.Rooms {
		if room.Dir == dir {
			return room, true
		}
		if matches(room.Dir, dir) && (!found || len(room.Dir) > len(best.Dir)) {
			best, found = room, true
		}
	}
	return best, found
}

// arrow returns what is wrong with one import, or "".
func (l Layout) arrow(room Room, file File, target string) string {
	inside, ours := l.inside(target)
	switch {
	case ours:
		return l.innerArrow(room, file, inside)
	case standard(target):
		if room.NoIO && !file.test() && matchesAny(l.IO, target) {
			return fmt.Sprintf("imports %s, but the domain does no I/O", target)
		}
		return ""
	case room.StandardOnly:
		return fmt.Sprintf("imports %s, but this package uses only the standard library", target)
	}
	for _, vendor := range l.Vendors {
		if covered(vendor.Imports, target) && !covered(vendor.Only, file.dir()) {
			return fmt.Sprintf("imports %s, which belongs in %s", target, strings.Join(vendor.Only, " and "))
		}
	}
	return ""
}

// innerArrow judges an import of one package of this module by another; target is
// its folder.
func (l Layout) innerArrow(room Room, file File, target string) string {
	if file.external() && target == file.dir() {
		return ""
	}
	if file.test() {
		if covered(l.TestOnly, target) || file.dir() != "" && within(file.dir(), target) {
			return ""
		}
		if file.external() && matchesAny(room.ExternalTests, target) {
			return ""
		}
	}
	if covered(l.TestOnly, target) && !room.TestOnly {
		return fmt.Sprintf("imports %s, which is for tests only", l.name(target))
	}
	if matchesAny(room.Imports, target) && !l.unreachable(target) {
		return ""
	}
	return fmt.Sprintf("imports %s; %s may import of this module: %s", l.name(target), l.name(file.dir()), l.names(room.Imports))
}

// unreachable reports whether nobody at all may import the folder.
func (l Layout) unreachable(target string) bool {
	room, ok := l.room(target)
	return !ok || room.Roof
}

// inside returns the folder of an import path of this module.
func (l Layout) inside(target string) (dir string, ours bool) {
	if target == l.Module {
		return "", true
	}
	return strings.CutPrefix(target, l.Module+"/")
}

func (l Layout) name(dir string) string { return path.Join(l.Module, dir) }

func (l Layout) names(patterns []string) string {
	if len(patterns) == 0 {
		return "nothing"
	}
	names := make([]string, len(patterns))
	for i, pattern := range patterns {
		names[i] = l.name(pattern)
	}
	return strings.Join(names, ", ")
}

// standard reports whether an import path belongs to the standard library, whose
// first element is the only one that never has a dot.
func standard(target string) bool {
	first, _, _ := strings.Cut(target, "/")
	return !strings.Contains(first, ".")
}

// matches reports whether a pattern means a folder: "a/b" the folder itself, "a/..."
// the folder and all below it, "" the module's root and "..." everything.
func matches(pattern, dir string) bool {
	parent, tree := strings.CutSuffix(pattern, "...")
	parent = strings.TrimSuffix(parent, "/")
	return dir == parent || tree && within(parent, dir)
}

func matchesAny(patterns []string, dir string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, dir) })
}

// within reports whether dir lies below parent.
func within(parent, dir string) bool {
	if parent == "" {
		return dir != ""
	}
	return strings.HasPrefix(dir, parent+"/")
}

// covered reports whether a path is one of the places or lies below one.
func covered(places []string, target string) bool {
	return slices.ContainsFunc(places, func(place string) bool { return target == place || within(place, target) })
}
