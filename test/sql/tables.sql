\set SHOW_CONTEXT never
-- Which tables are outboxes: those that are named, by schema and name.
SELECT open_slot();
CREATE SCHEMA billing;
CREATE SCHEMA "Odd "" schema";
CREATE TABLE billing.outbox (LIKE outbox INCLUDING DEFAULTS);
CREATE TABLE "Odd "" schema"."Out, box." (LIKE outbox INCLUDING DEFAULTS);
CREATE TABLE outbox2 (LIKE outbox INCLUDING DEFAULTS);

-- Only public.outbox by default; a name in another schema is another table.
CREATE PROCEDURE fill() LANGUAGE sql AS
$$
    INSERT INTO public.outbox (id, aggregate_type, aggregate_id, event_type, payload)
        VALUES ('00000000-0000-0000-0000-000000000001', 'T', 'public', 'e', '1');
    INSERT INTO billing.outbox (id, aggregate_type, aggregate_id, event_type, payload)
        VALUES ('00000000-0000-0000-0000-000000000002', 'T', 'billing', 'e', '2');
    INSERT INTO "Odd "" schema"."Out, box." (id, aggregate_type, aggregate_id, event_type, payload)
        VALUES ('00000000-0000-0000-0000-000000000003', 'T', 'odd', 'e', '3');
    INSERT INTO outbox2 (id, aggregate_type, aggregate_id, event_type, payload)
        VALUES ('00000000-0000-0000-0000-000000000004', 'T', 'outbox2', 'e', '4');
    DELETE FROM public.outbox;
$$;
CALL fill();
SELECT members('key');
CALL fill();
SELECT members('key', 'tables', 'billing.outbox');
-- Several, in the order of their changes; names are folded and quoted as in SQL.
CALL fill();
SELECT members('key', 'tables', ' "Odd "" schema"."Out, box." , PUBLIC.OutBox,billing."outbox"');
SELECT members('key', 'tables', 'public."OutBox"');
-- The search_path has no say.
SET search_path = billing, public;
CALL fill();
SELECT members('key', 'tables', 'public.outbox2');
RESET search_path;
-- Error lines name the table as SQL would.
INSERT INTO "Odd "" schema"."Out, box." (id, aggregate_type, aggregate_id, event_type, payload)
    VALUES ('00000000-0000-0000-0000-000000000005', ' ', 'odd', 'e', '3');
SELECT members('relation', 'tables', '"Odd "" schema"."Out, box."');

-- Other tables, temporary and unlogged ones say nothing.
CREATE TEMP TABLE outbox (LIKE public.outbox);
INSERT INTO pg_temp.outbox VALUES (gen_random_uuid(), 'T', 'temp', 'e', '1', now());
CREATE UNLOGGED TABLE billing.unlogged (LIKE public.outbox);
INSERT INTO billing.unlogged VALUES (gen_random_uuid(), 'T', 'unlogged', 'e', '1', now());
SELECT lines();
-- No table at all.
INSERT INTO public.outbox (aggregate_type, aggregate_id, event_type, payload) VALUES ('T', 'public', 'e', '1');
SELECT lines('tables', ' ');

DROP TABLE pg_temp.outbox, outbox2;
DROP PROCEDURE fill;
DROP SCHEMA billing, "Odd "" schema" CASCADE;
SELECT close_slot();
