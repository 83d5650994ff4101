"""Topics that are not there, or not any more."""

import pytest
from conftest import Outbox
from harness.http import Http
from harness.kafka import Kafka, Record
from harness.process import free_port
from harness.proxy import Proxy
from harness.wait import wait_until
from test_publish import by_key


def values(records: list[Record]) -> list[bytes | None]:
    return [r.value for r in records]


def test_a_topic_that_is_missing_is_waited_for(
    outbox: Outbox, strict_kafka: Kafka
) -> None:
    """It is logged, other topics continue, and then its events come in order."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    other = f"{outbox.aggregate_type}-other"
    strict_kafka.create_topic(f"{other}.events")
    relay = outbox.streaming_relay(
        "-X", "relay.on_error=skip", "-X", "kafka.batch.num.messages=1"
    )
    for n in range(50):
        outbox.add("k", str(n))
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            " VALUES (%s, 'k', 'e', %s)",
            (other, str(n)),
        )
    wait_until(lambda: strict_kafka.count(f"{other}.events") == 50, "the other topic")
    message = relay.wait_for_log("waiting for a topic")
    assert "it does not exist" in message
    assert outbox.topic in relay.log()
    assert not outbox.is_confirmed(outbox.wal_end())
    strict_kafka.create_topic(outbox.topic, partitions=1)
    outbox.wait_all_confirmed()
    assert values(strict_kafka.read(outbox.topic)) == [b"%d" % n for n in range(50)]
    relay.wait_for_log("topic exists now")


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
def test_what_waits_for_a_topic_may_be_refused(
    outbox: Outbox, strict_kafka: Kafka, delivery: str
) -> None:
    """It is found out when the topic is there, and on_error applies."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    http = Http()
    relay = outbox.streaming_relay(
        "-X", "relay.on_error=skip", "-X", f"relay.delivery={delivery}",
        "-X", "kafka.message.max.bytes=5000", *http.arguments,
    )
    with outbox.db.transaction():
        for payload in ("1", f'"{"2" * 10_000}"', "3"):
            outbox.add("k", payload)
    wait_until(lambda: http.status()["relay"]["in_flight_events"] == 3, "all wait")
    strict_kafka.create_topic(outbox.topic, partitions=1)
    outbox.wait_all_confirmed()
    records = values(strict_kafka.read(outbox.topic))
    if delivery == "at-least-once":
        records = list(dict.fromkeys(records))
    assert records == [b"1", b"3"]
    relay.wait_for_log("event is skipped")
    assert "larger than message.max.bytes" in relay.log()


def test_many_topics_that_are_missing(outbox: Outbox, strict_kafka: Kafka) -> None:
    """Each is found out, however many there are, and what is behind them goes on."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    kinds = [f"{outbox.aggregate_type}-{n}" for n in range(6)]
    strict_kafka.create_topic(outbox.topic)
    relay = outbox.streaming_relay()
    for kind in kinds + kinds:
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            " VALUES (%s, 'k', 'e', '{}')",
            (kind,),
        )
    outbox.add("k", "1")
    wait_until(lambda: strict_kafka.count(outbox.topic) == 1, "the topic that is there")
    for kind in kinds:
        wait_until(lambda kind=kind: f"topic={kind}.events" in relay.log(), kind)


def test_topics_are_created(outbox: Outbox, strict_kafka: Kafka) -> None:
    outbox.kafka = strict_kafka
    outbox.create_slot()
    relay = outbox.streaming_relay(
        "-X", "relay.create_topics=7:1,cleanup.policy=compact,max.message.bytes=12345"
    )
    for n in range(5):
        outbox.add("k", str(n))
    outbox.wait_all_confirmed()
    assert values(strict_kafka.read(outbox.topic)) == [b"%d" % n for n in range(5)]
    assert len(strict_kafka.end_offsets(outbox.topic)) == 7
    assert strict_kafka.topic_config(outbox.topic)["max.message.bytes"] == "12345"
    relay.wait_for_log("topic created")


def test_a_topic_that_cannot_be_created(outbox: Outbox, strict_kafka: Kafka) -> None:
    """Says why, once, and waits until somebody else makes it."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    relay = outbox.streaming_relay("-X", "relay.create_topics=1:3", "-X", "log.level=debug")
    outbox.add("k", "1")
    relay.wait_for_log("cannot create a topic; waiting for it")
    assert "eplication factor" in relay.log()
    wait_until(
        lambda: sum("asking for a topic" in m for m in relay.messages()) > 3, "asked again"
    )
    assert sum("cannot create" in m for m in relay.messages()) == 1
    strict_kafka.create_topic(outbox.topic)
    outbox.wait_all_confirmed()
    assert values(strict_kafka.read(outbox.topic)) == [b"1"]
    relay.wait_for_log("topic exists now")


def test_topics_are_created_after_an_outage(outbox: Outbox, strict_kafka: Kafka) -> None:
    """The first event comes while Kafka is away, for longer than the request to
    create its topic may take."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    port = free_port()
    relay = outbox.streaming_relay(
        "-b", f"127.0.0.1:{port}", "-X", "relay.create_topics=2:1",
        "-X", "kafka.socket.timeout.ms=2000",
    )
    outbox.add("k", "1")
    relay.wait_for_log("cannot create a topic; trying again")
    proxy = Proxy(strict_kafka.port, port)
    try:
        outbox.wait_all_confirmed()
    finally:
        proxy.close()
    assert values(strict_kafka.read(outbox.topic)) == [b"1"]
    assert len(strict_kafka.end_offsets(outbox.topic)) == 2
    relay.wait_for_log("topic created")


@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
def test_a_topic_that_is_deleted(
    outbox: Outbox, strict_kafka: Kafka, delivery: str
) -> None:
    """It is made again, and the relay goes on; what comes then is in it, in order."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    relay = outbox.streaming_relay(
        "-X", "relay.create_topics=2:1", "-X", f"relay.delivery={delivery}"
    )
    for n in range(2):
        outbox.add("k", f"[{n}, 0]")
        outbox.wait_all_confirmed()
        strict_kafka.delete_topic(outbox.topic)
        outbox.add("k", f"[{n}, 1]")
        outbox.add("k", f"[{n}, 2]")
        outbox.wait_all_confirmed()
        assert list(dict.fromkeys(values(strict_kafka.read(outbox.topic)))) == [
            b"[%d, 1]" % n, b"[%d, 2]" % n
        ]
    assert relay.running()
    assert " level=error " not in relay.log()


def test_a_topic_that_comes_back_with_fewer_partitions(
    outbox: Outbox, strict_kafka: Kafka
) -> None:
    """Events whose partition is gone are for another one: they are not refused. What
    was in flight meanwhile may come behind newer events."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    strict_kafka.create_topic(outbox.topic, partitions=8)
    relay = outbox.streaming_relay()
    outbox.add_many(100, keys=20)
    outbox.wait_all_confirmed()
    outbox.add_many(50, keys=20, start=100)
    strict_kafka.delete_topic(outbox.topic)
    outbox.add_many(50, keys=20, start=150)
    strict_kafka.create_topic(outbox.topic, partitions=1)
    outbox.add_many(100, keys=20, start=200)
    outbox.wait_all_confirmed()
    published = by_key(strict_kafka.read(outbox.topic))
    for key in range(20):
        seen = [n for n in dict.fromkeys(published[f"k{key}"]) if n >= 200]
        assert seen == [n for n in range(200, 300) if n % 20 == key]
    assert relay.running()
    assert " level=error " not in relay.log()


def test_a_partition_that_comes_later(outbox: Outbox, strict_kafka: Kafka) -> None:
    """One that an event names and that does not exist holds the relay, until the
    topic has it."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    strict_kafka.create_topic(outbox.topic, partitions=1)
    outbox.db.execute("ALTER TABLE outbox ADD part int")
    for n, part in enumerate((0, 1, 0)):
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload, part)"
            " VALUES (%s, 'k', 'e', %s, %s)",
            (outbox.aggregate_type, str(n), part),
        )
    relay = outbox.relay("-X", "outbox.partition=part")
    relay.wait_for_log("holding: an event cannot be published")
    assert "has no partition 1" in relay.log()
    strict_kafka.add_partitions(outbox.topic, 2)
    outbox.wait_all_confirmed()
    records = strict_kafka.read(outbox.topic)
    assert {(r.partition, r.value) for r in records} == {(0, b"0"), (1, b"1"), (0, b"2")}
