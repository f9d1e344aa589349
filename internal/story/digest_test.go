package story_test

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/sandbox"
)

// moved is the machine's clock, set forward by hand.
type moved struct{ ahead atomic.Int64 }

// Now is the time there.
func (m *moved) Now() time.Time { return time.Now().Add(time.Duration(m.ahead.Load())) }

// to sets it to a time.
func (m *moved) to(at time.Time) { m.ahead.Store(int64(time.Until(at))) }

// digests are those in #incidents, oldest first.
func (w *world) digests() (list []sandbox.Message) {
	for _, m := range w.slack.Messages("#incidents") {
		if strings.Contains(m.Text, "Weekly digest") && len(m.Files) == 0 {
			list = append(list, m)
		}
	}
	return list
}

// getsDigest waits for the nth digest, on the same terms by mail, and that there is only one.
func (w *world) getsDigest(n int) sandbox.Message {
	w.t.Helper()
	w.eventually("the digest stands in #incidents and is mailed", func() bool {
		return len(w.digests()) >= n && w.mails.count("leadership@example.com", "Subject:") >= n
	})
	list := w.digests()
	if mails := w.mails.count("leadership@example.com", "Subject:"); len(list) != n || mails != n {
		w.t.Fatalf("there are %d digests and %d mails, want %d\n%s", len(list), mails, n, w.scene())
	}
	return list[n-1]
}

// joins starts a second replica beside the first, where the database can have two.
func (w *world) joins() *world {
	w.t.Helper()
	if w.setting.database == "sqlite" {
		return nil
	}
	second := *w
	second.app, second.dir, second.address = nil, w.t.TempDir(), keepPort(w.t)
	second.params.Listen, second.params.Journal = second.address, filepath.Join(second.dir, "stops.journal")
	second.starts()
	return &second
}

func TestOnMondayMorningTheDigestTellsHowItWent(t *testing.T) {
	t.Parallel()
	for _, where := range []setting{{"sqlite", "socket"}, {"postgres", "socket"}} {
		t.Run(where.database, func(t *testing.T) {
			t.Parallel()
			w, clock, monday := newWorld(t, where), &moved{}, nextMonday()
			clock.to(monday.Add(-time.Hour))
			w.params.Digest, w.params.Lease, w.clock = true, "3s", clock
			w.starts()
			second := w.joins()

			// Nothing happened: one line says so, once, however many replicas run.
			db := w.opens()
			w.eventually("the schedules are known", func() bool {
				var known int
				return db.QueryRow("SELECT count(*) FROM routines WHERE next_at IS NOT NULL").Scan(&known) == nil && known == 2
			})
			w.types("U0IC", "#general", "/digest")
			w.reads("U0IC", "#general", "A quiet week.*Next digest: Mon .* 09:00.*Times in America/New_York")
			clock.to(monday.Add(time.Second))
			quiet := w.getsDigest(1)
			if !strings.Contains(plain(quiet), "A quiet week: no incident") || strings.Contains(string(quiet.Blocks), "data_visualization") {
				t.Errorf("the quiet week reads %s", plain(quiet))
			}

			// A week with an incident, and a flag that nobody looked at.
			w.types("U0IC", "#general", "/kill researcher odd answers") // it has no enforcement point, whose clock would have to be moved too
			room := w.room("inc-1-")
			w.state("INC-1", tagout.StateContained)
			w.asksToResume("U0IC", room, map[string]any{"fix": "It asks before it writes"})
			w.presses("U0PROGRAM", room, "GO")
			w.state("INC-1", tagout.StateResumed)
			w.types("U0OUTSIDER", "#general", "/flag")
			w.fills("U0OUTSIDER", map[string]any{"words": "It promised a refund"})
			w.types("U0IC", "#general", "/digest 2d")
			w.reads("U0IC", "#general", "1 incident, 1 more than the 2 days before.*1 flag undecided.*Post in this channel")
			w.presses("U0IC", "#general", "Post in this channel")
			w.reads("U0SALES", "#general", "Digest: .*1 incident, 1 more than.*FLAG-1.*It promised a refund")
			clock.to(monday.AddDate(0, 0, 7).Add(time.Second)) // a week may be an hour longer or shorter
			full := w.getsDigest(2)
			for _, want := range []string{"1 incident, 1 more than the week before", "FLAG-1 since", "Record: checkpoint "} {
				if !strings.Contains(plain(full), want) {
					t.Errorf("the digest does not say %q: %s", want, plain(full))
				}
			}
			if !strings.Contains(string(full.Blocks), `"data_visualization"`) || w.mails.count("leadership@example.com", "picture1.png") != 1 {
				t.Errorf("the charts are missing: %s", full.Blocks)
			}

			// Tagout does not run for two Mondays, and the workspace loses its charts: one late
			// digest comes, with a picture.
			if second != nil {
				second.stops()
			}
			w.stops()
			w.slack.RefuseCharts(true)
			clock.to(monday.AddDate(0, 0, 22).Add(2 * time.Hour))
			w.starts()
			late := w.getsDigest(3)
			if !strings.Contains(plain(late), "Late: it was due") || !strings.Contains(plain(late), "1 digest before it will not be sent") {
				t.Errorf("the late digest reads %s", plain(late))
			}
			w.eventually("its charts are a picture", func() bool { return w.pictures("#incidents") == 1 })
			w.verifies()
		})
	}
}

// pictures counts the files in a channel that are pictures with words for them.
func (w *world) pictures(channel string) (n int) {
	for _, m := range w.slack.Messages(channel) {
		for _, f := range m.Files {
			if f.Mimetype == "image/png" && strings.Contains(f.AltText, "Incidents by severity") {
				n++
			}
		}
	}
	return n
}

// nextMonday is the next one but one, at 9:00 in New York.
func nextMonday() time.Time {
	york, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	now := time.Now().In(york)
	days := (8 - int(now.Weekday())) % 7
	return time.Date(now.Year(), now.Month(), now.Day()+days+7, 9, 0, 0, 0, york)
}
