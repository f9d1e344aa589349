package store

import (
	"time"

	"tagout"
)

// measureRow is one row of measures: what the figures take of one incident, in microseconds
// since 1970. It is written in the transaction that changes any of it.
type measureRow struct {
	Incident          int64 `gorm:"primaryKey;autoIncrement:false"`
	Agent             string
	Class             string
	Severity          string
	Counting          string
	Private           int64
	Onset             *int64
	Detected          int64
	Acknowledged      *int64
	Contained         *int64
	Mitigated         *int64
	Resumed           *int64
	Reviewed          *int64
	Stopped           *int64
	AnswerDue         *int64
	Paged             int64
	Reached           *int64
	ByLease           int64
	MissedContain     int64
	MissedAcknowledge int64
	MissedInform      int64
	MissedUpdate      int64
	MissedReview      int64
	MissedClock       int64
	Ordered           int64
	Back              int64
}

// TableName is the table of the row.
func (measureRow) TableName() string { return "measures" }

func measureRowOf(m tagout.Measures) measureRow {
	at := func(of tagout.Milestone) *int64 { return micros(m.At(of)) }
	r := measureRow{
		Incident: int64(m.Incident), Agent: clean(m.Agent), Class: clean(m.Class), Severity: clean(string(m.Severity)), Counting: string(m.Counting), Private: bit(m.Private),
		Onset: at(tagout.Onset), Acknowledged: at(tagout.Acknowledged), Contained: at(tagout.Contained), Mitigated: at(tagout.Mitigated),
		Resumed: at(tagout.Resumed), Reviewed: at(tagout.Reviewed), Stopped: micros(m.Stopped), AnswerDue: micros(m.AnswerDue),
		Paged: bit(m.Paged), Reached: micros(m.Reached), ByLease: bit(m.ByLease),
		MissedContain: int64(m.Missed[tagout.DueContain]), MissedAcknowledge: int64(m.Missed[tagout.DueAcknowledge]), MissedInform: int64(m.Missed[tagout.DueInform]),
		MissedUpdate: int64(m.Missed[tagout.DueUpdate]), MissedReview: int64(m.Missed[tagout.DueReview]), MissedClock: int64(m.Missed[tagout.DueClock]),
		Ordered: int64(m.Ordered), Back: int64(m.Back),
	}
	if detected := at(tagout.Detected); detected != nil {
		r.Detected = *detected
	}
	return r
}

func micros(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	us := t.UnixMicro()
	return &us
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// decidedOf is what the figures take of a resume request: "" while nobody decided, GO or
// NO-GO, and how long the GO took, in microseconds.
func decidedOf(r *tagout.ResumeRequest) (verdict string, took int64) {
	switch d, decided := r.Ruling(); {
	case !decided:
		return "", 0
	case d.NoGo:
		return tagout.NoGo, 0
	default:
		return tagout.Go, d.Took.Microseconds()
	}
}

// countMeasures is an ON CONFLICT clause: what a record says replaces what was there; what
// events added up is added to it, and whoever was reached first stays the first.
const countMeasures = `ON CONFLICT (incident) DO UPDATE SET agent = excluded.agent, class = excluded.class, severity = excluded.severity,
	counting = excluded.counting, private = excluded.private, onset = excluded.onset, detected = excluded.detected,
	acknowledged = excluded.acknowledged, contained = excluded.contained, mitigated = excluded.mitigated, resumed = excluded.resumed,
	reviewed = excluded.reviewed, stopped = excluded.stopped, answer_due = excluded.answer_due,
	paged = excluded.paged, by_lease = measures.by_lease + excluded.by_lease,
	reached = CASE WHEN measures.reached IS NULL OR excluded.reached < measures.reached THEN excluded.reached ELSE measures.reached END,
	missed_contain = measures.missed_contain + excluded.missed_contain, missed_acknowledge = measures.missed_acknowledge + excluded.missed_acknowledge,
	missed_inform = measures.missed_inform + excluded.missed_inform, missed_update = measures.missed_update + excluded.missed_update,
	missed_review = measures.missed_review + excluded.missed_review, missed_clock = measures.missed_clock + excluded.missed_clock,
	ordered = measures.ordered + excluded.ordered, back = measures.back + excluded.back`

// measured is what a work changes of the measures of its incident; false if it changes nothing
// of them, as nearly every alert does. changed tells whether its record did.
func (w *work) measured(changed bool) (measureRow, bool) {
	now := w.incident.Measures()
	news := changed && !now.Alike(w.before.Measures())
	for _, e := range w.change.Events {
		news = now.Tell(e) || news
	}
	return measureRowOf(now), w.fresh || news
}
