package github

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"tagout"
)

// Moved reads a webhook of GitHub: which issue it is about, and no more. It returns
// Unauthorized if X-Hub-Signature-256 is not of webhook_secret, or none is configured, and
// Invalid for what is not JSON of GitHub's.
func (t *Tracker) Moved(_ context.Context, in tagout.Delivery) ([]string, error) {
	if err := verify(in, t.secret, "The tracker "+t.name); err != nil {
		return nil, err
	}
	header := http.Header(in.Header)
	var told struct {
		Issue *struct {
			Number int `json:"number"`
		} `json:"issue"`
		Repository *struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
	}
	if err := json.Unmarshal(in.Body, &told); err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "This is not a webhook of GitHub. Fix: Choose application/json as its content type.")
	}
	ours := told.Repository != nil && strings.EqualFold(told.Repository.FullName, t.owner+"/"+t.repository)
	if header.Get("X-GitHub-Event") != "issues" || !ours || told.Issue == nil || told.Issue.Number < 1 {
		return nil, nil
	}
	return []string{strconv.Itoa(told.Issue.Number)}, nil
}
