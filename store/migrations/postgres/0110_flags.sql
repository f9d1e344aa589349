-- +goose Up
CREATE TABLE flags (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key   text NOT NULL UNIQUE,
    state text NOT NULL,
    doc   text NOT NULL
);
CREATE INDEX flags_open ON flags (id) WHERE state = 'open';

-- +goose Down
DROP TABLE flags;
