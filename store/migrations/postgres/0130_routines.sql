-- +goose Up
CREATE TABLE routines (
    name    text PRIMARY KEY,
    spec    text NOT NULL,
    zone    text NOT NULL,
    next_at timestamptz,
    last_at timestamptz
);

-- +goose Down
DROP TABLE routines;
