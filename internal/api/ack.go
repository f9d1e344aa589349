package api

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"tagout"
)

// Acknowledger is what the link of a page asks of the incident desk.
type Acknowledger interface {
	// ReadLink tells what a link is about and changes nothing. It returns NotFound for a
	// token that is not ours and Expired for one that is too old.
	ReadLink(ctx context.Context, token string) (tagout.PageLink, error)
	// PressLink acknowledges, unless a drill was shown that has become a real incident: real tells
	// that a real one was shown. It returns Conflict, with what the link shows now, if that
	// has happened before or the incident is over.
	PressLink(ctx context.Context, token string, real bool) (tagout.PageLink, error)
}

var (
	//go:embed ack.html
	ackPage string
	//go:embed ack.css
	ackStyle string

	ackTemplate = template.Must(template.New("ack").Funcs(template.FuncMap{"whole": whole}).Parse(ackPage))
	// ackPolicy lets the page show its own style and send its own form, nothing else.
	ackPolicy = "default-src 'none'; img-src data:; style-src '" + sourceSum(ackStyle) + "'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

// whole is a heading whose INC-7 stays on one line.
func whole(title string) string { return strings.ReplaceAll(title, "-", "\u2011") }

func sourceSum(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// ackForm is how much a pressed button may send, in bytes.
const ackForm = 1 << 10

// acked is what the page of a link shows.
type acked struct {
	Style template.CSS
	Title string
	Link  *tagout.PageLink // nil: there is nothing to show
	Ask   bool             // with the button
	Trial bool             // with the button of a trial
	Text  string
	Tone  string // good, bad or none
	Mark  string // beside the colour
	More  string
}

// ackRoutes serve the links of pages. Opening one changes nothing, since mail scanners open
// links; only the button acknowledges.
func (e *edge) ackRoutes() {
	if e.Links == nil {
		return
	}
	e.handle(open("GET /ack/{token}", oneLink), func(w http.ResponseWriter, r *http.Request) {
		link, err := e.Links.ReadLink(r.Context(), r.PathValue("token"))
		if err != nil {
			e.failedLink(w, err)
			return
		}
		if link.Trial != "" {
			showLink(w, http.StatusOK, acked{Title: "Did this page reach you?", Trial: true, Text: "It is a TEST by " + link.Trial + ", which you asked for. There is no incident."})
			return
		}
		page := asked(link)
		if link.AnsweredBy.Kind != "" || link.State.Ended() {
			page = answered(link)
		}
		showLink(w, http.StatusOK, page)
	})
	e.handle(open("POST /ack/{token}", oneLink), func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, ackForm)
		link, err := e.Links.PressLink(r.Context(), r.PathValue("token"), r.PostFormValue("shown") == "real")
		switch {
		case tagout.CodeOf(err) == tagout.Conflict && err != nil:
			showLink(w, http.StatusOK, answered(link))
		case err != nil:
			e.failedLink(w, err)
		case link.Became:
			showLink(w, http.StatusOK, asked(link))
		case link.Trial != "":
			showLink(w, http.StatusOK, acked{Title: "Received", Tone: "good", Mark: "✓", Text: "Pages by " + link.Trial + " reach you. It was a TEST; there is no incident."})
		default:
			text := "Paging has stopped."
			if link.Leads {
				text += " You lead it until somebody else does."
			}
			showLink(w, http.StatusOK, acked{
				Title: "You acknowledged " + link.Incident.String(), Link: &link, Tone: "good", Mark: "✓",
				Text: text, More: "What is held stays held. Go on in Slack, in the incident's channel.",
			})
		}
	})
}

// asked is the page of an incident that somebody may take on.
func asked(link tagout.PageLink) acked {
	page := acked{Title: "Acknowledge " + link.Incident.String() + "?", Link: &link, Ask: true}
	if link.Became {
		page.Title = "This is no drill anymore: " + link.Incident.String() + " is real"
		page.Text, page.Tone, page.Mark = "What you were paged for began as a drill. You have not acknowledged it yet.", "bad", "!"
	}
	return page
}

// answered is the page of an incident that nobody needs to take on any more.
func answered(link tagout.PageLink) acked {
	page := acked{Title: link.Incident.String() + " was acknowledged", Link: &link, Tone: "good", Mark: "✓"}
	switch {
	case link.State.Ended():
		page.Title = link.Incident.String() + " is " + string(link.State)
		page.Text = "There is nothing left to acknowledge."
	case link.AnsweredBy == link.Reader:
		page.Text = "You did, at " + link.AnsweredAt.UTC().Format("2006-01-02 15:04:05 UTC") + "."
	default:
		page.Text = "By " + link.Answerer + " at " + link.AnsweredAt.UTC().Format("2006-01-02 15:04:05 UTC") + "."
	}
	return page
}

func (e *edge) failedLink(w http.ResponseWriter, err error) {
	status, _ := statusOf(tagout.CodeOf(err))
	page := acked{Title: "This link does not work", Text: tagout.Sentence(err), Tone: "bad", Mark: "✗", More: "The incident was not changed."}
	if status >= http.StatusInternalServerError {
		page.Title = "Tagout cannot answer right now"
		page.More = "Nothing was acknowledged. Try again in a moment, or acknowledge in Slack."
		e.Logger.Warn("a link could not be opened", "error", tagout.Sentence(err))
	}
	showLink(w, status, page)
}

func showLink(w http.ResponseWriter, status int, page acked) {
	page.Style = template.CSS(ackStyle) // ours, at build time
	w.Header().Set("Content-Security-Policy", ackPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Robots-Tag", "noindex")
	w.WriteHeader(status)
	_ = ackTemplate.Execute(w, page) // the reader has gone away: nobody left to tell
}
