package config

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

type gateSection struct {
	StaleAfter time.Duration `yaml:"stale_after" min:"1s" doc:"A replica that has not read the holds for so long answers halted."`
}

type replicasSection struct {
	Advertise string `yaml:"advertise" doc:"URL at which the other replicas reach this one; empty: where it listens, on all interfaces the machine's first address. Not used with SQLite."`
}

// server checks where Tagout listens and what it keeps.
func (b *builder) server() {
	b.cfg.Listen, b.cfg.FlagdListen = b.doc.Listen, b.doc.FlagdListen
	b.cfg.Journal, b.cfg.StaleAfter = b.doc.Journal, b.doc.Gate.StaleAfter
	listen, flagd := path{}.key("listen"), path{}.key("flagd_listen")
	b.address(listen, b.doc.Listen)
	if b.doc.FlagdListen != "" && b.address(flagd, b.doc.FlagdListen) && clash(b.doc.Listen, b.doc.FlagdListen) {
		b.fail(flagd, "Give one of them another port.", "`flagd_listen` and `listen` are the same address.")
	}
	b.cfg.PublicURL = strings.TrimRight(b.doc.PublicURL, "/")
	if p := (path{}.key("public_url")); b.doc.PublicURL != "" {
		u, problem := webURL(b.doc.PublicURL)
		if problem == "" && (u.RawQuery != "" || u.Fragment != "") {
			problem = "has a query or a fragment"
		}
		if problem != "" {
			b.fail(p, "Write it as https://tagout.example.com.", "The URL %s.", problem)
		}
	}
	b.cfg.Advertise = strings.TrimRight(b.doc.Replicas.Advertise, "/")
	if p := (path{}.key("replicas").key("advertise")); b.doc.Replicas.Advertise != "" && b.ok(p) {
		u, problem := webURL(b.doc.Replicas.Advertise)
		if problem == "" && (u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "") {
			problem = "has more than a host and a port"
		}
		if problem != "" {
			b.fail(p, "Write it as http://10.0.0.3:8080.", "The URL %s.", problem)
		}
	}
	b.database()
	if p := (path{}.key("journal")); b.doc.Journal == "" && b.ok(p) {
		b.fail(p, "Name a file on a disk that survives a restart.", "The journal has no file name.")
	}
}

func (b *builder) database() {
	p := path{}.key("database")
	if !b.ok(p) {
		return
	}
	b.cfg.Database = b.doc.Database
	scheme, rest, found := strings.Cut(b.doc.Database, "://")
	switch {
	case found && scheme == "sqlite" && rest != "":
	case found && (scheme == "postgres" || scheme == "postgresql"):
		if u, err := url.Parse(b.doc.Database); err != nil || u.Host == "" && u.Query().Get("host") == "" {
			b.fail(p,
				"Write postgres://USER:PASSWORD@HOST:5432/NAME, with special characters of the password as %XX.",
				"The database's address cannot be read.")
		}
	default:
		b.fail(p, "Write sqlite://tagout.db or postgres://USER:PASSWORD@HOST:5432/NAME.", "The database's address is of no known kind.")
	}
}

// address checks a host:port to listen on.
func (b *builder) address(p path, value string) bool {
	if !b.ok(p) {
		return false
	}
	_, port, err := net.SplitHostPort(value)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || number > 65535 {
		b.fail(p, "Write host:port, such as 127.0.0.1:8080, or :8080 for every interface.", "This is not an address to listen on.")
		return false
	}
	return true
}

// clash reports whether two addresses cannot be listened on at once.
func clash(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "0" && (hostA == hostB || anyHost(hostA) || anyHost(hostB) || loopbackHost(hostA) && loopbackHost(hostB))
}

func anyHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// loopback reports whether only this machine reaches the address host:port.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && loopbackHost(host)
}

func loopbackHost(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// webURL reads an http or https URL and says what is wrong with it, if anything, without
// showing it.
func webURL(text string) (*url.URL, string) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, "cannot be read"
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "does not start with http:// or https://"
	case u.Hostname() == "":
		return nil, "names no host"
	case u.User != nil:
		return nil, "holds a user name or password"
	}
	return u, ""
}
