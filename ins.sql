\timing on
SET jit=off;
BEGIN; 
EXPLAIN (ANALYZE, WAL, BUFFERS, COSTS OFF) INSERT INTO river_job (args, kind, queue, max_attempts) SELECT args::jsonb, 'effect', queue, 1000::smallint FROM (SELECT '{"effect":"page","incident":123,"key":"page:INC-123:sev2:0","data":"{\"key\":\"sev2\",\"roles\":[\"legal\"],\"why\":\"SEV-2 pages legal because of this and that\"}"}'::text AS args, 'page' AS queue FROM generate_series(1,5000)) x;
EXPLAIN (ANALYZE, WAL, BUFFERS, COSTS OFF) INSERT INTO river_job (args, kind, queue, max_attempts) SELECT args::jsonb, 'effect', queue, 1000::smallint FROM (SELECT '{"effect":"page","incident":123,"key":"page:INC-123:sev2:0","data":"{\"key\":\"sev2\",\"roles\":[\"legal\"],\"why\":\"SEV-2 pages legal because of this and that\"}"}'::text||repeat(' ',(g%3)::int) AS args, 'page' AS queue FROM generate_series(1,5000) g) x;
ROLLBACK;
BEGIN; DROP INDEX river_job_prioritized_fetching_index;
EXPLAIN (ANALYZE, WAL,COSTS OFF) INSERT INTO river_job (args, kind, queue, max_attempts) SELECT args::jsonb, 'effect', queue, 1000::smallint FROM (SELECT '{"effect":"page","incident":123,"key":"page:INC-123:sev2:0","data":"{\"key\":\"sev2\",\"roles\":[\"legal\"],\"why\":\"SEV-2 pages legal because of this and that\"}"}'::text AS args, 'page' AS queue FROM generate_series(1,5000)) x;
ROLLBACK;
BEGIN; DROP INDEX river_job_prioritized_fetching_index; DROP INDEX river_job_unique_idx; DROP INDEX river_job_state_and_finalized_at_index;
EXPLAIN (ANALYZE, WAL,COSTS OFF) INSERT INTO river_job (args, kind, queue, max_attempts) SELECT args::jsonb, 'effect', queue, 1000::smallint FROM (SELECT '{"effect":"page","incident":123,"key":"page:INC-123:sev2:0","data":"{\"key\":\"sev2\",\"roles\":[\"legal\"],\"why\":\"SEV-2 pages legal because of this and that\"}"}'::text AS args, 'page' AS queue FROM generate_series(1,5000)) x;
ROLLBACK;
BEGIN; ALTER TABLE river_job DROP CONSTRAINT finalized_or_finalized_at_null, DROP CONSTRAINT priority_in_range, DROP CONSTRAINT queue_length, DROP CONSTRAINT kind_length;
EXPLAIN (ANALYZE, WAL,COSTS OFF) INSERT INTO river_job (args, kind, queue, max_attempts) SELECT args::jsonb, 'effect', queue, 1000::smallint FROM (SELECT '{"effect":"page","incident":123,"key":"page:INC-123:sev2:0","data":"{\"key\":\"sev2\",\"roles\":[\"legal\"],\"why\":\"SEV-2 pages legal because of this and that\"}"}'::text AS args, 'page' AS queue FROM generate_series(1,5000)) x;
ROLLBACK;
