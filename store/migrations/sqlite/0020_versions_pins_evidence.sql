-- +goose Up
-- Since when a version was the current one of its component, until the next row of it.
CREATE TABLE version_runs (
    agent     text NOT NULL,
    component text NOT NULL,
    began_at  datetime NOT NULL,
    version   text NOT NULL,
    PRIMARY KEY (agent, component, began_at, version)
);
INSERT INTO version_runs (agent, component, began_at, version) SELECT agent, component, first_seen, version FROM versions;

-- What an incident pins, as its doc says, kept apart to be found quickly. The pins of the
-- first release were those of an agent; they go to its newest open incident with a rollback.
ALTER TABLE pins RENAME TO pins_of_agents;
CREATE TABLE pins (
    incident  integer NOT NULL REFERENCES incidents (id),
    agent     text NOT NULL,
    component text NOT NULL,
    version   text NOT NULL,
    begun_at  datetime NOT NULL,
    PRIMARY KEY (incident, agent, component)
);
INSERT INTO pins (incident, agent, component, version, begun_at)
    SELECT i.id, p.agent, v.key, v.value, i.detected_at
    FROM pins_of_agents p, json_each(p.versions) v
    JOIN incidents i ON i.id = (SELECT max(id) FROM incidents
        WHERE state NOT IN ('resumed', 'closed', 'cancelled') AND detected_at IS NOT NULL AND json_extract(doc, '$.Rollback.agent') = p.agent);
UPDATE incidents SET doc = json_set(doc, '$.Pins', json((
    SELECT json_group_array(json_object('incident', 'INC-' || p.incident, 'agent', p.agent, 'component', p.component, 'version', p.version,
        'begun_at', json_extract(incidents.doc, '$.Milestones.detected')))
    FROM pins p WHERE p.incident = incidents.id)))
    WHERE EXISTS (SELECT 1 FROM pins p WHERE p.incident = incidents.id);
DROP TABLE pins_of_agents;

-- What was kept as it was. The content is addressed by its hash, which the timeline tells too.
-- Without a row ID, which would be a second key for INSERT OR REPLACE to go by.
CREATE TABLE evidence (
    incident   integer NOT NULL REFERENCES incidents (id),
    name       text NOT NULL,
    sha256     text NOT NULL,
    media_type text NOT NULL,
    size       integer NOT NULL,
    at         datetime NOT NULL,
    content    blob NOT NULL,
    PRIMARY KEY (incident, sha256, name)
) WITHOUT ROWID;
-- +goose StatementBegin
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence BEGIN
    SELECT RAISE(ABORT, 'UPDATE of evidence is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence BEGIN
    SELECT RAISE(ABORT, 'DELETE of evidence is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER evidence_no_replace BEFORE INSERT ON evidence
WHEN EXISTS (SELECT 1 FROM evidence WHERE incident = NEW.incident AND sha256 = NEW.sha256 AND name = NEW.name) BEGIN
    SELECT RAISE(ABORT, 'REPLACE of evidence is refused: it is a record');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER evidence_no_update;
DROP TRIGGER evidence_no_delete;
DROP TRIGGER evidence_no_replace;
DROP TABLE evidence;
ALTER TABLE pins RENAME TO pins_of_incidents;
CREATE TABLE pins (
    agent    text PRIMARY KEY NOT NULL,
    versions text NOT NULL
);
INSERT INTO pins (agent, versions) SELECT agent, json_group_object(component, version) FROM (
    SELECT agent, component, version, row_number() OVER (PARTITION BY agent, component ORDER BY begun_at DESC, incident DESC) AS n FROM pins_of_incidents
) WHERE n = 1 GROUP BY agent;
DROP TABLE pins_of_incidents;
DROP TABLE version_runs;
