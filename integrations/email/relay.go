package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/wneessen/go-mail"

	"tagout"
)

// relay is the mail server that takes our mail.
type relay struct {
	host     string
	port     int
	user     string
	password string
	implicit bool           // TLS from the first byte (smtps)
	starttls mail.TLSPolicy // otherwise
	roots    *x509.CertPool // nil: those of the machine
}

const relayFix = " Fix: Write smtp://user:password@host:587 or smtps://user:password@host:465, with special characters of the password as %XX."

// parseRelay reads the setting smtp, which stands at a place of the configuration.
// STARTTLS is used where it is offered, and required from other machines unless the URL
// says ?tls=off. Its errors show nothing of the URL.
func parseRelay(place, text string) (relay, error) {
	refuse := func(sentence string) (relay, error) {
		return relay{}, tagout.Errorf(tagout.Invalid, "%s: %s", place, sentence)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return refuse("The address of the mail server cannot be read." + relayFix)
	}
	r := relay{host: u.Hostname(), port: 587, user: u.User.Username(), implicit: u.Scheme == "smtps", starttls: mail.TLSMandatory}
	r.password, _ = u.User.Password()
	if r.implicit {
		r.port = 465
	}
	if u.Port() != "" {
		if r.port, err = strconv.Atoi(u.Port()); err != nil || r.port < 1 || r.port > 65535 {
			return refuse("The port of the mail server is not a number from 1 to 65535." + relayFix)
		}
	}
	if r.local() {
		r.starttls = mail.TLSOpportunistic
	}
	for key, values := range u.Query() {
		if key != "tls" || len(values) != 1 || values[0] != "off" || r.implicit {
			return refuse("The address of the mail server has an option that is not known. Fix: Remove it; only ?tls=off is known, and only of smtp.")
		}
		r.starttls = mail.NoTLS
	}
	if r.starttls == mail.NoTLS && r.user != "" && !r.local() {
		return refuse("The password would go to another machine without encryption. Fix: Remove ?tls=off, or the user and password.")
	}
	return r, nil
}

// local reports whether the relay is on this machine.
func (r relay) local() bool {
	ip, err := netip.ParseAddr(r.host)
	return strings.EqualFold(r.host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

func (r relay) address() string { return net.JoinHostPort(r.host, strconv.Itoa(r.port)) }

// client is a fresh client, whose connection is closed when ctx ends, wherever it stands.
func (r relay) client(ctx context.Context) (*mail.Client, error) {
	options := []mail.Option{
		mail.WithPort(r.port), mail.WithTimeout(patience), mail.WithTLSPolicy(r.starttls), mail.WithoutNoop(), mail.WithTLSConfig(r.encryption()),
		mail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			return r.dial(ctx, network, address)
		}),
	}
	if r.implicit {
		options = append(options, mail.WithSSL())
	}
	if r.user != "" {
		login := mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover)
		if r.local() || r.implicit { // encrypted already, or never on a wire; the library cannot know
			login = mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlainNoEnc, mail.SMTPAuthLoginNoEnc)
		}
		options = append(options, login, mail.WithUsername(r.user), mail.WithPassword(r.password))
	}
	return mail.NewClient(r.host, options...)
}

func (r relay) encryption() *tls.Config {
	return &tls.Config{ServerName: r.host, MinVersion: tls.VersionTLS12, RootCAs: r.roots}
}

// dial connects. The connection ends with ctx, which the library watches only meanwhile.
func (r relay) dial(ctx context.Context, network, address string) (net.Conn, error) {
	connecting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(connecting, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if !r.implicit {
		return conn, nil
	}
	encrypted := tls.Client(conn, r.encryption())
	if err := encrypted.HandshakeContext(connecting); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return encrypted, nil
}
