package store

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

// job is an effect that is due, and the queue in which it waits for a worker.
type job struct {
	args  effectArgs
	queue string
}

// riverJobs is how River inserts them.
func riverJobs(jobs []job) []river.InsertManyParams {
	list := make([]river.InsertManyParams, len(jobs))
	for n, j := range jobs {
		list[n] = river.InsertManyParams{Args: j.args, InsertOpts: &river.InsertOpts{Queue: j.queue, MaxAttempts: maxAttempts}}
	}
	return list
}

// The statements by which Postgres keeps jobs, in River's table. River's own look for jobs that
// are to be unique, of which there are none here, send every job back and forth as a whole, and
// keep what is done for a while: each of these costs more than what remains.
const (
	insertJobs = `INSERT INTO river_job (args, kind, queue, max_attempts)
		SELECT args::jsonb, $3, queue, $4 FROM unnest($1::text[], $2::text[]) AS j (args, queue)`
	fetchJobs = `UPDATE river_job AS j SET state = 'running', attempt = j.attempt + 1, attempted_at = now(), attempted_by = ARRAY[$3::text]
		FROM (SELECT id FROM river_job WHERE state = 'available' AND queue = $1 AND scheduled_at <= now()
			ORDER BY priority, scheduled_at, id LIMIT $2 FOR UPDATE SKIP LOCKED) AS due
		WHERE j.id = due.id
		RETURNING j.id, j.args, j.attempt, j.attempted_at, j.created_at, j.kind, j.max_attempts, j.metadata, j.priority, j.queue, j.scheduled_at`
	forgetJobs = "DELETE FROM river_job WHERE id = ANY($1) AND state = 'running'"
	tellOfJobs = `SELECT pg_notify(concat(current_schema(), '.` + insertTopic + `'), payload) FROM unnest($1::text[]) AS p (payload)`
)

// enqueue inserts jobs with the next statements, and tells the workers of all processes when
// the transaction commits, of a queue not more often than they look.
func (t postgresTx) enqueue(jobs []job) error {
	args, queues := make([]string, len(jobs)), make([]string, len(jobs))
	for n, j := range jobs {
		text, err := json.Marshal(j.args)
		if err != nil {
			return err
		}
		args[n], queues[n] = string(text), j.queue
	}
	t.pending.Queue(insertJobs, args, queues, effectArgs{}.Kind(), maxAttempts)
	if news := t.calls.due(queues, time.Now()); len(news) > 0 {
		t.pending.Queue(tellOfJobs, news)
	}
	return nil
}

// calls remembers when the workers of each queue were last told of jobs.
type calls struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// due is what to tell about jobs in these queues.
func (c *calls) due(queues []string, now time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var news []string
	for _, queue := range queues {
		if now.Sub(c.last[queue]) < fetchCooldown {
			continue // so are the workers, who look again after that
		}
		c.last[queue] = now
		news = append(news, newsOf(queue))
	}
	return news
}

// newsOf says, as River does, that there are jobs in a queue.
func newsOf(queue string) string {
	text, _ := json.Marshal(map[string]string{"queue": queue}) // strings marshal
	return string(text)
}

// leanPostgres is River's driver with statements of our own for what happens to every job.
type leanPostgres struct {
	*riverpgxv5.Driver
	pool *pgxpool.Pool
}

func newLeanPostgres(pool *pgxpool.Pool) leanPostgres {
	return leanPostgres{riverpgxv5.New(pool), pool}
}

// GetExecutor is what River fetches and finishes jobs by.
func (d leanPostgres) GetExecutor() riverdriver.Executor {
	return leanExecutor{forgetful{d.Driver.GetExecutor(), func(ctx context.Context, done []int64) error {
		_, err := d.pool.Exec(ctx, forgetJobs, done)
		return err
	}}, d.pool}
}

type leanExecutor struct {
	forgetful
	pool *pgxpool.Pool
}

// JobGetAvailable takes jobs that are due.
func (e leanExecutor) JobGetAvailable(ctx context.Context, p *riverdriver.JobGetAvailableParams) ([]*rivertype.JobRow, error) {
	rows, err := e.pool.Query(ctx, fetchJobs, p.Queue, p.MaxToLock, p.ClientID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (*rivertype.JobRow, error) {
		j := &rivertype.JobRow{AttemptedBy: []string{p.ClientID}, State: rivertype.JobStateRunning}
		err := row.Scan(&j.ID, &j.EncodedArgs, &j.Attempt, &j.AttemptedAt, &j.CreatedAt, &j.Kind, &j.MaxAttempts, &j.Metadata, &j.Priority, &j.Queue, &j.ScheduledAt)
		return j, err
	})
}

// forgetful keeps no jobs that are done: nobody asks for them again.
type forgetful struct {
	riverdriver.Executor
	forget func(ctx context.Context, done []int64) error
}

// JobSetStateIfRunningMany deletes jobs that are done. What became of the others is for River to
// write, and only of these it hears what they are now.
func (e forgetful) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	done, others := partFinished(p)
	if len(done) > 0 {
		if err := e.forget(ctx, done); err != nil {
			return nil, err
		}
	}
	if len(others.ID) == 0 {
		return nil, nil
	}
	return e.Executor.JobSetStateIfRunningMany(ctx, others)
}

// partFinished tells jobs that are done from those that are to be tried again, or were given up.
func partFinished(p *riverdriver.JobSetStateIfRunningManyParams) (done []int64, others *riverdriver.JobSetStateIfRunningManyParams) {
	others = &riverdriver.JobSetStateIfRunningManyParams{Now: p.Now, Schema: p.Schema}
	for n, id := range p.ID {
		if p.State[n] == rivertype.JobStateCompleted {
			done = append(done, id)
			continue
		}
		others.ID = append(others.ID, id)
		others.Attempt = append(others.Attempt, p.Attempt[n])
		others.ErrData = append(others.ErrData, p.ErrData[n])
		others.FinalizedAt = append(others.FinalizedAt, p.FinalizedAt[n])
		others.MetadataDoMerge = append(others.MetadataDoMerge, p.MetadataDoMerge[n])
		others.MetadataUpdates = append(others.MetadataUpdates, p.MetadataUpdates[n])
		others.ScheduledAt = append(others.ScheduledAt, p.ScheduledAt[n])
		others.State = append(others.State, p.State[n])
	}
	return done, others
}
