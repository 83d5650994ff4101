"""The relay takes over from a Debezium that dies in the middle of its work."""

import json
from collections import Counter
from pathlib import Path

from harness.debezium import Connect
from harness.kafka import Kafka, Record
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.process import run
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from harness.workload import Writer, check

TOPIC = "Taken.events"
WRITERS = 2

CONNECTOR = {
    "name": "outbox",
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "database.hostname": "127.0.0.1",
    "database.user": "postgres",
    "database.password": "none",
    "database.dbname": "takeover",
    "topic.prefix": "takeover",
    "plugin.name": "pgoutput",
    "publication.autocreate.mode": "filtered",
    "table.include.list": "public.outbox",
    "snapshot.mode": "no_data",
    "tombstones.on.delete": "false",
    "key.converter": "org.apache.kafka.connect.storage.StringConverter",
    "value.converter": "org.apache.kafka.connect.storage.StringConverter",
    "transforms": "outbox",
    "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
    "transforms.outbox.table.field.event.key": "aggregate_id",
    "transforms.outbox.route.by.field": "aggregate_type",
    "transforms.outbox.route.topic.replacement": "${routedByValue}.events",
    "transforms.outbox.table.fields.additional.placement": "event_type:header:eventType",
}

# Debezium is killed once it has published this much, and the relay stopped.
EVENTS = 2000


class Database:
    """A server whose connections are to one of its databases."""

    def __init__(self, postgres: Postgres, name: str) -> None:
        self._postgres, self._name = postgres, name

    def connect(self):
        return self._postgres.connect(self._name)


def is_debeziums(record: Record) -> bool:
    return any(name.startswith("__debezium.context.") for name, _ in record.headers)


def ids(records: list[Record]) -> set[str]:
    return {record.header("id") for record in records}


def test_takeover(
    scratch: Scratch, postgres: Postgres, kafka: Kafka, tmp_path: Path
) -> None:
    with postgres.connect() as db:
        db.execute("CREATE DATABASE takeover")
    db = postgres.connect("takeover")
    db.execute(TABLE)
    kafka.create_topic(TOPIC)
    connector = {**CONNECTOR, "database.port": str(postgres.port)}
    (tmp_path / "connector.json").write_text(json.dumps(connector))
    config = tmp_path / "pg_outbox.ini"
    config.write_text(run([str(BINARY), "import", str(tmp_path / "connector.json")]))

    def slot_is(condition: str) -> bool:
        row = db.execute(
            "SELECT " + condition + " FROM pg_replication_slots WHERE slot_name = 'debezium'"
        ).fetchone()
        return bool(row and row[0])

    connect = Connect(
        scratch, kafka, "takeover",
        "value.converter=org.apache.kafka.connect.storage.StringConverter\n", [connector],
    )
    wait_until(lambda: slot_is("active"), f"Debezium streams ({connect.log})", 300)
    database = Database(postgres, "takeover")
    writers = [Writer(database, "Taken", f"w{n}", n) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    wait_until(lambda: kafka.count(TOPIC) >= EVENTS, "a load", 240)
    connect.kill()
    wait_until(lambda: slot_is("NOT active"), "a slot that nobody reads", 120)

    # The writers go on all the time.
    arguments = ("-c", str(config), "-d", postgres.conninfo("takeover"))
    print(run([str(BINARY), "create-slot", *arguments, "--from", "debezium"]))
    [behind] = db.execute(
        "SELECT array_agg(data::json -> 'headers' ->> 'id') FROM"
        " pg_logical_slot_peek_changes('pg_outbox', NULL, NULL, 'key', 'aggregate_id',"
        " 'topic', 't', 'headers', 'id') WHERE data LIKE '{\"topic\"%'"
    ).fetchone()
    relay = Relay(*arguments, "-b", kafka.brokers)
    try:
        relay.wait_for_log("streaming")
        taken = kafka.count(TOPIC)
        wait_until(lambda: kafka.count(TOPIC) >= taken + EVENTS, "a load", 240)
        for writer in writers:
            writer.stop()
        committed = dict(
            db.execute("SELECT aggregate_id, max(payload::int) FROM outbox GROUP BY 1").fetchall()
        )
        [rows] = db.execute("SELECT array_agg(id::text) FROM outbox").fetchone()
        wait_until(lambda: ids(kafka.read(TOPIC)) >= set(rows), "all published", 240)
        assert relay.terminate() == 0
    finally:
        relay.kill()

    records = kafka.read(TOPIC)
    # Nothing is lost, and the keys keep their order.
    repeated = check(records, committed)
    theirs = [record for record in records if is_debeziums(record)]
    ours = [record for record in records if not is_debeziums(record)]
    times = Counter(record.header("id") for record in records)
    again = {id for id, count in times.items() if count > 1}
    print(
        f"{len(rows)} committed, {len(theirs)} published by Debezium, {len(ours)} by the relay,"
        f" {repeated} of them again"
    )
    assert len(theirs) >= EVENTS and len(ours) >= EVENTS
    # What comes again is what Debezium had published and not confirmed, once.
    assert max(times.values()) <= 2
    assert repeated == len(again)
    assert again == ids(theirs) & set(behind)
    # What it had confirmed the relay does not publish.
    assert ids(ours) == set(rows) - (ids(theirs) - set(behind))
    # A key is in one partition, whoever publishes it.
    partitions: dict[bytes, set[int]] = {}
    for record in records:
        partitions.setdefault(record.key, set()).add(record.partition)
    assert all(len(found) == 1 for found in partitions.values())
