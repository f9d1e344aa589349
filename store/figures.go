package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// Figures computes the figures of the incidents that a query is about, in one statement over
// their measures. It returns Invalid for a window that is none.
func (s *Store) Figures(ctx context.Context, q tagout.FiguresQuery) (tagout.Figures, error) {
	if err := q.Check(); err != nil {
		return tagout.Figures{}, err
	}
	var rows []figureRow
	quarters := quartersOf(q)
	statement, values := figuresStatement(q, quarters)
	err := s.read(ctx, func(db *gorm.DB) error { return db.Raw(statement, values...).Scan(&rows).Error })
	if err != nil {
		return tagout.Figures{}, err
	}
	f := tagout.Figures{Query: q, Now: emptyTally(), Before: emptyTally()}
	for _, r := range rows {
		r.add(&f, quarters)
	}
	finish(&f)
	return f, nil
}

func emptyTally() tagout.Tally {
	return tagout.Tally{BySeverity: map[tagout.Severity]int{}, MissedDeadlines: map[tagout.DeadlineKind]int{}}
}

// quartersOf are the beginnings of the quarters that the window touches, and of the one after.
func quartersOf(q tagout.FiguresQuery) []time.Time {
	list := []time.Time{tagout.QuarterOf(q.From, q.Location)}
	for list[len(list)-1].Before(q.To) {
		list = append(list, list[len(list)-1].AddDate(0, 3, 0))
	}
	return list
}

// figuresStatement is the whole question. Each incident of the two windows is read once, as m,
// with the one of its agent and class before it; the parts are all told from that.
//
// Nearest ranks are whole numbers in both databases, and the mean is made of two sums, since
// one of microseconds may be too large.
func figuresStatement(q tagout.FiguresQuery, quarters []time.Time) (string, []any) {
	before, _ := q.Before()
	where := "detected >= ? AND detected < ?"
	values := []any{before.Add(-q.Within()).UnixMicro(), q.To.UnixMicro()}
	if q.Agent != "" {
		where, values = where+" AND agent = ?", append(values, clean(q.Agent))
	}
	if q.Class != "" {
		where, values = where+" AND class = ?", append(values, clean(q.Class))
	}
	if q.Public {
		where += " AND private = 0"
	}
	window := "detected >= ?"
	within := q.Within().Microseconds()
	values = append(values, within, within, q.From.UnixMicro(), before.UnixMicro())
	if q.Severity != "" {
		window, values = window+" AND severity = ?", append(values, clean(string(q.Severity)))
	}
	var spans []string
	for n := range quarters[:len(quarters)-1] {
		spans = append(spans, fmt.Sprintf("SELECT %d AS n, %d AS begins, %d AS ends", n, quarters[n].UnixMicro(), quarters[n+1].UnixMicro()))
	}
	return strings.NewReplacer("{where}", where, "{window}", window, "{quarters}", strings.Join(spans, " UNION ALL ")).Replace(figuresSQL), values
}

// FiguresStatement is the question that [Store.Figures] asks, with its values, for whoever wants
// to see how it is planned.
func FiguresStatement(q tagout.FiguresQuery) string {
	statement, values := figuresStatement(q, quartersOf(q))
	for _, v := range values {
		text := fmt.Sprint(v)
		if s, ok := v.(string); ok {
			text = "'" + strings.ReplaceAll(s, "'", "''") + "'"
		}
		statement = strings.Replace(statement, "?", text, 1)
	}
	return statement
}

const figuresSQL = `WITH lined AS (
	SELECT measures.*,
		lag(detected) OVER (PARTITION BY counting, agent, class ORDER BY detected, incident) AS earlier,
		lag(detected) OVER (PARTITION BY counting, private, agent, class ORDER BY detected, incident) AS earlier_alike
	FROM measures WHERE {where}
), m AS MATERIALIZED (
	SELECT incident, agent, class, severity, counting, private, detected, onset, acknowledged, contained, resumed, stopped, answer_due, paged, reached, by_lease,
		missed_contain, missed_acknowledge, missed_inform, missed_update, missed_review, missed_clock, ordered, back,
		CASE WHEN agent <> '' AND detected - earlier <= ? THEN 1 ELSE 0 END AS recurs,
		CASE WHEN agent <> '' AND private = 0 AND detected - earlier_alike <= ? THEN 1 ELSE 0 END AS recurs_openly,
		CASE WHEN detected >= ? THEN 1 ELSE 0 END AS now
	FROM lined WHERE {window}
), took AS (
	SELECT now, 'detect' AS what, detected - onset AS us FROM m WHERE counting = 'counts' AND detected >= onset
	UNION ALL SELECT now, 'acknowledge', acknowledged - detected FROM m WHERE counting = 'counts' AND acknowledged >= detected
	UNION ALL SELECT now, 'contain', contained - detected FROM m WHERE counting = 'counts' AND contained >= detected
	UNION ALL SELECT now, 'restore', resumed - detected FROM m WHERE counting = 'counts' AND resumed >= detected
	UNION ALL SELECT now, 'kill', contained - stopped FROM m WHERE counting = 'counts' AND contained >= stopped AND by_lease = 0
	UNION ALL SELECT now, 'sign', r.took FROM m JOIN resume_requests r ON r.incident = m.incident WHERE counting = 'counts' AND r.decided = 'GO'
), ranked AS (
	SELECT now, what, us, row_number() OVER (PARTITION BY now, what ORDER BY us) AS rank, count(*) OVER (PARTITION BY now, what) AS n FROM took
)
SELECT 'tally' AS part, now, counting AS a, severity AS b, '' AS c, count(*) AS n, sum(CASE WHEN agent <> '' THEN 1 ELSE 0 END) AS v1, sum(recurs) AS v2,
	sum(CASE WHEN paged > 0 THEN 1 ELSE 0 END) AS v3,
	sum(CASE WHEN paged > 0 AND (reached IS NOT NULL AND (answer_due IS NULL OR reached <= answer_due)
		OR acknowledged IS NOT NULL AND (answer_due IS NULL OR acknowledged <= answer_due)) THEN 1 ELSE 0 END) AS v4,
	sum(CASE WHEN by_lease > 0 AND contained >= detected THEN 1 ELSE 0 END) AS v5, sum(ordered) AS v6, sum(back) AS v7,
	sum(missed_contain) AS v8, sum(missed_acknowledge) AS v9, sum(missed_inform) AS v10, sum(missed_update) AS v11, sum(missed_review) AS v12, sum(missed_clock) AS v13
	FROM m GROUP BY now, counting, severity
UNION ALL SELECT 'spread', now, what, '', '', max(n), max(CASE WHEN rank = (n + 1) / 2 THEN us END), max(CASE WHEN rank = (n + 2) / 2 THEN us END),
	max(CASE WHEN rank = (n * 9 + 9) / 10 THEN us END), sum(us / 1000000), sum(us % 1000000), 0, 0, 0, 0, 0, 0, 0, 0 FROM ranked GROUP BY now, what
UNION ALL SELECT 'asked', now, r.decided, '', '', count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM m JOIN resume_requests r ON r.incident = m.incident
	WHERE counting = 'counts' AND r.decided <> '' GROUP BY now, r.decided
UNION ALL SELECT 'group', 1, class, agent, severity, count(*), n, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM (
	SELECT q.n AS n, CASE WHEN private = 0 THEN class ELSE '' END AS class, CASE WHEN private = 0 THEN agent ELSE '' END AS agent, severity FROM m
	JOIN ({quarters}) q ON detected >= q.begins AND detected < q.ends WHERE now = 1 AND counting = 'counts') g GROUP BY n, class, agent, severity
UNION ALL SELECT 'pair', 1, l.agent, l.class, '', l.n, l.again, l.incident, l.place, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 FROM (
	SELECT agent, class, incident, count(*) OVER (PARTITION BY agent, class) AS n, sum(recurs_openly) OVER (PARTITION BY agent, class) AS again,
		row_number() OVER (PARTITION BY agent, class ORDER BY detected DESC, incident DESC) AS place
	FROM m WHERE now = 1 AND counting = 'counts' AND private = 0 AND agent <> '') l WHERE l.place <= 5 AND l.again > 0`
