-- Two roles for Tagout's database, so that the program itself cannot rewrite its record:
--
--   tagout_owner  owns the tables and runs `tagout migrate`
--   tagout_app    is what `tagout serve --no-migrate` connects as; it can add to the timeline,
--                 but not change, delete or truncate it, nor take away the triggers that guard it
--
-- Once, as a superuser:
--
--   CREATE ROLE tagout_owner LOGIN PASSWORD '…';
--   CREATE ROLE tagout_app LOGIN PASSWORD '…';
--   CREATE DATABASE tagout OWNER tagout_owner;
--
-- Then, after every `tagout migrate`, as tagout_owner in the database tagout:
--
--   psql "postgres://tagout_owner@db.example.com/tagout" -f roles.sql
--
-- It may be run any number of times.
BEGIN;

GRANT USAGE ON SCHEMA public TO tagout_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO tagout_app;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO tagout_app;

-- The timeline and the evidence are only added to, and nothing of the record is ever deleted.
REVOKE UPDATE, DELETE ON events, evidence, checkpoints, checkpoint_heads FROM tagout_app;
REVOKE DELETE ON incidents, holds, resume_requests FROM tagout_app;
REVOKE UPDATE, DELETE ON signoffs FROM tagout_app;

-- Which schema this is stays the owner's business.
REVOKE INSERT, UPDATE, DELETE ON goose_db_version FROM tagout_app;

-- With `evidence: {keep: …}` the program itself takes the content of old evidence away. It needs
-- this for it, and no more: a trigger still lets it do nothing else to evidence. Without it, run
-- `tagout redact` as the owner.
--
--   GRANT UPDATE (content, redacted) ON evidence TO tagout_app;

COMMIT;
