package github

import (
	"context"
	"encoding/json"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"tagout"
	"tagout/integrations/incoming"
)

// Changes reads webhooks of deployments and pushes. It fulfils [tagout.ChangeInbox].
type Changes struct{ source tagout.ChangeSource }

// NewChanges makes a source of changes.
func NewChanges(s tagout.ChangeSource) *Changes { return &Changes{s} }

// login is who did something.
type login struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

// told is what is read of an event.
type told struct {
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
	Sender     login `json:"sender"`
	Deployment *struct {
		ID          int64           `json:"id"`
		SHA         string          `json:"sha"`
		Ref         string          `json:"ref"`
		Environment string          `json:"environment"`
		Payload     json.RawMessage `json:"payload"`
		Creator     login           `json:"creator"`
		CreatedAt   time.Time       `json:"created_at"`
		URL         string          `json:"url"`
	} `json:"deployment"`
	Status *struct {
		State     string    `json:"state"`
		CreatedAt time.Time `json:"created_at"`
		Target    string    `json:"target_url"`
	} `json:"deployment_status"`
	Run struct {
		Actor      login `json:"actor"`
		Triggering login `json:"triggering_actor"`
	} `json:"workflow_run"`

	push
}

// Changes returns the changes that a webhook tells of. It returns Unauthorized if
// X-Hub-Signature-256 is wrong, and Invalid for what is no webhook of GitHub's.
func (c *Changes) Changes(_ context.Context, in tagout.Delivery) ([]tagout.Deployment, error) {
	if err := verify(in, c.source.Secret, "The source of changes "+c.source.Name); err != nil {
		return nil, err
	}
	event := http.Header(in.Header).Get("X-GitHub-Event")
	if event == "" {
		return nil, tagout.Errorf(tagout.Invalid, "The header X-GitHub-Event is missing, so this is not a webhook of GitHub.")
	}
	if !slices.Contains([]string{tagout.OnDeployed, tagout.OnDeployment, tagout.OnPush}, event) {
		return nil, nil // ping, and whatever else the hook was told to send
	}
	var t told
	if err := incoming.Read(in.Body, &t, ""); err != nil {
		return nil, err
	}
	if err := t.complete(event); err != nil {
		return nil, err
	}
	var changes []tagout.Deployment
	for _, r := range c.source.Rules {
		if r.Event != event || !strings.EqualFold(r.Repository, t.Repository.FullName) {
			continue
		}
		d, ok := t.change(r, in.At)
		if !ok {
			continue
		}
		if d.To == "" || len(d.To) > maxVersion || len(d.From) > maxVersion {
			return nil, tagout.Errorf(tagout.Invalid, "The event says no version of 1 to %d bytes where the rule for %s %s looks for it (version: %s).", maxVersion, r.Agent, r.Component, r.Version)
		}
		if !slices.ContainsFunc(changes, func(o tagout.Deployment) bool { return o.ID == d.ID }) {
			changes = append(changes, d)
		}
	}
	return changes, nil
}

// maxVersion is the longest version, in bytes.
const maxVersion = 200

// complete returns Invalid if an event lacks what it must have.
func (t *told) complete(event string) error {
	missing := ""
	switch {
	case t.Repository.FullName == "":
		missing = "repository.full_name"
	case event == tagout.OnPush && t.Ref == "":
		missing = "ref"
	case event != tagout.OnPush && (t.Deployment == nil || t.Deployment.ID == 0):
		missing = "deployment.id"
	case event == tagout.OnDeployed && t.Status == nil:
		missing = "deployment_status"
	default:
		return nil
	}
	return tagout.Errorf(tagout.Invalid, "The body says no %s, which a %s of GitHub has.", missing, event)
}

// change is what an event means by one rule.
func (t *told) change(r tagout.ChangeRule, at time.Time) (tagout.Deployment, bool) {
	d := tagout.Deployment{Agent: r.Agent, Component: r.Component, At: tagout.Moment(at)}
	if r.Event == tagout.OnPush {
		return t.pushed(d, r)
	}
	p := t.Deployment
	if r.Environment != "" && !strings.EqualFold(r.Environment, p.Environment) || r.Event == tagout.OnDeployed && t.Status.State != "success" {
		return d, false
	}
	d.ID = tagout.DeriveID("change", "github", strings.ToLower(t.Repository.FullName), "deployment", strconv.FormatInt(p.ID, 10), r.Agent, r.Component)
	d.To, d.URL = version(r.Version, p.SHA, p.Ref, p.Payload), p.URL
	d.By = people(p.Creator, t.Sender, t.Run.Actor, t.Run.Triggering)
	when := p.CreatedAt
	if r.Event == tagout.OnDeployed {
		when = t.Status.CreatedAt
		if t.Status.Target != "" {
			d.URL = t.Status.Target
		}
	}
	if !when.IsZero() && when.Before(at) {
		d.At = tagout.Moment(when)
	}
	d.URL = short(d.URL)
	return d, true
}

// version is the version by a rule.
func version(how, sha, ref string, payload json.RawMessage) string {
	key, ok := strings.CutPrefix(how, "payload.")
	switch {
	case how == "ref":
		return ref
	case !ok:
		return sha[:min(12, len(sha))]
	}
	var inner string // some tools send the payload as a string of JSON
	if json.Unmarshal(payload, &inner) == nil {
		payload = json.RawMessage(inner)
	}
	var values map[string]json.RawMessage
	var word incoming.Word
	if json.Unmarshal(payload, &values) != nil || json.Unmarshal(values[key], &word) != nil {
		return ""
	}
	return string(word)
}

// people names everybody who had a hand in it, each once; robots only where there is nobody
// else.
func people(all ...login) string {
	var persons, robots []string
	for _, l := range all {
		name := tagout.OnGitHub(strings.ReplaceAll(l.Login, ",", ""))
		switch {
		case l.Login == "":
		case l.Type == "Bot" || strings.HasSuffix(l.Login, "[bot]"):
			robots = append(robots, name)
		default:
			persons = append(persons, name)
		}
	}
	if len(persons) == 0 {
		persons = robots
	}
	slices.Sort(persons)
	if persons = slices.Compact(persons); len(persons) == 0 {
		return "somebody on GitHub"
	}
	return strings.Join(persons, ", ")
}

func short(url string) string {
	if len(url) > 2000 {
		return ""
	}
	return url
}

// touches reports whether a file is one of the paths: itself, in a folder that ends with a
// slash, or by a pattern such as prompts/*.txt.
func touches(paths []string, file string) bool {
	return slices.ContainsFunc(paths, func(p string) bool {
		fits, err := path.Match(p, file)
		return strings.HasSuffix(p, "/") && strings.HasPrefix(file, p) || err == nil && fits
	})
}
