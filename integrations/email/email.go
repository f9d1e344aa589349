// Package email pages people by SMTP.
package email

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/textproto"
	"strings"
	"time"

	"github.com/wneessen/go-mail"

	"tagout"
	"tagout/integrations/outgoing"
)

// maxSubject is how many characters of a subject are kept.
const maxSubject = 150

// Pager sends pages, and status notes, as e-mail. Its Message-ID is made from the page's ID, so that a mail
// that was sent twice is one mail to a reader.
type Pager struct {
	name  string
	relay relay
	from  *netmail.Address
	clock tagout.Clock
}

// settings are the keys of the pager.
type settings struct {
	SMTP string `yaml:"smtp" need:"true"`
	From string `yaml:"from" need:"true"`
}

// New makes a pager from its settings: smtp (smtp://user:password@host:port, or smtps://)
// and from. It returns Invalid, with the place, if they cannot work.
func New(v tagout.Vendor, clock tagout.Clock) (*Pager, error) {
	var s settings
	if err := v.Decode(&s); err != nil {
		return nil, err
	}
	relay, err := parseRelay(v.Place, s.SMTP)
	if err != nil {
		return nil, err
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "%s: The sender is not an e-mail address. Fix: Write `from: tagout@example.com`.", v.Place)
	}
	return &Pager{v.Name, relay, from, clock}, nil
}

// Name is the configured name.
func (p *Pager) Name() string { return p.name }

// Reaches reports whether the person has an e-mail address.
func (p *Pager) Reaches(to tagout.Person) bool { return to.Email != "" }

// Send delivers the page to the relay. An error is final if the relay refused it with a
// permanent code (5xx), or if there is no address.
func (p *Pager) Send(ctx context.Context, in tagout.Page) error {
	msg, err := p.message(in)
	if err != nil {
		return tagout.Final(err)
	}
	return p.deliver(ctx, msg)
}

// deliver hands a mail to the relay.
func (p *Pager) deliver(ctx context.Context, msg *mail.Msg) error {
	sending, cancel := context.WithCancel(ctx) // ends the connection, whatever happens
	defer cancel()
	client, err := p.relay.client(sending)
	if err != nil {
		return tagout.Final(tagout.Errorf(tagout.Invalid, "The pager %s cannot work with its settings.", p.name))
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return p.failure(ctx, err)
	}
	err = client.SendWithSMTPClient(conn, msg)
	_ = client.CloseWithSMTPClient(conn)
	if err != nil && !msg.IsDelivered() {
		return p.failure(ctx, err)
	}
	return nil
}

// Mail hands a message that is not a page to the relay. Errors are as those of Send.
func (p *Pager) Mail(ctx context.Context, in tagout.Mail) error {
	msg, err := p.head(in.To, "mail", in.ID)
	if err != nil {
		return tagout.Final(tagout.Errorf(tagout.Invalid, "%s is not an e-mail address that can be used.", in.To))
	}
	msg.Subject(outgoing.Line(in.Subject, maxSubject))
	msg.SetBodyString(mail.TypeTextPlain, strings.ReplaceAll(in.Text, "\x00", "\ufffd")+"\n")
	if in.Letter != nil {
		if err := enclose(msg, in); err != nil {
			return tagout.Final(tagout.Errorf(tagout.Internal, "The mail cannot be written."))
		}
	}
	return p.deliver(ctx, msg)
}

// head is a mail from us to an address. Its Message-ID is the same for every attempt.
func (p *Pager) head(address, kind, id string) (*mail.Msg, error) {
	to, err := netmail.ParseAddress(address)
	if err != nil {
		return nil, err
	}
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(p.from)
	msg.SetAddrHeaderFromMailAddress(mail.HeaderTo, &netmail.Address{Address: to.Address})
	msg.SetDateWithValue(p.clock.Now())
	msg.SetMessageIDWithValue(p.messageID(kind, id))
	msg.SetGenHeader(mail.Header("Auto-Submitted"), "auto-generated")
	return msg, nil
}

// message writes the page as a mail.
func (p *Pager) message(in tagout.Page) (*mail.Msg, error) {
	msg, err := p.head(in.To.Email, "page", string(in.ID))
	if err != nil {
		return nil, tagout.Errorf(tagout.Invalid, "The person %s has no e-mail address that can be used.", in.To.ID)
	}
	msg.Subject(subject(in))
	msg.SetImportance(mail.ImportanceUrgent)
	msg.SetBodyString(mail.TypeTextPlain, text(in))
	if err := msg.AddAlternativeHTMLTemplate(page, newView(in)); err != nil {
		return nil, tagout.Errorf(tagout.Internal, "The page cannot be written.")
	}
	return msg, nil
}

// messageID is the same for every attempt at one page or mail.
func (p *Pager) messageID(kind, id string) string {
	sum := sha256.Sum256([]byte(id))
	_, domain, _ := strings.Cut(p.from.Address, "@")
	return kind + "-" + hex.EncodeToString(sum[:12]) + "@" + domain
}

// subject is one line, whatever the title holds, and begins so that a filter can find it.
func subject(in tagout.Page) string {
	if in.Incident == 0 {
		return outgoing.Headline(in, maxSubject)
	}
	return outgoing.Line(fmt.Sprintf("[%s] %s %s", in.Severity.Label(), in.Incident, outgoing.Title(in)), maxSubject)
}

// text is the part for readers without HTML.
func text(in tagout.Page) string {
	parts := []string{in.Message.String()}
	if in.Why != "" {
		parts = append(parts, "Why you: "+in.Why)
	}
	if ack := outgoing.Acknowledge(in); ack != "" {
		parts = append(parts, ack)
	}
	if in.URL != "" {
		parts = append(parts, in.URL)
	}
	return strings.ReplaceAll(strings.Join(parts, "\n\n"), "\x00", "\ufffd") + "\n"
}

// failure is what may be told of an error: the code, never the relay's words, since they
// can repeat what was sent.
func (p *Pager) failure(ctx context.Context, err error) error {
	code := 0
	if sent, ok := errors.AsType[*mail.SendError](err); ok {
		code = sent.ErrorCode()
	}
	if answer, ok := errors.AsType[*textproto.Error](err); ok && code == 0 {
		code = answer.Code
	}
	switch {
	case code >= 500:
		return tagout.Final(tagout.Errorf(tagout.Unavailable, "The mail server %s refused the mail with code %d.", p.relay.address(), code))
	case code >= 400:
		return tagout.Errorf(tagout.Unavailable, "The mail server %s cannot take the mail now (code %d).", p.relay.address(), code)
	case ctx.Err() != nil:
		return tagout.Errorf(tagout.Unavailable, "The mail server %s did not answer in time.", p.relay.address())
	}
	return tagout.Errorf(tagout.Unavailable, "The mail server %s could not be reached, or does not offer the encryption or log-in that is asked for.", p.relay.address())
}

// patience is how long the relay may take for one step.
const patience = 15 * time.Second
