-- +goose Up
CREATE TABLE meta (
    key   text PRIMARY KEY,
    value text NOT NULL
);
INSERT INTO meta (key, value) VALUES ('database_id', gen_random_uuid()::text);

-- An incident's doc is the whole of it; the columns beside it are what is queried.
CREATE SEQUENCE incident_number;
CREATE TABLE incidents (
    id              bigint PRIMARY KEY,
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
    onset_at        timestamptz,
    detected_at     timestamptz,
    acknowledged_at timestamptz,
    contained_at    timestamptz,
    mitigated_at    timestamptz,
    resumed_at      timestamptz,
    reviewed_at     timestamptz,
    alerts_distinct bigint NOT NULL,
    alerts_firing   bigint NOT NULL,
    head_seq        bigint NOT NULL,
    head_hash       text NOT NULL,
    doc             text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX incidents_open ON incidents (agent, class, id) WHERE state NOT IN ('resumed', 'closed', 'cancelled');
CREATE INDEX incidents_correlation ON incidents (correlation) WHERE correlation <> '' AND state NOT IN ('resumed', 'closed', 'cancelled');
CREATE INDEX incidents_channel ON incidents (channel) WHERE channel <> '';
CREATE INDEX incidents_agent ON incidents (agent, id);
CREATE INDEX incidents_detected ON incidents (detected_at);

CREATE TABLE holds (
    id        text PRIMARY KEY,
    incident  bigint NOT NULL REFERENCES incidents (id),
    position  bigint NOT NULL,
    agent     text NOT NULL,
    scope     text NOT NULL,
    mode      text NOT NULL,
    hung_at   timestamptz NOT NULL,
    lifted_at timestamptz,
    lifted_by text NOT NULL,
    doc       text NOT NULL,
    UNIQUE (incident, position)
);
CREATE INDEX holds_standing ON holds (incident) WHERE lifted_at IS NULL;
CREATE INDEX holds_agent ON holds (agent, incident);

-- The timeline. data is text, so that the bytes that were hashed stay as they were.
CREATE TABLE events (
    incident   bigint NOT NULL,
    seq        bigint NOT NULL,
    at         timestamptz NOT NULL,
    actor_kind text NOT NULL,
    actor_id   text NOT NULL,
    kind       text NOT NULL,
    data       text NOT NULL,
    prev       text NOT NULL,
    hash       text NOT NULL,
    PRIMARY KEY (incident, seq)
);

-- Alerts that are the same alert: one row, counted. The bodies are the evidence.
CREATE TABLE alerts (
    id          text PRIMARY KEY,
    incident    bigint, -- none while below the threshold
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
    count       bigint NOT NULL,
    first_at    timestamptz NOT NULL,
    last_at     timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX alerts_firing ON alerts (agent) WHERE status = 'firing';

CREATE TABLE alert_bodies (
    alert    text NOT NULL,
    incident bigint NOT NULL, -- 0 while below the threshold
    status   text NOT NULL,
    at       timestamptz NOT NULL,
    doc      text NOT NULL,
    raw      bytea,
    PRIMARY KEY (alert, incident, status)
);
CREATE INDEX alert_bodies_incident ON alert_bodies (incident, at);

CREATE TABLE alert_repeats (
    incident bigint PRIMARY KEY,
    count    bigint NOT NULL
) WITH (fillfactor = 50);

-- When something last came or ended on a scope.
CREATE TABLE alert_noise (
    agent   text NOT NULL,
    channel text NOT NULL,
    region  text NOT NULL,
    tool    text NOT NULL,
    last_at timestamptz NOT NULL,
    PRIMARY KEY (agent, channel, region, tool)
) WITH (fillfactor = 50);

-- Occurrences of what has not reached its threshold yet.
CREATE TABLE alert_sightings (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    agent text NOT NULL,
    class text NOT NULL,
    at    timestamptz NOT NULL,
    alert text NOT NULL
);
CREATE INDEX alert_sightings_window ON alert_sightings (agent, class, at);

CREATE TABLE pages (
    id        text PRIMARY KEY,
    n         bigint GENERATED ALWAYS AS IDENTITY,
    incident  bigint NOT NULL REFERENCES incidents (id),
    round     bigint NOT NULL,
    pager     text NOT NULL,
    person    text NOT NULL,
    severity  text NOT NULL,
    status    text NOT NULL,
    queued_at timestamptz NOT NULL,
    sent_at   timestamptz,
    doc       text NOT NULL
);
CREATE INDEX pages_incident ON pages (incident, n);

CREATE TABLE resume_requests (
    id           text PRIMARY KEY,
    incident     bigint NOT NULL REFERENCES incidents (id),
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    severity     text NOT NULL,
    digest       text NOT NULL,
    state        text NOT NULL,
    doc          text NOT NULL
);
CREATE INDEX resume_requests_incident ON resume_requests (incident, requested_at);

CREATE TABLE signoffs (
    request   text NOT NULL REFERENCES resume_requests (id),
    position  bigint NOT NULL,
    role      text NOT NULL,
    signed_by text NOT NULL,
    verdict   text NOT NULL,
    digest    text NOT NULL,
    reason    text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (request, position)
);
-- A second net: a GO counts once for a role and once for a person. A NO-GO is never refused.
CREATE UNIQUE INDEX signoffs_role ON signoffs (request, role) WHERE verdict = 'GO';
CREATE UNIQUE INDEX signoffs_person ON signoffs (request, signed_by) WHERE verdict = 'GO';

CREATE TABLE timers (
    key    text PRIMARY KEY,
    due    timestamptz NOT NULL,
    effect text NOT NULL
);
CREATE INDEX timers_due ON timers (due);

CREATE TABLE deliveries (
    key         text PRIMARY KEY,
    payload     bytea,
    claimed_at  timestamptz NOT NULL,
    finished_at timestamptz
);
CREATE INDEX deliveries_unfinished ON deliveries (claimed_at) WHERE finished_at IS NULL;
CREATE INDEX deliveries_age ON deliveries (claimed_at);

CREATE TABLE versions (
    agent      text NOT NULL,
    component  text NOT NULL,
    version    text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen  timestamptz NOT NULL,
    PRIMARY KEY (agent, component, version)
);

CREATE TABLE changes (
    id           text PRIMARY KEY,
    agent        text NOT NULL,
    component    text NOT NULL,
    from_version text NOT NULL,
    to_version   text NOT NULL,
    changed_by   text NOT NULL,
    url          text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX changes_agent ON changes (agent, at);

CREATE TABLE pins (
    agent    text PRIMARY KEY,
    versions text NOT NULL
);

-- +goose StatementBegin
CREATE FUNCTION tagout_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: it is a record', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION tagout_keep_lifted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.lifted_at IS NOT NULL THEN
        RAISE EXCEPTION 'hold % was lifted: it is lifted once and never revived', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();
CREATE TRIGGER incidents_kept BEFORE DELETE OR TRUNCATE ON incidents FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();
CREATE TRIGGER holds_kept BEFORE DELETE OR TRUNCATE ON holds FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();
CREATE TRIGGER holds_lifted_once BEFORE UPDATE ON holds FOR EACH ROW EXECUTE FUNCTION tagout_keep_lifted();

-- +goose Down
DROP TABLE pins, changes, versions, deliveries, timers, signoffs, resume_requests, pages, alert_sightings,
    alert_noise, alert_repeats, alert_bodies, alerts, events, holds, incidents, meta;
DROP SEQUENCE incident_number;
DROP FUNCTION tagout_refuse();
DROP FUNCTION tagout_keep_lifted();
