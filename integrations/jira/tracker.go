// Package jira keeps corrective actions as issues of a Jira project, in the cloud (REST
// version 3) or on a server of one's own (version 2).
package jira

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"tagout"
)

// settings are the keys of the tracker.
type settings struct {
	URL     string `yaml:"url" need:"true"`     // https://example.atlassian.net
	Project string `yaml:"project" need:"true"` // its key: OPS
	Email   string `yaml:"email"`               // of the token's owner, in the cloud; empty: a personal access token of a server
	Token   string `yaml:"token" need:"true"`
	Type    string `yaml:"type"`     // of the issues that are made; Task if left out
	DueDate *bool  `yaml:"due_date"` // false where the project's issues have no due date

	Secret string `yaml:"webhook_secret"` // of a webhook for issues; empty: it only looks every so often
}

// Tracker makes issues. It fulfils [tagout.Tracker].
type Tracker struct {
	name     string
	base     *url.URL
	settings settings
	client   http.Client
}

// fields are those that are read of an issue.
const fields = "summary,status,resolution,resolutiondate,updated"

var (
	projectKey = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,49}$`)
	issueKey   = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,49}-[1-9][0-9]{0,17}$`)
)

// NewTracker makes a tracker from its settings. It returns Invalid, with the place, if they
// cannot work.
func NewTracker(v tagout.Vendor, client *http.Client) (*Tracker, error) {
	var s settings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	base, err := url.Parse(s.URL)
	if err != nil || base.Host == "" || base.User != nil || base.Scheme != "https" && base.Hostname() != "127.0.0.1" && base.Hostname() != "localhost" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: url is not an https address. Fix: Write such as https://example.atlassian.net.", v.Place)
	}
	if !projectKey.MatchString(s.Project) {
		return nil, tagout.Errorf(tagout.Invalid, "%s: This is not the key of a project. Fix: Write it in capitals, such as OPS.", v.Place)
	}
	if strings.TrimSpace(s.Token) == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: There is no token. Fix: Set token to an API token, with email in the cloud.", v.Place)
	}
	if s.Type == "" {
		s.Type = "Task"
	}
	t := &Tracker{name: v.Name, base: base, settings: s, client: *client}
	t.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token goes nowhere else
	return t, nil
}

// Name is the configured name.
func (t *Tracker) Name() string { return t.name }

func (t *Tracker) cloud() bool { return t.settings.Email != "" }

// issue is what is read of an issue.
type issue struct {
	Key    string `json:"key"`
	Fields struct {
		Summary string `json:"summary"`
		Status  struct {
			Category struct {
				Key string `json:"key"`
			} `json:"statusCategory"`
		} `json:"status"`
		Resolution *struct {
			Name string `json:"name"`
		} `json:"resolution"`
		Resolved string `json:"resolutiondate"`
		Updated  string `json:"updated"`
	} `json:"fields"`
}

func (t *Tracker) ticket(i issue) tagout.Ticket {
	f := i.Fields
	ticket := tagout.Ticket{Key: i.Key, URL: t.base.JoinPath("browse", i.Key).String(), Title: f.Summary, Done: f.Status.Category.Key == "done", ChangedAt: moment(f.Updated)}
	if ticket.Done {
		ticket.ClosedAt = moment(f.Resolved)
		ticket.Refused = f.Resolution != nil && refusals[strings.ToLower(strings.ReplaceAll(f.Resolution.Name, "’", "'"))]
	}
	return ticket
}

// refusals are the usual names of resolutions that are none.
var refusals = map[string]bool{"won't do": true, "won't fix": true, "declined": true, "rejected": true, "duplicate": true, "cannot reproduce": true,
	"canceled": true, "cancelled": true}

// moment is a time as Jira writes it; zero if it is none.
func moment(text string) time.Time {
	at, _ := time.Parse("2006-01-02T15:04:05.999-0700", text)
	return at
}

// Create makes an issue, unless there is one with the draft's label.
func (t *Tracker) Create(ctx context.Context, d tagout.TicketDraft) (tagout.Ticket, error) {
	label := labelOf(d.ID)
	if made, ok, err := t.find(ctx, label); ok || err != nil {
		return made, err
	}
	values := map[string]any{
		"project": map[string]string{"key": t.settings.Project}, "issuetype": map[string]string{"name": t.settings.Type},
		"summary": clip(strings.Join(strings.Fields(d.Title), " "), 255), "description": t.description(clip(d.Text, 30000)),
		"labels": append([]string{"tagout", label}, labels(d.Labels)...),
	}
	if !d.Due.IsZero() && (t.settings.DueDate == nil || *t.settings.DueDate) {
		values["duedate"] = d.Due.UTC().Format("2006-01-02")
	}
	var made issue
	if err := t.call(ctx, http.MethodPost, "issue", nil, map[string]any{"fields": values}, &made); err != nil {
		return tagout.Ticket{}, err
	}
	if !issueKey.MatchString(made.Key) {
		return tagout.Ticket{}, tagout.Errorf(tagout.Unavailable, "Jira did not say which issue it made.")
	}
	made.Fields.Summary = d.Title
	return t.ticket(made), nil
}

// labelOf names the draft among the labels of its issue.
func labelOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return "tagout-" + hex.EncodeToString(sum[:8])
}

// labels are those that Jira takes: without white space.
func labels(all []string) []string {
	taken := make([]string, 0, len(all))
	for _, l := range all {
		if l = strings.Join(strings.Fields(l), "-"); l != "" {
			taken = append(taken, clip(l, 255))
		}
	}
	return taken
}

// description is the text in the shape of the version: a document, or plain.
func (t *Tracker) description(text string) any {
	if !t.cloud() {
		return "{noformat}\n" + strings.ReplaceAll(text, "{noformat}", "{ noformat }") + "\n{noformat}"
	}
	paragraphs := []any{}
	for p := range strings.SplitSeq(text, "\n") {
		content := []any{}
		if p != "" {
			content = append(content, map[string]any{"type": "text", "text": p})
		}
		paragraphs = append(paragraphs, map[string]any{"type": "paragraph", "content": content})
	}
	return map[string]any{"type": "doc", "version": 1, "content": paragraphs}
}

func (t *Tracker) find(ctx context.Context, label string) (tagout.Ticket, bool, error) {
	path := "search"
	if t.cloud() {
		path = "search/jql"
	}
	query := url.Values{"jql": {fmt.Sprintf(`project = "%s" AND labels = "%s"`, t.settings.Project, label)}, "maxResults": {"1"}, "fields": {fields}}
	var found struct {
		Issues []issue `json:"issues"`
	}
	if err := t.call(ctx, http.MethodGet, path, query, nil, &found); err != nil || len(found.Issues) == 0 {
		return tagout.Ticket{}, false, err
	}
	return t.ticket(found.Issues[0]), true, nil
}

// Read returns an issue; it is done when its status is of the category "done".
func (t *Tracker) Read(ctx context.Context, key string) (tagout.Ticket, error) {
	if !issueKey.MatchString(key) {
		return tagout.Ticket{}, tagout.Final(tagout.Errorf(tagout.NotFound, "%q is not the key of an issue.", clip(key, 40)))
	}
	var found issue
	if err := t.call(ctx, http.MethodGet, "issue/"+key, url.Values{"fields": {fields}}, nil, &found); err != nil {
		return tagout.Ticket{}, err
	}
	return t.ticket(found), nil
}

// call makes one request. Errors quote nothing that was sent or received.
func (t *Tracker) call(ctx context.Context, method, path string, query url.Values, body, into any) error {
	version := "2"
	if t.cloud() {
		version = "3"
	}
	address := t.base.JoinPath("rest/api", version, path)
	address.RawQuery = query.Encode()
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return tagout.Final(tagout.Errorf(tagout.Internal, "The ticket cannot be written."))
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), content)
	if err != nil {
		return tagout.Final(tagout.Errorf(tagout.Internal, "The request to Jira cannot be made."))
	}
	request.Header.Set("Accept", "application/json")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if t.cloud() {
		request.SetBasicAuth(t.settings.Email, t.settings.Token)
	} else {
		request.Header.Set("Authorization", "Bearer "+t.settings.Token)
	}
	response, err := t.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return tagout.Errorf(tagout.Unavailable, "Jira gave no answer in time.")
		}
		return tagout.Errorf(tagout.Unavailable, "Jira could not be reached.")
	}
	defer response.Body.Close()
	if err := judge(response.StatusCode); err != nil {
		return err
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(into); err != nil {
		return tagout.Errorf(tagout.Unavailable, "Jira's answer cannot be read.")
	}
	return nil
}

func judge(status int) error {
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound || status == http.StatusGone:
		return tagout.Final(tagout.Errorf(tagout.NotFound, "Jira knows no such issue or project, or the token may not see it."))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return tagout.Final(tagout.Errorf(tagout.Forbidden, "Jira refused the token (%d). Fix: Put one that may write issues of the project into the configuration.", status))
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return tagout.Errorf(tagout.Unavailable, "Jira answered %d.", status)
	}
	return tagout.Final(tagout.Errorf(tagout.Unavailable, "Jira answered %d. Fix: Check project, type and due_date of the tracker.", status))
}

// clip is s in at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "…"
}
