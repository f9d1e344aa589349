-- +goose Up
-- Since when a version was the current one of its component, until the next row of it.
CREATE TABLE version_runs (
    agent     text NOT NULL,
    component text NOT NULL,
    began_at  timestamptz NOT NULL,
    version   text NOT NULL,
    PRIMARY KEY (agent, component, began_at, version)
);
INSERT INTO version_runs (agent, component, began_at, version) SELECT agent, component, first_seen, version FROM versions;

-- What an incident pins, as its doc says, kept apart to be found quickly. The pins of the
-- first release were those of an agent; they go to its newest open incident with a rollback.
ALTER TABLE pins RENAME TO pins_of_agents;
CREATE TABLE pins (
    incident  bigint NOT NULL REFERENCES incidents (id),
    agent     text NOT NULL,
    component text NOT NULL,
    version   text NOT NULL,
    begun_at  timestamptz NOT NULL,
    PRIMARY KEY (incident, agent, component)
);
INSERT INTO pins (incident, agent, component, version, begun_at)
    SELECT i.id, p.agent, v.key, v.value, i.detected_at
    FROM pins_of_agents p CROSS JOIN LATERAL jsonb_each_text(p.versions::jsonb) v
    JOIN incidents i ON i.id = (SELECT max(id) FROM incidents
        WHERE state NOT IN ('resumed', 'closed', 'cancelled') AND detected_at IS NOT NULL AND doc::jsonb -> 'Rollback' ->> 'agent' = p.agent);
UPDATE incidents i SET doc = jsonb_set(doc::jsonb, '{Pins}', (
    SELECT jsonb_agg(jsonb_build_object('incident', 'INC-' || p.incident, 'agent', p.agent, 'component', p.component, 'version', p.version,
        'begun_at', i.doc::jsonb -> 'Milestones' ->> 'detected') ORDER BY p.component)
    FROM pins p WHERE p.incident = i.id))::text
    WHERE EXISTS (SELECT 1 FROM pins p WHERE p.incident = i.id);
DROP TABLE pins_of_agents;

-- What was kept as it was. The content is addressed by its hash, which the timeline tells too.
CREATE TABLE evidence (
    incident   bigint NOT NULL REFERENCES incidents (id),
    name       text NOT NULL,
    sha256     text NOT NULL,
    media_type text NOT NULL,
    size       bigint NOT NULL,
    at         timestamptz NOT NULL,
    content    bytea NOT NULL,
    PRIMARY KEY (incident, sha256, name)
);
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();

-- +goose Down
DROP TABLE evidence;
ALTER TABLE pins RENAME TO pins_of_incidents;
CREATE TABLE pins (
    agent    text PRIMARY KEY,
    versions text NOT NULL
);
INSERT INTO pins (agent, versions) SELECT agent, json_object_agg(component, version)::text FROM (
    SELECT DISTINCT ON (agent, component) agent, component, version FROM pins_of_incidents ORDER BY agent, component, begun_at DESC, incident DESC
) newest GROUP BY agent;
DROP TABLE pins_of_incidents;
DROP TABLE version_runs;
