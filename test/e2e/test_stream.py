"""When lines leave the server, and what that costs it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Outbox
from harness.process import slowed
from harness.receiver import Receiver, memory_kb
from harness.wait import wait_until

MANY_EVENTS = """
    DO $$ BEGIN
        FOR n IN 1 .. {transactions} LOOP
            INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
            SELECT 'T', i, 'E', jsonb_build_object('text', repeat('x', 100))
            FROM generate_series(1, {size}) i;
            COMMIT;
        END LOOP;
    END $$"""


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    receivers: list[Receiver] = []
    yield receivers
    for receiver in receivers:
        receiver.kill()


def walsender(outbox: Outbox, column: str):
    """A column of the walsender that reads the slot, or None."""
    row = outbox.db.execute(
        f"SELECT {column} FROM pg_stat_replication JOIN pg_replication_slots"
        " ON active_pid = pid WHERE slot_name = %s",
        (outbox.slot,),
    ).fetchone()
    return row and row[0]


def test_an_event_does_not_wait_for_the_end_of_the_wal(
    outbox: Outbox, receivers: list[Receiver], tmp_path: Path
) -> None:
    """Behind it there is much to read, so the decoder does not wait for long."""
    outbox.create_slot()
    outbox.db.execute("CREATE TABLE other (n int)")
    outbox.add()
    for _ in range(10):
        outbox.db.execute("INSERT INTO other SELECT generate_series(1, 100000)")
    end = outbox.wal_end()
    out = tmp_path / "lines"
    receivers.append(Receiver(outbox.postgres, outbox.conninfo, outbox.slot, out))
    wait_until(lambda: out.exists() and b'"topic"' in out.read_bytes(), "the event")
    assert walsender(outbox, f"sent_lsn < '{end}'")


def test_an_event_leaves_before_the_decoder_waits(
    own_outbox: Outbox, receivers: list[Receiver], tmp_path: Path
) -> None:
    """It comes though nothing is written behind it.  The server writes by
    itself now and then, so of several events one has to show it."""
    outbox = own_outbox
    outbox.create_slot()
    out = tmp_path / "lines"
    receivers.append(Receiver(outbox.postgres, outbox.conninfo, outbox.slot, out))
    alone = 0
    for n in range(1, 11):
        outbox.add()
        end = outbox.wal_end()
        wait_until(
            lambda n=n: out.exists() and out.read_bytes().count(b'"topic"') == n, "event"
        )
        alone += outbox.wal_end() == end
    assert alone > 0


def test_a_large_transaction_and_a_short_timeout(own_outbox: Outbox) -> None:
    """While a transaction of another table is replayed the server answers when the
    relay asks whether it is there, and the keepalives confirm nothing that is not
    delivered."""
    outbox = own_outbox
    outbox.postgres.configure("wal_sender_timeout = '4s'")
    outbox.db.execute("SELECT pg_reload_conf()")
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic)
    outbox.db.execute("CREATE TABLE other (n int)")
    relay = outbox.streaming_relay(
        "-X", "relay.status_interval=100ms", "-X", "relay.receive_timeout=10s"
    )
    pid = outbox.slot_row("active_pid")
    with outbox.kafka.frozen():
        outbox.add("k", "1")
        event_end = outbox.wal_end()
        with outbox.postgres.connect(outbox.dbname) as writer:
            writer.execute("BEGIN")
            writer.execute("INSERT INTO other SELECT generate_series(1, 500000)")
            inserted = outbox.wal_end()
            wait_until(
                lambda: walsender(outbox, f"sent_lsn >= '{inserted}'"), "all rows read"
            )
            with slowed(pid):
                writer.execute("COMMIT")
                end = outbox.wal_end()
                time.sleep(12)  # longer than the relay bears silence
                assert walsender(outbox, f"sent_lsn < '{end}'"), "it took no time"
        wait_until(
            lambda: walsender(outbox, f"sent_lsn >= '{end}'"), "all read by the server"
        )
        assert not outbox.is_confirmed(event_end)
        assert outbox.slot_row("active_pid") == pid
        relay.kill()
    outbox.relay()
    outbox.wait_all_confirmed()
    assert {r.value for r in outbox.kafka.read(outbox.topic)} == {b"1"}


def test_the_memory_of_the_server_does_not_grow(
    own_outbox: Outbox, receivers: list[Receiver]
) -> None:
    """Over a million events, and over transactions of 200,000."""
    outbox = own_outbox
    outbox.postgres.configure("logical_decoding_work_mem = '1MB'")
    outbox.db.execute("SELECT pg_reload_conf()")
    outbox.create_slot()
    receivers.append(
        Receiver(outbox.postgres, outbox.conninfo, outbox.slot, Path("/dev/null"))
    )
    wait_until(lambda: walsender(outbox, "pid"), "the slot in use")

    def memory_after(transactions: int, size: int) -> int:
        outbox.db.execute(MANY_EVENTS.format(transactions=transactions, size=size))
        end = outbox.wal_end()
        outbox.db.execute(
            "SELECT pg_logical_emit_message(true, 'test', repeat('x', 9000))"
        )
        wait_until(
            lambda: walsender(outbox, f"sent_lsn >= '{end}'"), "all read", 300
        )
        return memory_kb(walsender(outbox, "pid"))

    first = memory_after(1000, 10)
    assert memory_after(10000, 100) < first + 1024
    first = memory_after(1, 200000)
    assert memory_after(1, 200000) < first + 1024
