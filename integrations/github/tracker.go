// Package github keeps corrective actions as issues of a GitHub repository.
package github

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/go-github/v84/github"

	"tagout"
)

// settings are the keys of the tracker.
type settings struct {
	Repository string `yaml:"repository" need:"true"` // owner/name
	Token      string `yaml:"token" need:"true"`      // may read and write issues
	APIURL     string `yaml:"api_url"`                // of GitHub Enterprise: https://github.example.com/api/v3/
	Secret     string `yaml:"webhook_secret"`         // of a webhook for issues; empty: it only looks every so often
}

// Tracker makes issues. It fulfils [tagout.Tracker].
type Tracker struct {
	name, owner, repository, secret string
	client                          *github.Client
}

// mark is the label by which a tracker's own issues are found again.
const mark = "tagout"

// pages is how many pages of a hundred issues, newest first, are looked through for one
// that was made before.
const pages = 3

// NewTracker makes a tracker from its settings. It returns Invalid, with the place, if they
// cannot work.
func NewTracker(v tagout.Vendor, client *http.Client) (*Tracker, error) {
	var s settings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	owner, repository, ok := strings.Cut(s.Repository, "/")
	if !ok || owner == "" || repository == "" || strings.ContainsAny(s.Repository, " ?#%") || strings.Contains(repository, "/") {
		return nil, tagout.Errorf(tagout.Invalid, "%s: This is not a repository. Fix: Write it as owner/name.", v.Place)
	}
	if strings.TrimSpace(s.Token) == "" {
		return nil, tagout.Errorf(tagout.Invalid, "%s: There is no token. Fix: Set token to one that may write issues of the repository.", v.Place)
	}
	plain := *client
	plain.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the token goes nowhere else
	g := github.NewClient(&plain).WithAuthToken(s.Token)
	if s.APIURL != "" {
		base, err := url.Parse(s.APIURL)
		if err != nil || base.Host == "" || base.Scheme != "https" && base.Hostname() != "127.0.0.1" && base.Hostname() != "localhost" {
			return nil, tagout.Errorf(tagout.Invalid, "%s: api_url is not an https address. Fix: Write such as https://github.example.com/api/v3/.", v.Place)
		}
		if !strings.HasSuffix(base.Path, "/") {
			base.Path += "/"
		}
		g.BaseURL = base
	}
	return &Tracker{v.Name, owner, repository, s.Secret, g}, nil
}

// Name is the configured name.
func (t *Tracker) Name() string { return t.name }

// Create makes an issue, unless one of the newest 300 was made of this draft before.
func (t *Tracker) Create(ctx context.Context, d tagout.TicketDraft) (tagout.Ticket, error) {
	if made, ok, err := t.find(ctx, d.ID); ok || err != nil {
		return made, err
	}
	text := d.Text
	if !d.Due.IsZero() {
		text += "\n\nDue " + d.Due.UTC().Format("2006-01-02") + "."
	}
	labels := append([]string{mark}, d.Labels...)
	issue, _, err := t.client.Issues.Create(ctx, t.owner, t.repository, &github.IssueRequest{
		Title: github.Ptr(clip(d.Title, 256)), Body: github.Ptr(clip(inert(text), 60000) + "\n\n" + marker(d.ID)), Labels: &labels,
	})
	if err != nil {
		return tagout.Ticket{}, explain(ctx, err)
	}
	return ticket(issue), nil
}

// marker names the draft in the text of its issue; it is not shown.
func marker(id string) string { return "<!-- tagout:" + strings.ReplaceAll(id, "-->", "") + " -->" }

// inert keeps foreign words from notifying people or closing other issues.
func inert(text string) string {
	return strings.NewReplacer("@", "@\u200b", "#", "#\u200b", "<!--", "<\u200b!--").Replace(text)
}

func (t *Tracker) find(ctx context.Context, id string) (tagout.Ticket, bool, error) {
	for page := 1; page <= pages; page++ {
		list, response, err := t.client.Issues.ListByRepo(ctx, t.owner, t.repository, &github.IssueListByRepoOptions{
			State: "all", Labels: []string{mark}, Sort: "created", Direction: "desc", ListOptions: github.ListOptions{Page: page, PerPage: 100},
		})
		if err != nil {
			return tagout.Ticket{}, false, explain(ctx, err)
		}
		for _, issue := range list {
			if strings.Contains(issue.GetBody(), marker(id)) {
				return ticket(issue), true, nil
			}
		}
		if response.NextPage == 0 {
			break
		}
	}
	return tagout.Ticket{}, false, nil
}

// Read returns an issue; it is done when it is closed.
func (t *Tracker) Read(ctx context.Context, key string) (tagout.Ticket, error) {
	number, err := strconv.Atoi(key)
	if err != nil || number <= 0 {
		return tagout.Ticket{}, tagout.Final(tagout.Errorf(tagout.NotFound, "%q is not the number of an issue.", clip(key, 40)))
	}
	issue, _, err := t.client.Issues.Get(ctx, t.owner, t.repository, number)
	if err != nil {
		return tagout.Ticket{}, explain(ctx, err)
	}
	return ticket(issue), nil
}

func ticket(issue *github.Issue) tagout.Ticket {
	t := tagout.Ticket{Key: strconv.Itoa(issue.GetNumber()), URL: issue.GetHTMLURL(), Title: issue.GetTitle(), Done: issue.GetState() == "closed", ChangedAt: issue.GetUpdatedAt().Time}
	if t.Done {
		t.ClosedBy, t.ClosedAt = issue.GetClosedBy().GetLogin(), issue.GetClosedAt().Time
		t.Refused = issue.GetStateReason() == "not_planned" || issue.GetStateReason() == "duplicate"
	}
	return t
}

// explain says what went wrong without quoting what was sent or received.
func explain(ctx context.Context, err error) error {
	_, limited := errors.AsType[*github.RateLimitError](err)
	_, abused := errors.AsType[*github.AbuseRateLimitError](err)
	_, redirected := errors.AsType[*github.RedirectionError](err)
	answered, ok := errors.AsType[*github.ErrorResponse](err)
	switch {
	case limited || abused:
		return tagout.Errorf(tagout.Unavailable, "GitHub asks to come back later.")
	case redirected:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "GitHub answered with a redirect, which is not followed. Fix: Write the repository's present name, and the address to which api_url leads."))
	case ctx.Err() != nil:
		return tagout.Errorf(tagout.Unavailable, "GitHub gave no answer in time.")
	case !ok || answered.Response == nil:
		return tagout.Errorf(tagout.Unavailable, "GitHub could not be reached.")
	}
	status := answered.Response.StatusCode
	switch {
	case status == http.StatusNotFound || status == http.StatusGone:
		return tagout.Final(tagout.Errorf(tagout.NotFound, "GitHub knows no such issue or repository, or the token may not see it."))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return tagout.Final(tagout.Errorf(tagout.Forbidden, "GitHub refused the token (%d). Fix: Put one that may write issues of the repository into the configuration.", status))
	case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500:
		return tagout.Errorf(tagout.Unavailable, "GitHub answered %d.", status)
	}
	return tagout.Final(tagout.Errorf(tagout.Unavailable, "GitHub answered %d.", status))
}

// clip is s in at most n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n-3], "") + "…"
}
