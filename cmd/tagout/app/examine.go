package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tagout"
	"tagout/bot"
	"tagout/gate"
	"tagout/internal/config"
	"tagout/store"
)

// examineWithin bounds each look at something outside.
const examineWithin = 15 * time.Second

// Examine looks at everything that a configuration names: whether it is there, and would work.
// It pages nobody, posts nothing and changes nothing.
func Examine(ctx context.Context, cfg *config.Config) []tagout.Checkup {
	x := &examination{App: &App{config: cfg, clock: tagout.SystemClock{}, log: slog.New(slog.DiscardHandler)}, ctx: ctx}
	x.database()
	x.journal()
	x.publicURL()
	x.slack()
	x.controlsAnswer()
	x.pagersAreReached()
	x.schedulesAreRead()
	x.trackersAreReached()
	x.metricsAreRead()
	return x.found
}

// examination is one under way.
type examination struct {
	*App
	ctx        context.Context
	databaseID string // "" if it is not known
	found      []tagout.Checkup
}

func (x *examination) add(c tagout.Checkup) { x.found = append(x.found, c) }

// within runs a look, which ends in time.
func (x *examination) within(look func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(x.ctx, examineWithin)
	defer cancel()
	return look(ctx)
}

// broken is a checkup of what failed; the fix is cut off the error if it has one.
func broken(part string, err error, fix string) tagout.Checkup {
	text := tagout.Sentence(err)
	if said, own, found := strings.Cut(text, " Fix: "); found {
		text, fix = said, own
	}
	return tagout.Broken(part, text, fix)
}

func (x *examination) database() {
	const part = "Database"
	if file, embedded := strings.CutPrefix(x.config.Database, "sqlite://"); embedded {
		file, _, _ = strings.Cut(file, "?")
		if _, err := os.Stat(filepath.FromSlash(file)); os.IsNotExist(err) {
			x.add(tagout.Doubtful(part, "There is no database file yet; tagout serve makes it.", ""))
			return
		}
	}
	err := x.within(func(ctx context.Context) error {
		s, err := store.Open(ctx, x.config.Database, store.Options{Logger: x.log})
		if err != nil {
			return err
		}
		defer s.Close()
		x.databaseID, err = s.DatabaseID(ctx)
		return err
	})
	if err != nil {
		fix := "Check that the database runs, and address, user and password under database."
		if tagout.CodeOf(err) == tagout.Conflict {
			fix = "Run `tagout migrate` with a backup at hand, or start tagout serve, which does it."
		}
		x.add(broken(part, err, fix))
		return
	}
	x.add(tagout.Fine(part, "It is reached, and its schema is up to date."))
}

func (x *examination) journal() {
	const part = "Journal"
	look, err := gate.LookAtJournal(x.config.Journal)
	switch {
	case err != nil:
		x.add(broken(part, err, ""))
	case x.databaseID != "" && look.Database != "" && look.Database != x.databaseID:
		x.add(tagout.Broken(part, "It belongs to another database, so tagout serve will not start.", "Point journal at this database's own file, or move the file aside if its stops are not wanted any more."))
	case look.Busy:
		x.add(tagout.Fine(part, "A running Tagout has it."))
	case !look.Found:
		x.add(tagout.Fine(part, "There is none yet, and it can be written."))
	default:
		x.add(tagout.Fine(part, "It can be read and written."))
	}
}

func (x *examination) publicURL() {
	const part = "Public address"
	address := x.config.PublicURL
	if address == "" {
		x.add(tagout.Doubtful(part, "There is none, so pages carry no link to acknowledge.", "Write public_url: where people reach Tagout."))
		return
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && !loopback(u.Hostname()+":0") {
		x.add(tagout.Doubtful(part, "It is not https, so links in pages can be read on the way.", "Put a proxy with a certificate before Tagout, and write https:// under public_url."))
	}
	err = x.within(func(ctx context.Context) error { return x.alive(ctx, address+"/readyz") })
	if err != nil {
		x.add(tagout.Doubtful(part, tagout.Sentence(err), "If Tagout runs, check that public_url leads to it from outside; if it does not run yet, this is what is to be expected."))
		return
	}
	x.add(tagout.Fine(part, "A Tagout answers there."))
}

// alive asks a Tagout whether it lives.
func (x *examination) alive(ctx context.Context, address string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return tagout.Errorf(tagout.Invalid, "public_url is no address.")
	}
	response, err := x.dependencies().HTTP.Do(r)
	if err != nil {
		return tagout.Errorf(tagout.Unavailable, "Nothing answers there.")
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil || !strings.Contains(string(body), `"degraded":`) {
		return tagout.Errorf(tagout.Unavailable, "What answers there is not Tagout (%d).", response.StatusCode)
	}
	return nil
}

func (x *examination) slack() {
	s := x.config.Slack
	e := bot.Examination{
		APIURL: s.APIURL, BotToken: s.BotToken, Announce: s.Announce, HTTP: x.dependencies().HTTP, Now: x.clock.Now,
		Groups: map[string]string{}, People: map[tagout.UserID]string{},
	}
	if s.Mode == "socket" {
		e.AppToken = s.AppToken
	}
	for key, role := range x.config.Policy.Roles {
		if role.SlackGroup != "" {
			e.Groups[x.config.Policy.RoleName(key)] = role.SlackGroup
		}
		for _, id := range role.Members {
			e.People[id] = x.config.Policy.RoleName(key)
		}
	}
	for key, rotation := range x.config.Policy.Rotations {
		for _, id := range rotation.Members {
			if e.People[id] == "" {
				e.People[id] = fmt.Sprintf("rotation %s", key)
			}
		}
	}
	x.found = append(x.found, bot.Examine(x.ctx, e)...)
}
