package bot

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

// slowDesk takes its time to say whose channel that is.
type slowDesk struct {
	Desk
	after time.Duration
}

func (d slowDesk) IncidentOfChannel(ctx context.Context, _ string) (tagout.IncidentID, error) {
	return 7, sleep(ctx, d.after)
}

func TestACommandWaitsToLearnOfItsChannelsIncidentAndAStopDoesNot(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		command string
		after   time.Duration
		id      tagout.IncidentID
		unsure  bool
	}{
		"a slow database":         {"/note x", 6 * time.Second, 7, false},
		"no database":             {"/note x", time.Minute, 0, true},
		"what only reads":         {"/status", time.Second, 7, false},
		"a stop":                  {"/kill mailer", time.Second, 0, true},
		"a stop, quick database":  {"/kill mailer", time.Millisecond, 7, false},
		"a note, quick database":  {"/note x", time.Millisecond, 7, false},
		"reading from a hung one": {"/status", 5 * time.Second, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := quietBot()
				b.desk, b.rooms = slowDesk{after: tt.after}, newCache[string, tagout.IncidentID](0)
				b.verbs = map[string]tagout.Command{"note": {Right: tagout.MayNot}, "status": {Right: tagout.MayRead}, "kill": {Right: tagout.MayStop}}
				d := &delivery{kind: kindCommand}
				d.command.Command, d.command.Text, _ = strings.Cut(tt.command, " ")
				_, patience := b.patience(d)
				if id, unsure := b.incidentOf(t.Context(), "C7", patience); id != tt.id || unsure != tt.unsure {
					t.Errorf("%s: %v, unsure %v", tt.command, id, unsure)
				}
			})
		})
	}
}
