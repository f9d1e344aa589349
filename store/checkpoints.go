package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"tagout"
)

// checkpointRow is a checkpoint without its heads.
type checkpointRow struct {
	N    int64
	At   time.Time
	Prev string
	Hash string
}

// TableName is the table of the row.
func (checkpointRow) TableName() string { return "checkpoints" }

// checkpointHeadRow is one head that a checkpoint names.
type checkpointHeadRow struct {
	N        int64
	Incident int64
	Seq      int64
	Hash     string
}

// TableName is the table of the row.
func (checkpointHeadRow) TableName() string { return "checkpoint_heads" }

// Checkpoint seals the heads of all timelines that grew since the last checkpoint into a
// new one. It returns the newest one, with N 0 if there is none; if nothing grew, none is
// made.
func (s *Store) Checkpoint(ctx context.Context) (newest tagout.Checkpoint, err error) {
	err = s.write(ctx, func(t *tx) error {
		if err := t.sql.lockKeys([]string{"checkpoint"}); err != nil {
			return err
		}
		newest, err = t.lastCheckpoint()
		if err != nil {
			return err
		}
		var grown []checkpointHeadRow
		err := t.Raw(`SELECT id AS incident, head_seq AS seq, head_hash AS hash FROM incidents
			WHERE head_seq > COALESCE((SELECT max(seq) FROM checkpoint_heads WHERE incident = incidents.id), 0) ORDER BY id`).Scan(&grown).Error
		if err != nil || len(grown) == 0 {
			return err
		}
		now, err := s.moment(t)
		if err != nil {
			return err
		}
		next := tagout.Checkpoint{At: now, Heads: headsOf(grown)}
		next.Seal(newest)
		for n := range grown {
			grown[n].N = next.N
		}
		newest = next
		if err := insert(t, []checkpointRow{{next.N, utc(next.At), next.Prev, next.Hash}}, ""); err != nil {
			return err
		}
		if err := insert(t, grown, ""); err != nil {
			return err
		}
		return t.sql.flush()
	})
	return newest, err
}

// lastCheckpoint is the newest checkpoint without its heads; its N is 0 if there is none.
func (t *tx) lastCheckpoint() (tagout.Checkpoint, error) {
	var last []checkpointRow
	err := t.Raw("SELECT n, at, prev, hash FROM checkpoints ORDER BY n DESC LIMIT 1").Scan(&last).Error
	if err != nil || len(last) == 0 {
		return tagout.Checkpoint{}, err
	}
	return last[0].checkpoint(), nil
}

// Checkpoints lists all checkpoints in order.
func (s *Store) Checkpoints(ctx context.Context) (all []tagout.Checkpoint, err error) {
	err = s.readMoment(ctx, func(db *gorm.DB) error {
		var rows []checkpointRow
		if err := db.Order("n").Find(&rows).Error; err != nil {
			return err
		}
		var heads []checkpointHeadRow
		if err := db.Order("n, incident").Find(&heads).Error; err != nil {
			return err
		}
		byN := map[int64][]checkpointHeadRow{}
		for _, h := range heads {
			byN[h.N] = append(byN[h.N], h)
		}
		all = make([]tagout.Checkpoint, len(rows))
		for n, r := range rows {
			all[n] = r.checkpoint()
			all[n].Heads = headsOf(byN[r.N])
		}
		return nil
	})
	return all, err
}

// EventHash is the hash of one event of a timeline, "" if there is no such event.
func (s *Store) EventHash(ctx context.Context, id tagout.IncidentID, seq int64) (hash string, err error) {
	err = s.read(ctx, func(db *gorm.DB) error {
		return db.Raw("SELECT hash FROM events WHERE incident = ? AND seq = ?", int64(id), seq).Scan(&hash).Error
	})
	return hash, err
}

func (r checkpointRow) checkpoint() tagout.Checkpoint {
	return tagout.Checkpoint{N: r.N, At: utc(r.At), Prev: r.Prev, Hash: r.Hash}
}

func headsOf(rows []checkpointHeadRow) []tagout.IncidentHead {
	heads := make([]tagout.IncidentHead, len(rows))
	for n, r := range rows {
		heads[n] = tagout.IncidentHead{Incident: tagout.IncidentID(r.Incident), Head: tagout.Head{Seq: r.Seq, Hash: r.Hash}}
	}
	return heads
}
