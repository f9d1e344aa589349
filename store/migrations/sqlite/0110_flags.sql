-- +goose Up
CREATE TABLE flags (
    id    integer PRIMARY KEY AUTOINCREMENT NOT NULL,
    key   text NOT NULL UNIQUE,
    state text NOT NULL,
    doc   text NOT NULL
);
CREATE INDEX flags_open ON flags (id) WHERE state = 'open';

-- +goose Down
DROP TABLE flags;
