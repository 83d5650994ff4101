"""Another server takes over: PostgreSQL's standby, Kafka's second replica."""

import signal
from collections.abc import Iterator

import pytest
from conftest import Outbox
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.process import free_port
from harness.proxy import Proxy
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

    primary.kill()
    relay.wait_for_log("waiting for PostgreSQL")
    # Before the relay comes, or it says that the slot is missing and ends.
    relay.signal(signal.SIGSTOP)
    standby.promote()
    own_outbox.postgres = standby
    own_outbox.reconnect()
    own_outbox.create_slot()
    relay.signal(signal.SIGCONT)
    own_outbox.add("k", "2")
    records = own_outbox.wait_published(2)
    own_outbox.wait_all_confirmed()
    assert [r.value for r in records] == [b"1", b"2"]
    assert relay.terminate() == 0


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
    """The broker that leads a topic is killed under load: the other goes on."""
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
    assert check(first.read(outbox.topic), committed) == 0
    assert relay.terminate() == 0
