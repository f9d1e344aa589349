package config

import (
	"time"

	"tagout"
)

type digestSection struct {
	Name     string        `yaml:"name" need:"true" doc:"What it is called."`
	Schedule string        `yaml:"schedule" need:"true" doc:"When it goes out: cron, five fields."`
	Timezone string        `yaml:"timezone" doc:"Zone of the schedule."`
	Channel  string        `yaml:"channel" doc:"The Slack channel."`
	Window   time.Duration `yaml:"window" min:"1h" doc:"How far it looks back; at most a year. It is compared with the window before."`
	Email    []string      `yaml:"email" doc:"Addresses that get it as well, by the e-mail pager."`
	Charts   string        `yaml:"charts" allow:"auto,picture,none" doc:"How charts are shown in Slack: auto as Slack draws them, or as a picture where the workspace refuses that; picture always as a picture."`
}

// Digest is a report on a schedule.
type Digest struct {
	Name     string
	Schedule string // cron, in Timezone
	Timezone string
	Channel  string // "#name" or a channel ID
	Window   time.Duration
	Email    []string
	Charts   string // "auto", "picture" or "none"
}

// Order is the digest as it is handed to whoever sends it, without where it goes.
func (d Digest) Order() tagout.DigestOrder {
	o := tagout.DigestOrder{Name: d.Name, Window: d.Window, Zone: d.Timezone}
	if d.Charts != "auto" {
		o.Charts = tagout.ChartsWish(d.Charts)
	}
	return o
}

// longestDigest is how far a digest looks back at most.
const longestDigest = 366 * 24 * time.Hour

func (b *builder) schedules() {
	seen := map[string]bool{}
	for i, d := range b.doc.Digests {
		p := path{}.key("digests").item(i)
		b.fresh(p.key("name"), d.Name, seen)
		b.schedule(p, "schedule", d.Schedule, d.Timezone)
		b.channel(p.key("channel"), d.Channel)
		if d.Window > longestDigest {
			b.fail(p.key("window"), "Write 8784h or less.", "A digest looks back over at most a year.")
		}
		b.addresses(p.key("email"), d.Email, "digests")
		b.cfg.Digests = append(b.cfg.Digests, Digest(d))
	}
}

// fresh checks that a name in a list stands there once, and is one.
func (b *builder) fresh(p path, name string, seen map[string]bool) {
	if b.nodes[p.name] == nil || !b.ok(p) {
		return
	}
	if name == "" {
		b.fail(p, "Give it a name.", "The name is empty.")
	} else if seen[name] {
		b.fail(p, "Call one of them otherwise.", "The name %s stands here for the second time.", b.shown(p))
	}
	seen[name] = true
}
