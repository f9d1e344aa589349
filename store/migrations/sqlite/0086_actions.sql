-- +goose Up
-- The corrective actions of incidents as they are looked for; what they say stands with their incident.
CREATE TABLE corrective_actions (
    incident integer NOT NULL,
    number   integer NOT NULL,
    owner    text NOT NULL,
    due      datetime NOT NULL,
    state    text NOT NULL,
    tracker  text NOT NULL,
    ticket   text NOT NULL,
    PRIMARY KEY (incident, number)
);
CREATE INDEX corrective_actions_due ON corrective_actions (state, due);
CREATE INDEX corrective_actions_ticket ON corrective_actions (tracker, ticket);

-- +goose Down
DROP TABLE corrective_actions;
