-- +goose Up
-- What the figures take of each incident, beside its record: small, and changed only when one of these does.
-- Times are microseconds since 1970. The migration after this one fills it for the incidents that there are.
CREATE TABLE measures (
    incident     bigint PRIMARY KEY,
    agent        text NOT NULL,
    class        text NOT NULL,
    severity     text NOT NULL,
    counting     text NOT NULL,
    private      bigint NOT NULL,
    onset        bigint,
    detected     bigint NOT NULL,
    acknowledged bigint,
    contained    bigint,
    mitigated    bigint,
    resumed      bigint,
    reviewed     bigint,
    stopped      bigint,
    answer_due   bigint,
    paged        bigint NOT NULL,
    reached      bigint,
    by_lease     bigint NOT NULL,
    missed_contain     bigint NOT NULL,
    missed_acknowledge bigint NOT NULL,
    missed_inform      bigint NOT NULL,
    missed_update      bigint NOT NULL,
    missed_review      bigint NOT NULL,
    missed_clock       bigint NOT NULL,
    ordered      bigint NOT NULL,
    back         bigint NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX measures_detected ON measures (detected);

-- What became of each resume request: '' while nobody decided, GO or NO-GO, and how long the GO took.
ALTER TABLE resume_requests ADD COLUMN decided text NOT NULL DEFAULT '';
ALTER TABLE resume_requests ADD COLUMN took bigint NOT NULL DEFAULT 0;
CREATE INDEX resume_requests_decided ON resume_requests (incident, decided, took) WHERE decided <> '';

-- +goose Down
DROP INDEX resume_requests_decided;
ALTER TABLE resume_requests DROP COLUMN took;
ALTER TABLE resume_requests DROP COLUMN decided;
DROP TABLE measures;
