-- +goose Up
CREATE TABLE overrides (
    id           text PRIMARY KEY NOT NULL,
    rotation     text NOT NULL,
    person       text NOT NULL,
    from_at      timestamptz NOT NULL,
    until_at     timestamptz NOT NULL,
    by_kind      text NOT NULL,
    by_id        text NOT NULL,
    set_at       timestamptz NOT NULL,
    why          text NOT NULL,
    cancelled_by text NOT NULL,
    cancelled_at timestamptz
);
CREATE INDEX overrides_until ON overrides (until_at);

-- +goose Down
DROP TABLE overrides;
