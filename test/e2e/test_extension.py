"""The extension beside a relay: events by table, partitioned table and emit(),
housekeeping under load, dump and restore."""

import json
import os
import random
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from conftest import Outbox
from harness.process import ROOT, run
from harness.wait import wait_until

COLUMNS = "aggregate_type, aggregate_id, event_type, payload"


@pytest.fixture
def extended(outbox: Outbox) -> Outbox:
    """With the extension, and a second outbox that is partitioned by day."""
    outbox.db.execute("CREATE EXTENSION pg_outbox")
    outbox.db.execute("SELECT outbox.create_table('public.days', '1 day', false)")
    return outbox


@pytest.fixture
def keeper(extended: Outbox) -> Iterator[str]:
    """A role that owns both tables, and may maintain them."""
    role = f"keeper_{extended.dbname}"
    extended.db.execute(f"CREATE ROLE {role} LOGIN")
    extended.db.execute(f"GRANT CREATE ON SCHEMA public TO {role}")
    for table in ("outbox", "days", "days_default"):
        extended.db.execute(f"ALTER TABLE {table} OWNER TO {role}")
    for table in ("outbox", "days"):
        extended.db.execute(f"SELECT outbox.grant_cleanup('{role}', 'public.{table}')")
    yield role
    for relay in extended.relays:
        relay.kill()
    extended.db.execute(f"DROP OWNED BY {role} CASCADE")
    extended.db.execute(f"DROP ROLE {role}")


BOTH_TABLES = ("-X", "outbox.tables=public.outbox, public.days")


def publish(
    connection: psycopg.Connection, way: str, aggregate_type: str, key: str, payload: str
) -> None:
    """One event: by emit(), or a row of a table."""
    if way == "emit":
        statement = "SELECT outbox.emit(%s, %s, 'Happened', %s)"
    else:
        statement = f"INSERT INTO {way} ({COLUMNS}) VALUES (%s, %s, 'Happened', %s)"
    connection.execute(statement, (aggregate_type, key, payload))


def test_table_partitions_and_emit_are_alike(extended: Outbox) -> None:
    """The same topic, key, headers and bytes; and all in the order of their
    commits, within a transaction and between transactions."""
    extended.create_slot()
    extended.kafka.create_topic(extended.topic, partitions=1)
    dice = random.Random(7)
    ways = ("outbox", "days", "emit")
    expected = []
    for n in range(100):
        rolls_back = dice.random() < 0.2
        with extended.db.transaction(force_rollback=rolls_back):
            for _ in range(dice.choice((1, 3))):
                payload = f'{{"n": {n}, "cost": 1.50, "big": 123456789012345678901234567890}}'
                publish(extended.db, dice.choice(ways), extended.aggregate_type, "k", payload)
                if not rolls_back:
                    expected.append(n)
    relay = extended.streaming_relay(*BOTH_TABLES)
    extended.wait_all_confirmed()
    records = extended.kafka.read(extended.topic)
    assert len({r.header("id") for r in records}) == len(records)
    assert {r.key for r in records} == {b"k"}
    assert {tuple(name for name, _ in r.headers) for r in records} == {("id", "eventType")}
    assert [r.value for r in records] == [
        b'{"n": %d, "big": 123456789012345678901234567890, "cost": 1.50}' % n for n in expected
    ]
    assert relay.terminate() == 0


def test_events_of_several_sessions_come_in_commit_order(extended: Outbox) -> None:
    """A key's events are written under a lock, now here, now there."""
    extended.create_slot()
    extended.streaming_relay(*BOTH_TABLES)
    ways = ("outbox", "days", "emit")

    def write(seed: int) -> None:
        dice = random.Random(seed)
        with extended.postgres.connect(extended.dbname) as connection:
            for _ in range(60):
                with connection.transaction():
                    number = connection.execute(
                        "UPDATE counter SET n = n + 1 RETURNING n"
                    ).fetchone()[0]
                    way = dice.choice(ways)
                    publish(connection, way, extended.aggregate_type, "k", str(number))

    extended.db.execute("CREATE TABLE counter AS SELECT 0 AS n")
    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    extended.wait_all_confirmed()
    records = extended.kafka.read(extended.topic)
    assert [r.value for r in records] == [b"%d" % n for n in range(1, 181)]


def test_housekeeping_under_load(extended: Outbox) -> None:
    """Rows of many days come and go, partitions are made and dropped, the default
    one is emptied: each row that was inserted is one event, and no other."""
    extended.create_slot()
    relay = extended.streaming_relay("-X", "outbox.tables=public.days")
    stop = threading.Event()
    added = [0, 0]

    def write(writer: int) -> None:
        with extended.postgres.connect(extended.dbname) as connection:
            while not stop.is_set():
                connection.execute(
                    f"INSERT INTO days ({COLUMNS}, created_at)"
                    " VALUES (%s, %s, 'e', %s, localtimestamp - %s * interval '1 day')",
                    (extended.aggregate_type, f"w{writer}", str(added[writer]),
                     added[writer] % 30),
                )
                added[writer] += 1

    with ThreadPoolExecutor() as pool:
        writers = [pool.submit(write, n) for n in range(2)]
        done = Rotation()
        try:
            wait_until(lambda: done.rotate(extended), "rows and partitions that went", 60)
        finally:
            stop.set()
        for writer in writers:
            writer.result()  # no error in any of them
    extended.wait_all_confirmed()
    records = extended.kafka.read(extended.topic)
    for n in range(2):
        values = [int(r.value) for r in records if r.key == b"w%d" % n]
        assert values == list(range(added[n]))
    assert relay.terminate() == 0


class Rotation:
    """Housekeeping, and what came of it so far."""

    def __init__(self) -> None:
        self.made = self.deleted = self.dropped = 0

    def rotate(self, outbox: Outbox) -> bool:
        """True when enough has happened."""
        # Moves what is in the default partition to partitions of its own.
        self.made += outbox.db.execute("SELECT outbox.ensure_partitions('days')").fetchone()[0]
        before = partitions(outbox)
        self.deleted += outbox.db.execute(
            "CALL outbox.cleanup_all('days', '3 days', 50)"
        ).fetchone()[0]
        self.dropped += len(before - partitions(outbox))
        return self.made > 50 and self.deleted > 500 and self.dropped > 20


def partitions(outbox: Outbox) -> set[str]:
    rows = outbox.db.execute("SELECT partition::text FROM outbox._partitions('days')")
    return {row[0] for row in rows.fetchall()}


def test_the_relay_maintains(extended: Outbox, keeper: str) -> None:
    """Section [maintenance]: old rows go and partitions come, by itself."""
    extended.create_slot()
    for table in ("outbox", "days"):
        extended.db.execute(
            f"INSERT INTO {table} ({COLUMNS}, created_at)"
            " SELECT %s, 'k', 'e', '{}', localtimestamp - interval '8 days' FROM generate_series(1, 25)",
            (extended.aggregate_type,),
        )
    relay = extended.streaming_relay(
        *BOTH_TABLES, "-X", "maintenance.interval=1s", "-X", "maintenance.batch=10",
        "-X", "maintenance.ahead=10", "-X", f"maintenance.user={keeper}",
    )
    relay.wait_for_log("maintenance done")
    [first] = [line for line in relay.lines if "maintenance done" in line][:1]
    assert 'deleted=50' in first.replace('"', "") and "partitions=3" in first.replace('"', "")
    assert extended.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0
    assert len(extended.wait_published(50)) == 50
    # And again.
    extended.db.execute(
        f"INSERT INTO outbox ({COLUMNS}, created_at) VALUES (%s, 'k', 'e', '{{}}', '2000-01-01')",
        (extended.aggregate_type,),
    )
    wait_until(
        lambda: extended.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0,
        "the next maintenance",
    )
    assert len(extended.wait_published(51)) == 51
    assert relay.terminate() == 0


def test_the_least_rights(extended: Outbox) -> None:
    """A role that was granted the relay and one that was granted the cleanup of a
    table do their work, and read nothing."""
    role = f"relay_{extended.dbname}"
    janitor = f"janitor_{extended.dbname}"
    extended.db.execute(f"CREATE ROLE {role} LOGIN")
    extended.db.execute(f"CREATE ROLE {janitor} LOGIN")
    try:
        extended.db.execute(f"SELECT outbox.grant_relay('{role}')")
        extended.db.execute(f"SELECT outbox.grant_cleanup('{janitor}', 'public.outbox')")
        conninfo = extended.postgres.conninfo(extended.dbname, role)
        extended.create_slot()
        extended.db.execute(
            f"INSERT INTO outbox ({COLUMNS}, created_at) VALUES (%s, 'k', 'e', '1', '2000-01-01')",
            (extended.aggregate_type,),
        )
        relay = extended.relay(
            "-d", conninfo, "-X", "maintenance.interval=1s",
            "-X", f"maintenance.user={janitor}",
        )
        relay.wait_for_log("maintenance done")
        assert [r.value for r in extended.wait_published(1)] == [b"1"]
        assert extended.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0
        with psycopg.connect(conninfo) as connection:
            assert connection.execute("SELECT slot FROM outbox.status").fetchall()
        for user in (role, janitor):
            with (
                psycopg.connect(extended.postgres.conninfo(extended.dbname, user)) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute("SELECT payload FROM public.outbox")
        assert relay.terminate() == 0
    finally:
        for user in (role, janitor):
            extended.db.execute(f"DROP OWNED BY {user}")
            extended.db.execute(f"DROP ROLE {user}")


def test_maintenance_that_fails_is_not_in_the_way(outbox: Outbox) -> None:
    janitor = f"janitor_{outbox.dbname}"
    outbox.db.execute(f"CREATE ROLE {janitor} LOGIN")
    try:
        outbox.create_slot()
        relay = outbox.streaming_relay(
            "-X", "maintenance.interval=1s", "-X", "maintenance.older_than=soon",
            "-X", f"maintenance.user={janitor}",
        )
        relay.wait_for_log("maintenance failed; it is tried again at the next time")
        assert "the database lacks the extension; there: CREATE EXTENSION pg_outbox;" in (
            relay.log()
        )
        outbox.db.execute("CREATE EXTENSION pg_outbox")
        wait_until(lambda: "permission denied for schema outbox" in relay.log(), "no right")
        outbox.db.execute(f"SELECT outbox.grant_cleanup('{janitor}', 'public.outbox')")
        wait_until(
            lambda: "invalid input syntax for type interval" in relay.log(), "the reason"
        )
        outbox.add("k", "1")
        assert [r.value for r in outbox.wait_published(1)] == [b"1"]
        assert relay.terminate() == 0
    finally:
        outbox.db.execute(f"DROP OWNED BY {janitor}")
        outbox.db.execute(f"DROP ROLE {janitor}")


def test_the_schedules_of_the_examples(extended: Outbox) -> None:
    """What pg_cron and Kubernetes are to run, run as it is written there."""
    examples = ROOT / "examples" / "housekeeping"
    manifest = (examples / "cronjob.yaml").read_text()
    [psql, *arguments] = json.loads(re.search(r"command: (\[.*\])", manifest)[1])
    [scheduled] = re.findall(r"\$\$(.*)\$\$", (examples / "pg_cron.sql").read_text())
    owner = {
        **os.environ, "PGHOST": "127.0.0.1", "PGPORT": str(extended.postgres.port),
        "PGUSER": "postgres", "PGDATABASE": extended.dbname,
    }
    for command in (arguments, ["-X", "-v", "ON_ERROR_STOP=1", "-c", scheduled]):
        extended.db.execute(
            f"INSERT INTO outbox ({COLUMNS}, created_at) VALUES ('T', 'k', 'e', '{{}}', '2000-01-01')"
        )
        run([str(extended.postgres.bindir / psql), *command], env=owner)
        assert extended.db.execute("SELECT count(*) FROM outbox").fetchone()[0] == 0


def test_dump_and_restore(extended: Outbox, tmp_path: Path) -> None:
    """All of it comes along, partitions and rights too, and works."""
    extended.db.execute("SELECT outbox.create_table('public.\"Odd \"\"name\"\"\"', '1 month')")
    extended.db.execute("CREATE ROLE dumped_writer")
    extended.db.execute("CREATE ROLE dumped_cleaner")
    extended.db.execute("SELECT outbox.grant_writer('dumped_writer', 'public.days')")
    extended.db.execute("SELECT outbox.grant_cleanup('dumped_cleaner', 'public.days')")
    publish(extended.db, "days", "T", "k", "1")
    restored = f"{extended.dbname}_restored"
    bindir = extended.postgres.bindir
    dump = tmp_path / "dump"
    try:
        run([str(bindir / "pg_dump"), "-f", str(dump), extended.conninfo])
        extended.db.execute(f"CREATE DATABASE {restored}")
        run([str(bindir / "psql"), "-X", "-v", "ON_ERROR_STOP=1", "-f", str(dump),
             extended.postgres.conninfo(restored)])
        with extended.postgres.connect(restored) as db:
            assert db.execute("SELECT outbox.ensure_partitions('days', 9)").fetchone()[0] == 2
            assert db.execute(
                "SELECT outbox.ensure_partitions('\"Odd \"\"name\"\"\"', 8)"
            ).fetchone()[0] == 1
            assert db.execute("SELECT count(*) FROM days").fetchone()[0] == 1
            db.execute("SET ROLE dumped_writer")
            publish(db, "emit", "T", "k", "1")
            publish(db, "days", "T", "k", "1")
            db.execute("SET ROLE dumped_cleaner")
            db.execute("CALL outbox.cleanup_all('days', '0')")
            db.execute("RESET ROLE")
            assert db.execute("SELECT count(*) FROM days").fetchone()[0] == 0
        again = tmp_path / "again"
        run([str(bindir / "pg_dump"), "-s", "-f", str(again), extended.conninfo])
        assert "EXTENSION IF NOT EXISTS pg_outbox" in again.read_text()
        assert "CREATE FUNCTION outbox." not in again.read_text()
    finally:
        extended.db.execute(f"DROP DATABASE IF EXISTS {restored}")
        for role in ("dumped_writer", "dumped_cleaner"):
            extended.db.execute(f"DROP OWNED BY {role}")
            extended.db.execute(f"DROP ROLE {role}")


def test_emit_needs_wal_level_logical(own_outbox: Outbox) -> None:
    own_outbox.db.execute("CREATE EXTENSION pg_outbox")
    own_outbox.postgres.configure("wal_level = replica")
    own_outbox.db.close()
    own_outbox.postgres.restart()
    own_outbox.reconnect()
    with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState) as error:
        own_outbox.db.execute("SELECT outbox.emit('T', 'k', 'e', '{}')")
    assert str(error.value).splitlines() == [
        "wal_level is not logical, so the event would be lost",
        "HINT:  Set wal_level = logical and restart the server.",
    ]
    assert not own_outbox.db.execute(
        "SELECT ok FROM outbox.check() WHERE item = 'wal_level'"
    ).fetchone()[0]
