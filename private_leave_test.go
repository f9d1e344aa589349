package tagout_test

import (
	"testing"

	"tagout"
)

func TestWhoLeavesAPrivateIncidentsChannelIsNoneOfItsPeople(t *testing.T) {
	t.Parallel()
	policy := &tagout.Policy{}
	private := func() *tagout.Incident {
		return &tagout.Incident{ID: 7, Private: true, Room: tagout.Room{Channel: "C7", Private: true},
			Involved: map[tagout.UserID]tagout.Involvement{"U0OPENER": tagout.InvolvedOpener, "U0PAGED": tagout.InvolvedPaged, "U0COMMS": tagout.InvolvedPaged},
			Roles:    map[string]tagout.UserID{"comms": "U0COMMS"}, Rule: tagout.SignoffRule{{AnyOf: []string{"legal"}}}}
	}
	sees := func(i *tagout.Incident, id tagout.UserID, roles ...string) bool {
		return i.VisibleTo(tagout.Viewer{User: tagout.User{ID: id}, Roles: roles, Channel: "C0GENERAL"}, policy)
	}
	for _, id := range []tagout.UserID{"U0OPENER", "U0PAGED"} {
		i := private()
		if c := i.Leave(id, "C7", noon); len(c.Events) != 1 || sees(i, id) {
			t.Errorf("%s left, and still reads of it: %+v", id, c)
		}
		if c := i.Leave(id, "C7", noon); !c.IsEmpty() {
			t.Errorf("a repeat of the event is recorded again: %+v", c)
		}
	}
	for name, leave := range map[string]func(i *tagout.Incident) tagout.Change{
		"somebody with a role":     func(i *tagout.Incident) tagout.Change { return i.Leave("U0COMMS", "C7", noon) },
		"another channel":          func(i *tagout.Incident) tagout.Change { return i.Leave("U0PAGED", "C8", noon) },
		"no channel":               func(i *tagout.Incident) tagout.Change { return i.Leave("U0PAGED", "", noon) },
		"an outsider":              func(i *tagout.Incident) tagout.Change { return i.Leave("U0OUTSIDER", "C7", noon) },
		"of a public incident":     func(i *tagout.Incident) tagout.Change { i.Private = false; return i.Leave("U0PAGED", "C7", noon) },
		"nobody without a channel": func(i *tagout.Incident) tagout.Change { i.Room.Channel = ""; return i.Leave("U0PAGED", "", noon) },
	} {
		i := private()
		if c := leave(i); !c.IsEmpty() || len(i.Involved) != 3 {
			t.Errorf("%s: %+v, people %v", name, c, i.Involved)
		}
	}
	i := private()
	if i.Leave("U0LEGAL", "C7", noon); !sees(i, "U0LEGAL", "legal") {
		t.Error("who must sign reads no more of it")
	}
}
