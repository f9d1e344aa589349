-- +goose Up
CREATE TABLE form_drafts (
    incident integer NOT NULL,
    form     text NOT NULL,
    person   text NOT NULL,
    at       datetime NOT NULL,
    doc      text NOT NULL,
    PRIMARY KEY (incident, form, person)
);

CREATE TABLE delegations (
    id         text PRIMARY KEY NOT NULL,
    role       text NOT NULL,
    person     text NOT NULL,
    given_by   text NOT NULL,
    from_at    datetime NOT NULL,
    until_at   datetime NOT NULL,
    why        text NOT NULL,
    revoked_by text NOT NULL,
    revoked_at datetime
);
CREATE INDEX delegations_until ON delegations (until_at);

-- +goose Down
DROP TABLE delegations;
DROP TABLE form_drafts;
