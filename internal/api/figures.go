package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tagout"
)

// FigureReader computes figures.
type FigureReader interface {
	// FiguresOf are the figures that a query asks for. It returns Invalid for a window that
	// is none.
	FiguresOf(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error)
	// Measured lists the incidents that a query is about, what was detected first first. It
	// returns Invalid for a window that is none, or that holds too many.
	Measured(ctx context.Context, q tagout.FiguresQuery) ([]tagout.MeasuredIncident, error)
}

// defaultWindow is how far back the figures go if nobody says from when.
const defaultWindow = 90 * 24 * time.Hour

// Window says over which incidents the figures are.
type Window struct {
	From     string `query:"from" doc:"When the window begins: RFC 3339, or a day. Left out: 90 days before its end." example:"2026-07-01"`
	To       string `query:"to" doc:"When it ends; this moment itself is not in it. Left out: now." example:"2026-10-01T00:00:00Z"`
	Agent    string `query:"agent" doc:"Only incidents of this agent."`
	Class    string `query:"class" doc:"Only incidents of this failure class."`
	Severity string `query:"severity" doc:"Only incidents whose highest severity is this one." example:"sev1"`
	Timezone string `query:"timezone" doc:"In which days and quarters begin. Left out: UTC." example:"Europe/Berlin"`
}

type figuresInput struct {
	Window
	Format string `query:"format" enum:"json,csv" default:"json" doc:"csv: a line for each figure."`
}

type tableOutput struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func (e *edge) figureRoutes() {
	schemas := e.huma.OpenAPI().Components.Schemas
	register(e, huma.Operation{
		OperationID: "get-figures", Method: http.MethodGet, Path: "/v1/metrics/incidents", Summary: "Compute the figures of the incidents of a window", Tags: []string{"read"},
		Description: "Of the incidents that were detected in the window, and of those in the window before it, as long as this one. Cancelled incidents and drills are counted apart and are in no other figure. docs/figures.md says how each is computed.",
		Responses: map[string]*huma.Response{"200": {Description: "The figures", Content: map[string]*huma.MediaType{
			"application/json": {Schema: schemas.Schema(reflect.TypeFor[figuresView](), true, "Figures")}, "text/csv": {Schema: &huma.Schema{Type: huma.TypeString}},
		}}},
	}, tagout.MayRead, e.figures)
	register(e, huma.Operation{
		OperationID: "list-measured-incidents", Method: http.MethodGet, Path: "/v1/metrics/incidents.csv", Summary: "List the incidents of a window with their milestones, as a table", Tags: []string{"read"},
		Description: "What the figures are computed from, a line for each incident. Of private ones the line has the ID alone, and there is none where agent, class or severity is asked for. Cells that a spreadsheet would compute begin with an apostrophe.",
		Responses:   map[string]*huma.Response{"200": {Description: "The table", Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}},
	}, tagout.MayRead, e.measured)
}

// query reads the window.
func (e *edge) query(in Window) (q tagout.FiguresQuery, err error) {
	q = tagout.FiguresQuery{To: e.Clock.Now(), Class: in.Class, Severity: tagout.Severity(in.Severity), Location: time.UTC}
	if in.Timezone != "" {
		if q.Location, err = time.LoadLocation(in.Timezone); err != nil {
			return q, tagout.Errorf(tagout.Invalid, "timezone is not known here: write it as Europe/Berlin.")
		}
	}
	q.Public = in.Agent != "" || in.Class != "" || in.Severity != ""
	if in.Agent != "" {
		if q.Agent, err = tagout.CanonicalName(in.Agent); err != nil {
			return q, err
		}
	}
	if in.To != "" {
		if q.To, err = momentOf("to", in.To, q.Location); err != nil {
			return q, err
		}
	}
	q.From = q.To.Add(-defaultWindow)
	if in.From != "" {
		q.From, err = momentOf("from", in.From, q.Location)
	}
	return q, err
}

func momentOf(name, text string, in *time.Location) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, text, in)
	if err != nil {
		return at, tagout.Errorf(tagout.Invalid, "%s must be a time as in RFC 3339, such as 2026-11-21T09:30:00Z, or a day, such as 2026-11-21.", name)
	}
	return at, nil
}

func (e *edge) figures(ctx context.Context, in *figuresInput) (*tableOutput, error) {
	q, err := e.query(in.Window)
	if err != nil {
		return nil, err
	}
	f, err := e.Desk.FiguresOf(ctx, q)
	if err != nil {
		return nil, err
	}
	if in.Format == "csv" {
		return csvOf("tagout-figures.csv", figureLines(f))
	}
	return jsonOf(viewOfFigures(f))
}

func (e *edge) measured(ctx context.Context, in *Window) (*tableOutput, error) {
	q, err := e.query(*in)
	if err != nil {
		return nil, err
	}
	list, err := e.Desk.Measured(ctx, q)
	if err != nil {
		return nil, err
	}
	return csvOf("tagout-incidents.csv", incidentLines(list))
}
