-- Rows of inheritance children are rows of the outbox.
SELECT open_slot();
CREATE TABLE family (id int, aggregate_type text, aggregate_id text, payload text);
CREATE TABLE child (extra text) INHERITS (family);
CREATE TABLE grandchild (payload text, extra text, junk int, aggregate_id text, id int, aggregate_type text);
ALTER TABLE grandchild DROP junk;
ALTER TABLE grandchild INHERIT child;

INSERT INTO family VALUES (1, 'T', 'family', 'p');
INSERT INTO child VALUES (2, 'T', 'child', 'p');
INSERT INTO grandchild VALUES ('p', NULL, 'grandchild', 3, 'T');
SELECT count(*) FROM family;
SELECT lines('tables', 'public.family', 'headers', 'id');
-- Only those below what is named.
INSERT INTO family VALUES (4, 'T', 'not below', 'p');
INSERT INTO grandchild VALUES ('p', NULL, 'below child', 5, 'T');
SELECT members('key', 'tables', 'public.child', 'headers', '');

-- By trigger, as partitions were made before there were any.
CREATE FUNCTION redirect() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO child VALUES (NEW.*); RETURN NULL; END $$;
CREATE TRIGGER redirect BEFORE INSERT ON family FOR EACH ROW EXECUTE FUNCTION redirect();
INSERT INTO family VALUES (6, 'T', 'redirected', 'p');
SELECT members('key', 'tables', 'public.family', 'headers', '');
SELECT tableoid::regclass FROM family WHERE id = 6;
DROP TRIGGER redirect ON family;
DROP FUNCTION redirect;

-- No child any more, and one again, in one decoding; two parents.
INSERT INTO grandchild VALUES ('p', NULL, 'is a child', 7, 'T');
ALTER TABLE grandchild NO INHERIT child;
INSERT INTO grandchild VALUES ('p', NULL, 'is none', 8, 'T');
CREATE TABLE stranger (aggregate_id text);
ALTER TABLE grandchild INHERIT stranger;
INSERT INTO grandchild VALUES ('p', NULL, 'has another parent', 9, 'T');
ALTER TABLE grandchild INHERIT family;
INSERT INTO grandchild VALUES ('p', NULL, 'has two', 10, 'T');
ALTER TABLE family RENAME TO renamed;
INSERT INTO grandchild VALUES ('p', NULL, 'parent has another name', 11, 'T');
ALTER TABLE grandchild NO INHERIT renamed;
INSERT INTO grandchild VALUES ('p', NULL, 'left the renamed one', 12, 'T');
ALTER TABLE renamed RENAME TO family;
SELECT line::json ->> 'key' AS key, line::json ->> 'error' AS error FROM lines('tables', 'public.family', 'headers', '') line
WHERE line NOT LIKE '{"commit"%';

DROP TABLE grandchild, child, family, stranger;
SELECT close_slot();
