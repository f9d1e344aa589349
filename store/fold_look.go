package store

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tagout"
)

// questions are what a folding asks of the database before it decides anything.
type questions struct {
	openers    []string // keys that nobody else may look for meanwhile
	alerts     []string // IDs: what is known of these?
	kinds      []kindOf // which incident is open for these?
	correlated []string // and for these?

	// What is asked in advance: it is asked later if it was not, and turns out to be needed.
	expected []int64 // incidents that are to be locked
	about    bool    // what about the incidents of known alerts?
}

// kindOf is what makes alerts without a correlation one incident.
type kindOf struct{ agent, class string }

func kindOfAlert(in tagout.Incoming) kindOf {
	return kindOf{clean(in.Verdict.Scope.Agent), clean(in.Verdict.Class)}
}

// findings are the answers.
type findings struct {
	known      map[string]*alertRow       // by ID
	about      map[int64]*tagout.Incident // those of the known alerts, not locked
	open       map[kindOf]int64           // the newest one that has not ended, if there is one
	correlated map[string]int64
	locked     []locked  // those that were expected
	asked      time.Time // when the newest resume request that stands was made
}

func newFindings() findings {
	return findings{known: map[string]*alertRow{}, about: map[int64]*tagout.Incident{}, open: map[kindOf]int64{}, correlated: map[string]int64{}}
}

// ask gathers the questions of all alerts.
func (f *folding) ask() questions {
	openers, alerts, kinds, correlated := map[string]bool{}, map[string]bool{}, map[kindOf]bool{}, map[string]bool{}
	for _, in := range f.in {
		m := matchOf(in)
		for _, k := range openerKeys(m.CorrelationID, m.Agent) {
			openers[k] = true
		}
		alerts[key(in.ID)] = true
		kinds[kindOfAlert(in)] = true
		if m.CorrelationID != "" {
			correlated[correlation(m.CorrelationID)] = true
		}
	}
	q := questions{
		openers: slices.Sorted(maps.Keys(openers)), alerts: slices.Sorted(maps.Keys(alerts)),
		kinds: slices.Collect(maps.Keys(kinds)), correlated: slices.Collect(maps.Keys(correlated)),
	}
	q.expected, q.about = f.store.habits.expect(q.kinds)
	return q
}

// newestOpen selects the newest incident that has not ended and is no drill, or 0.
func newestOpen(condition string) string {
	return "coalesce((SELECT id FROM incidents WHERE " + condition + " AND " + notEnded + " AND NOT drill ORDER BY id DESC LIMIT 1), 0)"
}

// The statements by which Postgres answers. They are the same however many alerts there are,
// so that each is planned once. Each alert is looked up by itself: a plan made while the
// table was small would otherwise go on reading all of it.
var (
	findAlerts = "SELECT " + strings.Join(shapeOf[alertRow]().names, ", ") + ` FROM unnest($1::text[]) AS q (wanted)
		CROSS JOIN LATERAL (SELECT * FROM alerts WHERE id = q.wanted LIMIT 1) AS known`
	findAbout = recordOf + `(SELECT DISTINCT known.incident FROM unnest($1::text[]) AS q (wanted)
		CROSS JOIN LATERAL (SELECT incident FROM alerts WHERE id = q.wanted LIMIT 1) AS known) AS told
		CROSS JOIN LATERAL (SELECT *, xmin FROM incidents WHERE id = told.incident LIMIT 1) AS i`
	readRecords    = recordOf + "incidents i WHERE i.id = ANY($1)"
	findOpen       = "SELECT q.agent, q.class, " + newestOpen("agent = q.agent AND class = q.class") + " FROM unnest($1::text[], $2::text[]) AS q (agent, class)"
	findCorrelated = "SELECT q.correlation, " + newestOpen("correlation = q.correlation") + " FROM unnest($1::text[]) AS q (correlation)"
)

// look locks the openers' keys and then answers, all on one way.
func (t postgresTx) look(q questions) (findings, error) {
	found := newFindings()
	var b pgx.Batch
	t.queueShare(&b)
	b.Queue(lockOpenerKeys, lockNumbers(q.openers))
	t.queueClock(&b)
	t.queueLastAsked(&b, &found)
	b.Queue(findAlerts, q.alerts).Query(func(rows pgx.Rows) error {
		known, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByName[alertRow])
		for _, r := range known {
			found.known[r.ID] = r
		}
		return err
	})
	if q.about {
		b.Queue(findAbout, q.alerts).Query(t.tell(found))
	}
	agents, classes := make([]string, len(q.kinds)), make([]string, len(q.kinds))
	for n, k := range q.kinds {
		agents[n], classes[n] = k.agent, k.class
	}
	b.Queue(findOpen, agents, classes).Query(func(rows pgx.Rows) error {
		var k kindOf
		var id int64
		_, err := pgx.ForEachRow(rows, []any{&k.agent, &k.class, &id}, func() error {
			found.open[k] = id
			return nil
		})
		return err
	})
	if len(q.correlated) > 0 {
		b.Queue(findCorrelated, q.correlated).Query(func(rows pgx.Rows) error {
			var c string
			var id int64
			_, err := pgx.ForEachRow(rows, []any{&c, &id}, func() error {
				found.correlated[c] = id
				return nil
			})
			return err
		})
	}
	var expected *locking
	if len(q.expected) > 0 {
		expected = t.queueLock(&b, q.expected, false)
	}
	err := t.tx.send(t.ctx, &b, false)
	if err == nil && expected != nil {
		found.locked, err = t.locked(expected)
	}
	return found, err
}

// tell takes records of incidents that are not locked, and keeps them in mind.
func (t postgresTx) tell(into findings) func(rows pgx.Rows) error {
	return func(rows pgx.Rows) error {
		records, err := pgx.CollectRows(rows, pgx.RowToStructByName[record])
		read := make(map[int64]*recalled, len(records))
		for _, r := range records {
			i, err := r.incident()
			if err != nil {
				return err
			}
			into.about[r.ID], read[r.ID] = i, &recalled{r.Xmin, r.Tied, t.ahead.now, r.Doc, Copy(i)}
		}
		t.recall.keep(read)
		return err
	}
}

// read tells of incidents without locking them.
func (t postgresTx) read(ids []int64, into findings) error {
	var b pgx.Batch
	b.Queue(readRecords, ids).Query(t.tell(into))
	return t.tx.send(t.ctx, &b, false)
}

// look answers; nobody else writes meanwhile.
func (t sqliteTx) look(q questions) (findings, error) {
	found := newFindings()
	var err error
	if found.asked, err = t.lastAsked(); err != nil {
		return found, err
	}
	for part := range slices.Chunk(q.alerts, batchSize) {
		var rows []*alertRow
		if err := t.db.Raw("SELECT * FROM alerts WHERE id IN ?", part).Scan(&rows).Error; err != nil {
			return found, err
		}
		for _, r := range rows {
			found.known[r.ID] = r
		}
	}
	for _, k := range q.kinds {
		var id int64
		if err := t.db.Raw("SELECT "+newestOpen("agent = ? AND class = ?"), k.agent, k.class).Scan(&id).Error; err != nil {
			return found, err
		}
		found.open[k] = id
	}
	for _, c := range q.correlated {
		var id int64
		if err := t.db.Raw("SELECT "+newestOpen("correlation = ?"), c).Scan(&id).Error; err != nil {
			return found, err
		}
		found.correlated[c] = id
	}
	return found, nil
}

// read tells of incidents; nobody else writes meanwhile.
func (t sqliteTx) read(ids []int64, into findings) error {
	list, err := t.lock(ids, false)
	for _, l := range list {
		into.about[int64(l.incident.ID)] = l.incident
	}
	return err
}

// openings is how many incidents these alerts open, as far as that can be told beforehand:
// not where a threshold or a correlation decides.
func (f *folding) openings() int {
	kinds := map[kindOf]bool{}
	for _, in := range f.in {
		k := kindOfAlert(in)
		plain := in.Alert.CorrelationID == "" && in.ID != "" && in.Alert.Status != tagout.Resolved && !in.Counted && in.Verdict.Threshold.Count <= 1
		if plain && f.known[key(in.ID)] == nil && f.found.open[k] == 0 {
			kinds[k] = true
		}
	}
	return len(kinds)
}

// reserve draws the numbers of incidents that are about to be opened, all at once.
func (t postgresTx) reserve(n int) error {
	if n == 0 {
		return nil
	}
	rows, err := t.tx.Query(t.ctx, "SELECT nextval('incident_number') FROM generate_series(1, $1)", n)
	if err != nil {
		return err
	}
	t.ahead.numbers, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	return err
}

func (t postgresTx) number(int) (n int64, err error) {
	if drawn := t.ahead.numbers; len(drawn) > 0 {
		t.ahead.numbers = drawn[1:]
		return drawn[0], nil
	}
	err = t.tx.QueryRow(t.ctx, "SELECT nextval('incident_number')").Scan(&n)
	return n, err
}

func (t sqliteTx) reserve(int) error { return nil }
