package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// keptView is one piece of evidence without its content.
type keptView struct {
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	SHA256    string    `json:"sha256" doc:"Of the content, in hex; the timeline tells it too."`
	Size      int64     `json:"size" doc:"Bytes."`
	At        time.Time `json:"at"`
	Path      string    `json:"path" doc:"Where the content is." example:"/v1/incidents/INC-7/evidence/SHA256"`
}

func viewOfKept(e tagout.Evidence) keptView {
	return keptView{
		Name: e.Name, MediaType: e.MediaType, SHA256: e.SHA256, Size: e.Size, At: e.At,
		Path: "/v1/incidents/" + e.Incident.String() + "/evidence/" + e.SHA256,
	}
}

type contentInput struct {
	ID     string `path:"id" example:"INC-7"`
	SHA256 string `path:"sha256" pattern:"^[0-9a-f]{64}$" doc:"Of the content, in lower-case hex."`
}

type contentOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Sniff       string `header:"X-Content-Type-Options"`
	Digest      string `header:"ETag"`
	Body        []byte
}

func (e *edge) evidenceRoutes() {
	register(e, huma.Operation{
		OperationID: "get-evidence-content", Method: http.MethodGet, Path: "/v1/incidents/{id}/evidence/{sha256}",
		Summary: "Read one piece of evidence as it was kept", Tags: []string{"read"},
		Description: "The content is checked against its hash before it is served.",
		Responses:   map[string]*huma.Response{"200": {Description: "The content, of the type that it came with", Content: map[string]*huma.MediaType{"*/*": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}},
	}, tagout.MayRead, e.evidenceContent)
}

// evidenceContent serves what was kept. It is never shown by a browser: what came from
// outside must not run in Tagout's name.
func (e *edge) evidenceContent(ctx context.Context, in *contentInput) (*contentOutput, error) {
	i, err := e.findPublic(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	kept, err := e.Store.EvidenceContent(ctx, i.ID, in.SHA256)
	if err != nil {
		return nil, err
	}
	if kept.Redacted != "" {
		return nil, tagout.Errorf(tagout.Expired, "The content was redacted: %s", kept.Redacted)
	}
	return &contentOutput{ContentType: kept.MediaType, Disposition: "attachment", Sniff: "nosniff", Digest: `"` + kept.SHA256 + `"`, Body: kept.Content}, nil
}
