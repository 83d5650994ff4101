"""Another server takes over: PostgreSQL's standby, Kafka's second replica."""

import signal
from collections.abc import Iterator

import pytest
from conftest import Outbox
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import free_port, run
from harness.proxy import Proxy
from harness.relay import Relay, parse_logfmt
from harness.scratch import Scratch
from harness.wait import wait_until
from harness.workload import Writer, check


@pytest.fixture
def second_kafka(scratch: Scratch) -> Iterator[tuple[Kafka, Kafka]]:
    """A cluster of two brokers, of which the first is the controller."""
    first = Kafka(scratch, "kafka_first").start()
    second = Kafka(scratch, "kafka_second", joins=first)
    try:
        yield first, second.start()
    finally:
        second.kill()
        first.kill()


@pytest.fixture
def standby(own_outbox: Outbox, scratch: Scratch) -> Iterator[Postgres]:
    """A hot standby of the server of own_outbox."""
    primary = own_outbox.postgres
    name = f"{primary.folder.name}_standby"
    standby = Postgres(scratch, name, primary).start()
    yield standby
    standby.kill()


def hosts(*servers: Postgres) -> tuple[str, ...]:
    """The settings of a relay that knows several servers, one of them away."""
    ports = [free_port(), *(server.port for server in servers)]
    return (
        "-X", f"postgres.host={','.join(['127.0.0.1'] * len(ports))}",
        "-X", f"postgres.port={','.join(map(str, ports))}",
        "-X", "postgres.target_session_attrs=read-write",
    )


def fail_over(outbox: Outbox, standby: Postgres, relay: Relay) -> None:
    """The standby gets the slot before the relay comes, which would say that it is
    missing and end: so the relay is stopped until the test lets it go on."""
    outbox.postgres.kill()
    relay.wait_for_log("waiting for PostgreSQL")
    relay.signal(signal.SIGSTOP)
    outbox.fail_over(standby)
    outbox.create_slot()


def test_a_standby_is_promoted(own_outbox: Outbox, standby: Postgres) -> None:
    """The relay passes over a host that is away and one that is a standby; when
    that one is promoted it goes on there."""
    primary = own_outbox.postgres
    own_outbox.create_slot()
    relay = own_outbox.relay(*hosts(standby, primary))
    own_outbox.add("k", "1")
    own_outbox.wait_published(1)
    own_outbox.wait_all_confirmed()
    end = own_outbox.wal_end()
    wait_until(
        lambda: own_outbox.db.execute(
            "SELECT replay_lsn >= %s FROM pg_stat_replication"
            " WHERE application_name = 'walreceiver'",
            (end,),
        ).fetchone()[0],
        "the standby has all",
    )

    fail_over(own_outbox, standby, relay)
    relay.signal(signal.SIGCONT)
    own_outbox.add("k", "2")
    records = own_outbox.wait_published(2)
    own_outbox.wait_all_confirmed()
    assert [r.value for r in records] == [b"1", b"2"]
    assert relay.terminate() == 0


def received(relay: Relay) -> str:
    """The furthest position that the relay has told a server."""
    lines = [line for line in map(parse_logfmt, relay.lines) if line.get("msg") == "status"]
    return lines[-1]["written"]


def write_wal(outbox: Outbox, past: str | None = None) -> None:
    """Writes a MB of WAL, or as much as it takes to come past a position."""
    while True:
        outbox.db.execute(
            "SELECT pg_logical_emit_message(true, 'padding', repeat('x', 1000000))"
        )
        if past is None or is_past(outbox, past):
            return


def is_past(outbox: Outbox, position: str) -> bool:
    return outbox.db.execute(
        "SELECT pg_current_wal_insert_lsn() > %s", (position,)
    ).fetchone()[0]


def test_a_standby_that_diverged(own_outbox: Outbox, standby: Postgres) -> None:
    """What it commits where the old primary had something else is published:
    that positions are below what was read says nothing on another timeline."""
    outbox = own_outbox
    primary = outbox.postgres
    outbox.create_slot()
    relay = outbox.relay(*hosts(standby, primary), "-X", "log.level=debug")
    outbox.add("k", "1")
    outbox.wait_published(1)
    outbox.wait_all_confirmed()
    standby.kill()
    write_wal(outbox)
    outbox.add("k", "2")
    outbox.wait_published(2)
    outbox.wait_all_confirmed()
    fail_over(outbox, standby, relay)
    outbox.add("k", "3")
    assert not is_past(outbox, received(relay))
    # So the position of the server's end does not tell it either.
    write_wal(outbox, past=received(relay))
    relay.signal(signal.SIGCONT)
    outbox.wait_all_confirmed()
    assert [r.value for r in outbox.kafka.read(outbox.topic)] == [b"1", b"2", b"3"]
    assert "the server has another history" in relay.log()


def add_at_a_segment(outbox: Outbox, aggregate_type: str) -> str:
    """Commits an event as the first record of a WAL segment, without images of pages;
    returns the position behind it."""
    insert = (
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES (%s, 'k', 'e', to_jsonb(repeat('x', 20000)))",
        (aggregate_type,),
    )
    outbox.db.execute("CHECKPOINT")
    with outbox.db.transaction(force_rollback=True):
        outbox.db.execute(*insert)
    outbox.db.execute("SELECT pg_switch_wal()")
    outbox.db.execute(*insert)
    return outbox.wal_end()


def test_a_refused_event_is_none_of_another_history(
    own_outbox: Outbox, standby: Postgres
) -> None:
    """What Kafka refused is known by its position, where the promoted standby has
    another event, which is published."""
    outbox = own_outbox
    primary = outbox.postgres
    refused = f"{outbox.aggregate_type[:-1]}_"
    dead = f"{outbox.topic}.dead"
    outbox.kafka.create_topic(f"{refused}.events", **{"max.message.bytes": "10000"})
    outbox.kafka.create_topic(dead, **{"max.message.bytes": "50"})
    outbox.create_slot()
    relay = outbox.relay(
        *hosts(standby, primary), "-X", "relay.on_error=dead-letter",
        "-X", f"relay.dead_letter_topic={dead}",
    )
    outbox.add("k", "1")
    outbox.wait_published(1)
    outbox.wait_all_confirmed()
    standby.kill()
    end = add_at_a_segment(outbox, refused)
    relay.wait_for_log("holding: an event cannot be published")
    fail_over(outbox, standby, relay)
    assert add_at_a_segment(outbox, outbox.aggregate_type) == end
    relay.signal(signal.SIGCONT)
    outbox.wait_published(2)
    outbox.wait_all_confirmed()
    assert outbox.kafka.read(dead) == []


class Backup:
    """The folder of a server that is stopped, to set it back to."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.server = outbox.postgres
        self.folder = self.server.data.with_name("backup")
        outbox.db.close()
        self.server.stop()
        run(["cp", "-a", str(self.server.data), str(self.folder)])
        self._start()

    def restore(self) -> None:
        self.outbox.db.close()
        self.server.kill()
        run(["rm", "-rf", str(self.server.data)])
        run(["cp", "-a", str(self.folder), str(self.server.data)])
        self._start()

    def _start(self) -> None:
        self.server.start()
        self.outbox.reconnect()


def test_a_server_that_was_set_back(own_outbox: Outbox) -> None:
    """To a copy of its files, so system and timeline are the same: what it
    commits below what was read is published."""
    outbox = own_outbox
    outbox.create_slot()
    relay = outbox.relay("-X", "log.level=debug")
    outbox.add("k", "1")
    outbox.wait_published(1)
    outbox.wait_all_confirmed()
    backup = Backup(outbox)
    write_wal(outbox)
    outbox.add("k", "2")
    outbox.wait_published(2)
    outbox.wait_all_confirmed()
    before = received(relay)
    backup.restore()
    relay.wait_for_log("the server has another history")
    outbox.add("k", "3")
    assert not is_past(outbox, before)
    outbox.wait_all_confirmed()
    # The slot was set back as well, and may repeat the first.
    assert outbox.kafka.read(outbox.topic)[-1].value == b"3"


def test_a_host_that_never_answers(outbox: Outbox) -> None:
    """It takes the connection and is silent: the relay goes on to the next host."""
    frozen = Proxy(outbox.postgres.port)
    frozen.set_mode("swallow")
    try:
        outbox.create_slot()
        relay = outbox.relay(
            "-X", "postgres.host=127.0.0.1,127.0.0.1",
            "-X", f"postgres.port={frozen.port},{outbox.postgres.port}",
            "-X", "relay.connect_timeout=1s",
        )
        relay.wait_for_log("streaming")
        assert "PostgreSQL did not answer for 1 s" in relay.log()
    finally:
        frozen.close()


def test_the_slot_did_not_come_along(own_outbox: Outbox, standby: Postgres) -> None:
    """A slot that is not on the new primary ends the relay, even one that may
    create it: what committed before it is made would be lost in silence."""
    own_outbox.create_slot()
    relay = own_outbox.relay(*hosts(own_outbox.postgres, standby), "--create-slot")
    relay.wait_for_log("streaming")
    own_outbox.postgres.kill()
    standby.promote()
    assert relay.wait() == 4
    assert relay.wait_for_log("does not exist; create it with: pg_outbox create-slot")


def test_the_leader_changes(
    own_outbox: Outbox, second_kafka: tuple[Kafka, Kafka]
) -> None:
    """The broker that leads a topic is killed under load: the other goes on. Only a
    producer that broke off repeats, since it cannot know what arrived."""
    first, second = second_kafka
    outbox = own_outbox
    outbox.kafka = first
    outbox.create_slot()
    first.create_replicated_topic(outbox.topic, [[2, 1]] * 4)
    relay = outbox.streaming_relay()
    writer = Writer(outbox.postgres, outbox.aggregate_type, "w", 1)
    writer.start()
    wait_until(lambda: first.count(outbox.topic) > 500, "events by the first leader")
    assert first.leaders(outbox.topic) == {2}
    second.kill()
    wait_until(lambda: first.leaders(outbox.topic) == {1}, "another leader")
    before = first.count(outbox.topic)
    wait_until(
        lambda: first.count(outbox.topic) > before + 500, "events by the second leader"
    )
    writer.stop()
    outbox.wait_all_confirmed()
    committed = dict(
        outbox.db.execute(
            "SELECT aggregate_id, count(*) FROM outbox GROUP BY 1"
        ).fetchall()
    )
    repeated = check(first.read(outbox.topic), committed)
    assert repeated == 0 or "the Kafka producer failed" in relay.log()
    assert relay.terminate() == 0
