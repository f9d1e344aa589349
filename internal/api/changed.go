package api

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// maxChanged is how many bytes a service may post about changes, before its signature is known: a
// push names up to 2,048 commits with their files.
const maxChanged = 5 << 20

// changed is the answer to what a service posted about changes.
type changed struct {
	Changes int `json:"changes" doc:"How many changes of agents it tells of. 0 for what no rule counts."`
}

// changed takes what a service posts about changes. The service itself signs; nothing but the
// record of a change that was made already comes of it.
func (e *edge) changed(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("source")
	inbox := e.Changes[name]
	if inbox == nil {
		e.fail(w, r, tagout.Errorf(tagout.NotFound, "No source of changes of this name is configured."))
		return
	}
	body, err := readJSON(w, r, maxChanged)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	changes, err := inbox.Changes(r.Context(), tagout.Delivery{Source: name, Header: r.Header, Body: body, At: e.Clock.Now()})
	if err != nil {
		e.fail(w, r, malformed(err, body))
		return
	}
	for _, change := range changes {
		if err := e.Desk.ChangeMade(r.Context(), change, tagout.Actor{Kind: tagout.BySource, ID: name}); err != nil {
			e.fail(w, r, err)
			return
		}
	}
	writeJSON(w, http.StatusAccepted, changed{Changes: len(changes)})
}

// documentChanged describes the operation, which is served without huma.
func (e *edge) documentChanged(answer *huma.Schema) {
	op := &huma.Operation{
		OperationID: "post-changes", Method: http.MethodPost, Path: "/v1/changes/{source}", Summary: "Tell of deployments and pushes", Tags: []string{"report"},
		Description: "For webhooks of GitHub, signed with X-Hub-Signature-256, as application/json: deployment, deployment_status and push, as the rules of the configuration count them. " +
			"At most " + strconv.Itoa(maxChanged) + " bytes. The same event again changes nothing. 503 means to send it again.",
		Parameters:  []*huma.Param{{Name: "source", In: "path", Required: true, Description: "The source of changes, by its name in the configuration.", Schema: &huma.Schema{Type: huma.TypeString}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}},
		Responses: map[string]*huma.Response{
			"202": {Description: "Taken, durably", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}},
		},
	}
	e.annotate(op)
	op.Security = nil // the service signs
	e.huma.OpenAPI().AddOperation(op)
}
