-- +goose Up
CREATE TABLE routines (
    name    text PRIMARY KEY NOT NULL,
    spec    text NOT NULL,
    zone    text NOT NULL,
    next_at datetime,
    last_at datetime
);

-- +goose Down
DROP TABLE routines;
