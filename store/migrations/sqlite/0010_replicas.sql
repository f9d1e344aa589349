-- +goose Up
-- The running processes that share this database, so that they reach each other without it.
CREATE TABLE replicas (
    id      text PRIMARY KEY NOT NULL,
    url     text NOT NULL,
    version text NOT NULL,
    leads   boolean NOT NULL,
    seen_at datetime NOT NULL
);

-- +goose Down
DROP TABLE replicas;
