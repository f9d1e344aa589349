package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// reviewView says how far the review of an incident is.
type reviewView struct {
	State       string     `json:"state" enum:"draft,submitted,sent back,approved"`
	Version     int        `json:"version"`
	Authors     []string   `json:"authors"`
	Due         *time.Time `json:"due,omitempty" doc:"Left out if no severity that was reached asks for a review."`
	SubmittedBy string     `json:"submitted_by,omitempty"`
	ApprovedBy  string     `json:"approved_by,omitempty"`
	ApprovedAt  *time.Time `json:"approved_at,omitempty"`
	Digest      string     `json:"digest,omitempty" doc:"Of what was submitted."`
	Path        string     `json:"path" doc:"Where the document is." example:"/v1/incidents/INC-7/review"`
}

func viewOfReview(i *tagout.Incident) *reviewView {
	r := i.Review
	if r == nil {
		return nil
	}
	v := &reviewView{State: string(i.ReviewState()), Version: r.Version(), Authors: []string{}, SubmittedBy: string(r.SubmittedBy.ID), Digest: r.Digest,
		Path: "/v1/incidents/" + i.ID.String() + "/review"}
	for _, id := range r.Authors() {
		v.Authors = append(v.Authors, string(id))
	}
	if due, owed := i.ReviewDue(); owed {
		v.Due = &due.Due
	}
	if r.Approved() {
		v.ApprovedBy, v.ApprovedAt = string(r.DecidedBy), &r.DecidedAt
	}
	return v
}

func (e *edge) reviewRoutes() {
	register(e, huma.Operation{
		OperationID: "get-review", Method: http.MethodGet, Path: "/v1/incidents/{id}/review",
		Summary: "Read an incident's review as Markdown", Tags: []string{"read"},
		Description: "What the record tells, and what people wrote, as far as they are. No text of it becomes markup.",
		Responses:   map[string]*huma.Response{"200": {Description: "The review", Content: map[string]*huma.MediaType{"text/markdown": {Schema: &huma.Schema{Type: huma.TypeString}}}}},
	}, tagout.MayRead, e.review)
}

// review serves the document as text that no browser runs.
func (e *edge) review(ctx context.Context, in *incidentInput) (*contentOutput, error) {
	i, err := e.findPublic(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	text, err := e.Desk.ReviewMarkdown(ctx, i.ID)
	if err != nil {
		return nil, err
	}
	return &contentOutput{ContentType: "text/markdown; charset=utf-8", Disposition: `inline; filename="` + i.ID.String() + `-review.md"`, Sniff: "nosniff", Body: []byte(text)}, nil
}
