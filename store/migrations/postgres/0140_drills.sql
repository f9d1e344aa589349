-- +goose Up
-- The drills as they are looked for; doc is what their incident says of them.
CREATE TABLE drills (
    incident bigint PRIMARY KEY NOT NULL,
    agent    text NOT NULL,
    action   text NOT NULL,
    began_at timestamptz NOT NULL,
    doc      text NOT NULL
);
CREATE INDEX drills_began ON drills (agent, began_at);

-- +goose Down
DROP TABLE drills;
