package commands_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tagout"
)

// story is a timeline made by the real transitions.
func story() []tagout.Event {
	p := policy()
	i := &tagout.Incident{ID: 7}
	var events []tagout.Event
	var head tagout.Head
	at := t0
	take := func(c tagout.Change, err error) {
		if err != nil {
			panic(err)
		}
		for _, e := range c.Events {
			head = e.Seal(7, head)
			events = append(events, e)
		}
		i.Head = head
		at = at.Add(310 * time.Millisecond)
	}
	agents := p.Agents
	take(i.Open(tagout.Opening{Title: "complaint spike", Scope: tagout.MustScope("mailer/email"), Class: "policy_violation", By: ic.Actor(), Row: p.Severities[tagout.Sev2]}, at))
	hold := halted("mailer/email")
	take(i.Hang(hold, agents, at))
	report := tagout.ControlReport{Agent: "mailer", Control: "webhook", Holds: []tagout.HoldID{hold.ID}, At: at, Accepted: true}
	take(i.TakeReport(report), nil)
	report.At, report.Observed = at, true
	take(i.TakeReport(report), nil)
	take(i.Acknowledge(ic.Actor(), at))
	take(i.AddNote("212 people\ngot it", ic.Actor(), at))
	at = at.Add(14 * time.Hour)
	take(i.ChangeSeverity(p.Severities[tagout.Sev1], nil, "a regulator asks", ic.Actor(), at))
	take(i.RequestResume(tagout.ResumeDraft{ID: "R1", By: ic, Target: tagout.Running, Deliverables: map[string]string{
		"cause": "c", "control_changes": "c", "verified": "v", "review_scheduled": "r"}}, p.Severities[tagout.Sev1], agents, nil, at))
	sign := tagout.Signing{User: legal, HomeTeam: "T0", Roles: []string{"legal"}, Verdict: tagout.Go, Request: "R1", Digest: i.Request.Digest}
	take(i.RefuseSigning(sign, "GO does not count yet.", at), nil)
	_, c, err := i.Sign(sign, agents, at)
	take(c, err)
	return events
}

func TestTimelineShowsTheNewestPageAndHowToSeeOlder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	var head tagout.Head
	for n := range 95 {
		e := tagout.NewEvent(tagout.EventNote, ic.Actor(), t0.Add(time.Duration(n)*time.Second), map[string]any{"text": fmt.Sprintf("note %d", n+1)})
		head = e.Seal(7, head)
		b.events = append(b.events, e)
	}
	for _, c := range []struct {
		page        string
		first, last string
		older       string
	}{
		{"", "note 56", "note 95", "/timeline INC-7 2"},
		{" 2", "note 16", "note 55", "/timeline INC-7 3"},
		{" 3", "note 1", "note 15", ""},
	} {
		reply, err := b.typed(t, "/timeline INC-7"+c.page)
		m := must(t, reply, err).Message
		if !strings.HasSuffix(m.Lines[1], c.first) || !strings.HasSuffix(m.Lines[len(m.Lines)-1], c.last) {
			t.Errorf("page %q goes from %q to %q", c.page, m.Lines[1], m.Lines[len(m.Lines)-1])
		}
		if strings.Contains(m.String(), "/timeline") != (c.older != "") || !strings.Contains(m.String(), c.older) {
			t.Errorf("page %q: the hint is wrong in %s", c.page, m.String())
		}
		if !strings.Contains(m.Footer.String(), head.Hash) {
			t.Errorf("page %q does not end with the head", c.page)
		}
	}
	_, err := b.typed(t, "/timeline INC-7 4")
	wantCode(t, err, tagout.Invalid, "95 events")
	_, err = b.typed(t, "/timeline INC-7 zwei")
	wantCode(t, err, tagout.Invalid, "not a page")
}

func TestTimelineSaysThatItsChainIsBroken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.incidents[7] = incident7()
	b.events = story()
	b.events[2].Data = `{"agent":"mailer"}`
	reply, err := b.typed(t, "/timeline INC-7")
	m := must(t, reply, err).Message
	if m.Tone != tagout.ToneDanger || !strings.Contains(m.String(), "broken at event 3") {
		t.Errorf("a broken chain is not said: %s", m.String())
	}
}

func TestEveryKindOfEventHasWords(t *testing.T) {
	t.Parallel()
	kinds := eventKinds(t)
	if len(kinds) < 30 {
		t.Fatalf("found only %d kinds of event", len(kinds))
	}
	for _, kind := range kinds {
		b := newBench(t)
		b.incidents[7] = incident7()
		e := tagout.NewEvent(kind, tagout.Tagout, t0, map[string]any{"agent": "mailer"})
		e.Seal(7, tagout.Head{})
		b.events = []tagout.Event{e}
		reply, err := b.typed(t, "/timeline INC-7")
		last := must(t, reply, err).Message.Lines[1]
		if strings.HasSuffix(last, string(kind)) || strings.HasSuffix(strings.TrimSpace(last), "Tagout") {
			t.Errorf("%s has no words: %q", kind, last)
		}
	}
}

func TestTimelineTellsOfDrillsAndSilences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind tagout.EventKind
		data any
		want string
	}{
		{tagout.EventDrillBegan, tagout.Drill{Action: tagout.DrillKill, Scope: tagout.MustScope("mailer/canary"), Reason: "every Monday"}, "began a drill: kill of mailer/canary: every Monday"},
		{tagout.EventDrillLifted, map[string]any{"scope": "mailer/canary", "mode": "halted"}, "lifted the drill's own hold of mailer/canary, ■ halted"},
		{tagout.EventDrillEnded, tagout.Drill{Result: tagout.DrillPassed}, "ended the drill: passed"},
		{tagout.EventDrillReal, map[string]any{"result": "failed", "why": "it ran on"}, "made it a real incident: drill failed: it ran on"},
		{tagout.EventHushed, map[string]any{"silence": "SIL-3", "until": t0.Add(time.Hour), "reason": "maintenance"}, "paged nobody: silenced by SIL-3 until 2026-11-21 11:04:05 UTC: maintenance"},
		{tagout.EventUnhushed, map[string]any{"silence": "SIL-3", "why": "it came to its end"}, "ended its silence SIL-3: it came to its end"},
	} {
		b := newBench(t)
		b.incidents[7] = incident7()
		e := tagout.NewEvent(c.kind, tagout.Tagout, t0, c.data)
		e.Seal(7, tagout.Head{})
		b.events = []tagout.Event{e}
		reply, err := b.typed(t, "/timeline INC-7")
		if last := must(t, reply, err).Message.Lines[1]; !strings.HasSuffix(last, "  "+c.want) {
			t.Errorf("%s reads %q, want %q", c.kind, last, c.want)
		}
	}
}

func TestTimelineSurvivesDataOfAnyShape(t *testing.T) {
	t.Parallel()
	for _, kind := range eventKinds(t) {
		for _, data := range []string{`not JSON`, `null`, `[]`, `{"scope":7,"mode":null,"after_ms":"x","to":[1],"from":{"a":{}}}`, `{"reason":"\u0000\nline"}`} {
			b := newBench(t)
			b.incidents[7] = incident7()
			e := tagout.Event{At: t0, Actor: tagout.Tagout, Kind: kind, Data: data}
			b.events = []tagout.Event{e}
			reply, err := b.typed(t, "/timeline INC-7")
			for _, l := range must(t, reply, err).Message.Lines {
				if strings.ContainsAny(l, "\n\x00") {
					t.Errorf("%s with %q breaks its line: %q", kind, data, l)
				}
			}
		}
	}
}

// eventKinds reads the kinds from the domain's source, so that a new one is not forgotten.
func eventKinds(t *testing.T) []tagout.EventKind {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []tagout.EventKind
	for _, name := range files {
		kinds = append(kinds, eventKindsIn(t, name)...)
	}
	return kinds
}

func eventKindsIn(t *testing.T, name string) (kinds []tagout.EventKind) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if typ, ok := spec.Type.(*ast.Ident); ok && typ.Name == "EventKind" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			kinds = append(kinds, tagout.EventKind(text))
		}
		return true
	})
	return kinds
}
