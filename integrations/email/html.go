package email

import (
	"html/template"
	"strings"

	"tagout"
)

// view is what the HTML part shows.
type view struct {
	Title, Incident, Why, URL, AckURL string
	Body, Lines                       []string
	Facts                             []row
	Footer                            string
}

type row struct{ Label, Value string }

func newView(in tagout.Page) view {
	m := in.Message
	v := view{Title: m.Title, Why: in.Why, URL: in.URL, AckURL: in.AckURL, Lines: m.Lines, Footer: m.Footer.String()}
	if in.Incident != 0 {
		v.Incident = in.Incident.String()
	}
	for _, paragraph := range m.Body {
		v.Body = append(v.Body, paragraph.String())
	}
	for _, f := range m.Facts {
		v.Facts = append(v.Facts, row{strings.TrimSpace(f.Label), f.Value.String()})
	}
	return v
}

// page is the HTML part: nothing is fetched, and the only links are our own.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{.Title}}</title></head>
<body style="font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:1em auto;padding:0 1em">
<h1 style="font-size:20px;border-left:6px solid #c62828;padding-left:.6em">{{.Title}}</h1>
{{range .Body}}<p style="white-space:pre-line">{{.}}</p>
{{end}}{{if .AckURL}}<p><a href="{{.AckURL}}" style="display:inline-block;padding:.6em 1.2em;background:#1b5e20;color:#fff;border-radius:6px;text-decoration:none">Acknowledge {{.Incident}}</a></p>
{{else if .Incident}}<p>To acknowledge, type <code>/ack {{.Incident}}</code> in Slack.</p>
{{end}}{{if .Facts}}<table style="border-collapse:collapse">
{{range .Facts}}<tr><th scope="row" style="text-align:left;vertical-align:top;padding:.2em 1.5em .2em 0">{{.Label}}</th><td style="white-space:pre-line">{{.Value}}</td></tr>
{{end}}</table>
{{end}}{{if .Lines}}<pre>{{range .Lines}}{{.}}
{{end}}</pre>
{{end}}{{if .Why}}<p>Why you: {{.Why}}</p>
{{end}}{{if .URL}}<p><a href="{{.URL}}">{{.URL}}</a></p>
{{end}}{{if .Footer}}<p>{{.Footer}}</p>
{{end}}</body></html>
`))
