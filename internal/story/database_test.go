package story_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"tagout/internal/pgtest"
	"tagout/store"
)

// emptyPostgres is a database of Tagout's in which nothing has happened yet. It is a copy,
// with an ID of its own: to migrate takes longer.
func emptyPostgres(t *testing.T) string {
	t.Helper()
	address := pgtest.Prepared(t, func(address string) error { return store.Migrate(context.Background(), address) })
	db, err := sql.Open("pgx", address) // the driver that the store brings
	if err == nil {
		_, err = db.Exec("UPDATE meta SET value = gen_random_uuid() WHERE key = 'database_id'")
	}
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	return address
}

// outage is a way in which a database can be away.
type outage struct {
	name    string
	setting setting
	// prepare changes the world's database before Tagout starts.
	prepare func(w *world) switchable
}

// switchable is a database that a story takes away and gives back.
type switchable struct{ goes, returns func() }

// arranges gives the world a database that can go.
func (w *world) arranges(o outage) switchable {
	db := o.prepare(w)
	return switchable{
		goes:    func() { w.databaseDown = true; db.goes() },
		returns: func() { w.databaseDown = false; db.returns() },
	}
}

var (
	// locked: another process writes to the file and does not let go.
	locked = outage{"sqlite locked", setting{"sqlite", "socket"}, lockedFile}
	// unmounted: the folder of the file is not there; for a start, not under a running Tagout.
	unmounted = outage{"sqlite unmounted", setting{"sqlite", "socket"}, unmountedFolder}
	// stopped: the server is gone and refuses connections.
	stopped = outage{"postgres stopped", setting{"postgres", "http"}, stoppedServer}
	// hung: the server takes connections and never answers.
	hung = outage{"postgres hung", setting{"postgres", "socket"}, hungConnections}

	outages = []outage{locked, stopped, hung}
)

// away lists what Tagout may log as errors while its database is away.
var away = []string{"database", "holds cannot be read", "could not be recorded", "River", "river", "Error", "error"}

func lockedFile(w *world) switchable {
	w.log.expect(away...)
	path := strings.TrimPrefix(w.params.Database, "sqlite://")
	var lock *sql.Tx
	return switchable{
		goes: func() {
			db, err := sql.Open("sqlite", "file:"+path+"?_txlock=exclusive&_pragma=busy_timeout(15000)") // the driver that the store brings
			if err == nil {
				w.t.Cleanup(func() { db.Close() })
				lock, err = db.Begin()
			}
			if err != nil {
				w.t.Fatal(err)
			}
		},
		returns: func() {
			if err := lock.Rollback(); err != nil {
				w.t.Fatal(err)
			}
		},
	}
}

func unmountedFolder(w *world) switchable {
	w.log.expect(away...)
	here, elsewhere := filepath.Join(w.dir, "volume"), filepath.Join(w.dir, "unmounted")
	w.params.Database = "sqlite://" + filepath.ToSlash(filepath.Join(here, "tagout.db"))
	rename := func(from, to string) func() {
		return func() {
			if err := os.Rename(from, to); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if err := os.Mkdir(here, 0o700); err != nil {
		w.t.Fatal(err)
	}
	return switchable{rename(here, elsewhere), rename(elsewhere, here)}
}

func stoppedServer(w *world) switchable {
	w.log.expect(away...)
	cluster := pgtest.StartCluster(w.t)
	w.params.Database = cluster.NewDatabase()
	return switchable{func() { cluster.Stop(pgtest.Immediate) }, cluster.Start}
}

func hungConnections(w *world) switchable {
	w.log.expect(away...)
	p := newWire(w)
	return switchable{func() { p.hangs("upstream"); p.hangs("downstream") }, p.heals}
}

// wire is the network between Tagout and its Postgres.
type wire struct {
	w     *world
	proxy *toxiproxy.Proxy
}

// newWire puts a proxy before the world's Postgres.
func newWire(w *world) *wire {
	w.t.Helper()
	server, err := url.Parse(w.params.Database)
	if err != nil {
		w.t.Fatal(err)
	}
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(proxies, "postgres", "127.0.0.1:0", server.Host)
	if err := proxy.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(proxy.Stop)
	server.Host = proxy.Listen
	w.params.Database = server.String()
	return &wire{w, proxy}
}

// hangs lets nothing through any more in one direction: upstream is to the database. The
// connections stay open.
func (p *wire) hangs(direction string) {
	p.w.t.Helper()
	toxic, _ := json.Marshal(map[string]any{"type": "timeout", "stream": direction, "attributes": map[string]int{"timeout": 0}})
	if _, err := p.proxy.Toxics.AddToxicJson(bytes.NewReader(toxic)); err != nil {
		p.w.t.Fatal(err)
	}
}

// heals lets everything through again. Connections that hung break.
func (p *wire) heals() { p.proxy.Toxics.ResetToxics(context.Background()) }

// told is what OFREP answers an agent.
type told struct {
	Value    string         `json:"value"`
	Metadata map[string]any `json:"metadata"`
}

// asks is the whole answer to an agent that says nothing of what it is about to do.
func (w *world) asks(agent string) (answer told) {
	w.t.Helper()
	w.call(http.MethodPost, "/ofrep/v1/evaluate/flags/"+agent+".mode", "", map[string]any{"context": map[string]string{}}, &answer)
	return answer
}

// sends sends one request and returns the answer without its body.
func (w *world) sends(method, path, token string, body any) *http.Response {
	w.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		w.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(w.ctx, method, "http://"+w.address+path, bytes.NewReader(data))
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	response.Body.Close()
	return response
}
