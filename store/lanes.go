package store

import (
	"context"
	"regexp"
	"slices"

	"tagout"
)

// lanes are those of each kind of effect that have a queue of their own.
type lanes map[tagout.EffectKind][]string

// laneMark stands between the kind and the lane in the name of a queue.
const laneMark = "-"

// laneName is what may stand in the name of a queue.
var laneName = regexp.MustCompile(`^[a-z0-9]+(?:[_-][a-z0-9]+)*$`)

// maxLane keeps the name of a queue within River's 64 characters.
const maxLane = 40

// queueOf is the queue of an effect: that of its lane if it has one here, else that of its
// kind.
func (l lanes) queueOf(kind tagout.EffectKind, lane string) string {
	if lane == "" || len(lane) > maxLane || !slices.Contains(l[kind], lane) || !laneName.MatchString(lane) {
		return string(kind)
	}
	return string(kind) + laneMark + lane
}

// queues are all queues of a kind.
func (l lanes) queues(kind tagout.EffectKind) []string {
	all := []string{string(kind)}
	for _, lane := range l[kind] {
		if queue := l.queueOf(kind, lane); !slices.Contains(all, queue) {
			all = append(all, queue)
		}
	}
	return all
}

// adopt moves what waits in lanes that do not exist any more, such as those of a pager that
// was taken out of the configuration, into the queue of its kind, so that somebody works it.
func (s *Store) adopt(ctx context.Context, do map[tagout.EffectKind]tagout.EffectFunc) error {
	return s.write(ctx, func(t *tx) error {
		for kind := range do {
			err := t.Exec(`UPDATE river_job SET queue = ? WHERE queue LIKE ? AND queue NOT IN ? AND state IN ('available', 'retryable', 'scheduled')`,
				string(kind), string(kind)+laneMark+"%", t.lanes.queues(kind)).Error
			if err != nil {
				return err
			}
		}
		return nil
	})
}
