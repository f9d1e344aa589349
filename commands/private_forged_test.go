package commands_test

import (
	"testing"

	"tagout"
)

func TestHoweverAButtonNamesAPrivateIncidentItIsKeptFromOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	b.incidents[7].Private, b.incidents[7].Room = true, tagout.Room{Channel: "C0INC", Private: true}
	stranger := tagout.User{ID: "U0NONE", Team: "T0"}
	c := b.command(t, "review")
	for _, value := range []string{"INC-7", "7", "inc-7", "INC-+7", "+7", " INC-007"} {
		reply, err := c.Clicks["review"](t.Context(), tagout.Click{User: stranger, Channel: "C0ELSE", Value: value})
		wantCode(t, err, tagout.Forbidden, "private")
		if reply.Form != nil {
			t.Errorf("%q: a stranger reads %+v", value, reply.Form)
		}
		_, err = c.Forms["review"](t.Context(), tagout.Submission{User: stranger, Channel: "C0ELSE", State: value + "|0"})
		wantCode(t, err, tagout.Forbidden, "private")
	}
}
