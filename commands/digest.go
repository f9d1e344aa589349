package commands

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tagout"
)

// Digester is what telling how it went needs.
type Digester interface {
	// AskDigest is a digest of the time until now, as this reader may read it.
	AskDigest(ctx context.Context, window time.Duration, v tagout.Viewer) (tagout.Message, error)
	// PostDigest has a digest posted in a channel. The same ID again posts nothing.
	PostDigest(ctx context.Context, id string, o tagout.DigestOrder) error
}

// digestWindow is how far a digest looks back unless somebody says otherwise.
const digestWindow = 7 * 24 * time.Hour

// digest tells how it went, and what waits.
func digest(d Digester) tagout.Command {
	return tagout.Command{
		Name: "digest", Summary: "Show how it went lately: figures with trends, what recurs, and what waits for somebody.", Usage: "[24h|7d|4w]", Right: tagout.MayRead,
		Detail: detail(fullMembersAndReadTokens, []string{"/digest", "/digest 30d"},
			"Without a time it looks back over 7 days. Everything is compared with as long a time before.",
			"Only you see it; its button posts it in the channel. Nothing of private incidents is named there to people who may not read about them.",
			"Digests that come by themselves are set up under digests in the configuration; the last line says when the next one comes."),
		Run: func(ctx context.Context, in tagout.Invocation) (tagout.Reply, error) {
			window, err := parseWindow(in.Text)
			if err != nil {
				return tagout.Reply{}, err
			}
			m, err := d.AskDigest(ctx, window, viewerOf(in.User, in.Channel))
			if err != nil {
				return tagout.Reply{}, err
			}
			if in.Channel != "" && !strings.HasPrefix(in.Channel, "D") {
				m.Buttons = append(m.Buttons, tagout.Button{Action: "digest-post", Label: "Post in this channel", Value: window.String()})
			}
			return tagout.Reply{Message: m}, nil
		},
		Clicks: map[string]func(context.Context, tagout.Click) (tagout.Reply, error){
			"digest-post": func(ctx context.Context, c tagout.Click) (tagout.Reply, error) {
				window, err := time.ParseDuration(c.Value)
				if err != nil {
					return tagout.Reply{}, tagout.Errorf(tagout.Invalid, "The button does not say how far back. Type /tagout digest again.")
				}
				if err := d.PostDigest(ctx, c.ID, tagout.DigestOrder{Window: window, Channel: c.Channel, By: c.User.ID}); err != nil {
					return tagout.Reply{}, err
				}
				return tagout.Reply{Message: tagout.Say("The digest is being posted here.")}, nil
			},
		},
	}
}

// parseWindow reads 24h, 7d or 4w; nothing is a week.
func parseWindow(text string) (time.Duration, error) {
	text = strings.ToLower(strings.ReplaceAll(bare(line(text)), " ", ""))
	if text == "" {
		return digestWindow, nil
	}
	units := map[byte]time.Duration{'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}
	n, err := strconv.Atoi(text[:len(text)-1])
	window := time.Duration(n) * units[text[len(text)-1]]
	if err != nil || n > 10000 || window <= 0 {
		return 0, tagout.Errorf(tagout.Invalid,
			"%q is no time to look back: write /tagout digest 24h, /tagout digest 7d or /tagout digest 4w.",
			clip(text))
	}
	return window, nil
}
