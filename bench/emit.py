"""Compares the ways to write an event: a row, a row of a partitioned table, and
outbox.emit(), each alone in its transaction, written by pgbench.

Prints transactions per second, the median of some rounds in turn, and the WAL
that an event takes, with and without its deletion after it is old.
"""

import argparse
import re
import statistics
from pathlib import Path

import psycopg
from harness.postgres import Postgres
from harness.process import run
from harness.scratch import Scratch

# 400 bytes, as in the other benchmarks.
PAYLOAD = f'{{"n": :n, "title": "{"x" * 100}", "text": "{"y" * 240}"}}'
EVENT = f"'Task', 'key-' || :n, 'TaskCreated', '{PAYLOAD}'"
COLUMNS = "aggregate_type, aggregate_id, event_type, payload"
WAYS = {
    "table": f"INSERT INTO outbox ({COLUMNS}) VALUES ({EVENT})",
    "partitioned table": f"INSERT INTO days ({COLUMNS}) VALUES ({EVENT})",
    "emit()": f"SELECT outbox.emit({EVENT})",
}
CLEANUP = {
    "table": "CALL outbox.cleanup_all('outbox', '0')",
    # A partition is old as a whole only after its day: what is left is to drop it.
    "partitioned table": "DROP TABLE days",
}


def wal_end(db: psycopg.Connection) -> int:
    return int(db.execute("SELECT pg_current_wal_insert_lsn() - '0/0'").fetchone()[0])


def write(postgres: Postgres, way: str, script: Path, transactions: int) -> float:
    """Lets pgbench commit events; returns transactions per second."""
    script.write_text(f"\\set n random(1, 1000)\n{WAYS[way]};\n")
    output = run(
        [str(postgres.bindir / "pgbench"), "-n", "-f", str(script),
         "-c", "4", "-j", "2", "-t", str(transactions // 4), postgres.conninfo()]
    )
    return float(re.search(r"tps = ([0-9.]+)", output).group(1))


def prepare(db: psycopg.Connection) -> None:
    db.execute("CREATE EXTENSION IF NOT EXISTS pg_outbox")
    db.execute("DROP TABLE IF EXISTS outbox, days")
    db.execute("SELECT outbox.create_table(headers => false)")
    db.execute("SELECT outbox.create_table('public.days', '1 day', false)")
    # Else WAL of full pages depends on when checkpoints happen.
    db.execute("CHECKPOINT")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    rates: dict[str, list[float]] = {way: [] for way in WAYS}
    written: dict[str, list[float]] = {way: [] for way in WAYS}
    cleaned: dict[str, list[float]] = {way: [] for way in WAYS}
    with Scratch() as scratch:
        postgres = Postgres(scratch)
        postgres.configure(
            "shared_buffers = 512MB", "max_wal_size = 10GB", "full_page_writes = off",
            "autovacuum = off", "synchronous_commit = off",
        )
        postgres.start()
        try:
            with postgres.connect() as db:
                for _ in range(arguments.rounds):
                    for way in WAYS:
                        prepare(db)
                        begin = wal_end(db)
                        script = scratch.path / "script.sql"
                        rates[way].append(
                            write(postgres, way, script, arguments.transactions)
                        )
                        end = wal_end(db)
                        if way in CLEANUP:
                            db.execute(CLEANUP[way])
                        written[way].append((end - begin) / arguments.transactions)
                        cleaned[way].append(
                            (wal_end(db) - begin) / arguments.transactions
                        )
        finally:
            postgres.kill()
    print(f"{arguments.transactions} transactions of one event, 4 clients,"
          f" medians of {arguments.rounds} rounds")
    base = statistics.median(rates["table"])
    for way in WAYS:
        rate = statistics.median(rates[way])
        print(
            f"  {way:20} {rate:9,.0f} transactions/s ({rate / base:.2f}×)"
            f"  WAL an event {statistics.median(written[way]):6.0f} bytes,"
            f" with its deletion {statistics.median(cleaned[way]):6.0f}"
        )


if __name__ == "__main__":
    main()
