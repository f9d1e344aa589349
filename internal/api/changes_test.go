package api

import (
	"strings"
	"testing"
	"time"

	"tagout"
)

func TestVersionsAreNotedUnderTheAgentsName(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.do("POST", "/v1/versions", `{"agent":"MAILER","versions":{"prompt":"v42","model":"m-1"},"instance":"i-1"}`, bearing(reportToken)).is(t, 202)
	if v := b.desk.versions["mailer"]; v["prompt"] != "v42" || v["model"] != "m-1" {
		t.Errorf("noted %v", b.desk.versions)
	}
}

func TestAChangeIsRecorded(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.do("POST", "/v1/changes", `{"agent":"mailer","component":"prompt","from":"v41","to":"v42","by":"ci","url":"https://ci.example/1","at":"2026-11-21T11:00:00+01:00","pipeline":7}`,
		bearing(reportToken)).is(t, 202)
	b.do("POST", "/v1/changes", `{"agent":"mailer","component":"model","to":"m-2"}`, bearing(reportToken)).is(t, 202)
	first, second := b.desk.changes[0], b.desk.changes[1]
	if first.Agent != "mailer" || first.From != "v41" || first.To != "v42" || first.By != "ci" || !first.At.Equal(noon.Add(-2*time.Hour)) || first.URL == "" {
		t.Errorf("recorded %+v", first)
	}
	if second.By != "reporter" || !second.At.Equal(noon) || second.ID == first.ID || second.ID == "" {
		t.Errorf("recorded %+v", second)
	}
}

func TestARepeatedChangeIsTheSameChange(t *testing.T) {
	t.Parallel()
	const plain = `{"agent":"mailer","component":"prompt","to":"v42"}`
	for name, c := range map[string]struct {
		body string
		with []with
		same bool
	}{
		"own ID":   {`{"id":"deploy-7","agent":"mailer","component":"prompt","to":"v42"}`, nil, true},
		"key":      {plain, []with{header("Idempotency-Key", "k")}, true},
		"own time": {`{"agent":"mailer","component":"prompt","to":"v42","at":"2026-11-21T11:00:00Z"}`, nil, true},
		"nothing":  {plain, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench()
			for range 2 {
				b.do("POST", "/v1/changes", c.body, append(c.with, bearing(reportToken))...).is(t, 202)
			}
			if same := b.desk.changes[0].ID == b.desk.changes[1].ID; same != c.same {
				t.Errorf("the IDs are %s and %s", b.desk.changes[0].ID, b.desk.changes[1].ID)
			}
		})
	}
}

func TestBadChangesAndVersionsAreRefusedWithoutRepeatingThem(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("z", 300)
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       tagout.Code
		says       string
	}{
		"change: unknown agent":     {"changes", `{"agent":"mialer","component":"prompt","to":"v1"}`, 404, tagout.NotFound, "mailer"},
		"change: nothing near":      {"changes", `{"agent":"zebra","component":"prompt","to":"v1"}`, 404, tagout.NotFound, "/v1/agents"},
		"change: not a name":        {"changes", `{"agent":"zebra zebra","component":"prompt","to":"v1"}`, 422, tagout.Invalid, "agent"},
		"change: unknown component": {"changes", `{"agent":"mailer","component":"zebra","to":"v1"}`, 422, tagout.Invalid, "body.component"},
		"change: wrong type":        {"changes", `{"agent":"mailer","component":"prompt","to":{"zebra":1}}`, 422, tagout.Invalid, "body.to"},
		"change: no time":           {"changes", `{"agent":"mailer","component":"prompt","to":"v1","at":"zebra"}`, 422, tagout.Invalid, "body.at"},
		"change: nothing at all":    {"changes", `{}`, 422, tagout.Invalid, "required property"},
		"change: empty version":     {"changes", `{"agent":"mailer","component":"prompt","to":""}`, 422, tagout.Invalid, "body.to"},
		"change: long version":      {"changes", `{"agent":"mailer","component":"prompt","to":"` + long + `"}`, 422, tagout.Invalid, "body.to"},
		"change: not an object":     {"changes", `["zebra"]`, 422, tagout.Invalid, "body"},
		"change: not JSON":          {"changes", `{"agent":zebra`, 400, tagout.Invalid, "JSON"},
		"change: nothing sent":      {"changes", ``, 400, tagout.Invalid, "missing"},
		"versions: unknown agent":   {"versions", `{"agent":"researchers","versions":{"prompt":"v1"}}`, 404, tagout.NotFound, "researcher"},
		"versions: none":            {"versions", `{"agent":"mailer","versions":{}}`, 422, tagout.Invalid, "prompt"},
		"versions: component":       {"versions", `{"agent":"mailer","versions":{"zebra":"v1"}}`, 422, tagout.Invalid, "component"},
		"versions: wrong type":      {"versions", `{"agent":"mailer","versions":{"zebra":5}}`, 422, tagout.Invalid, "body.versions"},
		"versions: a number":        {"versions", `{"agent":"mailer","versions":987654}`, 422, tagout.Invalid, "body.versions"},
		"versions: empty":           {"versions", `{"agent":"mailer","versions":{"prompt":""}}`, 422, tagout.Invalid, "prompt"},
		"versions: too large":       {"versions", `{"agent":"mailer","x":"` + strings.Repeat("z", 4000) + `"}`, 413, tagout.TooLarge, "large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(func(o *Options) { o.MaxBody = 2048 })
			got := b.do("POST", "/v1/"+c.path, c.body, bearing(reportToken))
			p := got.isProblem(t, c.status, c.code)
			if !strings.Contains(p.Detail, c.says) || strings.Contains(got.body, "zebra") || strings.Contains(got.body, "987654") || strings.Contains(got.body, "zzz") {
				t.Errorf("the problem says %s", got.body)
			}
			if len(b.desk.changes)+len(b.desk.versions) > 0 {
				t.Error("something was recorded")
			}
		})
	}
}

func TestWhatCouldNotBeRecordedIsNotCalledRecorded(t *testing.T) {
	t.Parallel()
	b := newBench()
	b.desk.err = tagout.Errorf(tagout.Unavailable, "The database cannot be reached.")
	b.do("POST", "/v1/changes", `{"agent":"mailer","component":"prompt","to":"v1"}`, bearing(reportToken)).isProblem(t, 503, tagout.Unavailable)
	got := b.do("POST", "/v1/versions", `{"agent":"mailer","versions":{"prompt":"v1"}}`, bearing(reportToken))
	got.isProblem(t, 503, tagout.Unavailable)
	if got.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
}

func FuzzBodies(f *testing.F) {
	f.Add("versions", `{"agent":"mailer","versions":{"prompt":"v1"}}`)
	f.Add("changes", `{"agent":"mailer","component":"prompt","to":"v1","at":"2026-11-21T11:00:00Z"}`)
	f.Add("commands/kill", `{"text":"mailer"}`)
	f.Add("commands/kill", `{"text":5}`)
	f.Add("changes", `[[[[`)
	b := newBench(ticking)
	f.Fuzz(func(t *testing.T, path, body string) {
		if path != "versions" && path != "changes" && path != "commands/kill" {
			t.Skip()
		}
		b.desk.changes, b.calls = nil, nil
		switch got := b.do("POST", "/v1/"+path, body, bearing(allToken)); got.StatusCode {
		case 200, 202, 400, 404, 413, 422:
		default:
			t.Errorf("%s %q was answered %d %s", path, body, got.StatusCode, got.body)
		}
	})
}
