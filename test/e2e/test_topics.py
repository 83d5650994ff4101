"""Topics that are not there, or not any more."""

from conftest import Outbox
from harness.kafka import Kafka, Record
from harness.wait import wait_until


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
    relay = outbox.streaming_relay("-X", "relay.on_error=skip")
    for n in range(5):
        outbox.add("k", str(n))
        outbox.db.execute(
            "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
            " VALUES (%s, 'k', 'e', %s)",
            (other, str(n)),
        )
    wait_until(lambda: strict_kafka.count(f"{other}.events") == 5, "the other topic")
    message = relay.wait_for_log("waiting for a topic")
    assert "it does not exist" in message
    assert outbox.topic in relay.log()
    assert not outbox.is_confirmed(outbox.wal_end())
    strict_kafka.create_topic(outbox.topic, partitions=1)
    outbox.wait_all_confirmed()
    assert values(strict_kafka.read(outbox.topic)) == [b"%d" % n for n in range(5)]
    relay.wait_for_log("topic exists now")


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
    """Says why, and waits until somebody else makes it."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    relay = outbox.streaming_relay("-X", "relay.create_topics=1:3")
    outbox.add("k", "1")
    relay.wait_for_log("cannot create a topic; waiting for it")
    assert "eplication factor" in relay.log()
    strict_kafka.create_topic(outbox.topic)
    outbox.wait_all_confirmed()
    assert values(strict_kafka.read(outbox.topic)) == [b"1"]
