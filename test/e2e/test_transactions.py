"""Exactly once: what Kafka's transactions and the state topic need, and what
becomes of it when they are not as they should be."""

import json
import time
from collections.abc import Iterator

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AclOperation, ResourcePatternType, ResourceType
from conftest import Outbox
from harness.http import Http
from harness.kafka import Kafka
from harness.process import free_port
from harness.proxy import Proxy
from harness.relay import Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from test_commands import failures, pg_outbox
from test_exactly_once import (
    EXACTLY_ONCE,
    MANY,
    in_order,
    numbers,
    publishing_relay,
    state_key,
    state_topic,
    states,
    wait_visible,
)
from test_poison import BAD_TOPIC, dead_letters, headers, text, values

PERSON = 4  # the exit status that says that starting again changes nothing
END_TXN = b"\x00\x1a"  # the protocol's number of the request
TWICE = "may have reached Kafka twice"


def refused(outbox: Outbox, *arguments: str) -> str:
    """A relay that ends because a person is needed; returns its error."""
    relay = outbox.relay(*EXACTLY_ONCE, *arguments)
    assert relay.wait() == PERSON, relay.log()
    [line] = [line for line in relay.lines if " level=error " in line]
    return line


# The configuration


@pytest.mark.parametrize(
    "setting, message",
    [
        ("relay.delivery=once", "allowed is at-least-once or exactly-once"),
        ("relay.commit_interval=0ms", "allowed is from 1ms to 60000ms"),
        ("relay.commit_interval=0", "allowed is a number with a unit"),
        ("relay.commit_bytes=1B", "allowed is from 1024B to 1073741824B"),
        ("relay.state_topic=a b", "allowed is 1 to 249 of a-z"),
        ("kafka.transactional.id=mine", "transactional_id_prefix in [relay]"),
    ],
)
def test_settings(setting: str, message: str) -> None:
    for delivery in ("at-least-once", "exactly-once"):
        status, _, error = pg_outbox(
            "run", "-b", "127.0.0.1:1", "-X", f"relay.delivery={delivery}",
            "-X", setting,
        )
        assert status == 2
        assert message in error
        assert setting.split("=", maxsplit=1)[0].split(".", 1)[1] in error


def test_timeouts_that_contradict_each_other() -> None:
    """librdkafka's own rule, told when the relay starts."""
    status, _, error = pg_outbox(
        "run", "-b", "127.0.0.1:1", *EXACTLY_ONCE,
        "-X", "kafka.transaction.timeout.ms=5000", "-X", "kafka.socket.timeout.ms=6000",
    )
    assert status == 2
    assert "socket.timeout.ms" in error and "transaction.timeout.ms" in error


def test_the_id_may_have_a_prefix(outbox: Outbox, strict_kafka: Kafka) -> None:
    """For ACLs: what is not allowed to the prefix is refused, and told how."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    strict_kafka.create_topic(outbox.topic, partitions=1)
    prefix = f"{outbox.dbname}-"
    with strict_kafka.denied(
        f"{prefix}pg_outbox-", AclOperation.WRITE, ResourceType.TRANSACTIONAL_ID,
        ResourcePatternType.PREFIXED,
    ):
        error = refused(outbox, "-X", f"relay.transactional_id_prefix={prefix}")
        assert "authorization failed" in error
        assert f'transactional ids that begin with \\"{prefix}pg_outbox-\\"' in error
        found = check(outbox, "-X", f"relay.transactional_id_prefix={prefix}")
        assert f'transactional ids that begin with "{prefix}pg_outbox-"' in found
        publishing_relay(outbox)
    outbox.add("k", "1")
    wait_visible(outbox, 1)


# The state topic


def check(outbox: Outbox, *arguments: str) -> str:
    """What the command "check" finds."""
    return "\n".join(failures(outbox, *EXACTLY_ONCE, *arguments))


def test_a_state_topic_of_several_partitions(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(state_topic(outbox), 2, **{"cleanup.policy": "compact"})
    message = "has 2 partitions, and its order needs one"
    assert message in refused(outbox)
    assert message in check(outbox)


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_a_state_topic_that_is_not_compacted(outbox: Outbox, policy: str) -> None:
    outbox.create_slot()
    topic = f"{outbox.dbname}.position"
    outbox.kafka.create_topic(topic, 1, **{"cleanup.policy": policy})
    named = ("-X", f"relay.state_topic={topic}")
    message = f"has cleanup.policy={policy}, which would delete the position"
    assert message in refused(outbox, *named)
    assert message in check(outbox, *named)
    outbox.kafka.set_topic(topic, "cleanup.policy", "compact")
    publishing_relay(outbox, *named)


def put(outbox: Outbox, key: str | None, value: bytes | None) -> None:
    """Writes a record into the state topic."""
    producer = Producer({"bootstrap.servers": outbox.kafka.brokers})
    producer.produce(state_topic(outbox), key=key, value=value, partition=0)
    producer.flush()


def test_a_position_that_cannot_be_read(outbox: Outbox) -> None:
    """Refused, as is starting again; a record without a value deletes it."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    relay = publishing_relay(outbox)
    outbox.add("k", "1")
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    put(outbox, state_key(outbox), b'{"lsn":17,"timeline":1}')
    error = refused(outbox)
    assert f'the record of key \\"{state_key(outbox)}\\" cannot be read' in error
    assert 'lsn\\" is not a position' in error
    assert "cannot be read" in check(outbox)
    put(outbox, state_key(outbox), None)
    relay = publishing_relay(outbox)
    assert "Kafka has no position of it" in relay.log()
    outbox.add("k", "2")
    assert in_order(wait_visible(outbox, 2)) == [1, 2]


def test_foreign_records_are_passed_over(outbox: Outbox) -> None:
    """Also as many as make it necessary to read all of the topic."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    relay = publishing_relay(outbox)
    outbox.add("k", "1")
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    published = states(outbox)[-1]["lsn"]
    producer = Producer({"bootstrap.servers": outbox.kafka.brokers})
    for n in range(1500):
        producer.produce(state_topic(outbox), key=f"{n}/other", value=b"{", partition=0)
    producer.produce(state_topic(outbox), value=b"no key", partition=0)
    producer.flush()
    relay = publishing_relay(outbox)
    assert f"published={published}" in relay.log()
    outbox.add("k", "2")
    assert in_order(wait_visible(outbox, 2)) == [1, 2]


def test_somebody_else_writes_the_state_topic(outbox: Outbox) -> None:
    """An open transaction hides what is behind it: the relay waits until that is
    ended, since an older position would repeat events."""
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    relay = publishing_relay(outbox)
    outbox.add("k", "1")
    outbox.wait_all_confirmed()
    stranger = Producer(
        {"bootstrap.servers": outbox.kafka.brokers, "transactional.id": outbox.dbname,
         "transaction.timeout.ms": 600_000}
    )
    stranger.init_transactions()
    stranger.begin_transaction()
    stranger.produce(state_topic(outbox), key="stranger", value=b"", partition=0)
    stranger.flush()
    outbox.add("k", "2")
    outbox.wait_all_confirmed()
    assert relay.terminate() == 0
    relay = outbox.relay(*EXACTLY_ONCE)
    relay.wait_for_log("waiting for Kafka to hand over its transactions")
    # It may have waited for something else before, and says why again after a minute.
    wait_until(
        lambda: "a transaction of another producer is open" in relay.log(), "why it waits", 300
    )
    stranger.abort_transaction()
    relay.wait_for_log("publishing exactly once")
    outbox.add("k", "3")
    assert in_order(wait_visible(outbox, 3)) == [1, 2, 3]


@pytest.fixture
def lonely_kafka(scratch: Scratch) -> Iterator[Kafka]:
    """A broker that wants more replicas of new topics than there are brokers."""
    kafka = Kafka(scratch, "lonely_kafka", "default.replication.factor=3\n")
    try:
        yield kafka.start()
    finally:
        kafka.kill()


def test_a_state_topic_that_cannot_be_created(
    outbox: Outbox, lonely_kafka: Kafka
) -> None:
    outbox.kafka = lonely_kafka
    outbox.create_slot()
    message = "does not exist and cannot be created"
    assert message in check(outbox)
    assert message in refused(outbox)


def test_a_state_topic_that_may_not_be_written(
    outbox: Outbox, strict_kafka: Kafka
) -> None:
    """Nothing is published, and it is said which topic it is."""
    outbox.kafka = strict_kafka
    outbox.create_slot()
    strict_kafka.create_topic(outbox.topic, partitions=1)
    strict_kafka.create_topic(state_topic(outbox), 1, **{"cleanup.policy": "compact"})
    # A topic that has rules is closed to all that none of them allows.
    strict_kafka.allow("ANONYMOUS", state_topic(outbox), AclOperation.READ)
    relay = publishing_relay(outbox)
    outbox.add("k", "1")
    assert relay.wait() == PERSON, relay.log()
    [line] = [line for line in relay.lines if " level=error " in line]
    assert f'Kafka refuses the position in state topic \\"{state_topic(outbox)}' in line
    assert "authorization failed" in line
    assert strict_kafka.read(outbox.topic) == []
    strict_kafka.allow("ANONYMOUS", state_topic(outbox), AclOperation.WRITE)
    publishing_relay(outbox)
    assert in_order(wait_visible(outbox, 1)) == [1]


# Brokers


@pytest.fixture
def poor_kafka(scratch: Scratch) -> Iterator[Kafka]:
    """A broker whose transaction state log wants more replicas than there are."""
    kafka = Kafka(
        scratch,
        "poor_kafka",
        "transaction.state.log.replication.factor=3\n"
        "transaction.max.timeout.ms=30000\n",
    )
    try:
        yield kafka.start()
    finally:
        kafka.kill()


def test_brokers_without_a_coordinator(outbox: Outbox, poor_kafka: Kafka) -> None:
    """Waits, says so, and keeps PostgreSQL's connection."""
    outbox.kafka = poor_kafka
    outbox.create_slot()
    relay = outbox.relay(*EXACTLY_ONCE, "-X", "kafka.transaction.timeout.ms=10000")
    relay.wait_for_log("waiting for Kafka to hand over its transactions")
    assert "transaction.state.log.*" in check(
        outbox, "-X", "kafka.transaction.timeout.ms=10000"
    )
    assert relay.terminate() == 0


def test_a_timeout_that_is_too_long(outbox: Outbox) -> None:
    outbox.create_slot()
    too_long = ("-X", "kafka.transaction.timeout.ms=1000000")
    message = "transaction.timeout.ms in section [kafka] is more than the brokers'"
    assert message in refused(outbox, *too_long)
    assert message in check(outbox, *too_long)


def test_kafka_is_away_for_longer_than_a_transaction_may_be(
    outbox: Outbox, scratch: Scratch
) -> None:
    """Kafka ends the transaction; a new producer begins, and all is there once."""
    proxied = free_port()
    proxy = Proxy(proxied)
    kafka = Kafka(scratch, "kafka_away", proxied=(proxied, proxy.port)).start()
    outbox.kafka = kafka
    relay = None
    try:
        outbox.create_slot()
        kafka.create_topic(outbox.topic, partitions=1)
        relay = Relay(
            "-d", outbox.conninfo, "-b", f"127.0.0.1:{proxy.port}", "--slot",
            outbox.slot, *EXACTLY_ONCE, "-X", "kafka.transaction.timeout.ms=1500",
        )
        relay.wait_for_log("publishing exactly once")
        outbox.add("k", "0")
        wait_visible(outbox, 1)
        outbox.db.execute(MANY, (outbox.aggregate_type, 1, 1, 100_000))
        wait_until(lambda: kafka.written(outbox.topic) > 1000, "a transaction is open")
        proxy.set_mode("stall")
        before = kafka.written(outbox.topic)
        wait_until(
            lambda: kafka.count(outbox.topic) >= before, "Kafka ended the transaction"
        )
        assert in_order(kafka.read(outbox.topic)) == [0]
        proxy.set_mode("pass")
        found = wait_visible(outbox, 100_001)
        assert in_order(found) == list(range(100_001))
        outbox.wait_all_confirmed()
        assert any(
            "taking over anew" in m or "with a new one" in m for m in relay.messages()
        )
    finally:
        if relay:
            relay.kill()
        proxy.close()
        kafka.kill()


def is_commit(request: bytes) -> bool:
    """Kafka's EndTxn, which nothing shares a segment with: four bytes of length,
    then the number of the request."""
    return request[4:6] == END_TXN


def test_a_commit_that_may_have_been_sent_twice(
    outbox: Outbox, scratch: Scratch
) -> None:
    """A connection is lost during a commit: a new epoch follows, so that the
    request that was lost cannot end a later transaction."""
    proxied = free_port()
    proxy = Proxy(proxied)
    kafka = Kafka(scratch, "kafka_cut", proxied=(proxied, proxy.port)).start()
    outbox.kafka = kafka
    relay = None
    try:
        outbox.create_slot()
        kafka.create_topic(outbox.topic, partitions=1)
        relay = Relay(
            "-d", outbox.conninfo, "-b", f"127.0.0.1:{proxy.port}", "--slot",
            outbox.slot, *EXACTLY_ONCE, "-X", "relay.commit_interval=1ms",
        )
        relay.wait_for_log("publishing exactly once")
        proxy.cut_after(is_commit)
        outbox.add("k", "0")
        relay.wait_for_log(TWICE)
        wait_until(
            lambda: "publishing exactly once" in relay.log().split(TWICE)[1], "a new epoch"
        )
        outbox.add("k", "1")
        assert in_order(wait_visible(outbox, 2)) == [0, 1]
        outbox.wait_all_confirmed()
    finally:
        if relay:
            relay.kill()
        proxy.close()
        kafka.kill()


# Events that cannot be published


def test_dead_letters_are_part_of_the_transaction(outbox: Outbox) -> None:
    """A row's, and that of a record that Kafka refuses: once, and the rest once."""
    outbox.create_slot()
    limit = {"max.message.bytes": "10000"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **limit)
    dead = dead_letters(outbox)
    for n in range(30):
        with outbox.db.transaction():
            outbox.add("k", str(2 * n))
            if n % 10 == 3:
                outbox.db.execute(BAD_TOPIC)
            outbox.add("k", text(20_000 + n) if n in (7, 8) else str(2 * n + 1))
    http = Http()
    outbox.relay(
        *EXACTLY_ONCE, "-X", "relay.on_error=dead-letter",
        "-X", f"relay.dead_letter_topic={dead}", *http.arguments,
    )
    outbox.wait_all_confirmed()
    # What was aborted on the way does not count.
    assert http.metric('events_total{outcome="published"}') == 58
    assert http.metric('events_total{outcome="dead_letter"}') == 5
    assert values(outbox.kafka.read(outbox.topic)) == [
        b"%d" % n for n in range(60) if n not in (15, 17)
    ]
    letters = outbox.kafka.read(dead)
    assert sorted(len(r.value) for r in letters) == [5, 5, 5, 20_009, 20_010]
    positions = [(headers(r)["pg_outbox.lsn"], headers(r)["pg_outbox.seq"]) for r in letters]
    assert len(set(positions)) == len(letters)


def test_skip(outbox: Outbox) -> None:
    """Also of all that a transaction has."""
    outbox.create_slot()
    limit = {"max.message.bytes": "10000"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **limit)
    outbox.add("k", "1")
    outbox.db.execute(BAD_TOPIC)
    with outbox.db.transaction():
        outbox.add("k", "2")
        outbox.add("k", text(20_000))
        outbox.add("k", "3")
    outbox.add("k", "4")
    relay = outbox.relay(*EXACTLY_ONCE, "-X", "relay.on_error=skip")
    outbox.wait_all_confirmed()
    assert values(outbox.kafka.read(outbox.topic)) == [b"1", b"2", b"3", b"4"]
    assert relay.log().count("event is skipped") >= 2


@pytest.mark.parametrize("kind", ["row", "record"])
def test_nothing_of_a_transaction_that_is_held(outbox: Outbox, kind: str) -> None:
    """What came before is published and confirmed, nothing of its own
    transaction is visible, and none is left open, which would hold readers up."""
    outbox.create_slot()
    limit = {"max.message.bytes": "10000"}
    outbox.kafka.create_topic(outbox.topic, partitions=1, **limit)
    for n in range(5):
        outbox.add("k", str(n))
    before = outbox.wal_end()
    with outbox.db.transaction():
        outbox.add("k", "5")
        if kind == "row":
            outbox.db.execute(BAD_TOPIC)
        else:
            outbox.add("k", text(20_000))
        outbox.add("k", "6")
    outbox.add("k", "7")
    relay = outbox.relay(*EXACTLY_ONCE)
    relay.wait_for_log("holding: an event cannot be published")
    wait_until(lambda: outbox.is_confirmed(before), "what came before is confirmed")
    wait_until(
        lambda: outbox.kafka.written(outbox.topic) == outbox.kafka.count(outbox.topic),
        "no open transaction",
    )
    assert numbers(outbox.kafka.read(outbox.topic)) == [0, 1, 2, 3, 4]
    [line] = [line for line in relay.lines if "holding: an event" in line][:1]
    position = line.split("--skip ")[1].split(";")[0]
    assert relay.terminate() == 0
    outbox.relay(*EXACTLY_ONCE, "--skip", position)
    outbox.wait_all_confirmed()
    assert numbers(outbox.kafka.read(outbox.topic)) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_what_is_held_is_published_once_kafka_takes_it(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, 1, **{"max.message.bytes": "10000"})
    with outbox.db.transaction():
        outbox.add("k", '"1"')
        outbox.add("k", text(20_000))
    outbox.add("k", '"2"')
    relay = outbox.relay(*EXACTLY_ONCE)
    relay.wait_for_log("holding: an event cannot be published")
    outbox.kafka.set_topic(outbox.topic, "max.message.bytes", "100000")
    outbox.wait_all_confirmed()
    found = values(outbox.kafka.read(outbox.topic))
    assert [len(v) for v in found] == [3, 20_002, 3]


# Commands


def test_commands(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    kafka = ("-b", outbox.kafka.brokers, *EXACTLY_ONCE)
    assert check(outbox) == ""
    _, lines, _ = pg_outbox("check", "-d", outbox.conninfo, "--slot", outbox.slot, *kafka)
    assert f'ok    state topic "{state_topic(outbox)}" can be created' in lines
    assert any(line.startswith("ok    Kafka hands out transactions") for line in lines)
    status = json.loads(outbox.pg_outbox("status", "--json", *kafka))
    assert status["published"] is None
    relay = publishing_relay(outbox)
    outbox.add("k", "1")
    outbox.wait_all_confirmed()
    # It works on: nothing of this fences it.
    assert check(outbox) == ""
    status = json.loads(outbox.pg_outbox("status", "--json", *kafka))
    assert status["published"] == states(outbox)[-1]["lsn"]
    assert status["published_timeline"] == 1
    assert status["slot"] == outbox.slot
    assert status["published"] in outbox.pg_outbox("status", *kafka)
    outbox.add("k", "2")
    wait_visible(outbox, 2)
    assert "taking over anew" not in relay.log()
    assert relay.terminate() == 0
    dropped = outbox.pg_outbox("drop-slot", *kafka)
    assert f'its last position stays in state topic "{state_topic(outbox)}"' in dropped
    assert states(outbox)


def test_status_without_kafka(outbox: Outbox) -> None:
    """Shows the slot all the same."""
    outbox.create_slot()
    status = json.loads(
        outbox.pg_outbox("status", "--json", "-b", "127.0.0.1:1", *EXACTLY_ONCE)
    )
    assert (status["slot"], status["published"]) == (outbox.slot, None)


def test_at_least_once_says_what_standing_by_means(outbox: Outbox) -> None:
    outbox.create_slot()
    outbox.streaming_relay()
    second = outbox.relay()
    second.wait_for_log("standing by")
    second.wait_for_log("exactly-once")
    time.sleep(2.5)  # it looks at the slot again
    assert second.log().count("delivery = exactly-once") == 1
    third = outbox.relay(*EXACTLY_ONCE)
    third.wait_for_log("standing by")
    assert "delivery = exactly-once" not in third.log()
