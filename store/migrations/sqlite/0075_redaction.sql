-- +goose Up
-- Evidence stays as it was kept, but for one change: its content may go, once, with the reason.
ALTER TABLE evidence ADD COLUMN redacted text NOT NULL DEFAULT '';
DROP TRIGGER evidence_no_update;
-- +goose StatementBegin
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence
WHEN OLD.redacted <> '' OR NEW.redacted = '' OR length(NEW.content) > 0 OR NEW.incident <> OLD.incident OR NEW.name <> OLD.name
    OR NEW.sha256 <> OLD.sha256 OR NEW.media_type <> OLD.media_type OR NEW.size <> OLD.size OR NEW.at <> OLD.at BEGIN
    SELECT RAISE(ABORT, 'UPDATE of evidence is refused: it is a record');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER evidence_no_update;
-- +goose StatementBegin
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence BEGIN
    SELECT RAISE(ABORT, 'UPDATE of evidence is refused: it is a record');
END;
-- +goose StatementEnd
ALTER TABLE evidence DROP COLUMN redacted;
