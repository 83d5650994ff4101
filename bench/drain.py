"""Drains a backlog of one-event transactions into a real broker.

Checks that every event is there once and in order per key, and prints events
per second, the relay's CPU time and its peak memory.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test"))

from harness.kafka import Kafka  # noqa: E402
from harness.outbox import TABLE  # noqa: E402
from harness.postgres import Postgres  # noqa: E402
from harness.process import run  # noqa: E402
from harness.relay import BINARY, Relay  # noqa: E402
from harness.scratch import Scratch  # noqa: E402
from harness.wait import wait_until  # noqa: E402

TOPIC = "Task.events"
KEYS = 1000

# A payload of 400 bytes that begins with the event's number.
FILL = """
CREATE PROCEDURE fill(events int, keys int) LANGUAGE plpgsql AS $$
BEGIN
    FOR n IN 0 .. events - 1 LOOP
        INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
        VALUES ('Task', 'key-' || n % keys, 'TaskCreated', jsonb_build_object(
            'n', n, 'title', repeat('x', 100), 'text', repeat('y', 240)));
        COMMIT;
    END LOOP;
END $$"""


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(ln for ln in status.splitlines() if ln.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def check(kafka: Kafka, events: int) -> None:
    """Every event once, each key's in order."""
    seen: dict[bytes, list[int]] = defaultdict(list)
    for record in kafka.read(TOPIC):
        number = record.value.split(b'"n": ', 1)[1].split(b",", 1)[0]
        seen[record.key].append(int(number))
    for key in range(KEYS):
        expected = list(range(key, events, KEYS))
        if seen.get(f"key-{key}".encode(), []) != expected:
            sys.exit(f"key-{key}: an event is missing, repeated or out of order")


def drain(postgres: Postgres, kafka: Kafka, events: int, settings: list[str]) -> None:
    kafka.create_topic(TOPIC)
    run([str(BINARY), "create-slot", "-d", postgres.conninfo()])
    with postgres.connect() as db:
        db.execute(TABLE)
        db.execute(FILL)
        db.execute("SET synchronous_commit = off")
        db.execute("CALL fill(%s, %s)", (events, KEYS))
    marks: dict[float, float] = {}
    started = time.monotonic()
    arguments = [a for s in settings for a in ("-X", s)]
    relay = Relay("-d", postgres.conninfo(), "-b", kafka.brokers, *arguments)

    def done() -> bool:
        count = kafka.count(TOPIC)
        for share in (0.1, 0.9):
            if count >= share * events:
                marks.setdefault(share, time.monotonic())
        return count >= events

    wait_until(done, "all events in Kafka", 600)
    elapsed = time.monotonic() - started
    cpu, memory = cpu_seconds(relay.pid), peak_memory_mb(relay.pid)
    if relay.terminate() != 0:
        sys.exit(relay.log())
    check(kafka, events)
    with postgres.connect() as db:
        confirmed = db.execute(
            "SELECT pg_current_wal_flush_lsn() - confirmed_flush_lsn < 8192"
            " FROM pg_replication_slots"
        ).fetchone()[0]
    steady = 0.8 * events / (marks[0.9] - marks[0.1])
    print(f"{events} transactions of one event, all there once and in order per key")
    print(f"  events/s, 10 % to 90 %   {steady:,.0f}")
    print(f"  seconds in all           {elapsed:.1f}")
    print(f"  relay CPU an event       {cpu / events * 1e6:.1f} µs")
    print(f"  relay peak memory        {memory:.1f} MB")
    print(f"  slot within a WAL page   {confirmed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("settings", nargs="*", help="section.key=value for the relay")
    arguments = parser.parse_args()
    with Scratch() as scratch:
        postgres, kafka = Postgres(scratch), Kafka(scratch)
        try:
            kafka.launch()
            postgres.configure("shared_buffers = 512MB", "max_wal_size = 10GB")
            postgres.start()
            kafka.wait_ready()
            drain(postgres, kafka, arguments.events, arguments.settings)
        finally:
            kafka.kill()
            postgres.kill()


if __name__ == "__main__":
    main()
