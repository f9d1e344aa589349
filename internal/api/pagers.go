package api

import (
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// maxInbox is how many bytes a pager's service may post; PagerDuty drops what exceeds 256 KB.
const maxInbox = 512 << 10

// heard is the answer to what a pager's service posted.
type heard struct {
	Acknowledgements int `json:"acknowledgements" doc:"How many acknowledgements it held. 0 for an event that says nothing new."`
}

// pagers takes what a pager's own service posts: who acknowledged in its app. The pager
// itself authenticates it; nothing but an acknowledgement can come of it.
func (e *edge) pagers(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("pager")
	inbox := e.Inboxes[name]
	if inbox == nil {
		e.fail(w, r, tagout.Errorf(tagout.NotFound, "No pager of this name listens. Those of the kinds pagerduty and goalert do, once they are configured."))
		return
	}
	body, err := readJSON(w, r, maxInbox)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	acks, err := inbox.Heard(r.Context(), tagout.Delivery{Source: name, Header: r.Header, Body: body, At: e.Clock.Now()})
	if err != nil {
		e.fail(w, r, malformed(err, body))
		return
	}
	for _, ack := range acks {
		if err := e.Desk.AcknowledgeBy(r.Context(), ack, name); err != nil {
			e.fail(w, r, err)
			return
		}
	}
	writeJSON(w, http.StatusAccepted, heard{len(acks)})
}

// documentPagers describes the operation, which is served without huma.
func (e *edge) documentPagers(answer *huma.Schema) {
	op := &huma.Operation{
		OperationID: "post-pager", Method: http.MethodPost, Path: "/v1/pagers/{pager}", Summary: "Tell what happened in a pager's own app", Tags: []string{"report"},
		Description: "For PagerDuty's webhooks v3, signed with X-PagerDuty-Signature, and GoAlert's webhooks, with the token as the password of the URL. " +
			"At most " + strconv.Itoa(maxInbox) + " bytes. An acknowledgement is answered once it is durable; 503 means to send it again. Other events are taken and change nothing.",
		Parameters:  []*huma.Param{{Name: "pager", In: "path", Required: true, Description: "The pager, such as pagerduty.", Schema: &huma.Schema{Type: huma.TypeString}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}}},
		Responses: map[string]*huma.Response{
			"202": {Description: "Taken, durably", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}},
		},
	}
	e.annotate(op)
	op.Security = nil // the pager's service signs
	e.huma.OpenAPI().AddOperation(op)
}
