package commands_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tagout"
)

func TestAStopThatAnotherReplicaRecordedIsNotPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.result = func(s tagout.StopRequest) tagout.StopResult {
			return tagout.StopResult{Hold: s.Hold, Pending: true, RecordedBy: "10.0.0.2:8080", RecordedAs: 7}
		}
		reply, err := b.typed(t, "/kill mailer")
		told := shown(must(t, reply, err))
		if reply.Outcome.Pending || reply.Outcome.Incident != 7 {
			t.Errorf("outcome is %+v", reply.Outcome)
		}
		if !strings.Contains(told, "*INC-7*: in force, and recorded by another replica (10.0.0.2:8080); this one cannot reach the database.") {
			t.Errorf("told %s", told)
		}
	})
}

func TestStatusNamesTheReplicasIfThereAreSeveral(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.replicas = []tagout.Replica{{ID: "a", URL: "http://10.0.0.1:80"}}
	reply, err := b.typed(t, "/status")
	if told := shown(must(t, reply, err)); strings.Contains(told, "Replicas") {
		t.Errorf("one alone is told of: %s", told)
	}
	now := time.Now()
	b.replicas = append(b.replicas, tagout.Replica{ID: "b", URL: "http://10.0.0.2:80", Leads: true, SeenAt: now.AddDate(100, 0, 0)}, tagout.Replica{ID: "c", SeenAt: t0.Add(-time.Hour)})
	reply, err = b.typed(t, "/status")
	told := shown(must(t, reply, err))
	if !strings.Contains(told, "Replicas: 10.0.0.1:80 (this one), 10.0.0.2:80 leads, c not seen for ") {
		t.Errorf("told %s", told)
	}
}
