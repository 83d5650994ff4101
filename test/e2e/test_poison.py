"""Events that cannot be published: dead letters, and what is passed over."""

import json
import signal

from conftest import Outbox
from harness.kafka import Record

BAD_TOPIC = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " VALUES ('no topic', 'k', 'e', '\"bad\"')"
)


def values(records: list[Record]) -> list[bytes | None]:
    return [r.value for r in records]


def first_occurrences(records: list[Record]) -> list[bytes | None]:
    return list(dict.fromkeys(values(records)))


def headers(record: Record) -> dict[str, str | None]:
    return {k: v if v is None else v.decode() for k, v in record.headers}


def dead_letters(outbox: Outbox, **config: str) -> str:
    """A dead letter topic of the test's own."""
    topic = f"{outbox.topic}.dead"
    outbox.kafka.create_topic(topic, partitions=1, **config)
    return topic


def text(size: int) -> str:
    return json.dumps("x" * size)


def test_skip(outbox: Outbox) -> None:
    """The row is logged and passed over; the others of its transaction are published."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    outbox.add("k", "1")
    with outbox.db.transaction():
        outbox.add("k", "2")
        outbox.db.execute(BAD_TOPIC)
        outbox.add("k", "3")
    relay = outbox.relay("-X", "relay.on_error=skip")
    outbox.wait_all_confirmed()
    assert values(outbox.kafka.read(outbox.topic)) == [b"1", b"2", b"3"]
    [line] = [line for line in relay.lines if "event is skipped" in line]
    assert "topic is not a legal name (public.outbox" in line and "seq=1" in line
    assert "bad" not in relay.log()


def test_skip_a_record_that_kafka_refuses(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "10000"})
    for n in range(20):
        outbox.add("k", text(20000) if n == 10 else str(n))
    outbox.relay("-X", "relay.on_error=skip")
    outbox.wait_all_confirmed()
    assert first_occurrences(outbox.kafka.read(outbox.topic)) == [
        b"%d" % n for n in range(20) if n != 10
    ]


def test_dead_letter_of_a_row(outbox: Outbox) -> None:
    """With its key, headers and bytes, and why it could not be published."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    dead = dead_letters(outbox)
    outbox.add("k", "1")
    outbox.db.execute(BAD_TOPIC)
    outbox.add("k", "2")
    outbox.relay(
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={dead}"
    )
    outbox.wait_all_confirmed()
    assert values(outbox.kafka.read(outbox.topic)) == [b"1", b"2"]
    [letter] = outbox.kafka.read(dead)
    found = headers(letter)
    assert (letter.key, letter.value) == (b"k", b'"bad"')
    assert found["eventType"] == "e"
    assert found["pg_outbox.topic"] == "no topic.events"
    assert found["pg_outbox.relation"] == "public.outbox"
    assert found["pg_outbox.seq"] == "0"
    assert found["pg_outbox.error"].startswith("topic is not a legal name")
    assert outbox.is_confirmed(found["pg_outbox.lsn"])


def test_dead_letter_of_a_record_that_kafka_refuses(outbox: Outbox) -> None:
    """It is found in its batch, and what follows follows it in order."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "10000"})
    dead = dead_letters(outbox)
    for n in range(40):
        large = n in (7, 8, 30)
        outbox.add(f"k{n % 3}", text(20000 + n) if large else str(n))
    outbox.relay(
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={dead}"
    )
    outbox.wait_all_confirmed()
    assert first_occurrences(outbox.kafka.read(outbox.topic)) == [
        b"%d" % n for n in range(40) if n not in (7, 8, 30)
    ]
    letters = outbox.kafka.read(dead)
    assert list(dict.fromkeys(len(r.value) for r in letters)) == [20009, 20010, 20032]
    assert {headers(r)["pg_outbox.topic"] for r in letters} == {outbox.topic}
    assert "too large" in headers(letters[0])["pg_outbox.error"]
    assert "pg_outbox.relation" not in headers(letters[0])


def test_dead_letter_that_is_too_large_goes_without_its_value(outbox: Outbox) -> None:
    outbox.create_slot()
    limit = {"max.message.bytes": "10000"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **limit)
    dead = dead_letters(outbox, **limit)
    outbox.add("k", "1")
    outbox.add("k", text(20000))
    outbox.add("k", "2")
    outbox.relay(
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={dead}"
    )
    outbox.wait_all_confirmed()
    assert first_occurrences(outbox.kafka.read(outbox.topic)) == [b"1", b"2"]
    assert {(r.key, r.value) for r in outbox.kafka.read(dead)} == {(b"k", None)}


def test_dead_letter_of_a_refused_timestamp(outbox: Outbox) -> None:
    """Both topics refuse it: the letter has its own time, and a header with it."""
    outbox.create_slot()
    limit = {"message.timestamp.after.max.ms": "3600000"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **limit)
    dead = dead_letters(outbox, **limit)
    outbox.db.execute("ALTER TABLE outbox ADD at bigint")
    for n, at in enumerate((None, 4102444800123, None)):
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, at)"
            " VALUES (%s, 'k', 'e', %s, %s)",
            (outbox.aggregate_type, str(n), at),
        )
    outbox.relay(
        "-X", "outbox.timestamp=at", "-X", "relay.on_error=dead-letter",
        "-X", f"relay.dead_letter_topic={dead}",
    )
    outbox.wait_all_confirmed()
    assert first_occurrences(outbox.kafka.read(outbox.topic)) == [b"0", b"2"]
    [letter] = outbox.kafka.read(dead)
    found = headers(letter)
    assert letter.value == b"1"
    assert found["pg_outbox.timestamp"] == "4102444800123"
    assert found["pg_outbox.code"] == "INVALID_TIMESTAMP"
    assert letter.timestamp < 4102444800123


def test_dead_letter_without_a_key(outbox: Outbox) -> None:
    """A compacted topic takes no record without a key: it gets its position."""
    outbox.create_slot()
    compact = {"cleanup.policy": "compact"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **compact)
    dead = dead_letters(outbox, **compact)
    outbox.db.execute("ALTER TABLE outbox ADD k text")
    for n, key in enumerate(("a", None, "b")):
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, k)"
            " VALUES (%s, 'x', 'e', %s, %s)",
            (outbox.aggregate_type, str(n), key),
        )
    outbox.relay(
        "-X", "outbox.key=k", "-X", "relay.on_error=dead-letter",
        "-X", f"relay.dead_letter_topic={dead}",
    )
    outbox.wait_all_confirmed()
    assert first_occurrences(outbox.kafka.read(outbox.topic)) == [b"0", b"2"]
    [letter] = outbox.kafka.read(dead)
    found = headers(letter)
    assert letter.value == b"1"
    assert letter.key.decode() == f"{found['pg_outbox.lsn']}/{found['pg_outbox.seq']}"
    assert found["pg_outbox.cut"] == "key"
    assert found["eventType"] == "e"


def test_dead_letter_with_large_headers(outbox: Outbox) -> None:
    """They are cut before the value is."""
    outbox.create_slot()
    limit = {"max.message.bytes": "10000"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **limit)
    dead = dead_letters(outbox, **limit)
    outbox.db.execute("ALTER TABLE outbox ADD h text")
    outbox.db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, h)"
        " VALUES (%s, 'k', 'e', '1', repeat('x', 20000))",
        (outbox.aggregate_type,),
    )
    outbox.relay(
        "-X", "outbox.headers=id,h", "-X", "relay.on_error=dead-letter",
        "-X", f"relay.dead_letter_topic={dead}",
    )
    outbox.wait_all_confirmed()
    [letter] = outbox.kafka.read(dead)
    assert (letter.key, letter.value) == (b"k", b"1")
    found = headers(letter)
    assert "h" not in found and "id" not in found
    assert found["pg_outbox.cut"] == "headers"
    assert found["pg_outbox.code"] == "MSG_SIZE_TOO_LARGE"


def test_dead_letter_that_is_refused(outbox: Outbox) -> None:
    """Then there is nowhere left for the event, and the relay holds before it."""
    outbox.create_slot()
    dead = dead_letters(outbox, **{"max.message.bytes": "50"})
    outbox.db.execute(BAD_TOPIC)
    relay = outbox.relay(
        "-X", "relay.on_error=dead-letter", "-X", f"relay.dead_letter_topic={dead}"
    )
    relay.wait_for_log("holding: an event cannot be published")
    [line] = [line for line in relay.lines if " level=error " in line]
    assert "Message size too large" in line and dead in line
    assert not outbox.is_confirmed(outbox.wal_end())
    outbox.kafka.set_topic(dead, "max.message.bytes", "10000")
    relay.signal(signal.SIGHUP)
    outbox.wait_all_confirmed()
    [letter] = outbox.kafka.read(dead)
    assert headers(letter)["pg_outbox.error"].startswith("topic is not a legal name")


def test_partition_that_there_is_not(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=2)
    dead = dead_letters(outbox)
    outbox.db.execute("ALTER TABLE outbox ADD part int")
    for n, part in enumerate((0, 5, 1)):
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, part)"
            " VALUES (%s, 'k', 'e', %s, %s)",
            (outbox.aggregate_type, str(n), part),
        )
    outbox.relay(
        "-X", "outbox.partition=part", "-X", "relay.on_error=dead-letter",
        "-X", f"relay.dead_letter_topic={dead}",
    )
    outbox.wait_all_confirmed()
    assert set(values(outbox.kafka.read(outbox.topic))) == {b"0", b"2"}
    letters = outbox.kafka.read(dead)
    assert {r.value for r in letters} == {b"1"}
    assert "artition" in headers(letters[0])["pg_outbox.error"]
