-- +goose Up
CREATE TABLE silences (
    id       integer PRIMARY KEY AUTOINCREMENT NOT NULL,
    key      text NOT NULL UNIQUE,
    until_at datetime,
    over     boolean NOT NULL,
    doc      text NOT NULL
);
CREATE INDEX silences_standing ON silences (until_at) WHERE NOT over;
CREATE TABLE silenced_alerts (
    silence  integer NOT NULL,
    alert    text NOT NULL,
    incident integer NOT NULL,
    let_go   boolean NOT NULL DEFAULT false,
    PRIMARY KEY (silence, alert)
) WITHOUT ROWID;

-- +goose Down
DROP TABLE silenced_alerts;
DROP TABLE silences;
