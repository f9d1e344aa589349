package config

import (
	"strings"
	"time"

	"tagout"
)

type redactionSection struct {
	Patterns map[string]string `yaml:"patterns" doc:"Regular expressions (RE2) of what is not shown, by the words that stand in its place."`
	Off      []string          `yaml:"off" doc:"Usual masks that are not wanted, of: private key, token, secret, e-mail, bank account, card, phone."`
}

type evidenceSection struct {
	Keep time.Duration `yaml:"keep" doc:"After so long the content of evidence of ended incidents is taken away; name, size and hash stay. 0s: it is kept for good."`
}

// leastKeep is the shortest time for which evidence is kept: a review must find it.
const leastKeep = 7 * 24 * time.Hour

// redaction reads what is not shown and what is not kept. The addresses of the configuration
// itself are shown: they are ours.
func (b *builder) redaction() {
	p := path{}.key("redaction")
	policy := tagout.RedactionPolicy{Patterns: b.doc.Redaction.Patterns, Off: b.doc.Redaction.Off, Spare: b.ownAddresses()}
	for _, name := range b.keys(p.key("patterns")) {
		q := p.key("patterns").member(name)
		if _, err := tagout.NewRedaction(tagout.RedactionPolicy{Patterns: map[string]string{name: policy.Patterns[name]}}); err != nil && b.ok(q) {
			b.fail(q, "Write a regular expression as Go and RE2 know it, of at most 300 characters.", "%s", tagout.Sentence(err))
			return
		}
	}
	redaction, err := tagout.NewRedaction(policy)
	if err != nil && b.ok(p) {
		b.fail(p, "Leave out what is not needed; `off` takes "+strings.Join(tagout.UsualMasks(), ", ")+".", "%s", tagout.Sentence(err))
	}
	b.cfg.Policy.Redaction = redaction
	if q := (path{}.key("evidence").key("keep")); b.doc.Evidence.Keep != 0 && b.doc.Evidence.Keep < leastKeep && b.ok(q) {
		b.fail(q, "Write at least 168h, or leave it out to keep everything.", "Evidence that is gone before the review helps nobody.")
	}
	b.cfg.Policy.KeepEvidence = b.doc.Evidence.Keep
}

// ownAddresses are those that the configuration names.
func (b *builder) ownAddresses() []string {
	own := []string{b.doc.Inform.Contact}
	for _, person := range b.doc.People {
		own = append(own, person.Email, person.Phone)
	}
	for _, audience := range b.doc.Inform.Audiences {
		own = append(append(own, audience.Contact), audience.Emails...)
	}
	return own
}
