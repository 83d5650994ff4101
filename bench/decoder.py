"""Compares what decoding costs the server: ours, pgoutput, wal2json, nothing.

Each plugin reads the same WAL from a copy of one slot, one after the other and
in turn, into pg_recvlogical. What counts is the time until the end of the WAL;
the events that came are counted, so none may be left in a buffer.
"""

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.process import ROOT, run, start
from harness.scratch import Scratch

# plugin, its options, what one event looks like in its output
PLUGINS = {
    "empty": ("empty_plugin", [], None),
    "pg_outbox": ("pg_outbox", ["coalesce=65536"], b'"topic":"'),
    "pg_outbox, a line a message": ("pg_outbox", [], b'"topic":"'),
    "pgoutput": (
        "pgoutput", ["proto_version=1", "publication_names=outbox"], b"TaskCreated",
    ),
    "wal2json": (
        "wal2json", ["format-version=2", "add-tables=public.outbox"], b"TaskCreated",
    ),
}

# The library with the decoder of another commit.
BEFORE = "pg_outbox_before"

FILL = """
CREATE PROCEDURE fill(target regclass, transactions int, size int)
LANGUAGE plpgsql AS $$
BEGIN
    FOR t IN 1 .. transactions LOOP
        EXECUTE format('INSERT INTO %s (aggregate_type, aggregate_id, event_type,
            payload) SELECT ''Task'', ''key-'' || ($1 + n) %% 1000, ''TaskCreated'',
            jsonb_build_object(''n'', $1 * $2 + n, ''title'', repeat(''x'', 100),
            ''text'', repeat(''y'', 240)) FROM generate_series(1, $2) n', target)
            USING t, size;
        COMMIT;
    END LOOP;
END $$"""

# name, table, transactions for each 1000 events, events in each
WORKLOADS = [
    ("one event a transaction", "outbox", 1000, 1),
    ("100 events a transaction", "outbox", 10, 100),
    ("WAL without events", "other", 1000, 1),
]


def empty_plugin(scratch: Scratch) -> Path:
    """Builds the plugin that drops everything."""
    folder = scratch.path / "empty_plugin"
    shutil.copytree(ROOT / "bench" / "empty_plugin", folder)
    run(["make", "-C", str(folder), f"PG_CONFIG={os.environ['PG_CONFIG']}"])
    return folder / "empty_plugin.so"


def decoder_of(scratch: Scratch, commit: str) -> Path:
    """Builds the decoder of another commit, as a library with a name of its own."""
    folder = scratch.path / BEFORE
    archive = folder.with_suffix(".tar")
    folder.mkdir()
    run(["git", "-C", str(ROOT), "archive", f"--output={archive}", commit, "VERSION", "decoder"])
    run(["tar", "-xf", str(archive), "-C", str(folder)])
    run(["make", "-C", str(folder / "decoder"), f"PG_CONFIG={os.environ['PG_CONFIG']}"])
    return (folder / "decoder/pg_outbox.so").rename(folder / f"{BEFORE}.so")


def server(scratch: Scratch, against: str | None) -> Postgres:
    postgres = Postgres(scratch)
    shutil.copy(empty_plugin(scratch), postgres.library.parent)
    if against is not None:
        shutil.copy(decoder_of(scratch, against), postgres.library.parent)
        PLUGINS[f"pg_outbox of {against}"] = (BEFORE, *PLUGINS["pg_outbox"][1:])
    postgres.configure("shared_buffers = 512MB", "max_wal_size = 20GB")
    if postgres.knows_output_plugin_libraries():
        postgres.configure(
            "output_plugin_libraries = 'pgoutput, pg_outbox, wal2json, empty_plugin,"
            f" {BEFORE}'"
        )
    postgres.start()
    with postgres.connect() as db:
        db.execute(TABLE)
        db.execute("CREATE TABLE other (LIKE outbox INCLUDING ALL)")
        db.execute("CREATE PUBLICATION outbox FOR TABLE outbox")
        db.execute(FILL)
    return postgres


def decode(postgres: Postgres, plugin: str, end: str, out: Path) -> float:
    """Reads slot "wal" to its end with a plugin; returns how long that took.

    pg_recvlogical ends at a keepalive behind the end, which is written when all
    is read: one that came earlier might pass lines that are still gathered.
    """
    library, options, _ = PLUGINS[plugin]
    with postgres.connect() as db:
        db.execute(
            "SELECT pg_copy_logical_replication_slot('wal', 'copy', false, %s)",
            (library,),
        )
        behind = db.execute(
            "SELECT pg_current_wal_insert_lsn() + 1000000"
        ).fetchone()[0]
        command = [
            str(postgres.bindir / "pg_recvlogical"), "-d", postgres.conninfo(),
            "-S", "copy", "--start", "--no-loop", "-f", str(out), "-E", behind,
        ]
        started = time.monotonic()
        receiver = start(command + [a for o in options for a in ("-o", o)])
        while not db.execute(
            "SELECT 1 FROM pg_stat_replication WHERE sent_lsn >= %s", (end,)
        ).fetchone():
            if receiver.poll() is not None:
                sys.exit(f"{plugin}: pg_recvlogical ended")
            time.sleep(0.005)
        elapsed = time.monotonic() - started
        db.execute("SELECT pg_logical_emit_message(true, '', repeat('x', 2000000))")
        if receiver.wait(60) != 0:
            sys.exit(f"{plugin}: pg_recvlogical failed")
        db.execute("SELECT pg_drop_replication_slot('copy')")
    return elapsed


def check(plugin: str, out: Path, expected: int) -> None:
    mark = PLUGINS[plugin][2]
    count = 0 if mark is None else out.read_bytes().count(mark)
    if mark is not None and count != expected:
        sys.exit(f"{plugin}: {count} events came, not {expected}")
    out.unlink()


def measure(postgres: Postgres, workload, events: int, rounds: int) -> None:
    name, table, transactions, size = workload
    with postgres.connect() as db:
        db.execute("SELECT pg_create_logical_replication_slot('wal', 'empty_plugin')")
        db.execute("SET synchronous_commit = off")
        db.execute(
            "CALL fill(%s::regclass, %s, %s)",
            (table, events * transactions // 1000, size),
        )
        db.execute("CHECKPOINT")
        end = db.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()[0]
    out = postgres.folder / "lines"
    times: dict[str, list[float]] = {plugin: [] for plugin in PLUGINS}
    for _ in range(rounds):
        for plugin in PLUGINS:
            times[plugin].append(decode(postgres, plugin, end, out))
            check(plugin, out, events if table == "outbox" else 0)
    with postgres.connect() as db:
        db.execute("SELECT pg_drop_replication_slot('wal')")
    ours = statistics.median(times["pg_outbox"])
    print(f"\n{name}: {events} rows, {rounds} rounds")
    print(f"  {'':28}{'median':>9}{'fastest':>9}{'slowest':>9}   its time / ours")
    for plugin, measured in times.items():
        median = statistics.median(measured)
        print(
            f"  {plugin:28}{median:8.2f}s{min(measured):8.2f}s{max(measured):8.2f}s"
            f"   {median / ours:.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workload", type=int, choices=range(len(WORKLOADS)))
    parser.add_argument("--against", metavar="COMMIT", help="whose decoder runs as well")
    arguments = parser.parse_args()
    with Scratch() as scratch:
        postgres = server(scratch, arguments.against)
        try:
            for number, workload in enumerate(WORKLOADS):
                if arguments.workload in (None, number):
                    measure(postgres, workload, arguments.events, arguments.rounds)
        finally:
            postgres.kill()


if __name__ == "__main__":
    main()
