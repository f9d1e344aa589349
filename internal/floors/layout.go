package floors

// Layout says what a module's packages may import, and how long its files may be.
type Layout struct {
	// Module is the module's path.
	Module string
	// Rooms are the folders that may hold Go files; the closest match counts.
	Rooms []Room
	// Vendors are the libraries that are kept in one place.
	Vendors []Vendor
	// TestOnly are the packages that only test files and test-only rooms may import.
	TestOnly []string
	// IO are the packages of the standard library that reach outside the process,
	// written like folders.
	IO []string
	// MaxLines is how long a file may be, unless it is generated.
	MaxLines int
}

// Room is a folder, or a tree of them, whose packages live by the same rule. Folders
// are written from the module's root: "a/b" is that folder, "a/..." it and all below.
type Room struct {
	// Dir is the folder.
	Dir string
	// Imports are the folders of this module that its packages may import.
	Imports []string
	// ExternalTests are those that its external tests may import as well.
	ExternalTests []string
	// StandardOnly forbids libraries other than the standard one.
	StandardOnly bool
	// NoIO forbids the standard library's ways out of the process, but for tests.
	NoIO bool
	// Roof forbids everybody to import the room.
	Roof bool
	// TestOnly is for rooms that are tests through and through.
	TestOnly bool
}

// Vendor is a set of libraries that only some folders may import.
type Vendor struct {
	// Imports are the import paths, each with all below it.
	Imports []string
	// Only are the folders, each with all below it.
	Only []string
}

// Tagout is the layout of this module.
//
// On the ground floor is the domain: the standard library, no I/O. On the middle
// floor nobody knows a neighbour. On the top floor cmd/tagout knows everybody.
func Tagout() Layout {
	middle := []string{"", "internal/crashpoint"}
	return Layout{
		Module: "tagout",
		Rooms: []Room{
			{Dir: "", StandardOnly: true, NoIO: true},
			{Dir: "internal/crashpoint", StandardOnly: true},

			{Dir: "bot/...", Imports: middle, ExternalTests: []string{"sandbox"}},
			{Dir: "commands/...", Imports: middle},
			{Dir: "escalation/...", Imports: middle},
			{Dir: "gate/...", Imports: middle},
			{Dir: "store/...", Imports: middle},
			{Dir: "integrations", Imports: append([]string{"integrations/..."}, middle...)},
			{Dir: "integrations/...", Imports: []string{"", "integrations/incoming", "integrations/outgoing"}},
			{Dir: "sandbox/..."},
			{Dir: "internal/...", Imports: middle},
			{Dir: "docs/examples/...", StandardOnly: true},

			{Dir: "internal/slowest"},
			{Dir: "internal/bench", Imports: []string{"", "sandbox", "store"}, Roof: true},
			{Dir: "internal/story/...", Imports: []string{"..."}, Roof: true, TestOnly: true},
			{Dir: "cmd/tagout", Imports: []string{"..."}, Roof: true},
			{Dir: "cmd/tagout/...", Imports: []string{"..."}},
		},
		Vendors: []Vendor{
			{Imports: []string{"gorm.io", "github.com/glebarez"}, Only: []string{"store"}},
			{Imports: []string{"github.com/riverqueue"}, Only: []string{"store"}},
			{Imports: []string{"github.com/slack-go"}, Only: []string{"bot", "sandbox"}},
		},
		TestOnly: []string{"internal/pgtest", "internal/browsertest", "internal/handclock"},
		IO: []string{
			"database/sql/...", "io/ioutil", "log/syslog", "net", "net/http/...", "net/rpc/...", "net/smtp",
			"os/...", "plugin", "syscall/...",
		},
		MaxLines: 400,
	}
}
