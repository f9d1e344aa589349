-- +goose Up
-- The running processes that share this database, so that they reach each other without it.
CREATE TABLE replicas (
    id      text PRIMARY KEY,
    url     text NOT NULL,
    version text NOT NULL,
    leads   boolean NOT NULL,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE replicas;
