// Package bundle packs the whole record of one incident into a zip file that somebody who
// does not trust Tagout can read and check with sha256sum and jq.
package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tagout"
)

// Record is all that is known of an incident, read at one moment.
type Record struct {
	Incident *tagout.Incident
	Events   []tagout.Event // the whole timeline, in order
	Requests []tagout.ResumeRequest
	Alerts   []tagout.Incoming // with their raw bodies
	Pages    []tagout.Page
	Evidence []tagout.Evidence   // with their contents
	Changes  []tagout.Deployment // of its agents, from 24 h before it was detected, newest first
	Kind     tagout.KindView     // what it looks like

	At       time.Time                 // when it was read
	By       string                    // the program and its version
	Describe func(tagout.Event) string // an event in words; nil: its kind
	Policy   *tagout.Policy            // names classes and roles; nil: they stand by their keys
}

// policy is what names things.
func (r Record) policy() *tagout.Policy {
	if r.Policy == nil {
		return &tagout.Policy{}
	}
	return r.Policy
}

// exhibit is one piece of evidence in the list of them.
type exhibit struct {
	Name      string    `json:"name"`
	MediaType string    `json:"media_type"`
	SHA256    string    `json:"sha256"`
	Size      int64     `json:"size"`
	At        time.Time `json:"at"`
	Redacted  string    `json:"redacted,omitempty"` // why there is no file of this hash
}

func exhibits(kept []tagout.Evidence) []exhibit {
	list := make([]exhibit, len(kept))
	for n, e := range kept {
		list[n] = exhibit{e.Name, e.MediaType, e.SHA256, e.Size, e.At, e.Redacted}
	}
	return list
}

// Finding is the result of one check.
type Finding struct {
	Check string `json:"check"`
	OK    bool   `json:"ok"`
	Says  string `json:"says,omitempty"` // what is wrong
}

//go:embed verify.sh
var verifyScript string

// Write packs the record, and reports what its own checks found: a broken record is packed
// all the same, with the findings in it.
func Write(w io.Writer, r Record) ([]Finding, error) {
	findings := check(r)
	p := &packer{zip: zip.NewWriter(w), at: r.At, folder: r.Incident.ID.String() + "/"}
	p.json("incident.json", r.Incident)
	p.file("timeline.jsonl", lines(r.Events))
	p.file("timeline.md", markdown(r))
	p.file("timeline.html", page(r, findings))
	p.json("decisions.json", orEmpty(r.Requests))
	for _, q := range r.Requests {
		p.file("decisions/"+q.Digest+".json", q.Signed())
	}
	p.file("review.md", []byte(r.Incident.ReviewMarkdown(r.Events, r.policy(), tagout.ReviewAround{Evidence: "evidence/", Kind: r.Kind, Changes: r.Changes})))
	reviews := tagout.SubmittedReviews(r.Events)
	for _, digest := range slices.Sorted(maps.Keys(reviews)) {
		p.file("decisions/"+digest+".json", reviews[digest])
	}
	p.json("alerts.json", alerts(r.Alerts))
	p.json("changes.json", orEmpty(r.Changes))
	p.json("pages.json", orEmpty(r.Pages))
	p.json("evidence.json", exhibits(r.Evidence))
	for _, e := range r.Evidence {
		if e.Redacted == "" && !p.has["evidence/"+e.SHA256] { // two exhibits may have one content
			p.file("evidence/"+e.SHA256, e.Content)
		}
	}
	p.json("verification.json", verification{Incident: r.Incident.ID, Head: r.Incident.Head, At: tagout.Moment(r.At), By: r.By, Checks: findings})
	p.file("README.txt", []byte(readme))
	p.file("verify.sh", []byte(verifyScript))
	p.file("SHA256SUMS", []byte(p.sums.String()))
	if p.err == nil {
		p.err = p.zip.Close()
	}
	return findings, p.err
}

// verification is what Tagout itself found when it packed the record.
type verification struct {
	Incident tagout.IncidentID `json:"incident"`
	Head     tagout.Head       `json:"head"`
	At       time.Time         `json:"at"`
	By       string            `json:"by"`
	Checks   []Finding         `json:"checks"`
}

const readme = `The record of one incident, as Tagout keeps it.

timeline.html     to read and print; timeline.md is the same as text
timeline.jsonl    one event a line, with the values that its hash is made of
review.md         the review, as far as it was written
decisions.json    requests to resume, with their digests and sign-offs
decisions/        what was signed, and each review that was submitted, byte by byte; each file is named by its SHA-256
alerts.json       alerts and failure reports, as they were received
changes.json      what was changed of its agents, from 24 h before it was detected
pages.json        who was paged, by what, and whether it arrived
evidence.json     what was preserved; evidence/ holds the contents, named by their SHA-256
incident.json     the incident as it stands
verification.json what Tagout found when it packed this

To check it without Tagout: sh verify.sh (needs sha256sum and jq). How an event is hashed
stands at the top of that script.
`

// packer writes files one after another and remembers the first error.
type packer struct {
	zip    *zip.Writer
	at     time.Time
	folder string
	sums   strings.Builder
	has    map[string]bool
	err    error
}

func (p *packer) file(name string, content []byte) {
	if p.err != nil {
		return
	}
	if p.has == nil {
		p.has = map[string]bool{}
	}
	p.has[name] = true
	sum := sha256.Sum256(content)
	fmt.Fprintf(&p.sums, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	var into io.Writer
	if into, p.err = p.zip.CreateHeader(&zip.FileHeader{Name: p.folder + name, Method: zip.Deflate, Modified: p.at.UTC()}); p.err == nil {
		_, p.err = into.Write(content)
	}
}

func (p *packer) json(name string, v any) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil && p.err == nil {
		p.err = err
	}
	p.file(name, text.Bytes())
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// line is one event with the values that its hash is made of, as text.
type line struct {
	Seq      int64             `json:"seq"`
	Incident tagout.IncidentID `json:"incident"`
	At       string            `json:"at"`
	Actor    string            `json:"actor"`
	Kind     tagout.EventKind  `json:"kind"`
	Data     string            `json:"data"`
	Prev     string            `json:"prev"`
	Hash     string            `json:"hash"`
}

func lines(events []tagout.Event) []byte {
	var text bytes.Buffer
	for _, e := range events {
		one, _ := json.Marshal(line{e.Seq, e.Incident, e.At.UTC().Format(tagout.EventTime), e.Actor.String(), e.Kind, e.Data, e.Prev, e.Hash}) // text marshals
		text.Write(append(one, '\n'))
	}
	return text.Bytes()
}

// received is an alert with its body.
type received struct {
	ID    string          `json:"id"`
	At    time.Time       `json:"at"`
	Alert tagout.Alert    `json:"alert"`
	Raw   json.RawMessage `json:"raw,omitempty"`
	Text  string          `json:"raw_text,omitempty"` // a body that is not JSON
}

func alerts(list []tagout.Incoming) []received {
	all := make([]received, len(list))
	for n, in := range list {
		all[n] = received{ID: in.ID, At: in.At, Alert: in.Alert}
		if json.Valid(in.Alert.Raw) {
			all[n].Raw = in.Alert.Raw
		} else {
			all[n].Text = string(in.Alert.Raw)
		}
	}
	return all
}

// check makes the checks that the script makes, and those that only Tagout can.
func check(r Record) []Finding {
	var findings []Finding
	add := func(check string, err error) {
		f := Finding{Check: check, OK: err == nil}
		if err != nil {
			f.Says = tagout.Sentence(err)
		}
		findings = append(findings, f)
	}
	_, err := tagout.VerifyChain(r.Incident.ID, r.Events, r.Incident.Head)
	add("every event follows from the one before, up to the recorded head", err)
	add("holds, severity and sign-offs are those of the timeline", r.Incident.Audit(r.Events))
	add("every request is what its digest was made of", eachOf(r.Requests, func(q tagout.ResumeRequest) error {
		if q.Sum() != q.Digest {
			return tagout.Errorf(tagout.Conflict, "The request %s was altered after it was shown.", q.ID)
		}
		return nil
	}))
	add("all evidence of the timeline is there, as it was kept", r.Incident.AuditEvidence(r.Events, r.Evidence))
	return findings
}

func eachOf[T any](list []T, check func(T) error) error {
	for _, one := range list {
		if err := check(one); err != nil {
			return err
		}
	}
	return nil
}

// OK reports whether nothing was found to be wrong.
func OK(findings []Finding) bool {
	return !slices.ContainsFunc(findings, func(f Finding) bool { return !f.OK })
}
