package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tagout"
)

// anyRight lets every known token through; the handler itself looks at its rights.
const anyRight = tagout.Right("any")

// newHuma is the part of the API that huma decodes, validates and describes. It serves no
// pages of its own, adds nothing to answers, and its errors become ours.
func newHuma(mux *http.ServeMux, version string) huma.API {
	config := huma.DefaultConfig("Tagout", version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.AllowAdditionalPropertiesByDefault = true // unknown keys are no reason to refuse
	config.Transformers = []huma.Transformer{ours}
	config.Info.Description = "Lockout/tagout for AI agents. A program may stop, read and report; nothing here can resume or approve."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "An API token, or the token of an alert source."},
	}
	return humago.New(mux, config)
}

// register adds an operation that a token needs the right for.
func register[I, O any](e *edge, op huma.Operation, right tagout.Right, fn func(context.Context, *I) (*O, error)) {
	e.permits = append(e.permits, permitOf(op.Method+" "+op.Path, right))
	op.MaxBodyBytes = e.MaxBody + 1 // huma refuses from this size on
	e.annotate(&op)
	op.Middlewares = huma.Middlewares{e.requires(right)}
	huma.Register(e.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := fn(ctx, in)
		if err != nil {
			return nil, e.problemOf(ctx, err)
		}
		return out, nil
	})
}

// annotate describes what all operations have in common.
func (e *edge) annotate(op *huma.Operation) {
	schema := e.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	op.Security = []map[string][]string{{"token": {}}}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.Responses["default"] = &huma.Response{
		Description: "A problem document",
		Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}

// requires lets requests through whose token has the right, and whose body, if they have
// one, is JSON.
func (e *edge) requires(right tagout.Right) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c, err := e.authenticate(r)
		if err == nil && right != anyRight {
			err = c.need(right)
		}
		if err == nil && r.Method == http.MethodPost && !isJSON(r.Header) {
			err = wrongType()
		}
		if err != nil {
			e.fail(w, r, err)
			return
		}
		next(huma.WithValue(ctx, callerKey{}, c))
	}
}

// describe finishes the OpenAPI document: the operations that huma does not serve, and
// without the error type that it always adds.
func (e *edge) describe() {
	doc := e.huma.OpenAPI()
	schemas := doc.Components.Schemas
	alert := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true,
		Description: "What the kind of the source posts: the webhook of Alertmanager, Grafana, Datadog, PagerDuty or Sentry, CloudEvents, or generic alerts, one object or an array of them. Some senders sign instead of showing a token.",
	}
	e.document("post-alerts", "/v1/alerts/{source}", "Post alerts",
		&huma.Schema{OneOf: []*huma.Schema{alert, {Type: huma.TypeArray, Items: alert}}},
		schemas.Schema(reflect.TypeFor[accepted](), true, "Accepted"), e.MaxBody)
	e.documentPagers(schemas.Schema(reflect.TypeFor[heard](), true, "Heard"))
	e.documentChanged(schemas.Schema(reflect.TypeFor[changed](), true, "Changed"))
	e.documentTrackers(schemas.Schema(reflect.TypeFor[moved](), true, "Moved"))
	report := reportSchema(schemas)
	e.document("post-failure", "/v1/failures", "Hand a failure over and learn whether to retry",
		report, schemas.Schema(reflect.TypeFor[decided](), true, "Decided"), e.MaxReport)
	for _, schema := range schemas.Map() {
		for _, property := range schema.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false // a list of nothing is [], never null
			}
		}
	}
	delete(schemas.Map(), "ErrorModel")
	delete(schemas.Map(), "ErrorDetail")
	spec, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("the API description does not marshal: %v", err)) // made of our own types only
	}
	e.spec = spec
}

// document describes an operation that is served without huma.
func (e *edge) document(id, path, summary string, body, answer *huma.Schema, limit int64) {
	op := &huma.Operation{
		OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Tags: []string{"report"},
		Description: "At most " + strconv.FormatInt(limit, 10) + " bytes. Answered once it is durable; 503 means to send it again.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: body}}},
		Responses: map[string]*huma.Response{
			"202": {Description: "Taken, durably", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}},
		},
	}
	if path == "/v1/alerts/{source}" {
		op.Parameters = []*huma.Param{{Name: "source", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	e.annotate(op)
	e.huma.OpenAPI().AddOperation(op)
}

// reportSchema is that of a failure report as agents send it: two keys are required and
// unknown ones are kept.
func reportSchema(schemas huma.Registry) *huma.Schema {
	derived := schemas.SchemaFromRef(schemas.Schema(reflect.TypeFor[tagout.FailureReport](), true, "FailureReport").Ref)
	sent := &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Required: []string{"agent", "summary"},
		Properties: map[string]*huma.Schema{}, Description: "Only agent and summary are required. Unknown keys are kept as evidence.",
	}
	for name, property := range derived.Properties {
		if name != "extra" {
			sent.Properties[name] = property
		}
	}
	return sent
}

func (e *edge) openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(e.spec) // the caller has gone away: nobody left to tell
}
