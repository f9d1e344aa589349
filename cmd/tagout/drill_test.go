package main

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tagout"
)

// handClock is moved by whoever rests.
type handClock struct{ now time.Time }

func (c *handClock) Now() time.Time { return c.now }

func (c *handClock) rest(_ context.Context, d time.Duration) { c.now = c.now.Add(d) }

// drills runs tagout drill with a clock that is moved by its rests.
func drills(t *testing.T, ctx context.Context, s *server, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	return drillsBy(t, ctx, &handClock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}, s, flags...)
}

// restingClock tells the time, and moves on while the command rests.
type restingClock interface {
	tagout.Clock
	rest(context.Context, time.Duration)
}

func drillsBy(t *testing.T, ctx context.Context, clock restingClock, s *server, flags ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &surroundings{ctx: ctx, stdout: &out, stderr: &errs, clock: clock, rest: clock.rest}
	code = runIn(env, append([]string{"drill", "--server", s.URL, "--token", secretToken}, flags...))
	if strings.Contains(out.String()+errs.String(), "s3cret") {
		t.Errorf("it shows the token: %s%s", out.String(), errs.String())
	}
	return code, out.String(), errs.String()
}

const (
	begunDrill  = `{"text":"[DRILL] INC-4: kill drill of mailer","incident":"INC-4","pending":false,"holds":[]}`
	stopping    = `{"drill":{"incident":"INC-4","action":"kill","agent":"mailer","scope":"mailer/sms/us","result":"running","within_ms":60000,"controls":[]},"phase":"stopping","real":false,"held":["mailer/sms/us"]}`
	passedDrill = `{"drill":{"incident":"INC-4","action":"kill","agent":"mailer","scope":"mailer/sms/us","result":"passed","within_ms":60000,"observed_ms":800,"restored_ms":0,` +
		`"controls":[{"control":"webhook","accepted_ms":100,"observed_ms":800}]},"phase":"done","real":false,"held":[]}`
	failedDrill = `{"drill":{"incident":"INC-4","action":"kill","agent":"mailer","scope":"mailer/sms/us","result":"failed","why":"not observed stopped in time","within_ms":60000,` +
		`"controls":[{"control":"webhook","accepted_ms":100}]},"phase":"done","real":true,"held":["mailer/sms/us"]}`
)

// TestADrillIsWaitedForAndItsTimesArePrinted, and the exit code tells what came of it.
func TestADrillIsWaitedForAndItsTimesArePrinted(t *testing.T) {
	t.Parallel()
	s := newServer(t, says(200, begunDrill), says(200, stopping), says(200, stopping), says(200, passedDrill))
	code, out, errs := drills(t, t.Context(), s, "kill", "mailer", "before", "the", "launch")
	const report = `INC-4, kill drill of mailer on mailer/sms/us: passed
  observed stopped   in 0.8 s, of 60 s at most
  running again      after 0 s
  control webhook    accepted after 0.1 s, observed after 0.8 s
`
	if code != 0 || out != report || errs != "INC-4 +0 s: mailer/sms/us is asked to stop; waiting until that is observed, 60 s at most\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	calls := s.got()
	if calls[0].path != "POST /v1/commands/drill" || calls[0].text != "kill mailer before the launch" || calls[1].path != "GET /v1/drills/INC-4" || len(calls) != 4 {
		t.Errorf("it sent %+v", calls)
	}
	s = newServer(t, says(200, begunDrill), says(200, failedDrill))
	code, out, errs = drills(t, t.Context(), s, "kill", "mailer")
	if code != 1 || !strings.Contains(out, "This is a real incident now. mailer/sms/us stays held until it is signed for: /resume INC-4 in Slack.") ||
		!strings.Contains(out, "accepted after 0.1 s, not observed stopped") || errs != "tagout: INC-4 has not passed: it failed, not observed stopped in time.\n" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	s = newServer(t, says(200, begunDrill), says(200, strings.Replace(failedDrill, `"failed"`, `"interrupted"`, 1)))
	if code, out, errs = drills(t, t.Context(), s, "--json", "kill", "mailer"); code != 1 || !strings.HasPrefix(out, `{"drill":{"incident":"INC-4"`) || !strings.Contains(errs, "it was interrupted, not observed") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// TestADrillIsOnlyBegunWhereThatIsAskedFor, and alone the command tells what was practised.
func TestADrillIsOnlyBegunWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	s := newServer(t, says(200, begunDrill))
	if code, out, errs := drills(t, t.Context(), s, "--no-wait", "kill", "mailer"); code != 0 || out != "[DRILL] INC-4: kill drill of mailer\n" || errs != "" || len(s.got()) != 1 {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	s = newServer(t, says(200, `{"text":"Drills","incident":null,"pending":false,"holds":[]}`))
	if code, out, errs := drills(t, t.Context(), s); code != 0 || out != "Drills\n" || errs != "" || len(s.got()) != 1 {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// TestADrillWhoseEndIsNotKnownIsNeverCalledPassed: exit 3, while a server that starts anew is
// waited for.
func TestADrillWhoseEndIsNotKnownIsNeverCalledPassed(t *testing.T) {
	t.Parallel()
	away := says(503, `{"detail":"The database is away."}`)
	for name, c := range map[string]struct {
		answers []func(http.ResponseWriter)
		code    int
		says    string
	}{
		"refused":              {[]func(http.ResponseWriter){says(403, `{"detail":"This token may not drill."}`)}, 4, "This token may not drill."},
		"something goes on":    {[]func(http.ResponseWriter){says(409, `{"detail":"INC-3 concerns mailer/sms/us. Nothing is drilled there now."}`)}, 1, "INC-3 concerns"},
		"no answer at all":     {[]func(http.ResponseWriter){dropped}, 3, "A drill may have begun"},
		"not known what holds": {[]func(http.ResponseWriter){away}, 3, "The database is away."},
		"no Tagout":            {[]func(http.ResponseWriter){says(200, "<html>")}, 3, "not one of Tagout's"},
		"away for a while":     {[]func(http.ResponseWriter){says(200, begunDrill), away, dropped, dropped, away, says(200, passedDrill)}, 0, "asking again: The server answered 503. The database is away."},
		"away for good":        {[]func(http.ResponseWriter){says(200, begunDrill), away}, 3, "It is not known what came of INC-4. The server answered 503."},
		"an older Tagout":      {[]func(http.ResponseWriter){says(200, begunDrill), says(404, "")}, 3, "It is not known what came of INC-4. The server answered 404."},
		"another drill":        {[]func(http.ResponseWriter){says(200, begunDrill), says(200, strings.ReplaceAll(passedDrill, "INC-4", "INC-5"))}, 3, "not one of Tagout's"},
		"never over":           {[]func(http.ResponseWriter){says(200, begunDrill), says(200, stopping)}, 3, "INC-4 should be over, and is not."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.answers...)
			for _, flags := range [][]string{{"kill", "mailer"}, {"--json", "kill", "mailer"}} {
				code, out, errs := drills(t, t.Context(), s, flags...)
				if code != c.code || !strings.Contains(errs, c.says) || code != 0 && strings.Contains(out, "passed") {
					t.Errorf("%q: exit %d: %s%s", flags, code, out, errs)
				}
				s.got()
			}
		})
	}
}

// interruptingClock interrupts whoever asks for the time after an answer came.
type interruptingClock struct {
	*handClock
	answered  *atomic.Bool
	interrupt context.CancelFunc
}

func (c interruptingClock) Now() time.Time {
	if c.answered.Load() {
		c.interrupt()
	}
	return c.handClock.Now()
}

// TestWhoeverStopsWaitingIsToldThatTheDrillGoesOn, whether the interruption comes while an
// answer is waited for or just after one was read.
func TestWhoeverStopsWaitingIsToldThatTheDrillGoesOn(t *testing.T) {
	t.Parallel()
	const goesOn = "It ends by itself; look with: tagout drill"
	t.Run("before the answer", func(t *testing.T) {
		t.Parallel()
		ctx, interrupt := context.WithCancel(t.Context())
		s := newServer(t, says(200, begunDrill), func(w http.ResponseWriter) { interrupt(); says(200, stopping)(w) })
		if code, out, errs := drills(t, ctx, s, "kill", "mailer"); code != 3 || out != "" || !strings.Contains(errs, "It is not known what came of INC-4.") || !strings.Contains(errs, goesOn) {
			t.Errorf("exit %d: %s%s", code, out, errs)
		}
	})
	t.Run("after the answer", func(t *testing.T) {
		t.Parallel()
		ctx, interrupt := context.WithCancel(t.Context())
		var answered atomic.Bool
		s := newServer(t, says(200, begunDrill), func(w http.ResponseWriter) { says(200, stopping)(w); answered.Store(true) })
		clock := interruptingClock{&handClock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}, &answered, interrupt}
		if code, out, errs := drillsBy(t, ctx, clock, s, "kill", "mailer"); code != 3 || out != "" || !strings.Contains(errs, "It is not known what came of INC-4. Nobody waits for it anymore. "+goesOn) {
			t.Errorf("exit %d: %s%s", code, out, errs)
		}
	})
}
