package crashpoint

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// importSuffix is how the import path of this package ends in any module.
const importSuffix = "internal/crashpoint"

// validName keeps names usable in TAGOUT_CRASH_AT, where a colon starts the count.
var validName = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

// Names returns the names of all crash points in the Go files of the module at root,
// sorted. Test files, testdata, hidden folders, vendored code and nested modules are
// left out; files behind build tags are read.
//
// It returns an error that lists every place where a point cannot be told from the
// source: an argument that is not a string literal, a name used twice, a name with
// other characters than lower-case letters, digits, ".", "-" and "_", a Here that is
// not called on the spot, a dot import, or a file that does not parse.
func Names(root string) ([]string, error) {
	c := collector{root: root, fset: token.NewFileSet(), found: map[string]token.Pos{}}
	if err := filepath.WalkDir(root, c.visit); err != nil {
		return nil, fmt.Errorf("look for crash points: %w", err)
	}
	if len(c.problems) > 0 {
		return nil, errors.Join(c.problems...)
	}
	names := make([]string, 0, len(c.found))
	for name := range c.found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// collector gathers points and problems while the tree is walked.
type collector struct {
	root     string
	fset     *token.FileSet
	found    map[string]token.Pos
	problems []error
}

func (c *collector) visit(file string, entry fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if entry.IsDir() {
		if file != c.root && foreign(file, entry.Name()) {
			return filepath.SkipDir
		}
		return nil
	}
	if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
		return nil
	}
	tree, err := parser.ParseFile(c.fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		c.problems = append(c.problems, err)
		return nil
	}
	c.read(tree)
	return nil
}

// foreign reports whether a folder holds no source of this module.
func foreign(dir, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
		return true
	}
	if name == "testdata" || name == "vendor" || name == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// read collects the points of one file.
func (c *collector) read(file *ast.File) {
	local := c.localName(file)
	if local == "" {
		return
	}
	called := map[*ast.SelectorExpr]bool{}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.CallExpr:
			if here, ok := asHere(node.Fun, local); ok {
				called[here] = true
				c.point(node)
			}
		case *ast.SelectorExpr:
			if here, ok := asHere(node, local); ok && !called[here] {
				c.problem(node.Pos(), "call crashpoint.Here on the spot, so that its name can be read")
			}
		}
		return true
	})
}

// localName returns what the file calls this package, or "" if it does not use it.
func (c *collector) localName(file *ast.File) string {
	for _, spec := range file.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil || (target != importSuffix && !strings.HasSuffix(target, "/"+importSuffix)) {
			continue
		}
		switch {
		case spec.Name == nil:
			return path.Base(target)
		case spec.Name.Name == ".":
			c.problem(spec.Pos(), "import crashpoint by its name, not by a dot")
			return ""
		case spec.Name.Name == "_":
			return ""
		default:
			return spec.Name.Name
		}
	}
	return ""
}

func asHere(expr ast.Expr, local string) (*ast.SelectorExpr, bool) {
	selector, ok := expr.(*ast.SelectorExpr)
	if !ok || selector.Sel.Name != "Here" {
		return nil, false
	}
	base, ok := selector.X.(*ast.Ident)
	return selector, ok && base.Name == local
}

// point records the name of one call.
func (c *collector) point(call *ast.CallExpr) {
	var literal *ast.BasicLit
	if len(call.Args) == 1 {
		literal, _ = call.Args[0].(*ast.BasicLit)
	}
	if literal == nil || literal.Kind != token.STRING {
		c.problem(call.Pos(), "the name of a crash point must be one string literal")
		return
	}
	name, err := strconv.Unquote(literal.Value)
	if err != nil || !validName.MatchString(name) {
		c.problem(call.Pos(), "a crash point's name is lower-case letters, digits, '.', '-' and '_', not "+literal.Value)
		return
	}
	if first, twice := c.found[name]; twice {
		c.problem(call.Pos(), fmt.Sprintf("crash point %q is already at %s", name, c.fset.Position(first)))
		return
	}
	c.found[name] = call.Pos()
}

func (c *collector) problem(at token.Pos, sentence string) {
	c.problems = append(c.problems, fmt.Errorf("%s: %s", c.fset.Position(at), sentence))
}
