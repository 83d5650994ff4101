"""What commits is published: once, in order per key, byte for byte."""

import json
import random
import struct
import threading
from collections import defaultdict

import psycopg
import pytest
from conftest import ADD, Outbox
from harness.kafka import Record
from harness.wait import wait_until


def numbers(records: list[Record]) -> list[int]:
    return [int(record.value) for record in records]


def by_key(records: list[Record]) -> dict[str, list[int]]:
    """The numbers of each key in the order in which a consumer sees them."""
    result: dict[str, list[int]] = defaultdict(list)
    for record in records:
        result[record.key.decode()].append(int(record.value))
    return result


def test_the_main_job(outbox: Outbox) -> None:
    """Commit, rollback, cleanup: only what committed is there, as it was."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    payload = '{"n": 123456789012345678901234567890, "u": "\\u00e9"}'
    outbox.add("task-1", payload)
    with psycopg.connect(outbox.conninfo) as connection:
        connection.execute(ADD, (outbox.aggregate_type, "gone", "{}"))
        connection.rollback()
    outbox.add("task-1", '"second"')
    rows = outbox.db.execute(
        "SELECT id::text, payload::text FROM outbox ORDER BY created_at"
    ).fetchall()
    outbox.db.execute("DELETE FROM outbox")

    relay = outbox.relay()
    records = outbox.wait_published(2)
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    records = outbox.kafka.read(outbox.topic)

    assert [r.header("id") for r in records] == [row[0] for row in rows]
    assert [r.value.decode() for r in records] == [row[1] for row in rows]
    assert records[0].value == (
        '{"n": 123456789012345678901234567890, "u": "é"}'.encode()
    )
    assert {r.key for r in records} == {b"task-1"}
    assert [name for name, _ in records[0].headers] == ["id", "eventType"]
    assert records[0].header("eventType") == "Happened"


@pytest.mark.parametrize("partitioner", ["consistent", "fnv1a", "murmur2"])
def test_events_without_a_key_have_one_partition(outbox: Outbox, partitioner: str) -> None:
    """With those partitioners of librdkafka that place them as they do others."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=8)
    outbox.relay("-X", "outbox.key=", "-X", f"kafka.partitioner={partitioner}")
    for n in range(8):
        outbox.add("k", str(n))
        outbox.wait_published(n + 1)
    assert len({r.partition for r in outbox.kafka.read(outbox.topic)}) == 1


def test_the_timestamp_is_the_commit_time(outbox: Outbox) -> None:
    outbox.create_slot()
    clock = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    first = outbox.db.execute(clock).fetchone()[0]
    outbox.add()
    last = outbox.db.execute(clock).fetchone()[0]
    outbox.relay()
    [record] = outbox.wait_published(1)
    assert first - 1 <= record.timestamp <= last + 1


def test_nulls_and_empty_values(outbox: Outbox) -> None:
    """A tombstone has no value, JSON null has four bytes, '' has none of them."""
    outbox.db.execute(
        "CREATE TABLE plain (aggregate_type text, aggregate_id text, payload text,"
        " id text)"
    )
    outbox.db.execute("CREATE TABLE doc (aggregate_type text, aggregate_id text, payload json)")
    outbox.db.execute("CREATE TABLE raw (aggregate_type text, aggregate_id text, payload bytea)")
    outbox.create_slot()
    kind = outbox.aggregate_type
    outbox.db.execute(
        "INSERT INTO plain VALUES (%s, 'a', NULL, NULL), (%s, 'a', '', ''),"
        " (%s, NULL, E'\\t\"x\"\\u0001\\\\', 'é'), (%s, '', 'empty key', 'x')",
        (kind,) * 4,
    )
    outbox.db.execute(
        "INSERT INTO doc VALUES (%s, 'b', 'null'), (%s, 'b', E' {\"a\" :\\n1} '),"
        " (%s, 'b', NULL)",
        (kind,) * 3,
    )
    outbox.db.execute(
        "INSERT INTO raw VALUES (%s, 'c', '\\x00ff'), (%s, 'c', ''), (%s, 'c', NULL)",
        (kind,) * 3,
    )
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.relay("-X", "outbox.tables=public.plain,public.doc,public.raw",
                 "-X", "outbox.headers=id")
    records = outbox.wait_published(10)
    assert [(r.key, r.value) for r in records] == [
        (b"a", None), (b"a", b""), (None, b'\t"x"\x01\\'), (b"", b"empty key"),
        (b"b", b"null"), (b"b", b' {"a" : 1} '), (b"b", None),
        (b"c", b"\x00\xff"), (b"c", b""), (b"c", None),
    ]
    assert [dict(r.headers) for r in records[:4]] == [
        {"id": None}, {"id": b""}, {"id": "é".encode()}, {"id": b"x"},
    ]


def test_order_per_key_over_partitions(outbox: Outbox) -> None:
    """Writers side by side: each key's events are in the order of its commits."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=6)
    outbox.streaming_relay()

    def write(writer: int) -> None:
        with psycopg.connect(outbox.conninfo) as connection:
            for n in range(300):
                for key in range(3):
                    connection.execute(
                        ADD, (outbox.aggregate_type, f"{writer}-{key}", str(n))
                    )
                if n % 3 == 0:
                    connection.commit()
            connection.commit()

    threads = [threading.Thread(target=write, args=(w,)) for w in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = outbox.wait_published(4 * 300 * 3)
    outbox.wait_all_confirmed()
    published = by_key(outbox.kafka.read(outbox.topic))
    assert len(published) == 12
    assert all(seen == list(range(300)) for seen in published.values())
    partitions = defaultdict(set)
    for record in records:
        partitions[record.key].add(record.partition)
    assert all(len(found) == 1 for found in partitions.values())
    assert len({r.partition for r in records}) > 1


def test_the_partition_is_that_of_the_java_producer(outbox: Outbox) -> None:
    """murmur2, so that an aggregate stays where Debezium put it."""

    def murmur2(data: bytes) -> int:
        # org.apache.kafka.common.utils.Utils.murmur2
        mask, m = 0xFFFFFFFF, 0x5BD1E995
        h = 0x9747B28C ^ len(data)
        for i in range(0, len(data) - len(data) % 4, 4):
            k = int.from_bytes(data[i : i + 4], "little") * m & mask
            h = (h * m & mask) ^ ((k ^ k >> 24) * m & mask)
        rest = data[len(data) - len(data) % 4 :]
        if rest:
            h = (h ^ int.from_bytes(rest, "little")) * m & mask
        h = (h ^ h >> 13) * m & mask
        return h ^ h >> 15

    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=7)
    outbox.relay()
    outbox.add_many(100, keys=100)
    for record in outbox.wait_published(100):
        assert record.partition == (murmur2(record.key) & 0x7FFFFFFF) % 7


def test_rolled_back_is_never_published(outbox: Outbox) -> None:
    """Small, large enough to be spilled, to a savepoint, prepared, killed."""
    outbox.create_slot()
    outbox.relay(
        "-X", "postgres.options=-c logical_decoding_work_mem=64kB"
    ).wait_for_log("streaming")
    many = (
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " SELECT %s, %s, 'e', to_jsonb(n) FROM generate_series(1, 3000) n"
    )
    gone = (outbox.aggregate_type, "gone")
    with psycopg.connect(outbox.conninfo) as connection:
        connection.execute(ADD, (*gone, "1"))
        connection.rollback()
        connection.execute(many, gone)
        connection.rollback()
        connection.execute("SAVEPOINT a")
        connection.execute(many, gone)
        connection.execute("ROLLBACK TO a")
        connection.execute(ADD, (outbox.aggregate_type, "kept", "1"))
        connection.commit()
        connection.execute(many, gone)
        connection.execute("PREPARE TRANSACTION 'gone'")
    outbox.db.execute("ROLLBACK PREPARED 'gone'")
    with psycopg.connect(outbox.conninfo) as connection:
        connection.execute(many, gone)
        pid = connection.info.backend_pid
        outbox.db.execute("SELECT pg_terminate_backend(%s)", (pid,))
        connection.close()
    outbox.add("kept", "2")
    outbox.wait_published(2)
    outbox.wait_all_confirmed()
    records = outbox.kafka.read(outbox.topic)
    assert [(r.key, r.value) for r in records] == [(b"kept", b"1"), (b"kept", b"2")]


def test_large_transaction(outbox: Outbox) -> None:
    """More than fits into the budget at once, in order and without a gap."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=3)
    relay = outbox.streaming_relay("-X", "relay.inflight_bytes=64kB")
    outbox.db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " SELECT %s, 'k' || n %% 5, 'e', to_jsonb(n) FROM generate_series(0, 19999) n",
        (outbox.aggregate_type,),
    )
    records = outbox.wait_published(20000)
    outbox.wait_all_confirmed()
    assert by_key(records) == {
        f"k{key}": list(range(key, 20000, 5)) for key in range(5)
    }
    assert relay.terminate() == 0


def test_payload_sizes(outbox: Outbox) -> None:
    """From nothing to the limit, random bytes, all as they were."""
    outbox.db.execute("CREATE TABLE raw (aggregate_type text, aggregate_id text, payload bytea)")
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, **{"max.message.bytes": "2000000"})
    outbox.relay("-X", "outbox.tables=public.raw", "-X", "outbox.headers=")
    randomness = random.Random(1)
    sizes = [0, 1, 2, 3, 4, 100, 4095, 4096, 65535, 65536, 999_999, 1_000_000]
    sent = {str(size): randomness.randbytes(size) for size in sizes}
    for key, payload in sent.items():
        outbox.db.execute(
            "INSERT INTO raw VALUES (%s, %s, %s)", (outbox.aggregate_type, key, payload)
        )
    records = outbox.wait_published(len(sizes))
    assert {r.key.decode(): r.value for r in records} == sent


def test_several_topics(outbox: Outbox) -> None:
    outbox.create_slot()
    topics = [f"all.{n}.{outbox.aggregate_type}" for n in range(20)]
    for topic in topics:
        outbox.kafka.create_topic(topic)
    outbox.relay("-X", "outbox.topic=all.${aggregate_id}." + outbox.aggregate_type)
    for n in range(60):
        outbox.add(str(n % 20), str(n))

    def arrived() -> bool:
        return all(outbox.kafka.count(topic) == 3 for topic in topics)

    wait_until(arrived, "all topics have their events")
    assert [numbers(outbox.kafka.read(topic)) for topic in topics] == [
        [n, n + 20, n + 40] for n in range(20)
    ]


def frame(**fields) -> bytes:
    """An event as the content of a logical message, as docs/messages.md has it."""
    out = b"\x01"
    for name, value in fields.items():
        if value is None:
            kind, data = b"n", b""
        elif isinstance(value, bytes):
            kind, data = b"b", value
        elif isinstance(value, str):
            kind, data = b"t", value.encode()
        else:
            kind, data = b"j", json.dumps(value).encode()
        out += struct.pack("B", len(name)) + name.encode() + kind
        out += struct.pack("!I", len(data)) + data
    return out


def test_more_topics_than_are_remembered(outbox: Outbox) -> None:
    """The producer restarts again and again; nothing is lost, repeated or
    swapped."""
    outbox.create_slot()
    relay = outbox.streaming_relay("-X", "relay.max_topics=3", "-X", "log.level=debug")
    names = [f"{outbox.aggregate_type}-{n}" for n in range(8)]
    for n in range(40):
        outbox.db.execute(ADD, (names[n % len(names)], "k", str(n)))
    outbox.wait_all_confirmed()
    for i, name in enumerate(names):
        values = [r.value for r in outbox.kafka.read(f"{name}.events")]
        assert values == [b"%d" % n for n in range(i, 40, len(names))]
    relay.wait_for_log("max_topics is reached")


def test_events_without_a_table(outbox: Outbox) -> None:
    """Messages and rows of one transaction arrive in its order, and what rolls
    back never does."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    outbox.streaming_relay()

    def send(connection: psycopg.Connection, **fields) -> None:
        content = frame(aggregate_type=outbox.aggregate_type, **fields)
        connection.execute(
            "SELECT pg_logical_emit_message(true, 'pg_outbox', %s::bytea)", (content,)
        )

    with psycopg.connect(outbox.conninfo) as connection:
        send(connection, aggregate_id="k", payload={"n": 1}, id="a", event_type="E",
             headers={"trace": "x", "none": None})
        connection.execute(ADD, (outbox.aggregate_type, "k", "2"))
        send(connection, aggregate_id="k", payload=b"\x00\xff", timestamp="1553460779000")
        connection.commit()
        send(connection, aggregate_id="k", payload="rolled back")
        connection.rollback()
        send(connection, aggregate_id="k", payload=None)
    records = outbox.wait_published(4)
    assert [r.value for r in records] == [b'{"n": 1}', b"2", b"\x00\xff", None]
    assert records[0].headers == (
        ("id", b"a"), ("eventType", b"E"), ("trace", b"x"), ("none", None),
    )
    assert records[2].timestamp == 1553460779000


def test_partition_timestamp_and_route_of_a_row(outbox: Outbox) -> None:
    outbox.create_slot()
    topic = f"outbox.event.{outbox.aggregate_type}"
    outbox.kafka.create_topic(topic)
    outbox.db.execute("ALTER TABLE outbox ADD part int, ADD at timestamptz, ADD h jsonb")
    for part in (3, 0, 3):
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload,"
            " part, at, h) VALUES (%s, 'k', 'E', '{}', %s,"
            " '2019-03-24 20:52:59.001+00', '{\"trace\": \"é\"}')",
            (outbox.aggregate_type, part),
        )
    outbox.relay(
        "-X", "outbox.partition=part", "-X", "outbox.timestamp=at",
        "-X", "outbox.route_by=aggregate_type", "-X", "outbox.headers=h:*",
    )
    wait_until(lambda: outbox.kafka.count(topic) == 3, "three records")
    records = outbox.kafka.read(topic)
    assert sorted(r.partition for r in records) == [0, 3, 3]
    assert {r.timestamp for r in records} == {1553460779001}
    assert {r.headers for r in records} == {(("trace", "é".encode()),)}


def test_shards_share_the_work(outbox: Outbox) -> None:
    """Two relays, a slot each: every event once, each key's in order."""
    outbox.kafka.create_topic(outbox.topic)
    slots = [f"{outbox.slot}_{shard}" for shard in range(2)]
    for slot in slots:
        outbox.db.execute(
            "SELECT pg_create_logical_replication_slot(%s, 'pg_outbox')", (slot,)
        )
    for shard, slot in enumerate(slots):
        outbox.relay("--slot", slot, "-X", f"outbox.shard={shard}/2")
    outbox.add_many(300, keys=20)
    records = outbox.wait_published(300)
    assert by_key(records) == {f"k{k}": list(range(k, 300, 20)) for k in range(20)}
