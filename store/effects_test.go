package store_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"tagout"
	"tagout/store"
)

// asking is a transition that asks for effects.
func asking(effects ...func(id tagout.IncidentID, now time.Time) tagout.Effect) tagout.Transition {
	return func(i *tagout.Incident, now time.Time) (tagout.Change, error) {
		i.State = tagout.StateOpen
		var c tagout.Change
		for _, e := range effects {
			c.Effects = append(c.Effects, e(i.ID, now))
		}
		return c, nil
	}
}

func post(key string) func(tagout.IncidentID, time.Time) tagout.Effect {
	return func(id tagout.IncidentID, _ time.Time) tagout.Effect {
		return tagout.NewEffect(tagout.EffectPost, id, key, map[string]string{"text": "nul \x00 " + key})
	}
}

func postIn(d time.Duration, key, text string) func(tagout.IncidentID, time.Time) tagout.Effect {
	return func(id tagout.IncidentID, now time.Time) tagout.Effect {
		return tagout.NewEffect(tagout.EffectPost, id, key, text).At(now.Add(d))
	}
}

// working runs effects until the test ends or stop is called, and waits for the drain.
func working(t testing.TB, s *store.Store, do map[tagout.EffectKind]tagout.EffectFunc) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	drained, err := s.Work(ctx, do)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); drained() }) }
	t.Cleanup(stop)
	return stop
}

func receive[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(2 * time.Minute):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func into(ch chan tagout.Effect) tagout.EffectFunc {
	return func(_ context.Context, e tagout.Effect) error { ch <- e; return nil }
}

func TestEffectsOutliveTheStoreThatCommittedThem(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		first, err := store.Open(t.Context(), url, store.Options{Migrate: true})
		if err != nil {
			t.Fatal(err)
		}
		mustJoin(t, first, tagout.Match{}, asking(post("one"), post("two")))
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		second := open(t, url, store.Options{})
		done := make(chan tagout.Effect, 10)
		working(t, second, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: into(done)})
		got := map[string]bool{}
		for range 2 {
			e := receive(t, done)
			var data map[string]string
			if err := e.Decode(&data); err != nil || e.Kind != tagout.EffectPost || e.Incident != 1 || !strings.HasPrefix(data["text"], "nul \x00 ") {
				t.Fatalf("%+v, %v, %v", e, data, err)
			}
			got[e.Key] = true
		}
		if !got["post:INC-1:one"] || !got["post:INC-1:two"] {
			t.Fatalf("%v", got)
		}
	})
}

func TestEffectsAreTriedAgainUntilTheySucceedOrAreFinal(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		var log safeBuffer
		s := open(t, url, store.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		var mu sync.Mutex
		tries := map[string]int{}
		done := make(chan string, 20)
		working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: func(_ context.Context, e tagout.Effect) error {
			mu.Lock()
			tries[e.Key]++
			try := tries[e.Key]
			mu.Unlock()
			switch {
			case strings.HasSuffix(e.Key, "flaky") && try < 3:
				return errors.New("not yet \x00")
			case strings.HasSuffix(e.Key, "panicky") && try < 2:
				panic("oops \x00")
			case strings.HasSuffix(e.Key, "hopeless"):
				done <- e.Key
				return tagout.Final(errors.New("no such channel"))
			}
			done <- e.Key
			return nil
		}})
		mustJoin(t, s, tagout.Match{}, asking(post("flaky"), post("panicky"), post("hopeless")))
		for range 3 {
			receive(t, done)
		}
		mustJoin(t, s, tagout.Match{}, asking(post("after")))
		receive(t, done)
		mu.Lock()
		defer mu.Unlock()
		if tries["post:INC-1:flaky"] != 3 || tries["post:INC-1:panicky"] != 2 || tries["post:INC-1:hopeless"] != 1 {
			t.Errorf("%v", tries)
		}
		if !strings.Contains(log.String(), "effect given up") {
			t.Errorf("nothing was logged of what was given up:\n%s", log.String())
		}
	})
}

// safeBuffer is a buffer that many goroutines write.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestOfJobsOnlyThoseThatAreNotDoneAreKept(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		mustJoin(t, s, tagout.Match{}, asking(post("done"), post("refused"), post("postponed"), post("failed")))
		ctx, cancel := context.WithCancel(t.Context())
		tried := make(chan struct{}, 4)
		drained, err := s.Work(ctx, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: func(_ context.Context, e tagout.Effect) error {
			defer func() { tried <- struct{}{} }()
			switch e.Key {
			case "post:INC-1:refused":
				return tagout.Final(errors.New("never"))
			case "post:INC-1:postponed":
				return tagout.Postpone(errors.New("later"), time.Hour)
			case "post:INC-1:failed":
				return errors.New("not yet")
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		for range 4 {
			receive(t, tried)
		}
		cancel()
		drained()
		for key, state := range map[string]string{"done": "", "refused": "cancelled", "postponed": "scheduled", "failed": "retryable"} {
			where := "FROM river_job WHERE " + field(url, "args", "key") + " = 'post:INC-1:" + key + "'"
			if n := count(t, rawDB(t, url), "SELECT count(*) "+where); state == "" && n != 0 {
				t.Errorf("a job that is %s is kept", key)
			} else if state != "" && count(t, rawDB(t, url), "SELECT count(*) "+where+" AND state IN ('"+state+"', 'available')") != 1 {
				t.Errorf("a job that was %s is not %s", key, state)
			}
		}
	})
}

// field is the text of one field of a JSON column.
func field(url, column, name string) string {
	if isPostgres(url) {
		return column + "->>'" + name + "'"
	}
	return "json_extract(" + column + ", '$." + name + "')"
}

func TestWorkThatEndsLetsEffectsFinish(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		started, release := make(chan struct{}), make(chan struct{})
		finished := false
		ctx, cancel := context.WithCancel(t.Context())
		drained, err := s.Work(ctx, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: func(ctx context.Context, _ tagout.Effect) error {
			close(started)
			<-release
			finished = ctx.Err() == nil
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		mustJoin(t, s, tagout.Match{}, asking(post("slow")))
		receive(t, started)
		cancel()
		close(release)
		drained()
		if !finished {
			t.Fatal("the effect was cut off")
		}
		if n := count(t, rawDB(t, url), "SELECT count(*) FROM river_job"); n != 0 {
			t.Fatalf("%d jobs are left of one that is done", n)
		}
	})
}

func TestJobsOfADeadWorkerAreTakenOverAtOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		s := open(t, url, store.Options{})
		mustJoin(t, s, tagout.Match{}, asking(post("left")))
		by := `CAST('["tagout-dead"]' AS BLOB)`
		if isPostgres(url) {
			by = "ARRAY['tagout-dead']"
		}
		if _, err := rawDB(t, url).Exec("UPDATE river_job SET state = 'running', attempt = 1, attempted_at = CURRENT_TIMESTAMP, attempted_by = " + by); err != nil {
			t.Fatal(err)
		}
		done := make(chan tagout.Effect, 1)
		working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: into(done)})
		if e := receive(t, done); e.Key != "post:INC-1:left" {
			t.Fatalf("%+v", e)
		}
	})
}

func TestJobsOfALivingWorkerAreLeftToIt(t *testing.T) {
	t.Parallel()
	url := freshPostgres(t)
	s := open(t, url, store.Options{})
	started, release := make(chan struct{}, 10), make(chan struct{})
	working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: func(context.Context, tagout.Effect) error {
		started <- struct{}{}
		<-release
		return nil
	}})
	mustJoin(t, s, tagout.Match{}, asking(post("slow")))
	receive(t, started)
	other := open(t, url, store.Options{})
	done := make(chan tagout.Effect, 10)
	working(t, other, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectDirect: into(done)})
	if n := count(t, rawDB(t, url), "SELECT count(*) FROM river_job WHERE state = 'running'"); n != 1 {
		t.Errorf("%d running", n)
	}
	close(release)
}

func TestRingMovesWhatIsDueOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		done := make(chan tagout.Effect, 10)
		mustJoin(t, s, tagout.Match{}, asking(postIn(time.Minute, "later", "first"), postIn(2*time.Minute, "much later", "second"), postIn(0, "now", "third"), postIn(-time.Minute, "late", "fourth")))
		db := rawDB(t, url)
		if timers, jobs := count(t, db, "SELECT count(*) FROM timers"), count(t, db, "SELECT count(*) FROM river_job"); timers != 2 || jobs != 2 {
			t.Fatalf("%d timers, %d jobs", timers, jobs)
		}
		// The earliest of one key stays.
		mustUpdate(t, s, 1, asking(postIn(time.Hour, "later", "too late"), postIn(time.Second, "much later", "sooner")))
		ring := func(at time.Time, want int) {
			t.Helper()
			if n, err := s.Ring(t.Context(), at); err != nil || n != want {
				t.Fatalf("rang %d (%v), want %d", n, err, want)
			}
		}
		ring(noon, 0)
		ring(noon.Add(time.Second), 1)
		ring(noon.Add(time.Second), 0)
		ring(noon.Add(time.Minute), 1)
		working(t, s, map[tagout.EffectKind]tagout.EffectFunc{tagout.EffectPost: into(done)})
		texts := map[string]time.Time{}
		for range 4 {
			e := receive(t, done)
			var text string
			if err := json.Unmarshal(e.Data, &text); err != nil {
				t.Fatal(err)
			}
			texts[text] = e.Due
		}
		if !texts["sooner"].Equal(noon.Add(time.Second)) || !texts["first"].Equal(noon.Add(time.Minute)) || len(texts) != 4 {
			t.Fatalf("%v", texts)
		}
	})
}

func TestManyReplicasRingEachTimerOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, url string) {
		c := newClock()
		s := open(t, url, store.Options{Clock: c})
		var asked []func(tagout.IncidentID, time.Time) tagout.Effect
		for n := range 700 {
			asked = append(asked, postIn(time.Minute, fmt.Sprint(n), "x"))
		}
		mustJoin(t, s, tagout.Match{}, asking(asked...))
		var mu sync.Mutex
		var wait sync.WaitGroup
		total := 0
		for range 6 {
			wait.Go(func() {
				n, err := s.Ring(soon(t), noon.Add(time.Hour))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				total += n
				mu.Unlock()
			})
		}
		wait.Wait()
		if jobs := count(t, rawDB(t, url), "SELECT count(*) FROM river_job"); total != 700 || jobs != 700 {
			t.Fatalf("rang %d, %d jobs", total, jobs)
		}
	})
}
