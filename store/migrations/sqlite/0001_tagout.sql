-- +goose Up
CREATE TABLE meta (
    key   text PRIMARY KEY NOT NULL,
    value text NOT NULL
);
INSERT INTO meta (key, value) VALUES ('database_id', lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
    || '-' || substr('89AB', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))));

-- An incident's doc is the whole of it; the columns beside it are what is queried.
CREATE TABLE incidents (
    id              integer PRIMARY KEY,
    severity        text NOT NULL,
    highest         text NOT NULL,
    class           text NOT NULL,
    agent           text NOT NULL,
    scope           text NOT NULL,
    state           text NOT NULL,
    correlation     text NOT NULL,
    channel         text NOT NULL,
    private         boolean NOT NULL,
    drill           boolean NOT NULL,
    onset_at        datetime,
    detected_at     datetime,
    acknowledged_at datetime,
    contained_at    datetime,
    mitigated_at    datetime,
    resumed_at      datetime,
    reviewed_at     datetime,
    alerts_distinct integer NOT NULL,
    alerts_firing   integer NOT NULL,
    head_seq        integer NOT NULL,
    head_hash       text NOT NULL,
    doc             text NOT NULL
);
CREATE INDEX incidents_open ON incidents (agent, class, id) WHERE state NOT IN ('resumed', 'closed', 'cancelled');
CREATE INDEX incidents_correlation ON incidents (correlation) WHERE correlation <> '' AND state NOT IN ('resumed', 'closed', 'cancelled');
CREATE INDEX incidents_channel ON incidents (channel) WHERE channel <> '';
CREATE INDEX incidents_agent ON incidents (agent, id);
CREATE INDEX incidents_detected ON incidents (detected_at);

CREATE TABLE holds (
    id        text PRIMARY KEY NOT NULL,
    incident  integer NOT NULL REFERENCES incidents (id),
    position  integer NOT NULL,
    agent     text NOT NULL,
    scope     text NOT NULL,
    mode      text NOT NULL,
    hung_at   datetime NOT NULL,
    lifted_at datetime,
    lifted_by text NOT NULL,
    doc       text NOT NULL,
    UNIQUE (incident, position)
) WITHOUT ROWID;
CREATE INDEX holds_standing ON holds (incident) WHERE lifted_at IS NULL;
CREATE INDEX holds_agent ON holds (agent, incident);

-- The timeline. data is text, so that the bytes that were hashed stay as they were.
-- Without a row ID, which would be a second key for INSERT OR REPLACE to go by.
CREATE TABLE events (
    incident   integer NOT NULL,
    seq        integer NOT NULL,
    at         datetime NOT NULL,
    actor_kind text NOT NULL,
    actor_id   text NOT NULL,
    kind       text NOT NULL,
    data       text NOT NULL,
    prev       text NOT NULL,
    hash       text NOT NULL,
    PRIMARY KEY (incident, seq)
) WITHOUT ROWID;

-- Alerts that are the same alert: one row, counted. The bodies are the evidence.
CREATE TABLE alerts (
    id          text PRIMARY KEY NOT NULL,
    incident    integer, -- none while below the threshold
    source      text NOT NULL,
    fingerprint text NOT NULL,
    status      text NOT NULL,
    severity    text NOT NULL,
    class       text NOT NULL,
    agent       text NOT NULL,
    channel     text NOT NULL,
    region      text NOT NULL,
    tool        text NOT NULL,
    no_agent    boolean NOT NULL,
    count       integer NOT NULL,
    first_at    datetime NOT NULL,
    last_at     datetime NOT NULL
);
CREATE INDEX alerts_firing ON alerts (agent) WHERE status = 'firing';

CREATE TABLE alert_bodies (
    alert    text NOT NULL,
    incident integer NOT NULL, -- 0 while below the threshold
    status   text NOT NULL,
    at       datetime NOT NULL,
    doc      text NOT NULL,
    raw      blob,
    PRIMARY KEY (alert, incident, status)
);
CREATE INDEX alert_bodies_incident ON alert_bodies (incident, at);

CREATE TABLE alert_repeats (
    incident integer PRIMARY KEY,
    count    integer NOT NULL
);

-- When something last came or ended on a scope.
CREATE TABLE alert_noise (
    agent   text NOT NULL,
    channel text NOT NULL,
    region  text NOT NULL,
    tool    text NOT NULL,
    last_at datetime NOT NULL,
    PRIMARY KEY (agent, channel, region, tool)
);

-- Occurrences of what has not reached its threshold yet.
CREATE TABLE alert_sightings (
    id    integer PRIMARY KEY AUTOINCREMENT,
    agent text NOT NULL,
    class text NOT NULL,
    at    datetime NOT NULL,
    alert text NOT NULL
);
CREATE INDEX alert_sightings_window ON alert_sightings (agent, class, at);

CREATE TABLE pages (
    id        text NOT NULL UNIQUE,
    n         integer PRIMARY KEY AUTOINCREMENT,
    incident  integer NOT NULL REFERENCES incidents (id),
    round     integer NOT NULL,
    pager     text NOT NULL,
    person    text NOT NULL,
    severity  text NOT NULL,
    status    text NOT NULL,
    queued_at datetime NOT NULL,
    sent_at   datetime,
    doc       text NOT NULL
);
CREATE INDEX pages_incident ON pages (incident, n);

CREATE TABLE resume_requests (
    id           text PRIMARY KEY NOT NULL,
    incident     integer NOT NULL REFERENCES incidents (id),
    requested_by text NOT NULL,
    requested_at datetime NOT NULL,
    expires_at   datetime NOT NULL,
    severity     text NOT NULL,
    digest       text NOT NULL,
    state        text NOT NULL,
    doc          text NOT NULL
);
CREATE INDEX resume_requests_incident ON resume_requests (incident, requested_at);

CREATE TABLE signoffs (
    request   text NOT NULL REFERENCES resume_requests (id),
    position  integer NOT NULL,
    role      text NOT NULL,
    signed_by text NOT NULL,
    verdict   text NOT NULL,
    digest    text NOT NULL,
    reason    text NOT NULL,
    at        datetime NOT NULL,
    PRIMARY KEY (request, position)
);
-- A second net: a GO counts once for a role and once for a person. A NO-GO is never refused.
CREATE UNIQUE INDEX signoffs_role ON signoffs (request, role) WHERE verdict = 'GO';
CREATE UNIQUE INDEX signoffs_person ON signoffs (request, signed_by) WHERE verdict = 'GO';

CREATE TABLE timers (
    key    text PRIMARY KEY NOT NULL,
    due    datetime NOT NULL,
    effect text NOT NULL
);
CREATE INDEX timers_due ON timers (due);

CREATE TABLE deliveries (
    key         text PRIMARY KEY NOT NULL,
    payload     blob,
    claimed_at  datetime NOT NULL,
    finished_at datetime
);
CREATE INDEX deliveries_unfinished ON deliveries (claimed_at) WHERE finished_at IS NULL;
CREATE INDEX deliveries_age ON deliveries (claimed_at);

CREATE TABLE versions (
    agent      text NOT NULL,
    component  text NOT NULL,
    version    text NOT NULL,
    first_seen datetime NOT NULL,
    last_seen  datetime NOT NULL,
    PRIMARY KEY (agent, component, version)
);

CREATE TABLE changes (
    id           text PRIMARY KEY NOT NULL,
    agent        text NOT NULL,
    component    text NOT NULL,
    from_version text NOT NULL,
    to_version   text NOT NULL,
    changed_by   text NOT NULL,
    url          text NOT NULL,
    at           datetime NOT NULL
);
CREATE INDEX changes_agent ON changes (agent, at);

CREATE TABLE pins (
    agent    text PRIMARY KEY NOT NULL,
    versions text NOT NULL
);

-- +goose StatementBegin
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'UPDATE of events is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'DELETE of events is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE incident = NEW.incident AND seq = NEW.seq) BEGIN
    SELECT RAISE(ABORT, 'REPLACE of events is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER incidents_no_delete BEFORE DELETE ON incidents BEGIN
    SELECT RAISE(ABORT, 'DELETE of incidents is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holds_no_delete BEFORE DELETE ON holds BEGIN
    SELECT RAISE(ABORT, 'DELETE of holds is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holds_lifted_once BEFORE UPDATE ON holds WHEN OLD.lifted_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'the hold was lifted: it is lifted once and never revived');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER holds_no_replace BEFORE INSERT ON holds
WHEN EXISTS (SELECT 1 FROM holds WHERE id = NEW.id OR incident = NEW.incident AND position = NEW.position) BEGIN
    SELECT RAISE(ABORT, 'REPLACE of holds is refused: it is a record');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER events_no_update;
DROP TRIGGER events_no_delete;
DROP TRIGGER events_no_replace;
DROP TRIGGER holds_no_delete;
DROP TRIGGER holds_lifted_once;
DROP TRIGGER holds_no_replace;
DROP TRIGGER incidents_no_delete;
DROP TABLE pins;
DROP TABLE changes;
DROP TABLE versions;
DROP TABLE deliveries;
DROP TABLE timers;
DROP TABLE signoffs;
DROP TABLE resume_requests;
DROP TABLE pages;
DROP TABLE alert_sightings;
DROP TABLE alert_noise;
DROP TABLE alert_repeats;
DROP TABLE alert_bodies;
DROP TABLE alerts;
DROP TABLE events;
DROP TABLE holds;
DROP TABLE incidents;
DROP TABLE meta;
