"""How long an audit takes, and how much memory: rows by the million.

    bench/audit.py [--rows N]
"""

import argparse
import os
import subprocess
import time

from harness.kafka import Kafka
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until

SLOT = "audit"


def publish(postgres: Postgres, kafka: Kafka, rows: int) -> None:
    """Commits rows of some hundred bytes, and lets the relay publish them."""
    common = ("-d", postgres.conninfo(), "--slot", SLOT)
    subprocess.run([str(BINARY), "create-slot", *common], check=True)
    kafka.create_topic("Task.events", 12)
    relay = Relay(*common, "-b", kafka.brokers)
    with postgres.connect() as db:
        for start in range(0, rows, 500_000):
            db.execute(
                "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
                " SELECT 'Task', n, 'TaskCreated', jsonb_build_object('title', repeat('x', 60))"
                " FROM generate_series(%s, %s) n",
                (start + 1, min(start + 500_000, rows)),
            )
            print(f"{min(start + 500_000, rows)} rows committed", flush=True)
        end = db.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]
        db.execute("SELECT pg_logical_emit_message(true, 'bench', repeat('x', 9000))")
        wait_until(
            lambda: db.execute(
                "SELECT confirmed_flush_lsn >= %s FROM pg_replication_slots", (end,)
            ).fetchone()[0],
            "all published",
            3600,
        )
    relay.terminate()


def audit(postgres: Postgres, kafka: Kafka) -> None:
    started = time.monotonic()
    process = subprocess.Popen(
        [str(BINARY), "audit", "-d", postgres.conninfo(), "-b", kafka.brokers, "--slot", SLOT]
    )
    _, _, usage = os.wait4(process.pid, 0)
    print(
        f"\n{time.monotonic() - started:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} s of"
        f" processor time, {usage.ru_maxrss / 1024:.0f} MiB at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    with Scratch() as scratch:
        postgres = Postgres(scratch)
        kafka = Kafka(scratch)
        try:
            kafka.launch()
            postgres.configure("max_wal_size = 8GB", "synchronous_commit = off")
            postgres.start()
            kafka.wait_ready()
            with postgres.connect() as db:
                db.execute(TABLE)
            publish(postgres, kafka, rows)
            audit(postgres, kafka)
            # What is not there has to be looked for a second time.
            kafka.delete_records("Task.events", 0, kafka.end_offsets("Task.events")[0])
            audit(postgres, kafka)
        finally:
            kafka.kill()
            postgres.kill()


if __name__ == "__main__":
    main()
