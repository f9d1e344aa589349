-- +goose Up
-- Evidence stays as it was kept, but for one change: its content may go, once, with the reason.
ALTER TABLE evidence ADD COLUMN redacted text NOT NULL DEFAULT '';
DROP TRIGGER evidence_append_only ON evidence;
CREATE TRIGGER evidence_kept BEFORE DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();
-- +goose StatementBegin
CREATE FUNCTION tagout_redact_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.redacted <> '' OR NEW.redacted = '' OR NEW.content <> ''
        OR (NEW.incident, NEW.name, NEW.sha256, NEW.media_type, NEW.size, NEW.at) IS DISTINCT FROM (OLD.incident, OLD.name, OLD.sha256, OLD.media_type, OLD.size, OLD.at) THEN
        RAISE EXCEPTION 'UPDATE of evidence is refused: it is a record' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER evidence_redacted_only BEFORE UPDATE ON evidence FOR EACH ROW EXECUTE FUNCTION tagout_redact_only();

-- +goose Down
DROP TRIGGER evidence_redacted_only ON evidence;
DROP TRIGGER evidence_kept ON evidence;
DROP FUNCTION tagout_redact_only();
CREATE TRIGGER evidence_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence FOR EACH STATEMENT EXECUTE FUNCTION tagout_refuse();
ALTER TABLE evidence DROP COLUMN redacted;
