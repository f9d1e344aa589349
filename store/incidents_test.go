package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

func TestAnIncidentReadsBackAsItWasCommitted(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		made := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer/email"))
		if made.ID != 1 {
			t.Fatalf("the first incident is %s", made.ID)
		}
		made = mustUpdate(t, s, 1, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.Room = tagout.Room{Channel: "C1", Name: "inc-1", Card: "1.2"}
			i.Private, i.CorrelationID = true, "corr"
			i.Ladder = map[string]int{"sev1": 2}
			i.Rollback = &tagout.Rollback{At: now, By: ic, Agent: "mailer", Components: []tagout.ComponentRollback{{Component: "prompt", To: "v1"}}}
			i.Milestones[tagout.Onset] = now.Add(-time.Hour)
			return i.Acknowledge(ic, now)
		})
		read, err := s.Incident(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(made, read) {
			t.Fatalf("read\n%+v\nwant\n%+v", read, made)
		}
		if read.Head.Seq == 0 || read.Head.Hash == "" || !read.At(tagout.Detected).Equal(noon) {
			t.Fatalf("head %+v, detected %s", read.Head, read.At(tagout.Detected))
		}
		events, err := s.Timeline(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(events)) != read.Head.Seq || events[0].Kind != tagout.EventOpened || !events[0].At.Equal(noon) || events[0].At.Location() != time.UTC {
			t.Fatalf("%d events, the first %+v", len(events), events[0])
		}
		mustVerify(t, s, 1)
	})
}

func TestATransitionThatFailsLeavesNeitherRowsNorJobs(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		boom := errors.New("boom")
		_, _, err := s.Join(t.Context(), tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			c, _ := stopping("h1", "mailer")(i, now)
			return c, boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
		db := rawDB(t, url)
		for _, table := range []string{"incidents", "holds", "events", "river_job", "timers", "pages"} {
			if n := count(t, db, "SELECT count(*) FROM "+table); n != 0 {
				t.Errorf("%d rows in %s", n, table)
			}
		}
		// A row that the database refuses takes the jobs with it as well.
		mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer"))
		jobs := count(t, db, "SELECT count(*) FROM river_job")
		_, _, err = s.Join(t.Context(), tagout.Match{}, stopping("h1", "researcher"))
		wantCode(t, err, tagout.Conflict)
		if n := count(t, db, "SELECT count(*) FROM river_job"); n != jobs {
			t.Errorf("%d jobs, want %d", n, jobs)
		}
		if n := count(t, db, "SELECT count(*) FROM incidents"); n != 1 {
			t.Errorf("%d incidents", n)
		}
	})
}

func TestJoinTriesTheFieldsOfAMatchInOrder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		first := mustJoin(t, s, tagout.Match{}, stopping("h1", "mailer/email"))
		second := mustJoin(t, s, tagout.Match{}, stopping("h2", "researcher"))
		mustUpdate(t, s, second.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.CorrelationID = strings.Repeat("long", 100)
			return i.AddNote("x", ic, now)
		})
		scope := func(text string) *tagout.Scope { sc := tagout.MustScope(text); return &sc }
		cases := []struct {
			name  string
			match tagout.Match
			want  tagout.IncidentID // 0: a fresh one
		}{
			{"by number", tagout.Match{Incident: 1, Hold: "h2"}, 1},
			{"by hold", tagout.Match{Hold: "h2", Agent: "mailer", Class: "judgment_error"}, 2},
			{"by correlation", tagout.Match{Hold: "unknown", CorrelationID: strings.Repeat("long", 100), Agent: "mailer", Class: "judgment_error"}, 2},
			{"by agent and class", tagout.Match{CorrelationID: "other", Agent: "mailer", Class: "judgment_error"}, 1},
			{"by overlap", tagout.Match{Overlaps: scope("mailer")}, 1},
			{"newest overlap", tagout.Match{Overlaps: scope("*")}, 2},
			{"no overlap", tagout.Match{Overlaps: scope("mailer/sms")}, 0},
			{"another class", tagout.Match{Agent: "researcher", Class: "cost_runaway"}, 0},
			{"nothing asked", tagout.Match{}, 0},
		}
		nothing := errors.New("only looking")
		for _, c := range cases {
			var found tagout.IncidentID
			var isFresh bool
			_, _, err := s.Join(t.Context(), c.match, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
				found, isFresh = i.ID, i.State == ""
				return tagout.Change{}, nothing
			})
			if !errors.Is(err, nothing) || isFresh != (c.want == 0) || !isFresh && found != c.want {
				t.Errorf("%s: found %s, fresh %v, error %v", c.name, found, isFresh, err)
			}
		}
		// An ended incident is found by number and by hold only.
		mustUpdate(t, s, first.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State = tagout.StateCancelled
			return i.AddNote("false alarm", ic, now)
		})
		for _, m := range []tagout.Match{{Agent: "mailer", Class: "judgment_error"}, {Overlaps: scope("mailer")}, {Hold: "h1"}} {
			_, _, err := s.Join(t.Context(), m, func(i *tagout.Incident, _ time.Time) (tagout.Change, error) {
				if (i.State == "") == (m.Hold != "") {
					t.Errorf("%+v found %s %q", m, i.ID, i.State)
				}
				return tagout.Change{}, nothing
			})
			if !errors.Is(err, nothing) {
				t.Error(err)
			}
		}
	})
}

func TestFiftyPeopleStoppingAtOnceMakeOneIncident(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		scope := tagout.MustScope("mailer")
		var fresh atomic.Int64
		var wait sync.WaitGroup
		for n := range 50 {
			wait.Go(func() {
				_, isFresh, err := s.Join(soon(t), tagout.Match{Overlaps: &scope}, stopping(fmt.Sprint("h", n), "mailer"))
				if err != nil {
					t.Error(err)
				}
				if isFresh {
					fresh.Add(1)
				}
			})
		}
		wait.Wait()
		list, err := s.Incidents(t.Context(), tagout.IncidentQuery{})
		if err != nil {
			t.Fatal(err)
		}
		if fresh.Load() != 1 || len(list) != 1 || len(list[0].Holds) != 50 {
			t.Fatalf("%d fresh, %d incidents, %d holds", fresh.Load(), len(list), len(list[0].Holds))
		}
		mustVerify(t, s, list[0].ID)
	})
}

func TestParallelUpdatesKeepTheChainWhole(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		i := mustJoin(t, s, tagout.Match{}, opening("mailer", "tool_misuse"))
		before := i.Head.Seq
		var wait sync.WaitGroup
		for n := range 16 {
			wait.Go(func() {
				for m := range 10 {
					if _, err := s.Update(soon(t), i.ID, note(fmt.Sprint(n, "/", m))); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		mustVerify(t, s, i.ID)
		read, err := s.Incident(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		if read.Head.Seq != before+160 {
			t.Fatalf("head at %d, want %d", read.Head.Seq, before+160)
		}
	})
}

func TestIncidentsAreListedNewestFirstAndByWhatIsAsked(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		mustJoin(t, s, tagout.Match{}, opening("researcher", "a"))
		mustJoin(t, s, tagout.Match{}, opening("mailer", "b"))
		mustUpdate(t, s, 3, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State, i.Room.Channel = tagout.StateClosed, "C3"
			return i.AddNote("done", ic, now)
		})
		mustUpdate(t, s, 2, stopping("h", "mailer"))
		cases := []struct {
			name string
			q    tagout.IncidentQuery
			want []tagout.IncidentID
		}{
			{"all", tagout.IncidentQuery{}, []tagout.IncidentID{3, 2, 1}},
			{"limit", tagout.IncidentQuery{Limit: 2}, []tagout.IncidentID{3, 2}},
			{"open", tagout.IncidentQuery{Open: true}, []tagout.IncidentID{2, 1}},
			{"agent", tagout.IncidentQuery{Agent: "mailer"}, []tagout.IncidentID{3, 2, 1}},
			{"other agent", tagout.IncidentQuery{Agent: "researcher"}, []tagout.IncidentID{2}},
			{"channel", tagout.IncidentQuery{Channel: "C3"}, []tagout.IncidentID{3}},
			{"none", tagout.IncidentQuery{Channel: "C3", Open: true}, nil},
		}
		for _, c := range cases {
			list, err := s.Incidents(t.Context(), c.q)
			if err != nil {
				t.Fatal(err)
			}
			var got []tagout.IncidentID
			for _, i := range list {
				got = append(got, i.ID)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
		ids, err := s.IncidentIDs(t.Context())
		if err != nil || !reflect.DeepEqual(ids, []tagout.IncidentID{1, 2, 3}) {
			t.Errorf("%v, %v", ids, err)
		}
	})
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		_, err := s.Incident(t.Context(), 7)
		wantCode(t, err, tagout.NotFound)
		_, err = s.Update(t.Context(), 7, note("x"))
		wantCode(t, err, tagout.NotFound)
		_, err = s.Timeline(t.Context(), 7)
		wantCode(t, err, tagout.NotFound)
		_, err = s.Verify(t.Context(), 7)
		wantCode(t, err, tagout.NotFound)
		_, _, err = s.Join(t.Context(), tagout.Match{Incident: 7}, note("x"))
		wantCode(t, err, tagout.NotFound)
	})
}

func TestTellsOfEachCommitAndNothingElse(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		told := make(chan *tagout.Incident, 10)
		s := open(t, url, store.Options{OnCommit: func(i *tagout.Incident) { told <- store.Copy(i) }})
		i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		got := <-told
		if got == i || !reflect.DeepEqual(got, i) {
			t.Fatalf("told of %+v", got)
		}
		mustUpdate(t, s, i.ID, func(*tagout.Incident, time.Time) (tagout.Change, error) { return tagout.Change{}, nil })
		_, _ = s.Update(t.Context(), i.ID, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.Title = "never"
			return tagout.Change{}, errors.New("no")
		})
		mustUpdate(t, s, i.ID, note("x"))
		if got := <-told; got.Head.Seq != i.Head.Seq+1 || got.Title == "never" {
			t.Fatalf("told of %+v", got)
		}
		if len(told) != 0 {
			t.Fatal("told of a change that was none")
		}
	})
}

func TestAJoinThatOpensNothingLeavesNoIncident(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		_, fresh, err := s.Join(t.Context(), tagout.Match{}, func(*tagout.Incident, time.Time) (tagout.Change, error) { return tagout.Change{}, nil })
		if err != nil || !fresh {
			t.Fatal(fresh, err)
		}
		list, err := s.Incidents(t.Context(), tagout.IncidentQuery{})
		if err != nil || len(list) != 0 {
			t.Fatal(list, err)
		}
	})
}

func TestForeignTextSurvivesOrIsMadeHarmless(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		nasty := "emoji 🚨 rtl \u202e nul \x00 bad \xff\xfe line\nbreak <!channel> ' \" \\u0000"
		i := mustJoin(t, s, tagout.Match{CorrelationID: nasty, Agent: "mailer", Class: nasty}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			by := tagout.Actor{Kind: tagout.ByAgent, ID: nasty}
			c, err := i.Open(tagout.Opening{Title: nasty, Summary: nasty, Scope: tagout.Scope{Agent: "mailer"}, Class: nasty, CorrelationID: nasty, By: by, Row: sev1}, now)
			hung, _ := i.Hang(tagout.Hold{ID: "h", Scope: tagout.Scope{Agent: "mailer"}, Mode: tagout.Paused, By: by, Reason: nasty, At: now}, agents, now)
			c = c.And(hung)
			c.Effects = append(c.Effects, tagout.NewEffect(tagout.EffectPost, i.ID, nasty, map[string]string{"text": nasty}),
				tagout.NewEffect(tagout.EffectPost, i.ID, nasty+"later", nasty).At(now.Add(time.Hour)))
			c.Pages = append(c.Pages, tagout.Page{ID: "p", Pager: nasty, Why: nasty, Detail: nasty, QueuedAt: now})
			return c, err
		})
		again := mustJoin(t, s, tagout.Match{CorrelationID: nasty, Agent: "x"}, note(nasty+strings.Repeat("long ", 1000)))
		if again.ID != i.ID {
			t.Errorf("joined %s", again.ID)
		}
		mustVerify(t, s, i.ID)
		read, err := s.Incident(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(read.Title, "emoji 🚨 rtl \u202e") || !strings.Contains(read.Title, "line\nbreak <!channel> ' \" \\u0000") {
			t.Errorf("title %q", read.Title)
		}
		pages, err := s.Pages(t.Context(), i.ID)
		if err != nil || len(pages) != 1 || !strings.Contains(pages[0].Why, "🚨") {
			t.Errorf("%+v, %v", pages, err)
		}
	})
}

func TestLargeTextIsKept(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		large := strings.Repeat("ä", 1<<20)
		i := mustJoin(t, s, tagout.Match{}, func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
			i.State, i.Summary = tagout.StateOpen, large
			return tagout.Change{Events: []tagout.Event{tagout.NewEvent(tagout.EventNote, ic, now, map[string]any{"text": large})}}, nil
		})
		mustVerify(t, s, i.ID)
		read, err := s.Incident(t.Context(), i.ID)
		if err != nil || read.Summary != large {
			t.Fatal(len(read.Summary), err)
		}
	})
}

func TestPagesAreListedInTheOrderInWhichTheyWereQueued(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		i := mustJoin(t, s, tagout.Match{}, opening("mailer", "a"))
		page := func(id string, status tagout.PageStatus) tagout.Page {
			return tagout.Page{ID: tagout.PageID(id), Incident: i.ID, Pager: "email", To: tagout.Person{ID: "U0LEGAL"}, Status: status, QueuedAt: c.Now()}
		}
		paging := func(pages ...tagout.Page) tagout.Transition {
			return func(*tagout.Incident, time.Time) (tagout.Change, error) { return tagout.Change{Pages: pages}, nil }
		}
		mustUpdate(t, s, i.ID, paging(page("z", tagout.PageQueued), page("a", tagout.PageQueued)))
		mustUpdate(t, s, i.ID, paging(page("m", tagout.PageQueued)))
		mustUpdate(t, s, i.ID, paging(page("a", tagout.PageQueued), page("a", tagout.PageSent)))
		pages, err := s.Pages(t.Context(), i.ID)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range pages {
			got = append(got, string(p.ID)+" "+string(p.Status))
			if !p.QueuedAt.Equal(noon) || p.To.ID != "U0LEGAL" {
				t.Errorf("%+v", p)
			}
		}
		if want := "z queued, a sent, m queued"; strings.Join(got, ", ") != want {
			t.Errorf("%v", got)
		}
	})
}
