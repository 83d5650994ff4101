"""Drains a backlog of one-event transactions into a real broker.

Checks that every event is there once and in order per key, and prints events
per second, the relay's CPU time and its peak memory.
"""

import argparse
import sys
from collections import defaultdict

from backlog import FILL, KEYS, TOPIC, drain, fill
from harness.kafka import Kafka
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.process import run
from harness.relay import BINARY, Relay
from harness.scratch import Scratch


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


def measure(
    postgres: Postgres, kafka: Kafka, events: int, settings: list[str]
) -> None:
    kafka.create_topic(TOPIC)
    run([str(BINARY), "create-slot", "-d", postgres.conninfo()])
    with postgres.connect() as db:
        db.execute(TABLE)
        db.execute(FILL)
        fill(db, events)
    arguments = [a for s in settings for a in ("-X", s)]
    relays: list[Relay] = []

    def start() -> int:
        relays.append(
            Relay("-d", postgres.conninfo(), "-b", kafka.brokers, *arguments)
        )
        return relays[0].pid

    drained = drain(kafka, events, start)
    if relays[0].terminate() != 0:
        sys.exit(relays[0].log())
    check(kafka, events)
    with postgres.connect() as db:
        confirmed = db.execute(
            "SELECT pg_current_wal_flush_lsn() - confirmed_flush_lsn < 8192"
            " FROM pg_replication_slots"
        ).fetchone()[0]
    print(f"{events} transactions of one event, all there once and in order per key")
    print(f"  events/s, 10 % to 90 %   {drained.rate:,.0f}")
    print(f"  seconds in all           {drained.seconds:.1f}")
    print(f"  relay CPU an event       {drained.cpu * 1e6:.1f} µs")
    print(f"  relay peak memory        {drained.memory:.1f} MB")
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
            measure(postgres, kafka, arguments.events, arguments.settings)
        finally:
            kafka.kill()
            postgres.kill()


if __name__ == "__main__":
    main()
