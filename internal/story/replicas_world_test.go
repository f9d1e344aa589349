package story_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tagout"
)

// replicas are several Tagouts, each a process of its own, on one Postgres, before one
// Slack and one enforcement point. The first world is also the one that people see.
type replicas []*replica

type replica struct {
	*world
	*process
}

// newReplicas starts three of them; prepare, if given, changes each world before its start,
// and says where it crashes.
func newReplicas(t *testing.T, prepare func(n int, w *world) (crashAt string)) replicas {
	t.Helper()
	first := newWorld(t, setting{"postgres", "http"})
	all := make(replicas, 3)
	crashes := make([]string, len(all))
	for i := range all {
		w := *first
		w.dir, w.address, w.log = t.TempDir(), keepPort(t), newJournalist(t)
		w.params.Listen, w.params.Journal = w.address, w.dir+"/stops.journal"
		if prepare != nil {
			crashes[i] = prepare(i, &w)
		}
		all[i] = &replica{world: &w}
	}
	for i, r := range all {
		r.process = r.launches(crashes[i])
	}
	all[0].isReached()
	all.meet()
	return all
}

// meet waits until each knows all the others and one leads.
func (all replicas) meet() {
	want := fmt.Sprint(len(all) - 1)
	for _, r := range all {
		r.eventually("the replicas know each other", func() bool { return r.metric("tagout_replicas_known") == want })
	}
	all[0].eventually("one leads", func() bool { return all.leader() != nil })
}

// leader is the one that leads, if there is one.
func (all replicas) leader() *replica {
	for _, r := range all {
		if !r.dead() && r.metric("tagout_leader") == "1" {
			return r
		}
	}
	return nil
}

// others are all but one.
func (all replicas) others(than *replica) replicas {
	var others replicas
	for _, r := range all {
		if r != than {
			others = append(others, r)
		}
	}
	return others
}

// see waits until each of them answers an agent with this mode.
func (all replicas) see(agent string, attributes map[string]string, mode tagout.Mode) {
	for _, r := range all {
		r.t.Helper()
		r.agentSees(agent, attributes, mode)
	}
}

// isReached lets Slack deliver to this replica.
func (w *world) isReached() {
	base := "http://" + w.address + "/slack/"
	w.slack.SetDeliveryURLs(base+"commands", base+"interactions", base+"events")
}

// metric is the value of a metric without labels, as text; "" if it is not there.
func (w *world) metric(name string) string {
	_, text, err := w.try(http.MethodGet, "/metrics", "", nil)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// orders runs a command over the API, as a program does.
func (w *world) orders(verb, text string) (out said) {
	w.t.Helper()
	if status := w.call(http.MethodPost, "/v1/commands/"+verb, "breakglass-token", map[string]string{"text": text}, &out); status != http.StatusOK {
		w.t.Fatalf("%s %s was answered with %d\n%s", verb, text, status, w.scene())
	}
	return out
}

// listens opens an event stream about an agent; each event is given out with its time, until
// the stream ends.
func (w *world) listens(agent string) <-chan time.Time {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, "http://"+w.address+"/ofrep/v1/events?agent="+agent, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil || response.StatusCode != http.StatusOK {
		w.t.Fatalf("the event stream: %v", err)
	}
	events := make(chan time.Time, 100)
	go func() {
		defer close(events)
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Valid([]byte(data)) {
				events <- time.Now()
			}
		}
	}()
	return events
}

// instance lets a running copy of an agent ask, by its name.
func (w *world) instance(agent, name string) {
	w.t.Helper()
	w.call(http.MethodPost, "/ofrep/v1/evaluate/flags/"+agent+".mode", "", map[string]any{"context": map[string]string{"targetingKey": name}}, nil)
}
