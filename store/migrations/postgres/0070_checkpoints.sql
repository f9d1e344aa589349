-- +goose Up
-- One chain over the heads of all timelines.
CREATE TABLE checkpoints (
    n    bigint PRIMARY KEY,
    at   timestamptz NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE checkpoint_heads (
    n        bigint NOT NULL REFERENCES checkpoints (n),
    incident bigint NOT NULL,
    seq      bigint NOT NULL,
    hash     text NOT NULL,
    PRIMARY KEY (n, incident)
);
CREATE INDEX checkpoint_heads_incident ON checkpoint_heads (incident, seq);
CREATE TRIGGER checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoints FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();
CREATE TRIGGER checkpoint_heads_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint_heads FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();

-- +goose Down
DROP TABLE checkpoint_heads, checkpoints;
