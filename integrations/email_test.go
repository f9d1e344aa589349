package integrations_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tagout"
	"tagout/integrations"
)

// mailbox is an SMTP server that behaves as told, and keeps what it got.
type mailbox struct {
	address string
	over    chan struct{}

	mu       sync.Mutex
	how      behaviour
	got      []request
	mails    []*netmail.Message
	pages    []string          // their HTML parts
	pictures map[string][]byte // of the newest, by their IDs
	to       []string
	logins   []string
	came     chan bool
}

func newMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{over: make(chan struct{}), came: make(chan bool, 100)}
	server := smtp.NewServer(m)
	server.AllowInsecureAuth = true
	server.Domain = "mail.example.com"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.address = listener.Addr().String()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		close(m.over)
		_ = server.Close()
		<-done
	})
	return m
}

func (m *mailbox) behave(b behaviour)   { m.mu.Lock(); defer m.mu.Unlock(); m.how = b }
func (m *mailbox) requests() []request  { m.mu.Lock(); defer m.mu.Unlock(); return m.got }
func (m *mailbox) arrived() <-chan bool { return m.came }

// NewSession starts one connection.
func (m *mailbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{box: m}, nil }

type session struct{ box *mailbox }

func (s *session) Reset()                               {}
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) AuthMechanisms() []string             { return []string{sasl.Plain} }
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.to = append(s.box.to, to)
	return nil
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, secret string) error {
		s.box.mu.Lock()
		defer s.box.mu.Unlock()
		s.box.logins = append(s.box.logins, user+":"+secret)
		if secret != password {
			return &smtp.SMTPError{Code: 535, Message: echoed}
		}
		return nil
	}), nil
}

func (s *session) Data(r io.Reader) error {
	mail, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	plain, html, pictures, err := parts(mail.Header.Get("Content-Type"), mail.Body)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(mail.Header.Get("Subject"))
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	s.box.got = append(s.box.got, request{mail.Header.Get("Message-Id"), subject + "\n" + plain})
	s.box.pages = append(s.box.pages, html)
	s.box.pictures = pictures
	s.box.mails = append(s.box.mails, mail)
	how := s.box.how
	s.box.mu.Unlock()
	s.box.came <- true
	switch how {
	case asksToComeBack:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: echoed}
	case refusesForGood:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: echoed}
	case hangs:
		<-s.box.over
		return errors.New("over")
	}
	return nil
}

// parts are the plain and the HTML text of a mail, and the pictures inside it by their IDs.
func parts(kind string, body io.Reader) (plain, html string, pictures map[string][]byte, err error) {
	kind, params, err := mime.ParseMediaType(kind)
	switch {
	case err == nil && kind == "text/plain": // a mail that is no page
		text, err := io.ReadAll(quotedprintable.NewReader(body))
		return string(text), "", nil, err
	case err == nil && kind == "multipart/related":
		return related(multipart.NewReader(body, params["boundary"]))
	case err != nil || kind != "multipart/alternative":
		return "", "", nil, fmt.Errorf("a mail of the type %s: %w", kind, err)
	}
	plain, html, err = alternatives(multipart.NewReader(body, params["boundary"]))
	return plain, html, nil, err
}

// related reads a letter and the pictures that it shows.
func related(reader *multipart.Reader) (plain, html string, pictures map[string][]byte, err error) {
	letter, err := reader.NextPart()
	if err != nil {
		return "", "", nil, err
	}
	if plain, html, _, err = parts(letter.Header.Get("Content-Type"), letter); err != nil {
		return "", "", nil, err
	}
	pictures = map[string][]byte{}
	for {
		part, err := reader.NextPart()
		if err == io.EOF {
			return plain, html, pictures, nil
		}
		if err != nil {
			return "", "", nil, err
		}
		bytes, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, part))
		if err != nil {
			return "", "", nil, err
		}
		pictures[strings.Trim(part.Header.Get("Content-Id"), "<>")] = bytes
	}
}

func alternatives(reader *multipart.Reader) (plain, html string, err error) {
	for _, into := range []*string{&plain, &html} {
		part, err := reader.NextPart() // which undoes quoted-printable
		if err != nil {
			return "", "", err
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return "", "", err
		}
		*into = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	return plain, html, nil
}

func newEmailPager(t *testing.T, url string) tagout.Pager {
	t.Helper()
	p, err := integrations.NewPager(vendor("email", "email", map[string]string{"smtp": url, "from": "Tagout <tagout@example.com>"}), integrations.Deps{})
	return mustPager(t, p, err)
}

func emailPager(t *testing.T) rig {
	m := newMailbox(t)
	return rig{far: m, send: newEmailPager(t, "smtp://"+m.address).Send}
}

func TestAMailIsAddressedAndDatedAndSaysThatAMachineSentIt(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	if err := newEmailPager(t, "smtp://"+m.address).Send(t.Context(), page("p-1")); err != nil {
		t.Fatal(err)
	}
	header := m.mails[0].Header
	for key, want := range map[string]string{
		"From": `"Tagout" <tagout@example.com>`, "To": "<legal@example.com>", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
	} {
		if header.Get(key) != want {
			t.Errorf("%s is %q, want %q", key, header.Get(key), want)
		}
	}
	if _, err := header.Date(); err != nil || !strings.HasSuffix(header.Get("Message-Id"), "@example.com>") {
		t.Errorf("date %v, message ID %q", err, header.Get("Message-Id"))
	}
	if !strings.HasPrefix(m.got[0].text, "[SEV-1] INC-7 mailer/email ■ halted\n") || len(m.to) != 1 || m.to[0] != "legal@example.com" {
		t.Errorf("subject and text %q to %q", m.got[0].text, m.to)
	}
}

func TestAMailThatIsNoPageIsSentUnderItsOwnID(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	pager, ok := newEmailPager(t, "smtp://"+m.address).(tagout.Mailer)
	if !ok {
		t.Fatal("the e-mail pager sends no mail that is not a page")
	}
	mail := tagout.Mail{ID: "note:n1:list@example.com", To: "list@example.com", Subject: "About it\r\nBcc: x@example.com", Text: "What happened"}
	for range 2 {
		if err := pager.Mail(t.Context(), mail); err != nil {
			t.Fatal(err)
		}
	}
	if m.got[0].key != m.got[1].key || m.got[0].text != "About it Bcc: x@example.com\nWhat happened\r\n" || m.to[0] != "list@example.com" || len(m.to) != 2 {
		t.Errorf("%+v to %q", m.got, m.to)
	}
	if m.mails[0].Header.Get("Bcc") != "" {
		t.Error("a subject added a header")
	}
	mail.To = "nobody"
	if err := pager.Mail(t.Context(), mail); !tagout.IsFinal(err) {
		t.Errorf("no address: %v", err)
	}
	m.behave(refusesForGood)
	mail.To = "list@example.com"
	if err := pager.Mail(t.Context(), mail); !tagout.IsFinal(err) || strings.Contains(err.Error(), echoed) {
		t.Errorf("refused: %v", err)
	}
}

func TestNoTitleAndNoAddressCanAddAHeaderOrARecipient(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"x\r\nBcc: evil@example.com", "x\nBcc: evil@example.com\n\nbody", "x\rBcc: evil@example.com", "x\u2028Bcc: evil@example.com",
		"=?utf-8?q?x=0D=0ABcc:_evil@example.com?=", "ä\r\nBcc: evil@example.com", "x\x00\r\n.\r\nMAIL FROM:<evil@example.com>",
		strings.Repeat("long ", 1000) + "\r\nBcc: evil@example.com",
	} {
		m := newMailbox(t)
		p := page("p-1")
		p.Message.Title, p.Why = hostile, hostile
		if err := newEmailPager(t, "smtp://"+m.address).Send(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if len(m.to) != 1 || m.mails[0].Header.Get("Bcc") != "" || len(m.mails) != 1 {
			t.Errorf("%.40q: to %q, header %v", hostile, m.to, m.mails[0].Header)
		}
		p.To.Email = hostile
		if err := newEmailPager(t, "smtp://"+m.address).Send(t.Context(), p); !tagout.IsFinal(err) {
			t.Errorf("%.40q as an address: error %v", hostile, err)
		}
	}
}

func TestAPersonWithoutAddressIsNotReachedByMail(t *testing.T) {
	t.Parallel()
	pager := newEmailPager(t, "smtp://127.0.0.1:1")
	if pager.Reaches(tagout.Person{ID: "U1", Phone: "+15550100"}) || !pager.Reaches(tagout.Person{Email: "a@example.com"}) {
		t.Error("reaches the wrong people")
	}
}

func TestTheMailServerIsLoggedInto(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	if err := newEmailPager(t, "smtp://tag%40out:"+password+"@"+m.address).Send(t.Context(), page("p-1")); err != nil {
		t.Fatal(err)
	}
	if len(m.logins) != 1 || m.logins[0] != "tag@out:"+password {
		t.Errorf("logins %q", m.logins)
	}
	err := newEmailPager(t, "smtp://tagout:"+token+"@"+m.address).Send(t.Context(), page("p-1"))
	if !tagout.IsFinal(err) || len(m.got) != 1 {
		t.Errorf("with a wrong password: error %v, %d mails", err, len(m.got))
	}
	mentionsNoSecret(t, err)
}

func TestAMailServerWithoutTheEncryptionAskedForGetsNothing(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	err := newEmailPager(t, "smtps://user:"+password+"@"+m.address).Send(t.Context(), page("p-1"))
	if err == nil || tagout.IsFinal(err) || len(m.logins)+len(m.got) > 0 {
		t.Errorf("error %v, %d logins, %d mails", err, len(m.logins), len(m.got))
	}
	mentionsNoSecret(t, err)
}

func TestAMailHasAPageToReadWithTheWayToAcknowledge(t *testing.T) {
	t.Parallel()
	m := newMailbox(t)
	p := page("p-1")
	p.Message.Title, p.Why = `<script>alert(1)</script><a href="https://evil.example">x</a>`, "<b>"
	if err := newEmailPager(t, "smtp://"+m.address).Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`<a href="https://tagout.example.com/ack/signed-p-1"`, ">Acknowledge INC-7</a>", "&lt;script&gt;", "Complaints are up.", ">Scope</th>", "mailer/email", `<a href="https://tagout.example.com/i/7">`} {
		if !strings.Contains(m.pages[0], part) {
			t.Errorf("%q is not in %s", part, m.pages[0])
		}
	}
	for _, evil := range []string{"<script", "evil.example\"", "<b>", "<img", "http-equiv", "src="} {
		if strings.Contains(m.pages[0], evil) {
			t.Errorf("%q is in %s", evil, m.pages[0])
		}
	}
	if !strings.Contains(m.got[0].text, "\nAcknowledge: https://tagout.example.com/ack/signed-p-1") {
		t.Errorf("the plain part is %s", m.got[0].text)
	}
	p.AckURL, p.ID = "javascript:alert(1)", "p-2"
	if err := newEmailPager(t, "smtp://"+m.address).Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(m.pages[1], `href="javascript`) {
		t.Errorf("a link that is none: %s", m.pages[1])
	}
}
