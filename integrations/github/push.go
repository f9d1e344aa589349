package github

import (
	"slices"
	"strings"

	"tagout"
)

// push is what is read of a push.
type push struct {
	Ref     string   `json:"ref"`
	Before  string   `json:"before"`
	After   string   `json:"after"`
	Compare string   `json:"compare"`
	Deleted bool     `json:"deleted"`
	Forced  bool     `json:"forced"`
	Commits []commit `json:"commits"`
	Pusher  struct {
		Name string `json:"name"`
	} `json:"pusher"`
}

type commit struct {
	Added    []string `json:"added"`
	Removed  []string `json:"removed"`
	Modified []string `json:"modified"`
	Author   struct {
		Username string `json:"username"`
		Email    string `json:"email"`
	} `json:"author"`
}

// maxCommits is how many commits GitHub names in one push: there may be more then.
const maxCommits = 2048

// touches reports whether the commit changed one of the paths.
func (c commit) touches(paths []string) bool {
	return slices.ContainsFunc(slices.Concat(c.Added, c.Removed, c.Modified), func(file string) bool { return touches(paths, file) })
}

// pushed is a push as a change. A push that does not tell which files it changed, since it was
// forced or is too large, counts: rather one change too many is shown than one too few.
func (t *told) pushed(d tagout.Deployment, r tagout.ChangeRule) (tagout.Deployment, bool) {
	if t.Deleted || t.Ref != "refs/heads/"+r.Branch || strings.Trim(t.After, "0") == "" {
		return d, false
	}
	counted := t.Commits
	if len(r.Paths) > 0 {
		counted = slices.DeleteFunc(slices.Clone(t.Commits), func(c commit) bool { return !c.touches(r.Paths) })
	}
	tellsAll := len(t.Commits) > 0 && len(t.Commits) < maxCommits && !t.Forced
	if len(r.Paths) > 0 && len(counted) == 0 && tellsAll {
		return d, false
	}
	d.ID = tagout.DeriveID("change", "github", strings.ToLower(t.Repository.FullName), "push", t.Ref, t.Before, t.After, r.Agent, r.Component)
	d.To, d.URL = version("sha", t.After, t.Ref, nil), short(t.Compare)
	if strings.Trim(t.Before, "0") != "" {
		d.From = version("sha", t.Before, t.Ref, nil)
	}
	hands := []login{t.Sender, {Login: t.Pusher.Name}}
	for _, c := range counted {
		hands = append(hands, login{Login: c.Author.Username})
	}
	d.By = people(hands...)
	return d, true
}
