"""outbox.replay(): existing rows are published through a running relay."""

import re
import threading
from pathlib import Path

import psycopg
import pytest
from conftest import Outbox
from harness.kafka import Record

COLUMNS = "aggregate_type, aggregate_id, event_type, payload, created_at"


def add_rows(outbox: Outbox, count: int, keys: int = 3, table: str = "outbox") -> None:
    """Rows of the last days, one a minute; the payload is their number."""
    outbox.db.execute(
        f"INSERT INTO {table} ({COLUMNS})"
        " SELECT %s, 'k' || n %% %s, 'e', to_jsonb(n),"
        "  localtimestamp - interval '9 days' + n * interval '1 minute'"
        " FROM generate_series(1, %s) n",
        (outbox.aggregate_type, keys, count),
    )


def is_replayed(record: Record) -> bool:
    return ("pg_outbox.replay", b"true") in record.headers


def numbers(records: list[Record], key: bytes) -> list[int]:
    return [int(r.value) for r in records if r.key == key]


def test_beside_relay_and_writers(outbox: Outbox) -> None:
    """Each row again, as it was but for the header, in its order per key, while
    others write; rows of other names and of partitions as well."""
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    outbox.db.execute("SELECT outbox.create_table('public.days', '1 day', false)")
    outbox.create_slot()
    relay = outbox.streaming_relay("-X", "outbox.tables=public.outbox, public.days")
    add_rows(outbox, 3000, table="days")
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with outbox.postgres.connect(outbox.dbname) as connection:
            while not stop.is_set():
                connection.execute(
                    f"INSERT INTO outbox ({COLUMNS}) VALUES (%s, 'new', 'e', %s, now())",
                    (outbox.aggregate_type, str(written)),
                )
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        replayed = outbox.db.execute("CALL outbox.replay('days', batch => 100)").fetchone()[0]
    finally:
        stop.set()
        writer.join()
    assert replayed == 3000
    outbox.wait_all_confirmed()
    records = outbox.kafka.read(outbox.topic)
    again = [r for r in records if is_replayed(r)]
    first = [r for r in records if not is_replayed(r)]
    assert numbers(first, b"new") == list(range(written))
    for key in (b"k0", b"k1", b"k2"):
        expected = [n for n in range(1, 3001) if n % 3 == int(key[1:])]
        assert numbers(first, key) == expected
        assert numbers(again, key) == expected
    seen = {r.header("id"): (r.key, r.value, r.partition, r.header("eventType")) for r in first}
    assert {r.header("id"): (r.key, r.value, r.partition, r.header("eventType")) for r in again} == {
        id: seen[id] for id in (r.header("id") for r in again)
    }
    assert relay.terminate() == 0


def test_interrupted_and_called_again(outbox: Outbox) -> None:
    """What was committed is published; the next call goes on where a NOTICE says."""
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    add_rows(outbox, 5000)
    outbox.create_slot()
    relay = outbox.streaming_relay()
    reached: list[str] = []
    with outbox.postgres.connect(outbox.dbname) as connection:

        def notice(diagnostic: psycopg.errors.Diagnostic) -> None:
            [time] = re.findall(r"up to created_at = (.+)", diagnostic.message_primary)
            reached.append(time)
            if len(reached) == 3:
                # While the statement still runs.
                outbox.db.execute("SELECT pg_cancel_backend(%s)", (connection.info.backend_pid,))

        connection.add_notice_handler(notice)
        connection.execute("SET client_min_messages = notice")
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("CALL outbox.replay('outbox', batch => 10)")
    outbox.db.execute("CALL outbox.replay('outbox', since => %s, batch => 1000)", (reached[-1],))
    outbox.wait_all_confirmed()
    records = outbox.kafka.read(outbox.topic)
    assert all(is_replayed(r) for r in records)
    assert {int(r.value) for r in records} == set(range(1, 5001))
    # The row of that very time came twice, and of a batch that was committed before it could
    # be named all.
    assert len(records) - 5000 in (1, 11)
    assert relay.terminate() == 0


def test_memory_is_flat(outbox: Outbox) -> None:
    """A million rows in batches of different sizes."""
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    add_rows(outbox, 1_000_000)
    with outbox.postgres.connect(outbox.dbname) as connection:
        memory: list[int] = []

        def notice(_diagnostic: psycopg.errors.Diagnostic) -> None:
            status = Path(f"/proc/{connection.info.backend_pid}/status").read_text()
            memory.append(int(re.search(r"RssAnon:\s+(\d+)", status)[1]))

        connection.add_notice_handler(notice)
        connection.execute("SET client_min_messages = notice")
        [count] = connection.execute("CALL outbox.replay('outbox', batch => 20000)").fetchone()
    assert count == 1_000_000
    assert len(memory) == 50
    # In kB: what the second batch and the last one need.
    assert memory[-1] < memory[1] + 2000, memory


def test_a_row_that_is_too_wide(outbox: Outbox) -> None:
    """It is named, and the batches before it are published."""
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    outbox.db.execute(
        "CREATE TABLE wide (id int, aggregate_type text, aggregate_id text, payload text,"
        " a text, b text, c text, created_at timestamptz)"
    )
    outbox.db.execute(
        "INSERT INTO wide (id, aggregate_type, aggregate_id, payload, created_at)"
        " SELECT n, %s, 'k', n, '2026-01-01'::timestamptz + n * interval '1 s'"
        " FROM generate_series(1, 2) n",
        (outbox.aggregate_type,),
    )
    for column in "abc":  # one by one: together they are too much for an INSERT, too
        outbox.db.execute(f"UPDATE wide SET {column} = repeat('x', 350000000) WHERE id = 2")
    outbox.create_slot()
    relay = outbox.streaming_relay("-X", "outbox.tables=")
    with pytest.raises(psycopg.errors.ProgramLimitExceeded) as error:
        outbox.db.execute("CALL outbox.replay('wide', batch => 1)")
    assert error.value.diag.message_primary == (
        "row with id 2 of table public.wide is too wide for a message of 1000 MB"
    )
    assert [r.value for r in outbox.wait_published(1)] == [b"1"]
    assert relay.terminate() == 0
