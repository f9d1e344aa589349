package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"tagout"
)

const (
	workEvery = 350 * time.Millisecond // between two actions of a lane
	badFor    = 1500 * time.Millisecond
)

// lane is one strand of an agent's work.
type lane struct {
	Agent   string      `json:"agent"`
	Channel string      `json:"channel"`
	Region  string      `json:"region"`
	Tool    string      `json:"tool"`
	Mode    tagout.Mode `json:"mode"`
	Why     string      `json:"why"`
	Sent    int         `json:"sent"`
	Bad     int         `json:"bad"`
}

func (l lane) key() string { return l.Agent + "/" + l.Channel + "/" + l.Region }

// misdeed is one way to misbehave.
type misdeed struct {
	Severity string // the label of the alert
	Name     string
	Summary  string
	Channel  string // where; "" everywhere
	Region   string
	Text     string
	Cause    string // what the form can say
}

var misdeeds = map[string]misdeed{
	"wrong-people": {Severity: "critical", Name: "MailToUnsubscribed", Summary: "Mail goes to people who have unsubscribed",
		Text: "offer to somebody who unsubscribed"},
	"overspend": {Severity: "warning", Name: "SpendRate", Summary: "Spend is nine times the plan", Channel: "sms", Region: "eu",
		Text: "premium SMS, 9 × the planned price"},
	"odd-tone": {Severity: "info", Name: "ToneScore", Summary: "Tone of voice is off in one region", Channel: "email", Region: "us",
		Text: "WE MISS YOU!!! 💥💥💥"},
}

// fleet is the demo's agents. Each lane asks the gate over HTTP before each action, and
// obeys the control beside it.
type fleet struct {
	base, token string
	client      *http.Client
	control     *control
	feed        *feed

	mu      sync.Mutex
	lanes   []*lane
	doing   *misdeed
	version string
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

func newFleet(base, token string, agents tagout.Registry, c *control, f *feed) *fleet {
	fl := &fleet{base: base, token: token, client: &http.Client{Timeout: 2 * time.Second}, control: c, feed: f, version: "v41"}
	tools := map[string]string{"email": "send_email", "sms": "send_sms", "crm": "read_crm"}
	for _, name := range agents.Names() {
		for _, channel := range agents[name].Channels {
			for _, region := range agents[name].Regions {
				fl.lanes = append(fl.lanes, &lane{Agent: name, Channel: channel, Region: region, Tool: tools[channel], Mode: tagout.Running})
			}
		}
	}
	return fl
}

func (f *fleet) start() {
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel = cancel
	f.control.setVersion("v41")
	f.report(ctx, "/v1/versions", map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v40"}})
	f.report(ctx, "/v1/versions", map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v41"}})
	for n, l := range f.lanes {
		f.done.Add(1)
		go func() {
			defer f.done.Done()
			f.work(ctx, l, time.Duration(n)*workEvery/time.Duration(len(f.lanes)))
		}()
	}
}

func (f *fleet) stop() {
	if f.cancel != nil {
		f.cancel()
	}
	f.done.Wait()
}

// work acts again and again, each time asking first.
func (f *fleet) work(ctx context.Context, l *lane, offset time.Duration) {
	timer := time.NewTimer(offset)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			f.act(ctx, l)
			timer.Reset(workEvery)
		}
	}
}

// act asks the gate, and does what it may.
func (f *fleet) act(ctx context.Context, l *lane) {
	mode, why := f.ask(ctx, l)
	if local, reason := f.control.mode(l); local.Stricter(mode) {
		mode, why = local, reason
	}
	f.mu.Lock()
	changed := l.Mode != mode || l.Why != why
	l.Mode, l.Why = mode, why
	text, bad := "", false
	if mode == tagout.Running || mode == tagout.Capped {
		text, bad = f.message(l)
		l.Sent++
		if bad {
			l.Bad++
		}
	} else if f.doing != nil && l.Agent == "mailer" && l.matches(f.doing) {
		f.doing = nil // it is held; meanwhile somebody finds the cause
	}
	now := *l
	f.mu.Unlock()
	if changed || text != "" {
		f.feed.say(entry{Lane: now, Text: text, Bad: bad})
	}
}

func (l *lane) matches(m *misdeed) bool {
	return (m.Channel == "" || m.Channel == l.Channel) && (m.Region == "" || m.Region == l.Region)
}

// message is what the lane sends next. The caller holds the lock.
func (f *fleet) message(l *lane) (text string, bad bool) {
	if f.doing != nil && l.Agent == "mailer" && l.matches(f.doing) {
		return f.doing.Text, true
	}
	if l.Agent == "researcher" {
		return fmt.Sprintf("account note %04d updated", 1000+l.Sent), false
	}
	return fmt.Sprintf("%s to customer %04d", map[string]string{"email": "welcome mail", "sms": "reminder"}[l.Channel], 2000+l.Sent), false
}

// ask evaluates the agent's mode over OFREP. Whatever goes wrong, the answer is halted.
func (f *fleet) ask(ctx context.Context, l *lane) (tagout.Mode, string) {
	body, _ := json.Marshal(map[string]any{"context": map[string]string{
		"targetingKey": l.key(), "channel": l.Channel, "region": l.Region, "tool": l.Tool}})
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.base+"/ofrep/v1/evaluate/flags/"+l.Agent+".mode", bytes.NewReader(body))
	if err != nil {
		return tagout.Halted, "the gate cannot be asked"
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return tagout.Halted, "the gate does not answer"
	}
	defer response.Body.Close()
	var answer struct {
		Value    string         `json:"value"`
		Metadata map[string]any `json:"metadata"`
	}
	if response.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(&answer) != nil {
		return tagout.Halted, "the gate does not answer"
	}
	mode, err := tagout.ParseMode(answer.Value)
	if err != nil {
		return tagout.Halted, "the gate's answer is not a mode"
	}
	incident, _ := answer.Metadata["incident"].(string)
	return mode, incident
}

// misbehave deploys a bad prompt, and raises a real alert a moment later.
func (f *fleet) misbehave(kind string) error {
	m, ok := misdeeds[kind]
	if !ok {
		return tagout.Errorf(tagout.Invalid, "There is no such way to misbehave.")
	}
	f.mu.Lock()
	f.doing = &m
	f.mu.Unlock()
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		f.control.setVersion("v42")
		f.report(ctx, "/v1/versions", map[string]any{"agent": "mailer", "versions": map[string]string{"prompt": "v42"}})
		select {
		case <-ctx.Done():
		case <-time.After(badFor): // long enough to be seen
		}
		labels := map[string]string{"agent": "mailer", "severity": m.Severity}
		if m.Channel != "" {
			labels["channel"], labels["region"] = m.Channel, m.Region
		}
		f.report(ctx, "/v1/alerts/generic", map[string]any{"name": m.Name, "summary": m.Summary, "labels": labels})
	}()
	return nil
}

// report posts to Tagout as an agent would; what fails is shown in the feed.
func (f *fleet) report(ctx context.Context, path string, body any) {
	data, _ := json.Marshal(body)
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, f.base+path, bytes.NewReader(data))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", "Bearer "+f.token)
		var response *http.Response
		if response, err = f.client.Do(request); err == nil {
			response.Body.Close()
			if response.StatusCode < 300 {
				return
			}
			err = fmt.Errorf("%s answered %s", path, response.Status)
		}
	}
	if ctx.Err() == nil {
		f.feed.notice("The demo could not post to " + path + ": " + err.Error())
	}
}

func (f *fleet) snapshot() []lane {
	f.mu.Lock()
	defer f.mu.Unlock()
	lanes := make([]lane, len(f.lanes))
	for n, l := range f.lanes {
		lanes[n] = *l
	}
	return lanes
}
