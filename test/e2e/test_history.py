"""Exactly once over another history: what the position in Kafka means when
PostgreSQL is another server, or the same one set back."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Outbox
from harness.kafka import Kafka
from harness.postgres import Postgres
from harness.relay import Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from test_exactly_once import EXACTLY_ONCE, in_order, publishing_relay, wait_visible

RECORD = "repeat('x', 8000)"  # what takes a good part of a page of WAL


@pytest.fixture
def standby(own_outbox: Outbox, scratch: Scratch) -> Iterator[Postgres]:
    """A hot standby of the server of own_outbox."""
    primary = own_outbox.postgres
    name = f"{primary.folder.name}_standby"
    standby = Postgres(scratch, name, primary).start()
    yield standby
    standby.kill()


def slot_files(server: Postgres, slot: str) -> Path:
    return server.data / "pg_replslot" / slot


def move_slot(source: Path, server: Postgres, slot: str) -> None:
    """Puts a slot onto a server that does not run, as Patroni does."""
    target = slot_files(server, slot)
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)
    for path in (target, *target.iterdir()):
        shutil.chown(path, "postgres")


def keep_slot(outbox: Outbox, scratch: Scratch) -> Path:
    """A copy of the slot as it is on disk now."""
    outbox.db.execute("CHECKPOINT")
    folder = scratch.path / f"slot_{outbox.postgres.folder.name}"
    shutil.copytree(slot_files(outbox.postgres, outbox.slot), folder)
    return folder


def wait_replayed(outbox: Outbox, standby: Postgres) -> None:
    end = outbox.wal_end()
    with standby.connect() as db:
        wait_until(
            lambda: db.execute(
                "SELECT pg_last_wal_replay_lsn() >= %s", (end,)
            ).fetchone()[0],
            "the standby has all",
        )


def end_relay(outbox: Outbox, relay: Relay) -> None:
    assert relay.terminate() == 0
    outbox.relays.remove(relay)


def test_a_synchronous_standby_is_promoted(
    own_outbox: Outbox, standby: Postgres, scratch: Scratch
) -> None:
    """It has all that was published; its slot stands where it began, and what it
    repeats is passed over by the position."""
    outbox = own_outbox
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    slot = keep_slot(outbox, scratch)
    outbox.db.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
    outbox.db.execute("SELECT pg_reload_conf()")
    relay = publishing_relay(outbox)
    for n in range(10):
        outbox.add("k", str(n))
    wait_visible(outbox, 10)
    outbox.wait_all_confirmed()
    end_relay(outbox, relay)
    wait_replayed(outbox, standby)
    standby.stop()
    standby.configure("synchronous_standby_names = ''")
    (standby.data / "postgresql.auto.conf").open("a").write(
        "synchronous_standby_names = ''\n"
    )
    move_slot(slot, standby, outbox.slot)
    outbox.fail_over(standby)
    relay = publishing_relay(outbox)
    assert "timeline=1" in relay.log()
    for n in range(10, 15):
        outbox.add("k", str(n))
    outbox.wait_all_confirmed()
    assert in_order(wait_visible(outbox, 15)) == list(range(15))


def test_an_asynchronous_standby_is_promoted(
    own_outbox: Outbox, standby: Postgres, scratch: Scratch
) -> None:
    """It lacks events that were published: they stay, and what now commits at
    their positions is published as well."""
    outbox = own_outbox
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    slot = keep_slot(outbox, scratch)
    relay = publishing_relay(outbox)
    for n in range(10):
        outbox.add("k", str(n))
    wait_visible(outbox, 10)
    outbox.db.execute("CHECKPOINT")
    wait_replayed(outbox, standby)
    standby.stop()
    # Lost by the failover, and published: a good way behind the timeline's end.
    for n in range(10, 13):
        outbox.db.execute(f"SELECT pg_logical_emit_message(true, 'x', {RECORD})")
        outbox.add("k", str(n))
    lost = outbox.wal_end()
    wait_visible(outbox, 13)
    outbox.wait_all_confirmed()
    end_relay(outbox, relay)
    move_slot(slot, standby, outbox.slot)
    outbox.fail_over(standby)
    for n in range(13, 18):
        outbox.add("k", str(n))
    assert outbox.db.execute(
        "SELECT pg_current_wal_insert_lsn() < %s", (lost,)
    ).fetchone()[0], "the new events are at positions that were published before"
    relay = publishing_relay(outbox)
    message = relay.wait_for_log("publishing exactly once")
    assert "lost by the failover" in message
    assert in_order(wait_visible(outbox, 18)) == list(range(18))
    outbox.wait_all_confirmed()
    # And from then on the position is of the new timeline.
    end_relay(outbox, relay)
    publishing_relay(outbox)
    outbox.add("k", "18")
    outbox.wait_all_confirmed()
    assert in_order(wait_visible(outbox, 19)) == list(range(19))


def test_an_old_primary_comes_back(
    own_outbox: Outbox, standby: Postgres
) -> None:
    """The position is of a timeline that it does not know: it is published from
    where its slot stands, and that is said."""
    outbox = own_outbox
    old = outbox.postgres
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    wait_replayed(outbox, standby)
    outbox.fail_over(standby)
    outbox.create_slot()
    relay = publishing_relay(outbox)
    for n in range(5):
        outbox.db.execute(f"SELECT pg_logical_emit_message(true, 'x', {RECORD})")
        outbox.add("k", str(n))
    outbox.wait_all_confirmed()
    end_relay(outbox, relay)
    standby.kill()
    old.start()
    try:
        outbox.postgres = old
        outbox.reconnect()
        relay = publishing_from_slot(outbox)
        assert "no part of this server's history" in relay.log()
        outbox.add("k", "5")
        assert in_order(wait_visible(outbox, 6)) == list(range(6))
    finally:
        old.kill()


def publishing_from_slot(outbox: Outbox) -> Relay:
    relay = outbox.relay(*EXACTLY_ONCE)
    relay.wait_for_log("publishing from where the slot stands")
    return relay


def test_a_server_that_was_set_back(own_outbox: Outbox, scratch: Scratch) -> None:
    """By a copy of its files: the position is ahead of its WAL, and what commits
    there now is published all the same."""
    outbox = own_outbox
    server = outbox.postgres
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, partitions=1)
    relay = publishing_relay(outbox)
    outbox.add("k", "0")
    wait_visible(outbox, 1)
    outbox.wait_all_confirmed()
    end_relay(outbox, relay)
    outbox.db.close()
    server.stop()
    copy = scratch.path / f"copy_{server.folder.name}"
    shutil.copytree(server.data, copy)
    server.start()
    outbox.reconnect()
    relay = publishing_relay(outbox)
    for n in range(1, 5):
        outbox.db.execute(f"SELECT pg_logical_emit_message(true, 'x', {RECORD})")
        outbox.add("k", str(n))
    wait_visible(outbox, 5)
    outbox.wait_all_confirmed()
    end_relay(outbox, relay)
    outbox.db.close()
    server.stop()
    shutil.rmtree(server.data)
    shutil.copytree(copy, server.data)
    for path in (server.data, *server.data.rglob("*")):
        shutil.chown(path, "postgres")
    server.data.chmod(0o700)
    server.start()
    outbox.reconnect()
    relay = publishing_from_slot(outbox)
    assert "ahead of this server's WAL" in relay.log()
    outbox.add("k", "5")
    outbox.wait_all_confirmed()
    # What was before the slot's position on disk may be there twice, as said.
    assert set(in_order(outbox.kafka.read(outbox.topic))) == set(range(6))


def test_two_clusters_with_the_same_slot(
    own_outbox: Outbox, scratch: Scratch, kafka: Kafka
) -> None:
    """Each has a position and a transactional.id of its own in the one topic."""
    first = own_outbox
    other = Postgres(scratch, f"{first.postgres.folder.name}_other").start()
    try:
        second = Outbox(other, kafka, "postgres")
        second.aggregate_type, second.topic = first.aggregate_type, first.topic
        first.kafka.create_topic(first.topic, partitions=1)
        for outbox in (first, second):
            outbox.create_slot()
        publishing_relay(first)
        first.add("first", "0")
        wait_visible(first, 1)
        relay = publishing_relay(second)
        assert "other_system=" in relay.log()
        for n in range(1, 10):
            second.add("second", str(n))
            first.add("first", str(n))
        wait_visible(first, 19)
        for outbox in (first, second):
            outbox.wait_all_confirmed()
            assert "taking over anew" not in outbox.relays[0].log()
            outbox.relays[0].kill()
            publishing_relay(outbox)
            outbox.wait_all_confirmed()
        found = kafka.read(first.topic)
        for key, numbers in ((b"first", range(10)), (b"second", range(1, 10))):
            assert in_order([r for r in found if r.key == key]) == list(numbers)
        second.close()
    finally:
        other.kill()
