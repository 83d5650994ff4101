"""on_error = hold and stop, and run --skip: nothing passes an event that cannot
be published, until somebody says what is to become of it."""

import json
import re
import signal

from confluent_kafka.admin import AclOperation
from conftest import Outbox
from harness.kafka import Kafka, Record
from harness.relay import Relay, parse_logfmt
from harness.wait import wait_until

HOLDING = "holding: an event cannot be published"
STOPPING = "stopping: an event cannot be published"

BAD_TOPIC = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " VALUES ('no topic', 'k', 'e', '\"secret\"')"
)


def values(records: list[Record]) -> list[bytes | None]:
    return [r.value for r in records]


def text(size: int) -> str:
    return json.dumps("x" * size)


def fields(relay: Relay, message: str) -> dict[str, str]:
    """The fields of the first line with this message."""
    relay.wait_for_log(message)
    lines = [line for line in relay.lines if f'msg="{message}' in line]
    return parse_logfmt(lines[0])


def times_new(relay: Relay) -> int:
    """How often it began to hold: what is repeated a minute later has waited."""
    return sum(HOLDING in line and "waited_s=0" in line for line in relay.lines)


def position(found: dict[str, str]) -> str:
    return f"{found['lsn']}/{found['seq']}"


def add_transaction(outbox: Outbox, *payloads: str) -> None:
    with outbox.db.transaction():
        for payload in payloads:
            outbox.add("k", payload)


def test_hold_at_a_row(outbox: Outbox) -> None:
    """The default: what came before is confirmed, slot and connection are kept,
    nothing later is published, and a signal ends it in order."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.add("k", "1")
    before = outbox.wal_end()
    with outbox.db.transaction():
        outbox.add("k", "2")
        outbox.db.execute(BAD_TOPIC)
        outbox.add("k", "3")
    outbox.add("k", "4")
    relay = outbox.relay("-X", "relay.status_interval=100ms", "-X", "log.level=debug")
    found = fields(relay, HOLDING)
    assert found["level"] == "error"
    assert found["reason"].startswith("topic is not a legal name (public.outbox, topic")
    assert found["key"] == "k"
    assert f"--skip {position(found)};" in found["hint"]
    assert "on_error = dead-letter" in found["hint"]
    wait_until(lambda: outbox.is_confirmed(before), "what came before is confirmed")
    statuses = relay.messages().count("status")
    wait_until(lambda: relay.messages().count("status") > statuses + 20, "it is alive")
    assert outbox.slot_row("active")
    assert values(outbox.kafka.read(outbox.topic)) == [b"1", b"2"]
    assert not outbox.is_confirmed(found["lsn"])
    relay.signal(signal.SIGHUP)
    relay.wait_for_log("reload failed")  # there is no file
    assert times_new(relay) == 1
    assert "secret" not in relay.log()
    assert relay.terminate() == 0
    assert values(outbox.kafka.read(outbox.topic)) == [b"1", b"2"]


def test_hold_survives_the_loss_of_postgres(own_outbox: Outbox) -> None:
    """It is reported once, and nothing is repeated or passes it."""
    outbox = own_outbox
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    with outbox.db.transaction():
        outbox.add("k", "1")
        outbox.db.execute(BAD_TOPIC)
        outbox.add("k", "2")
    relay = outbox.relay()
    relay.wait_for_log(HOLDING)
    outbox.wait_published(1)
    outbox.db.close()
    outbox.postgres.restart("immediate")
    outbox.reconnect()
    wait_until(lambda: relay.messages().count("streaming") == 2, "streaming again")
    outbox.add("k", "3")
    wait_until(
        lambda: outbox.db.execute(
            "SELECT sent_lsn >= pg_current_wal_flush_lsn() FROM pg_stat_replication"
        ).fetchone() == (True,),
        "sent again",
    )
    assert times_new(relay) == 1
    assert values(outbox.kafka.read(outbox.topic)) == [b"1"]
    assert relay.terminate() == 0


def test_hold_until_kafka_takes_it(outbox: Outbox) -> None:
    """A limit that is raised ends it, and all comes in order."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "10000"})
    outbox.add("k", "1")
    add_transaction(outbox, "2", text(20000), "3")
    outbox.add("k", "4")
    relay = outbox.relay()
    found = fields(relay, HOLDING)
    assert found["seq"] == "1"
    assert "Message size too large" in found["reason"]
    assert values(outbox.kafka.read(outbox.topic))[-1] == b"2"
    outbox.kafka.set_topic(outbox.topic, "max.message.bytes", "100000")
    relay.signal(signal.SIGHUP)
    outbox.wait_all_confirmed()
    sizes = [len(r.value) for r in outbox.kafka.read(outbox.topic)]
    assert sizes.count(20002) == 1
    assert list(dict.fromkeys(values(outbox.kafka.read(outbox.topic)))) == [
        b"1", b"2", text(20000).encode(), b"3", b"4"
    ]
    relay.wait_for_log("not held any more")
    # One to begin with, one with care: while it is held there are no others.
    assert relay.messages().count("streaming") == 2


def test_hold_until_it_may_write(outbox: Outbox, strict_kafka: Kafka) -> None:
    """Tried again without anybody's doing, with growing waits."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    strict_kafka.create_topic(outbox.topic, partitions=1)
    for n in range(3):
        outbox.add("k", str(n))
    with strict_kafka.denied(outbox.topic, AclOperation.WRITE):
        relay = outbox.relay("-X", "log.level=debug")
        found = fields(relay, HOLDING)
        assert "Topic authorization failed" in found["reason"]
        wait_until(
            lambda: sum("trying again to publish" in m for m in relay.messages()) == 2,
            "tried again",
        )
        assert times_new(relay) == 1
        assert not outbox.is_confirmed(outbox.wal_end())
    outbox.wait_all_confirmed()
    assert values(strict_kafka.read(outbox.topic)) == [b"0", b"1", b"2"]


def test_stop_at_a_row(outbox: Outbox) -> None:
    """Ends with status 4 after what came before is confirmed."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.add("k", "1")
    before = outbox.wal_end()
    outbox.db.execute(BAD_TOPIC)
    outbox.add("k", "2")
    relay = outbox.relay("-X", "relay.on_error=stop")
    assert relay.wait() == 4
    found = fields(relay, STOPPING)
    assert outbox.is_confirmed(before)
    assert values(outbox.kafka.read(outbox.topic)) == [b"1"]
    # It stops there again, and repeats nothing.
    assert outbox.relay("-X", "relay.on_error=stop").wait() == 4
    assert values(outbox.kafka.read(outbox.topic)) == [b"1"]
    # What the log names passes over it alone.
    outbox.relay("-X", "relay.on_error=stop", "--skip", position(found))
    outbox.wait_all_confirmed()
    assert values(outbox.kafka.read(outbox.topic)) == [b"1", b"2"]


def test_stop_at_a_record_that_kafka_refuses(outbox: Outbox) -> None:
    """The same: what came before is confirmed, and the event is named."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "10000"})
    outbox.add("k", "1")
    before = outbox.wal_end()
    add_transaction(outbox, "2", text(20000), "3")
    relay = outbox.relay("-X", "relay.on_error=stop")
    assert relay.wait() == 4
    found = fields(relay, STOPPING)
    assert found["seq"] == "1"
    assert re.fullmatch(
        rf'topic "{outbox.topic}": Broker: Message size too large: .*', found["reason"]
    )
    assert outbox.is_confirmed(before)
    assert not outbox.is_confirmed(found["lsn"])
    assert list(dict.fromkeys(values(outbox.kafka.read(outbox.topic)))) == [b"1", b"2"]


def test_skip_passes_over_exactly_one(outbox: Outbox) -> None:
    """Of two refused ones in a transaction the other still holds; with both, the
    rest comes in order.  One for a position at which nothing is, says so."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "10000"})
    add_transaction(outbox, "0", text(20000), "1", text(20001), "2")
    relay = outbox.relay()
    first = position(fields(relay, HOLDING))
    assert relay.terminate() == 0
    relay = outbox.relay("--skip", first)
    second = position(fields(relay, HOLDING))
    assert (first.rsplit("/", 1)[1], second.rsplit("/", 1)[1]) == ("1", "3")
    assert relay.terminate() == 0
    lsn = first.rsplit("/", 1)[0]
    relay = outbox.relay("--skip", first, "--skip", f"{lsn}/5", "--skip", f" {second} ")
    outbox.wait_all_confirmed()
    assert list(dict.fromkeys(values(outbox.kafka.read(outbox.topic)))) == [b"0", b"1", b"2"]
    skipped = [parse_logfmt(line) for line in relay.lines if "event is skipped" in line]
    assert {position(line) for line in skipped} == {first, second}
    missed = fields(relay, "nothing was skipped")
    assert missed["skip"] == f"{lsn}/5"
    assert missed["level"] == "warning"


def test_skip_of_what_is_confirmed(outbox: Outbox) -> None:
    """A supervisor starts it again with the same command: it says so, and goes on."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    outbox.db.execute(BAD_TOPIC)
    relay = outbox.relay()
    skip = position(fields(relay, HOLDING))
    assert relay.terminate() == 0
    outbox.add("k", "1")
    relay = outbox.relay("--skip", skip)
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    relay = outbox.relay("--skip", skip)
    relay.wait_for_log("streaming")
    outbox.wait_all_confirmed()
    relay.wait_for_log("nothing was skipped")
    assert values(outbox.kafka.read(outbox.topic)) == [b"1"]


def failures(relay: Relay) -> int:
    """How often a producer failed as a whole, which a topic that was created just
    now can make it do; the stream is read again for each."""
    return sum("the Kafka producer failed" in m for m in relay.messages())


def test_refusals_cost_no_repetition(outbox: Outbox) -> None:
    """Many refused events in one transaction: the stream is read again once, for
    the first, and no event is published more than twice."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "5000"})
    bad = {n for n in range(200) if n % 10 == 9}
    add_transaction(outbox, *(text(6000 + n) if n in bad else str(n) for n in range(200)))
    relay = outbox.relay("-X", "relay.on_error=skip", "-X", "kafka.batch.num.messages=10")
    outbox.wait_all_confirmed()
    seen = values(outbox.kafka.read(outbox.topic))
    assert list(dict.fromkeys(seen)) == [b"%d" % n for n in range(200) if n not in bad]
    assert max(seen.count(value) for value in set(seen)) <= 2 + failures(relay)
    assert relay.messages().count("streaming") == 2 + failures(relay)


def test_care_lasts_until_all_that_was_read_is_confirmed(outbox: Outbox) -> None:
    """Refused events in transaction after transaction, which are confirmed one by
    one: after the first refusal none makes the stream begin again."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "5000"})
    with outbox.db.pipeline():
        for n in range(60):
            outbox.add("k", text(6000 + n) if n % 3 == 2 else str(n))
    relay = outbox.relay("-X", "relay.on_error=skip")
    outbox.wait_all_confirmed()
    seen = values(outbox.kafka.read(outbox.topic))
    assert list(dict.fromkeys(seen)) == [b"%d" % n for n in range(60) if n % 3 != 2]
    assert relay.messages().count("streaming") == 2 + failures(relay)
    assert sum("Kafka refuses a batch" in m for m in relay.messages()) == 1


def test_a_key_waits_for_what_is_refused(outbox: Outbox) -> None:
    """Nothing of a partition passes a batch that failed: later ones are in flight
    when it is refused, and would be written without the gapless guarantee."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1, **{"max.message.bytes": "10000"})
    for n in range(2000):
        outbox.add("k", text(20000) if n == 1000 else str(n))
    relay = outbox.relay("-X", "kafka.batch.num.messages=10")
    relay.wait_for_log(HOLDING)
    seen = values(outbox.kafka.read(outbox.topic))
    assert list(dict.fromkeys(seen)) == [b"%d" % n for n in range(1000)]
