package bot

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"text/template"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tagout"
)

// Options are what a bot is made of.
type Options struct {
	API           API              // of [NewAPI]
	Desk          Desk             //
	Inbox         Inbox            //
	Commands      []tagout.Command //
	Announce      string           // the channel of all incidents: "#incidents" or an ID
	ChannelName   string           // template; default "inc-{{.Number}}-{{.Agent}}-{{.Class}}"
	CommandPrefix string           // "ai-" makes /ai-kill
	Clock         tagout.Clock     // default: the machine's
	Logger        *slog.Logger     // default: none
	Registerer    prometheus.Registerer
	// Leads tells whether this replica is the one that edits what open incidents show, so
	// that two never overwrite each other with something older; nil: always.
	Leads func() bool
	// Record packs the record of an incident. It returns Invalid if it is too large for Slack.
	Record func(ctx context.Context, id tagout.IncidentID) (tagout.PackedRecord, error)
	// Draw makes one picture of charts, a PNG. It returns Invalid if that cannot be done.
	Draw    func(charts []tagout.Chart) ([]byte, error)
	Mask    *tagout.Redaction // of what messages do not show; nil: nothing
	Emoji   string            // that flags a message, without colons; "": none
	Workers int               // how many deliveries are worked at once; default 32
	// Hurry is how many times faster than Slack takes it everything is sent; for a workspace
	// without limits, as the sandbox is. 0: as Slack takes it.
	Hurry int
}

// Desk is what the edge needs to know of incidents.
type Desk interface {
	// Incident reads one incident. Returns NotFound if it does not exist.
	Incident(ctx context.Context, id tagout.IncidentID) (*tagout.Incident, error)
	// IncidentOfChannel is the incident whose channel that is; 0 if none.
	IncidentOfChannel(ctx context.Context, channel string) (tagout.IncidentID, error)
	// SetRoom changes where the incident is talked about and returns what it is then.
	SetRoom(ctx context.Context, id tagout.IncidentID, change func(*tagout.Room)) (tagout.Room, error)
	// Card is the pinned message of the incident's channel.
	Card(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
	// Announcement is the line in the announce channel.
	Announcement(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
	// Decision is the message with GO and NO-GO, or what became of it.
	Decision(ctx context.Context, id tagout.IncidentID) (tagout.Message, error)
	// Invitees are the people who belong into the channel.
	Invitees(ctx context.Context, id tagout.IncidentID) ([]tagout.UserID, error)
	Notes
	Reviews
	Runbooks
	Packets
	// Links are what the incident's channel should have as bookmarks.
	Links(ctx context.Context, id tagout.IncidentID) ([]tagout.RoomLink, error)
	// Left takes somebody who left a channel off the people of the private incident whose
	// channel it is.
	Left(ctx context.Context, channel string, id tagout.UserID) error
	Flags
	Digests
	Silences
	// Reread asks about a Slack group anew when it is next needed.
	Reread(group string)
	// Home is what somebody reads on their own page of the app.
	Home(ctx context.Context, user tagout.User) (tagout.Home, error)
}

// Inbox remembers deliveries, as [tagout.Store] does.
type Inbox interface {
	// Claim records a delivery and reports whether it is new.
	Claim(ctx context.Context, key string, payload []byte, at time.Time) (bool, error)
	// Finish marks a claimed delivery as dealt with.
	Finish(ctx context.Context, key string) error
	// Unfinished lists claims that were never finished.
	Unfinished(ctx context.Context, before time.Time) (map[string][]byte, error)
}

// Bot is the Slack edge. Make it with [New], start it with [Bot.Start].
type Bot struct {
	api      API
	desk     Desk
	inbox    Inbox
	clock    tagout.Clock
	log      *slog.Logger
	metrics  *metrics
	render   renderer
	names    *template.Template
	announce string
	leads    func() bool
	record   func(ctx context.Context, id tagout.IncidentID) (tagout.PackedRecord, error)

	draw      func(charts []tagout.Chart) ([]byte, error)
	chartless chartless

	verbs   map[string]tagout.Command
	clicks  map[string]tagout.Command                                             // by button action
	forms   map[string]tagout.Command                                             // by form ID
	menu    map[string]tagout.Shortcut                                            // by its ID
	emoji   string                                                                // that flags a message; "": none
	reacted func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) // to that; nil: nothing

	pacer     *pacer
	hurry     time.Duration // a divisor of windows
	health    health
	self      atomic.Pointer[Identity]
	members   *cache[string, Member]
	emails    *cache[string, tagout.UserID]
	dms       *cache[tagout.UserID, string]
	rooms     *cache[string, tagout.IncidentID]
	seen      *cache[string, struct{}] // deliveries that were taken
	worked    *cache[string, struct{}] // deliveries that are done, finished or not
	origins   *cache[string, origin]
	shown     *cache[Place, string]         // a sum of what each message shows
	lookers   *cache[tagout.UserID, string] // who opened their App Home lately, with their workspace
	looks     *cache[tagout.UserID, string] // a sum of what each App Home shows
	announced atomic.Pointer[string]        // ID of the announce channel
	creating  chan struct{}                 // one channel is created at a time

	work     *lane // deliveries
	stops    *lane // stops, which never wait for other deliveries
	refresh  *upkeep[tagout.IncidentID]
	fittings *upkeep[tagout.IncidentID]
	homes    *upkeep[tagout.UserID]
	follow   chan struct{} // one token for each answer that is kept up to date
	base     context.Context
	cancel   context.CancelFunc
	draining atomic.Bool
	jobs     sync.WaitGroup // background work that a drain waits for
}

// maxFollowed is how many answers are kept up to date at once.
const maxFollowed = 256

// New makes a bot. It returns Invalid for options that cannot work, such as two commands
// that share a button.
func New(o Options) (*Bot, error) {
	if o.API == nil || o.Desk == nil || o.Inbox == nil {
		return nil, tagout.Errorf(tagout.Invalid, "The Slack edge needs an API, a desk and an inbox.")
	}
	o = o.withDefaults()
	names, err := parseChannelName(o.ChannelName)
	if err != nil {
		return nil, err
	}
	base, cancel := context.WithCancel(context.Background())
	b := &Bot{
		api: o.API, desk: o.Desk, inbox: o.Inbox, clock: o.Clock, log: o.Logger, names: names,
		announce: o.Announce, leads: o.Leads, record: o.Record, draw: o.Draw, emoji: o.Emoji, render: renderer{prefix: o.CommandPrefix, mask: o.Mask},
		metrics: newMetrics(o.Registerer), pacer: newPacer(), hurry: time.Duration(max(1, o.Hurry)),
		members: newCache[string, Member](memberTTL), emails: newCache[string, tagout.UserID](emailTTL),
		dms: newCache[tagout.UserID, string](24 * time.Hour), rooms: newCache[string, tagout.IncidentID](0),
		seen: newCache[string, struct{}](30 * time.Minute), worked: newCache[string, struct{}](2 * time.Hour),
		origins: newCache[string, origin](responseURLLife),
		shown:   newCache[Place, string](time.Hour), lookers: newCache[tagout.UserID, string](homeTTL), looks: newCache[tagout.UserID, string](homeTTL),
		creating: make(chan struct{}, 1), follow: make(chan struct{}, maxFollowed), base: base, cancel: cancel,
	}
	if err := b.index(o.Commands); err != nil {
		cancel()
		return nil, err
	}
	b.render.workspace = func() string { return b.identity().URL }
	b.work = newLane(b, "work", o.Workers, 8*o.Workers)
	b.stops = newLane(b, "stops", stopWorkers, 1024)
	b.refresh = newUpkeep(b, "an incident's messages", refreshers, refreshRest, b.refreshIncident)
	b.fittings = newUpkeep(b, "an incident's channel", 1, fittingRest, b.fitOut)
	b.homes = newUpkeep(b, "an App Home", homeWorkers, refreshRest, b.publishHome)
	return b, nil
}

func (o Options) withDefaults() Options {
	if o.ChannelName == "" {
		o.ChannelName = "inc-{{.Number}}-{{.Agent}}-{{.Class}}"
	}
	if o.Clock == nil {
		o.Clock = tagout.SystemClock{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Leads == nil {
		o.Leads = func() bool { return true }
	}
	if o.Record == nil {
		o.Record = func(context.Context, tagout.IncidentID) (tagout.PackedRecord, error) {
			return tagout.PackedRecord{}, tagout.Errorf(tagout.Invalid, "Nothing packs records here.")
		}
	}
	if o.Draw == nil {
		o.Draw = func([]tagout.Chart) ([]byte, error) {
			return nil, tagout.Errorf(tagout.Invalid, "Nothing draws charts here.")
		}
	}
	if o.Workers <= 0 {
		o.Workers = 32
	}
	return o
}

// index makes the tables of verbs, buttons and forms.
func (b *Bot) index(commands []tagout.Command) error {
	b.verbs, b.clicks, b.forms = map[string]tagout.Command{}, map[string]tagout.Command{}, map[string]tagout.Command{}
	b.menu = map[string]tagout.Shortcut{}
	for _, c := range commands {
		if _, twice := b.verbs[c.Name]; twice || c.Name == "" || c.Run == nil {
			return tagout.Errorf(tagout.Invalid, "The command %q has no name, no function, or exists twice.", c.Name)
		}
		b.verbs[c.Name] = c
		if c.Reacted != nil {
			b.reacted = c.Reacted
		}
		for _, entry := range c.Shortcuts {
			if _, twice := b.menu[entry.ID]; twice || entry.ID == "" || entry.Run == nil {
				return tagout.Errorf(tagout.Invalid, "The shortcut %q is not usable, or belongs to two commands.", entry.ID)
			}
			b.menu[entry.ID] = entry
		}
		for action := range c.Clicks {
			if _, twice := b.clicks[action]; twice || strings.Contains(action, ":") || action == "" {
				return tagout.Errorf(tagout.Invalid, "The button action %q is not usable, or belongs to two commands.", action)
			}
			b.clicks[action] = c
		}
		for form := range c.Forms {
			if _, twice := b.forms[form]; twice || form == "" {
				return tagout.Errorf(tagout.Invalid, "The form %q belongs to two commands.", form)
			}
			b.forms[form] = c
		}
	}
	return nil
}

// Start begins to work: it asks Slack who the bot is, takes up deliveries that an earlier
// process left unfinished, and starts the workers. All of it happens in the background, so
// it does not fail or wait because Slack or the database is down. It returns ctx's error,
// or Conflict if the bot was drained.
func (b *Bot) Start(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if b.base.Err() != nil {
		return tagout.Errorf(tagout.Conflict, "The Slack edge was drained and cannot be started again.")
	}
	b.work.start()
	b.stops.start()
	b.refresh.start()
	b.fittings.start()
	b.homes.start()
	b.jobs.Go(b.keepHomes)
	b.jobs.Go(b.keepIdentifying)
	b.jobs.Go(b.keepSweeping)
	return nil
}

// Drain stops taking deliveries and waits for what is under way, until ctx ends; then it
// cuts the rest off. What was claimed and not finished is taken up by the next process.
func (b *Bot) Drain(ctx context.Context) {
	b.draining.Store(true)
	b.work.close()
	b.stops.close()
	worked := make(chan struct{})
	go func() {
		b.work.wait()
		b.stops.wait()
		close(worked)
	}()
	select {
	case <-worked:
	case <-ctx.Done():
	}
	b.cancel()
	b.pacer.close()
	done := make(chan struct{})
	go func() {
		<-worked
		b.jobs.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// identity is who the bot is; zero until Slack has said it.
func (b *Bot) identity() Identity {
	if self := b.self.Load(); self != nil {
		return *self
	}
	return Identity{}
}

// identify asks Slack who the bot is, unless it is known.
func (b *Bot) identify(ctx context.Context) error {
	if b.self.Load() != nil {
		return nil
	}
	return b.do(ctx, call{method: "auth.test", priority: pagesFirst}, func(ctx context.Context) error {
		self, err := b.api.Identify(ctx)
		if err == nil {
			b.self.Store(&self)
			b.log.Info("connected to Slack", "team", self.Team, "user", self.User)
		}
		return err
	})
}

const (
	identifyEvery = 5 * time.Second  // while Slack has not said who the bot is
	probeEvery    = 20 * time.Second // while nothing else tells whether Slack answers
)

// keepIdentifying asks until Slack has said who the bot is, and probes Slack while it is
// not known to answer.
func (b *Bot) keepIdentifying() {
	for pause := 500 * time.Millisecond; ; {
		switch err := b.identify(b.base); {
		case err != nil && b.base.Err() == nil:
			b.log.Warn("Slack does not answer yet; trying again", "error", tagout.Sentence(err))
			pause = min(2*pause, identifyEvery)
		case b.health.fresh(time.Now(), probeEvery):
			pause = probeEvery
		default:
			pause = identifyEvery
			_ = b.do(b.base, call{method: "auth.test", priority: updatesLast}, func(ctx context.Context) error {
				_, err := b.api.Identify(ctx)
				return err
			})
		}
		if sleep(b.base, jitter(pause)) != nil {
			return
		}
	}
}
