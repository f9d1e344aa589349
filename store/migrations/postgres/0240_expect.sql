-- +goose Up
-- Ends a transaction whose assumptions do not hold, before it writes anything.
-- +goose StatementBegin
CREATE FUNCTION tagout_expect(holds boolean) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'something else was expected; it is tried again' USING ERRCODE = 'TG001';
    END IF;
    RETURN true;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION tagout_expect(boolean);
