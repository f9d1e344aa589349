package email

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"

	"github.com/wneessen/go-mail"

	"tagout"
)

// enclose adds the letter as HTML, with its pictures inside the mail: nothing is fetched.
func enclose(msg *mail.Msg, in tagout.Mail) error {
	v := letterView{Title: in.Letter.Title, Body: paragraphs(in.Letter.Body), Footer: spans(in.Letter.Footer)}
	for n, picture := range in.Pictures {
		name := fmt.Sprintf("picture%d.png", n+1)
		if err := msg.EmbedReader(name, bytes.NewReader(picture.PNG), mail.WithFileContentType("image/png")); err != nil {
			return err
		}
		v.Pictures = append(v.Pictures, image{"cid:" + template.URL(name), picture.Alt})
	}
	for _, f := range in.Letter.Facts {
		v.Facts = append(v.Facts, fact{strings.TrimSpace(f.Label), spans(f.Value)})
	}
	for _, item := range in.Letter.Items {
		v.Parts = append(v.Parts, paragraphs(item.Body)...)
	}
	return msg.AddAlternativeHTMLTemplate(letter, v)
}

// letterView is what the HTML of a letter shows.
type letterView struct {
	Title    string
	Body     [][]piece
	Facts    []fact
	Pictures []image
	Parts    [][]piece
	Footer   []piece
}

type fact struct {
	Label string
	Value []piece
}

type image struct {
	URL template.URL // of a part of this mail
	Alt string
}

// piece is a span as HTML shows it.
type piece struct {
	Text       string
	Bold, Code bool
	URL        string
}

func paragraphs(body []tagout.Text) [][]piece {
	list := make([][]piece, len(body))
	for n, t := range body {
		list[n] = spans(t)
	}
	return list
}

func spans(t tagout.Text) []piece {
	var list []piece
	for _, s := range t {
		p := piece{Text: tagout.Text{s}.String()}
		switch s.Kind {
		case tagout.SpanBold:
			p.Bold = true
		case tagout.SpanCode, tagout.SpanCommand:
			p.Code = true
		case tagout.SpanLink:
			p.URL = s.URL
		}
		list = append(list, p)
	}
	return list
}

// letter is a mail that reads like its message: on a phone, in the dark, and without pictures.
var letter = template.Must(template.New("letter").Parse(`{{define "text"}}{{range .}}{{if .URL}}<a href="{{.URL}}" style="color:#0b6172">{{.Text}}</a>{{else if .Bold}}<b>{{.Text}}</b>{{else if .Code}}<code style="font-size:.875em;overflow-wrap:anywhere">{{.Text}}</code>{{else}}{{.Text}}{{end}}{{end}}{{end -}}
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>{{.Title}}</title></head>
<body style="font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;max-width:40em;margin:0 auto;padding:1em">
<h1 style="font-size:22px;line-height:1.3;margin:.25em 0 .5em">{{.Title}}</h1>
{{range .Body}}<p style="margin:.5em 0;white-space:pre-line">{{template "text" .}}</p>
{{end}}{{if .Facts}}<div style="margin:1em 0;border-top:1px solid #8a9699">
{{range .Facts}}<div style="display:inline-block;vertical-align:top;width:18em;max-width:100%;box-sizing:border-box;padding:.6em 1em .2em 0"><div style="font-size:14px;opacity:.75">{{.Label}}</div><div style="white-space:pre-line;margin:0 0 .3em">{{template "text" .Value}}</div></div>
{{end}}</div>
{{end}}{{range .Pictures}}<p style="margin:1em 0"><img src="{{.URL}}" alt="{{.Alt}}" width="540" style="display:block;width:100%;max-width:540px;height:auto;border-radius:8px"></p>
{{end}}{{range .Parts}}<p style="margin:1em 0;padding-top:.75em;border-top:1px solid #8a9699;white-space:pre-line;overflow-wrap:break-word">{{template "text" .}}</p>
{{end}}{{if .Footer}}<p style="margin:1.5em 0 0;padding-top:.75em;border-top:1px solid #8a9699;font-size:14px;opacity:.75;overflow-wrap:anywhere">{{template "text" .Footer}}</p>
{{end}}</body></html>
`))
