package replicas

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

var wrongPeople = tagout.StopRequest{
	Hold: tagout.Hold{
		ID: "h1", Scope: tagout.MustScope("mailer/email"), Mode: tagout.Capped, Cap: tagout.Cap{Amount: 5, Per: "day"}, DisabledTools: []string{"send"},
		By: tagout.Actor{Kind: tagout.ByUser, ID: "U0IC"}, Reason: "wrong people", At: noon,
	},
	Severity: tagout.Sev1, Class: "policy_violation", Join: 7,
}

func TestAStopIsHandedToAllAndOneOfThemRecordsIt(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b, c := newReplica(t, "a", in), newReplica(t, "b", in), newReplica(t, "c", in)
	meet(t, a, b, c)
	in.down = true // what was learned stays known
	c.result = tagout.StopResult{Incident: &tagout.Incident{ID: 7}}
	by, as, ok := a.Forward(soon(t), wrongPeople)
	if !ok || as != 7 || by != c.options.Me.Name() {
		t.Fatal(by, as, ok)
	}
	for _, r := range []*replica{b, c} {
		eventually(t, "both have it", func() bool { return len(r.got()) > 0 })
		if got := r.got()[0]; !reflect.DeepEqual(got, wrongPeople) {
			t.Errorf("%+v arrived, want %+v", got, wrongPeople)
		}
	}
}

func TestAPeerThatCannotRecordItEitherIsAskedAgainUntilItCan(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	meet(t, a, b)
	go func() {
		eventually(t, "it came twice", func() bool { return len(b.got()) >= 2 })
		b.set(func(b *replica) { b.result = tagout.StopResult{Pending: true, RecordedBy: "x", RecordedAs: 9} })
	}()
	if _, as, ok := a.Forward(soon(t), wrongPeople); !ok || as != 9 {
		t.Fatal(as, ok)
	}
}

// TestPeersThatDoNotAnswerHoldNobodyUp, in time that passes only while everybody waits: whoever does
// answer is in time.
func TestPeersThatDoNotAnswerHoldNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		in, network := newTable(), wires{"hung.test": nil}
		a, b := &replica{}, &replica{}
		for id, r := range map[string]*replica{"a": a, "b": b} {
			r.joins(t, id, "http://"+id+".test", in, network)
			network[id+".test"] = r.Handler()
		}
		in.rows["gone"] = tagout.Replica{ID: "gone", URL: "http://gone.test"}
		in.rows["hung"] = tagout.Replica{ID: "hung", URL: "http://hung.test"}
		in.rows["nowhere"] = tagout.Replica{ID: "nowhere"}
		in.rows["odd"] = tagout.Replica{ID: "odd", URL: "http://bad host"}
		meet(t, a, b)
		b.result = tagout.StopResult{Incident: &tagout.Incident{ID: 3}}
		if by, as, ok := a.Forward(soon(t), wrongPeople); !ok || as != 3 || by != b.options.Me.Name() {
			t.Fatal(by, as, ok)
		}
		seen, missing := a.Sightings(soon(t), "mailer")
		if len(seen) != 1 || len(missing) != 3 {
			t.Errorf("%d answered, %q did not", len(seen), missing)
		}
	})
}

func TestForwardingEndsWithItsContextAndWithTheProcess(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	if _, _, ok := a.Forward(soon(t), wrongPeople); ok {
		t.Error("nobody is known, and somebody recorded it")
	}
	meet(t, a, b)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, ok := a.Forward(ctx, wrongPeople); ok {
		t.Error("it was recorded here meanwhile")
	}
	a.end()
	if _, _, ok := a.Forward(soon(t), wrongPeople); ok {
		t.Error("the process has ended")
	}
}

// post sends one request to a replica, signed by another unless the test alters that.
func post(t *testing.T, from, to *replica, path, id string, body string, alter func(r *http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if err := from.sign(r.Header, path+" "+id, []byte(body)); err != nil {
		t.Fatal(err)
	}
	if alter != nil {
		alter(r)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

const aStop = `{"stop":{"Hold":{"ID":"h1","Scope":"mailer","Mode":"halted","By":{"kind":"user","id":"U0IC"},"At":"2026-11-21T12:00:00Z"}}}`

func TestOnlyAReplicaIsListenedTo(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	meet(t, a, b)
	if got := post(t, a, b, stopsPath, "1", aStop, nil); got != 200 || len(b.got()) != 1 {
		t.Fatalf("a signed stop was answered %d", got)
	}
	refused := func(what string, got int) {
		t.Helper()
		if got != http.StatusUnauthorized || len(b.got()) != 1 {
			t.Errorf("%s: %d, %d stops", what, got, len(b.got()))
		}
	}
	refused("replayed", post(t, a, b, stopsPath, "1", aStop, nil))
	refused("unsigned", post(t, a, b, stopsPath, "2", aStop, func(r *http.Request) { r.Header.Del("webhook-signature") }))
	refused("no headers", post(t, a, b, stopsPath, "2", aStop, func(r *http.Request) { r.Header = http.Header{} }))
	refused("another ID", post(t, a, b, stopsPath, "2", aStop, func(r *http.Request) { r.Header.Set("webhook-id", stopsPath+" 3") }))
	refused("a later time", post(t, a, b, stopsPath, "2", aStop, func(r *http.Request) { r.Header.Set("webhook-timestamp", "1795262401") }))
	refused("another body", post(t, a, b, stopsPath, "2", aStop, func(r *http.Request) {
		changed := strings.Replace(aStop, "mailer", "sender", 1)
		r.Body, r.ContentLength = http.NoBody, int64(len(changed))
		*r = *r.Clone(r.Context())
		fresh, _ := http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(changed))
		fresh.Header = r.Header
		*r = *fresh
	}))
	refused("signed for another path", post(t, a, b, stopsPath, "2", aStop, func(r *http.Request) {
		r.Header = http.Header{}
		_ = a.sign(r.Header, lookPath+" 2", []byte(aStop))
	}))
	a.clock.Pass(-6 * time.Minute)
	refused("stale", post(t, a, b, stopsPath, "4", aStop, nil))
	a.clock.Pass(12 * time.Minute)
	refused("from the future", post(t, a, b, stopsPath, "5", aStop, nil))

	stranger := newReplica(t, "x", &table{rows: map[string]tagout.Replica{}, key: bytes.Repeat([]byte("x"), keyBytes)})
	stranger.beat(t.Context())
	refused("of another database", post(t, stranger, b, stopsPath, "6", aStop, nil))
	early := newReplica(t, "e", in) // has not reached the database: it has no key
	r := httptest.NewRequest(http.MethodPost, stopsPath, strings.NewReader(aStop))
	w := httptest.NewRecorder()
	early.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusUnauthorized {
		t.Errorf("without a key: %d", w.Code)
	}
}

func TestNothingButAStopCanBeHandedOn(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	meet(t, a, b)
	for _, body := range []string{
		``, `[]`, `{}`, `{"stop":{}}`,
		`{"stop":{"Hold":{"ID":"h1","Scope":"mailer","Mode":"running"}}}`,
		`{"stop":{"Hold":{"ID":"h1","Scope":"mailer","Mode":"resumed"}}}`,
		`{"stop":{"Hold":{"Scope":"mailer","Mode":"halted"}}}`,
	} {
		if got := post(t, a, b, stopsPath, tagout.DeriveID(body), body, nil); got != http.StatusUnprocessableEntity || len(b.got()) != 0 {
			t.Errorf("%s: %d, %d stops", body, got, len(b.got()))
		}
	}
	if got := post(t, a, b, stopsPath, "large", strings.Repeat(" ", maxBody+1)+aStop, nil); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a body beyond the limit: %d", got)
	}
	if got := post(t, a, b, stopsPath, "claims", strings.Replace(aStop, `"ID"`, `"Incident":"INC-5","ID"`, 1), nil); got != 200 || b.got()[0].Hold.Incident != 5 {
		t.Errorf("a stop that is recorded elsewhere: %d, %+v", got, b.got())
	}
}

func TestWhatAnswersAtAnOldAddressIsNotBelieved(t *testing.T) {
	t.Parallel()
	in := newTable()
	a := newReplica(t, "a", in)
	impostor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"replica":"b","incident":"INC-5"}`))
	}))
	defer impostor.Close()
	err := a.prepared(t).call(soon(t), tagout.Replica{ID: "b", URL: impostor.URL}, stopsPath, handed{wrongPeople}, &taken{})
	if tagout.CodeOf(err) != tagout.Unauthorized {
		t.Error(err)
	}
	moved := httptest.NewServer(http.RedirectHandler(impostor.URL, http.StatusTemporaryRedirect))
	defer moved.Close()
	if err := a.call(soon(t), tagout.Replica{ID: "b", URL: moved.URL}, stopsPath, handed{wrongPeople}, &taken{}); tagout.CodeOf(err) != tagout.Unavailable {
		t.Error(err)
	}
}

// prepared has the key.
func (r *replica) prepared(t *testing.T) *replica {
	r.beat(t.Context())
	return r
}

func TestReplicasTellWhomTheySawAndWhoLeads(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	meet(t, a, b)
	b.sight = tagout.Sighting{Instances: []tagout.Instance{{Name: "mailer-1", Via: "ofrep", AskedAt: noon, HeardAt: noon}}, Holds: []tagout.HoldID{"h1"}}
	if seen, silent := a.Sightings(soon(t), "mailer"); len(seen) != 1 || !reflect.DeepEqual(seen[0], b.sight) || silent != nil {
		t.Errorf("%+v %q", seen, silent)
	}
	b.server.Close()
	if seen, silent := a.Sightings(soon(t), "mailer"); len(seen) != 1 || silent != nil {
		t.Errorf("within a second it is not asked again: %+v %q", seen, silent)
	}
	a.clock.Pass(2 * time.Second)
	if seen, silent := a.Sightings(soon(t), "mailer"); len(seen) != 0 || len(silent) != 1 || silent[0] != b.options.Me.Name() {
		t.Errorf("%+v %q", seen, silent)
	}
}

func TestAReplicaLearnsThatAnotherLeads(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	meet(t, a, b)
	for _, c := range []struct {
		leads  bool
		readAt time.Time
		want   bool
	}{{false, noon, false}, {true, noon.Add(-time.Minute), false}, {true, noon, true}} {
		b.set(func(b *replica) { b.leads, b.readAt = c.leads, c.readAt })
		a.whoLeads(soon(t))
		if a.LedElsewhere() != c.want {
			t.Errorf("leads %v, read at %s: %v", c.leads, c.readAt, !c.want)
		}
	}
	a.clock.Pass(currentFor)
	if a.LedElsewhere() {
		t.Error("an old answer is believed")
	}
}

func TestReplicasAreListedWithThisOneFirst(t *testing.T) {
	t.Parallel()
	in := newTable()
	registry := prometheus.NewRegistry()
	a, b := newReplica(t, "a", in), newReplica(t, "b", in)
	newMetrics(registry, a.Peers)
	b.leads = true
	meet(t, a, b)
	list := a.Replicas()
	if len(list) != 2 || list[0].ID != "a" || list[1].ID != "b" || !list[1].Leads || list[0].Leads {
		t.Errorf("%+v", list)
	}
	b.Leave(t.Context())
	a.beat(t.Context())
	if list := a.Replicas(); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	if families, err := registry.Gather(); err != nil || len(families) < 3 {
		t.Error(len(families), err)
	}
}

func TestAReplicaThatIsCutOffIsToldOfTheHoldsThatCameSince(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b, c := newReplica(t, "a", in), newReplica(t, "b", in), newReplica(t, "c", in)
	for _, r := range []*replica{a, b, c} {
		r.options.Me.SeenAt = noon
	}
	meet(t, a, b, c)
	before, since := wrongPeople.Hold, wrongPeople.Hold
	before.ID, before.At = "old", noon.Add(-time.Hour)
	since.ID, since.At, since.Incident = "new", noon.Add(time.Second), 7
	stands := []tagout.Hold{before, since}
	a.options.Holds = func() []tagout.Hold { return stands }
	told := newTeller()
	a.tellOverdue(t.Context(), told)
	for _, r := range []*replica{a, b, c} {
		r.clock.Pass(overdue)
	}
	c.options.Me.SeenAt = c.clock.Now()
	c.beat(t.Context())
	a.tellOverdue(t.Context(), told) // its own knowledge is too old
	if len(b.got())+len(c.got()) != 0 {
		t.Fatal("told too early, or by one that is cut off itself")
	}
	a.beat(t.Context())
	for range 2 {
		a.tellOverdue(t.Context(), told)
	}
	if got := b.got(); len(got) != 1 || got[0].Hold.ID != "new" || got[0].Hold.Incident != 7 || got[0].Join != 7 || len(c.got()) != 0 {
		t.Errorf("the one that is cut off got %+v, the other %+v", got, c.got())
	}
	late := before
	late.ID = "late" // hung long ago by a replica that was away itself, and recorded now
	stands = append(stands, late)
	a.tellOverdue(t.Context(), told)
	if got := b.got(); len(got) != 2 || got[1].Hold.ID != "late" {
		t.Errorf("of a stop that came late it got %+v", got)
	}
	b.server.Close()
	late.ID = "newer"
	stands = append(stands, late)
	a.tellOverdue(t.Context(), told)
	if told.told["b"]["newer"] {
		t.Error("what did not arrive counts as told")
	}
}

func TestTwoReplicasThatNameOneAddressSaySo(t *testing.T) {
	t.Parallel()
	in := newTable()
	a, b, c := newReplica(t, "a", in), newReplica(t, "b", in), newReplica(t, "c", in)
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	meet(t, a, b, c)
	if a.Ambiguous() || log.Len() > 0 && strings.Contains(log.String(), "ERROR") {
		t.Fatal("there is no other one at its address")
	}
	b.options.Me.URL = a.options.Me.URL
	meet(t, a, b, c)
	meet(t, a, b, c)
	if !a.Ambiguous() || !b.Ambiguous() || c.Ambiguous() {
		t.Error("they do not know of each other")
	}
	if said := strings.Count(log.String(), "level=ERROR"); said != 1 || !strings.Contains(log.String(), "replicas.advertise") {
		t.Errorf("said %d times: %s", said, log.String())
	}
	_ = in.Leave(t.Context(), "b")
	a.beat(t.Context())
	if a.Ambiguous() {
		t.Error("it is alone at its address again")
	}
}
