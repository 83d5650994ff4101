"""A backlog of events, and how a process drains it into Kafka."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from harness.kafka import Kafka
from harness.wait import wait_until

TOPIC = "Task.events"
KEYS = 1000

# Payloads of 400 bytes that begin with the event's number.
FILL = f"""
CREATE PROCEDURE fill(transactions int, size int) LANGUAGE plpgsql AS $$
BEGIN
    FOR t IN 0 .. transactions - 1 LOOP
        INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
        SELECT 'Task', 'key-' || (t * size + i) % {KEYS}, 'TaskCreated',
            jsonb_build_object('n', t * size + i, 'title', repeat('x', 100),
                'text', repeat('y', 240))
        FROM generate_series(0, size - 1) i;
        COMMIT;
    END LOOP;
END $$"""


def fill(db: psycopg.Connection, events: int, size: int = 1) -> None:
    """Commits so many events, in transactions of that size."""
    db.execute("SET synchronous_commit = off")
    db.execute("CALL fill(%s, %s)", (events // size, size))


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_memory_mb(pid: int) -> float:
    """The most memory that a process ever had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(ln for ln in status.splitlines() if ln.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


@dataclass(frozen=True)
class Drained:
    """What it took."""

    rate: float  # events a second, between 10 % and 90 % of them
    seconds: float
    cpu: float  # seconds of CPU an event
    memory: float  # MB at the peak


def drain(kafka: Kafka, events: int, start: Callable[[], int]) -> Drained:
    """Starts a process that publishes so many events and watches it; start
    returns its PID."""
    before = kafka.count(TOPIC)
    marks: dict[float, float] = {}
    started = time.monotonic()
    pid = start()

    def done() -> bool:
        count = kafka.count(TOPIC) - before
        for share in (0.1, 0.9):
            if count >= share * events:
                marks.setdefault(share, time.monotonic())
        return count >= events

    wait_until(done, "all events in Kafka", 600)
    seconds = time.monotonic() - started
    return Drained(
        0.8 * events / (marks[0.9] - marks[0.1]),
        seconds,
        cpu_seconds(pid) / events,
        peak_memory_mb(pid),
    )
