package email

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tagout"
)

// box is a mail server's inside: it takes mail only over an encrypted connection after a
// log-in with the right password.
type box struct{ mails chan bool }

func (b box) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &visit{box: b, conn: c}, nil
}

type visit struct {
	box
	conn  *smtp.Conn
	known bool
}

func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }
func (v *visit) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (v *visit) AuthMechanisms() []string             { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		v.known = user == "tagout" && password == "pass word"
		return nil
	}), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if _, encrypted := v.conn.TLSConnectionState(); !encrypted || !v.known {
		return errors.New("who are you?")
	}
	return nil
}

func (v *visit) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	v.mails <- true
	return err
}

// encryptedServer starts a mail server with a certificate for 127.0.0.1 and example.com.
func encryptedServer(t *testing.T, implicit bool) (address string, roots *x509.CertPool, mails chan bool) {
	t.Helper()
	donor := httptest.NewTLSServer(nil) // for its certificate
	certificate := donor.TLS.Certificates[0]
	roots = x509.NewCertPool()
	roots.AddCert(donor.Certificate())
	donor.Close()
	b := box{make(chan bool, 10)}
	server := smtp.NewServer(b)
	server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return address, roots, b.mails
}

func TestMailGoesEncryptedWithALogin(t *testing.T) {
	t.Parallel()
	for scheme, implicit := range map[string]bool{"smtp": false, "smtps": true} {
		t.Run(scheme, func(t *testing.T) {
			t.Parallel()
			address, roots, mails := encryptedServer(t, implicit)
			pager, err := New(tagout.Vendor{Name: "email", Decode: func(into any) error {
				*into.(*settings) = settings{scheme + "://tagout:pass%20word@" + address, "tagout@example.com"}
				return nil
			}}, tagout.SystemClock{})
			if err != nil {
				t.Fatal(err)
			}
			page := tagout.Page{ID: "p-1", Severity: tagout.Sev1, To: tagout.Person{ID: "U1", Email: "a@example.com"}}
			if err := pager.Send(t.Context(), page); err == nil || tagout.IsFinal(err) {
				t.Errorf("a certificate that nobody vouches for was taken, or given up on: %v", err)
			}
			pager.relay.roots = roots
			if err := pager.Send(t.Context(), page); err != nil {
				t.Fatal(err)
			}
			<-mails
		})
	}
}

func TestEncryptionIsAskedOfOtherMachines(t *testing.T) {
	t.Parallel()
	address, roots, mails := encryptedServer(t, false)
	r, err := parseRelay("tagout.yaml:1:1", "smtp://tagout:pass%20word@mail.example.com:587")
	if err != nil {
		t.Fatal(err)
	}
	if r.local() || r.starttls.String() != "TLSMandatory" {
		t.Errorf("relay is local %t, with %s", r.local(), r.starttls)
	}
	local, err := parseRelay("tagout.yaml:1:1", "smtp://tagout:pass%20word@"+address)
	if err != nil {
		t.Fatal(err)
	}
	r.host, r.port, r.roots = local.host, local.port, roots // mandatory encryption, with what the library finds itself
	client, err := r.client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pager := &Pager{relay: r, clock: tagout.SystemClock{}, from: &netmail.Address{Address: "tagout@example.com"}}
	msg, err := pager.message(tagout.Page{ID: "p", To: tagout.Person{Email: "a@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.DialAndSendWithContext(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	<-mails
}
