-- +goose Up
-- What the figures take of each incident, beside its record: small, and changed only when one of these does.
-- Times are microseconds since 1970. The migration after this one fills it for the incidents that there are.
CREATE TABLE measures (
    incident     integer PRIMARY KEY NOT NULL,
    agent        text NOT NULL,
    class        text NOT NULL,
    severity     text NOT NULL,
    counting     text NOT NULL,
    private      integer NOT NULL,
    onset        integer,
    detected     integer NOT NULL,
    acknowledged integer,
    contained    integer,
    mitigated    integer,
    resumed      integer,
    reviewed     integer,
    stopped      integer,
    answer_due   integer,
    paged        integer NOT NULL,
    reached      integer,
    by_lease     integer NOT NULL,
    missed_contain     integer NOT NULL,
    missed_acknowledge integer NOT NULL,
    missed_inform      integer NOT NULL,
    missed_update      integer NOT NULL,
    missed_review      integer NOT NULL,
    missed_clock       integer NOT NULL,
    ordered      integer NOT NULL,
    back         integer NOT NULL
);
CREATE INDEX measures_detected ON measures (detected);

-- What became of each resume request: '' while nobody decided, GO or NO-GO, and how long the GO took.
ALTER TABLE resume_requests ADD COLUMN decided text NOT NULL DEFAULT '';
ALTER TABLE resume_requests ADD COLUMN took integer NOT NULL DEFAULT 0;
CREATE INDEX resume_requests_decided ON resume_requests (incident, decided, took) WHERE decided <> '';

-- +goose Down
DROP INDEX resume_requests_decided;
ALTER TABLE resume_requests DROP COLUMN took;
ALTER TABLE resume_requests DROP COLUMN decided;
DROP TABLE measures;
