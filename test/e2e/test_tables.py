"""Tables of other people: patterns, options of one table, keys of any bytes."""

from pathlib import Path

from conftest import Outbox


def test_each_table_has_its_options(outbox: Outbox, tmp_path: Path) -> None:
    """From the INI file to the record: what stands behind an entry holds for it."""
    kind = outbox.aggregate_type
    outbox.create_slot()
    outbox.db.execute(
        "CREATE SCHEMA tenant_a; CREATE SCHEMA tenant_b;"
        " CREATE TABLE tenant_a.outbox (n int, kind text, key bytea, body jsonb, at timestamp);"
        " CREATE TABLE tenant_b.outbox (LIKE tenant_a.outbox);"
        " CREATE TABLE bills (id int, kind text, state text, body text)"
    )
    config = tmp_path / "relay.ini"
    config.write_text(
        "[outbox]\n"
        "tables = tenant_*.outbox(key=key, key_encoding=raw, value=row(n, body:data)),\n"
        f"    public.bills(key='${{kind}}/${{id}}', topic='{outbox.topic}',\n"
        "        where='state <> ''draft''', payload=body, headers='''a; b'':c, $table:t')\n"
        "topic = ${kind}.events\n"
        "headers = $schema:schema\n"
    )
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.relay("-c", str(config))
    outbox.db.execute(
        "INSERT INTO tenant_a.outbox VALUES (1, %s, '\\x0000000007ff', '{\"x\": 1.50}');"
        " INSERT INTO tenant_b.outbox VALUES (2, %s, NULL, 'null');"
        " INSERT INTO bills VALUES (3, 'k', 'draft', 'no'), (4, 'k', 'sent', 'yes')".replace(
            "%s", f"'{kind}'"
        )
    )
    records = outbox.wait_published(3)
    assert [(r.key, r.value, dict(r.headers)) for r in records] == [
        (b"\x00\x00\x00\x00\x07\xff", b'{"n":1,"data":{"x": 1.50}}', {"schema": b"tenant_a"}),
        (None, b'{"n":2,"data":null}', {"schema": b"tenant_b"}),
        (b"k/4", b"yes", {"c": b"a; b", "t": b"bills"}),
    ]
