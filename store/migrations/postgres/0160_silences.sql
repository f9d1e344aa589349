-- +goose Up
CREATE TABLE silences (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key      text NOT NULL UNIQUE,
    until_at timestamptz,
    over     boolean NOT NULL,
    doc      text NOT NULL
);
CREATE INDEX silences_standing ON silences (until_at) WHERE NOT over;
CREATE TABLE silenced_alerts (
    silence  bigint NOT NULL,
    alert    text NOT NULL,
    incident bigint NOT NULL,
    let_go   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (silence, alert)
);

-- +goose Down
DROP TABLE silenced_alerts;
DROP TABLE silences;
