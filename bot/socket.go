package bot

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"tagout"
)

const (
	socketCount   = 2 // so that one can be replaced while the other works
	watchEvery    = time.Second
	ackPatience   = 2 * time.Second
	lingerFor     = 300 * time.Millisecond // lets the last acknowledgements out
	maxSocketWait = 5 * time.Second        // between attempts while Slack cannot be reached
	refusedWait   = 30 * time.Second       // between attempts while Slack refuses
	maxEnvelope   = 4 << 20
)

// Socket is Socket Mode: two connections over which Slack delivers.
type Socket struct {
	bot        *Bot
	client     *slack.Client
	silence    time.Duration // a connection that is silent for so long is replaced
	watchEvery time.Duration
}

// Socket prepares Socket Mode with an app-level token (xapp-…). The bot's API must be of
// [NewAPI], whose address and HTTP client it shares.
func (b *Bot) Socket(appToken string) *Socket {
	url, client := "", &http.Client{Timeout: 15 * time.Second}
	if api, ok := b.api.(*slackGo); ok {
		url, client = api.url, api.http
	}
	b.health.useSockets()
	return &Socket{bot: b, client: newClient("", appToken, url, client), silence: silence, watchEvery: watchEvery}
}

// Run keeps two connections open until ctx ends, and replaces one that is silent. It
// returns ctx's error. Call [Bot.Drain] before ending ctx, so that what is under way can
// still be acknowledged.
func (s *Socket) Run(ctx context.Context) error {
	live, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var connections sync.WaitGroup
	for n := range socketCount {
		connections.Go(func() { s.bot.guarded("socket", func() { s.keep(live, n) }) })
	}
	<-ctx.Done()
	_ = sleep(live, lingerFor)
	stop()
	connections.Wait()
	return ctx.Err()
}

// keep reconnects until ctx ends.
func (s *Socket) keep(ctx context.Context, n int) {
	log := s.bot.log.With("connection", n)
	for pause := 200 * time.Millisecond; ctx.Err() == nil; {
		began := time.Now()
		var err error
		s.bot.guarded("socket", func() { err = s.connect(ctx, log) })
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > s.silence {
			pause = 200 * time.Millisecond
		}
		wait := s.waitAfter(err, pause, log)
		pause = min(2*pause, maxSocketWait)
		_ = sleep(ctx, wait)
	}
}

// waitAfter is how long to wait before the next attempt. It says loudly what a person
// must put right.
func (s *Socket) waitAfter(err error, pause time.Duration, log *slog.Logger) time.Duration {
	f := readFailure(withoutURL(err))
	switch {
	case err == nil:
		return jitter(pause)
	case f.limit:
		log.Warn("Slack asks to slow down", "method", "apps.connections.open", "pause", f.after)
		return f.after
	case f.refused():
		log.Error("Slack refuses Socket Mode: check SLACK_APP_TOKEN, its scope connections:write, and that Socket Mode is switched on",
			"error", f.name)
		return jitter(refusedWait)
	}
	log.Warn("Socket Mode is not connected; trying again", "error", withoutURL(err))
	return jitter(pause)
}

// errSilent ends a connection on which nothing was heard.
var errSilent = errors.New("nothing was heard for too long")

// connect runs one client until its connection is lost for good, silent, or ctx ends.
func (s *Socket) connect(ctx context.Context, log *slog.Logger) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	l := &line{socket: s, log: log, cancel: cancel}
	l.client = socketmode.New(s.client,
		socketmode.OptionDialer(watchedDialer(l.hear)),
		socketmode.OptionReadLimit(maxEnvelope),
		socketmode.OptionPingInterval(s.silence),
		socketmode.OptionLog(slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)))
	ended := make(chan error, 1)
	go s.bot.guarded("socket", func() { ended <- l.client.RunContext(ctx) })
	defer l.setUp(false)
	watch := time.NewTicker(s.watchEvery)
	defer watch.Stop()
	for {
		select {
		case err := <-ended:
			return firstError(context.Cause(ctx), err)
		case event := <-l.client.Events:
			l.take(event)
		case <-watch.C:
			if l.up && time.Since(time.Unix(0, l.heard.Load())) >= s.silence {
				log.Warn("a Socket Mode connection is replaced", "reason", errSilent)
				cancel(errSilent)
			}
		}
	}
}

// line is one connection of Socket Mode.
type line struct {
	socket *Socket
	client *socketmode.Client
	log    *slog.Logger
	cancel context.CancelCauseFunc // ends it
	heard  atomic.Int64            // when anything came last, in nanoseconds of Unix
	up     bool
}

// hear notes that something came.
func (l *line) hear() {
	now := time.Now()
	l.heard.Store(now.UnixNano())
	l.socket.bot.health.heard(now)
}

// setUp counts the line among those that are up, or takes it off again.
func (l *line) setUp(now bool) {
	if now == l.up {
		return
	}
	l.up = now
	if now {
		l.socket.bot.metrics.sockets.Inc()
	} else {
		l.socket.bot.metrics.sockets.Dec()
	}
}

// take takes one event of the client: of the line itself, or a delivery.
func (l *line) take(event socketmode.Event) {
	switch event.Type {
	case socketmode.EventTypeConnected:
		l.hear()
		l.setUp(true)
		l.log.Info("Socket Mode is connected")
	case socketmode.EventTypeConnecting:
		l.setUp(false)
	case socketmode.EventTypeConnectionError:
		if failed, ok := event.Data.(*slack.ConnectionErrorEvent); ok {
			l.cancel(failed.ErrorObj)
		}
	default:
		l.socket.receive(l.client, event)
	}
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	}
	return nil
}

// receive takes one envelope. It never waits: the reader must not stall.
func (s *Socket) receive(client *socketmode.Client, event socketmode.Event) {
	if event.Request == nil || event.Request.EnvelopeID == "" {
		if bad, ok := event.Data.(*socketmode.ErrorBadMessage); ok {
			s.bot.log.Warn("Slack sent something that cannot be read", "bytes", len(bad.Message))
		}
		return
	}
	var d *delivery
	var err error
	now := s.bot.clock.Now()
	switch event.Type {
	case socketmode.EventTypeSlashCommand:
		d, err = decodeCommand(event.Request.Payload, now)
	case socketmode.EventTypeInteractive:
		d, err = decodeInteraction(event.Request.Payload, now)
	case socketmode.EventTypeEventsAPI:
		if d = s.bot.flagging(event.Request.Payload); d != nil {
			d.refuse = func() {} // what is not acknowledged is delivered again
			break
		}
		d = &delivery{kind: kindOther}
		s.bot.takeEvent(event.Request.Payload)
	default:
		d = &delivery{kind: kindOther}
	}
	if err != nil {
		s.bot.log.Warn("Slack sent something that cannot be read", "error", tagout.Sentence(err))
		d = &delivery{kind: kindOther}
	}
	d.respond = func(body any) {
		go s.bot.guarded("acknowledge", func() { s.acknowledge(client, event.Request.EnvelopeID, body) })
	}
	s.bot.take(d)
}

// acknowledge answers an envelope. One that is too large for Socket Mode is answered
// without its content, which is better than not at all.
func (s *Socket) acknowledge(client *socketmode.Client, envelope string, body any) {
	ctx, cancel := context.WithTimeout(context.Background(), ackPatience)
	defer cancel()
	err := client.AckCtx(ctx, envelope, body)
	if err != nil && ctx.Err() == nil {
		s.bot.log.Error("an acknowledgement was too large", "error", err)
		err = client.AckCtx(ctx, envelope, nil)
	}
	if err != nil {
		s.bot.log.Warn("an acknowledgement could not be sent", "error", err)
	}
}

// watchedDialer dials as slack-go does by itself, and calls note whenever something is
// read: messages, pings, anything.
func watchedDialer(note func()) *websocket.Dialer {
	plain := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 15 * time.Second}
	return &websocket.Dialer{
		Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 15 * time.Second, WriteBufferSize: 32 << 10,
		NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := plain.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &watchedConn{Conn: conn, note: note}, nil
		},
	}
}

// watchedConn notes every successful read.
type watchedConn struct {
	net.Conn
	note func()
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.note()
	}
	return n, err
}
