package commands_test

import (
	"strings"
	"testing"

	"tagout"
	"tagout/commands"
)

func TestEveryCommandButtonAndFormSaysWhoMayUseIt(t *testing.T) {
	t.Parallel()
	permits, used := map[string]tagout.Permit{}, map[string]bool{}
	for _, p := range commands.Permits() {
		if _, twice := permits[p.Thing]; twice {
			t.Errorf("commands/permits.go has two lines for %s", p.Thing)
		}
		permits[p.Thing] = p
	}
	look := func(thing, right string) {
		used[thing] = true
		if p := permits[thing]; p.For == "" || p.To == "" {
			t.Errorf("Who may use %s? Add this line to Permits in commands/permits.go, with the circle that is meant, then run go test ./cmd/tagout -run TestThePageOfPermissions -update:\n"+
				"\t\t{Thing: %q, For: tagout.ForMembers, To: \"do that\"%s},", thing, thing, right)
		}
	}
	for _, c := range newBench(t).list {
		right := ""
		if c.Right != tagout.MayNot {
			right = ", Right: tagout.May" + strings.ToUpper(string(c.Right[:1])) + string(c.Right[1:])
		}
		if look("/"+c.Name, right); permits["/"+c.Name].Right != c.Right {
			t.Errorf("the command /%s has the right %q, its line in commands/permits.go %q: make them one", c.Name, c.Right, permits["/"+c.Name].Right)
		}
		for action := range c.Clicks {
			look("button "+action, "")
		}
		for form := range c.Forms {
			look("form "+form, "")
		}
		for _, entry := range c.Shortcuts {
			look("shortcut "+entry.ID, "")
		}
		if c.Reacted != nil {
			look("reaction "+c.Name, "")
		}
		for form := range c.Typed {
			look("form "+form, "")
		}
	}
	for thing := range permits {
		base, _, _ := strings.Cut(thing, " ")
		if variant := strings.HasPrefix(thing, "/") && base != thing; !used[thing] && !(variant && used[base]) {
			t.Errorf("commands/permits.go has a line for %s, which does not exist", thing)
		}
	}
}
