-- +goose Up
-- One chain over the heads of all timelines.
CREATE TABLE checkpoints (
    n    integer PRIMARY KEY,
    at   datetime NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE checkpoint_heads (
    n        integer NOT NULL REFERENCES checkpoints (n),
    incident integer NOT NULL,
    seq      integer NOT NULL,
    hash     text NOT NULL,
    PRIMARY KEY (n, incident)
);
CREATE INDEX checkpoint_heads_incident ON checkpoint_heads (incident, seq);
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'UPDATE of checkpoints is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints BEGIN
    SELECT RAISE(ABORT, 'DELETE of checkpoints is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_replace BEFORE INSERT ON checkpoints WHEN EXISTS (SELECT 1 FROM checkpoints WHERE n = NEW.n) BEGIN
    SELECT RAISE(ABORT, 'REPLACE of checkpoints is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoint_heads_no_update BEFORE UPDATE ON checkpoint_heads BEGIN
    SELECT RAISE(ABORT, 'UPDATE of checkpoint_heads is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoint_heads_no_delete BEFORE DELETE ON checkpoint_heads BEGIN
    SELECT RAISE(ABORT, 'DELETE of checkpoint_heads is refused: it is a record');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoint_heads_no_replace BEFORE INSERT ON checkpoint_heads
WHEN EXISTS (SELECT 1 FROM checkpoint_heads WHERE n = NEW.n AND incident = NEW.incident) BEGIN
    SELECT RAISE(ABORT, 'REPLACE of checkpoint_heads is refused: it is a record');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER checkpoints_no_update;
DROP TRIGGER checkpoints_no_delete;
DROP TRIGGER checkpoints_no_replace;
DROP TRIGGER checkpoint_heads_no_update;
DROP TRIGGER checkpoint_heads_no_delete;
DROP TRIGGER checkpoint_heads_no_replace;
DROP TABLE checkpoint_heads;
DROP TABLE checkpoints;
