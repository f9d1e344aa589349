-- +goose Up
CREATE TABLE overrides (
    id           text PRIMARY KEY NOT NULL,
    rotation     text NOT NULL,
    person       text NOT NULL,
    from_at      datetime NOT NULL,
    until_at     datetime NOT NULL,
    by_kind      text NOT NULL,
    by_id        text NOT NULL,
    set_at       datetime NOT NULL,
    why          text NOT NULL,
    cancelled_by text NOT NULL,
    cancelled_at datetime
);
CREATE INDEX overrides_until ON overrides (until_at);

-- +goose Down
DROP TABLE overrides;
