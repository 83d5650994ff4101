"""Compares the relay with Debezium's outbox Event Router.

Each drains the same backlogs from a copy of one slot into the same broker, then
publishes events that pgbench commits at a steady rate. All on this machine;
medians of rounds in turn. With --delivery exactly-once the relay runs so and as
by default, Debezium in a Connect that commits its offsets with its events, and
readers see committed records only, as they do in any case.
"""

import argparse
import re
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from statistics import median

from backlog import FILL, TOPIC, Drained, drain, fill
from confluent_kafka import Consumer, TopicPartition
from harness.debezium import (
    DEFAULT,
    TUNED_FOR_LATENCY,
    TUNED_FOR_THROUGHPUT,
    Debezium,
)
from harness.kafka import Kafka
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.process import start
from harness.relay import Relay
from harness.scratch import Scratch
from harness.wait import wait_until


@dataclass(frozen=True)
class Contender:
    """Of Debezium its options for throughput and for latency."""

    name: str
    throughput: tuple[str, str] | None = None
    latency: tuple[str, str] | None = None
    exactly_once: bool = False


CONTENDERS = {
    "at-least-once": [
        Contender("pg_outbox"),
        Contender("Debezium, default", DEFAULT, DEFAULT),
        Contender("Debezium, tuned", TUNED_FOR_THROUGHPUT, TUNED_FOR_LATENCY),
    ],
    "exactly-once": [
        Contender("pg_outbox, at least once"),
        Contender("pg_outbox", exactly_once=True),
        Contender("Debezium, default", DEFAULT, DEFAULT, True),
        Contender("Debezium, tuned", TUNED_FOR_THROUGHPUT, TUNED_FOR_LATENCY, True),
    ],
}

# The payload says when it was made, in µs.
LATENCY_SCRIPT = """
INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)
VALUES ('Task', (random() * 1000)::int, 'TaskCreated', jsonb_build_object('at',
    (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
    'text', repeat('y', 340)));
"""


class Site:
    """The servers, and the next slot's name."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self.postgres = Postgres(scratch)
        self.kafka = Kafka(scratch)
        self._slots = 0

    def launch(self) -> None:
        self.kafka.launch()
        self.postgres.configure("shared_buffers = 512MB", "max_wal_size = 20GB")
        self.postgres.start()
        self.kafka.wait_ready()
        self.kafka.create_topic(TOPIC)
        with self.postgres.connect() as db:
            db.execute(TABLE)
            db.execute(FILL)
            db.execute("CREATE PUBLICATION outbox FOR TABLE outbox")

    def kill(self) -> None:
        self.kafka.kill()
        self.postgres.kill()

    def slot(self, options: tuple | None, source: str | None = None) -> str:
        """A slot for a contender, from now on or a copy of one from before."""
        self._slots += 1
        name = f"slot{self._slots}"
        plugin = "pg_outbox" if options is None else "pgoutput"
        with self.postgres.connect() as db:
            if source is None:
                db.execute(
                    "SELECT pg_create_logical_replication_slot(%s, %s)", (name, plugin)
                )
            else:
                db.execute(
                    "SELECT pg_copy_logical_replication_slot(%s, %s, false, %s)",
                    (source, name, plugin),
                )
        return name

    def start(
        self, options: tuple | None, slot: str, exactly_once: bool
    ) -> Relay | Debezium:
        if options is not None:
            return Debezium(
                self.scratch, self.postgres, self.kafka, slot, options, exactly_once
            )
        delivery = "exactly-once" if exactly_once else "at-least-once"
        return Relay(
            "-d", self.postgres.conninfo(), "-b", self.kafka.brokers, "--slot", slot,
            "-X", f"relay.delivery={delivery}",
        )


def stop(contender: Relay | Debezium) -> None:
    if isinstance(contender, Relay):
        contender.terminate()
    else:
        contender.stop()


def throughput(site: Site, contender: Contender, source: str, events: int) -> Drained:
    slot = site.slot(contender.throughput, source)
    running: list[Relay | Debezium] = []

    def begin() -> int:
        running.append(
            site.start(contender.throughput, slot, contender.exactly_once)
        )
        return running[0].pid

    drained = drain(site.kafka, events, begin)
    stop(running[0])
    return drained


class Latencies(threading.Thread):
    """A consumer that notes how old each event is when it sees it, in ms."""

    def __init__(self, kafka: Kafka) -> None:
        super().__init__(daemon=True)
        self.values: list[float] = []
        self._ends = kafka.end_offsets(TOPIC)
        self._consumer = Consumer(
            {"bootstrap.servers": kafka.brokers, "group.id": "latency",
             "enable.auto.commit": False, "fetch.wait.max.ms": 100}
        )
        self._consumer.assign(
            [TopicPartition(TOPIC, p, end) for p, end in self._ends.items()]
        )
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(0.1)
            if message is None or message.error():
                continue
            made = int(re.search(rb'"at": ?(\d+)', message.value())[1])
            self.values.append(time.time() * 1000 - made / 1000)

    def stop(self) -> None:
        self._stopping.set()
        self.join()
        self._consumer.close()


def latency(
    site: Site, contender: Contender, rate: int, seconds: int
) -> tuple[float, float]:
    """The median and the 99th percentile at a steady rate, in ms."""
    slot = site.slot(contender.latency)
    running = site.start(contender.latency, slot, contender.exactly_once)
    script = site.postgres.folder / "script.sql"
    script.write_text(LATENCY_SCRIPT)
    consumer = Latencies(site.kafka)
    consumer.start()

    def load(duration: int) -> None:
        pgbench = start(
            [str(site.postgres.bindir / "pgbench"), "-n", "-f", str(script),
             "-R", str(rate), "-c", "4", "-T", str(duration),
             "-d", site.postgres.conninfo()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        if pgbench.wait(duration + 60) != 0:
            sys.exit("pgbench failed")
        wait_until(lambda: len(consumer.values) >= rows() - before, "all seen", 120)

    def rows() -> int:
        with site.postgres.connect() as db:
            return db.execute("SELECT count(*) FROM outbox").fetchone()[0]

    before = rows()
    load(2)
    load(3)
    seen = len(consumer.values)
    load(seconds)
    consumer.stop()
    stop(running)
    values = sorted(consumer.values[seen:])
    return values[len(values) // 2], values[len(values) * 99 // 100]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=15, help="0: no latencies")
    parser.add_argument("--delivery", choices=CONTENDERS, default="at-least-once")
    arguments = parser.parse_args()
    contenders = CONTENDERS[arguments.delivery]
    with Scratch() as scratch:
        site = Site(scratch)
        try:
            site.launch()
            for size in (1, 100):
                source = site.slot(None)
                with site.postgres.connect() as db:
                    fill(db, arguments.events, size)
                print(f"\n{arguments.events} events, {size} a transaction", flush=True)
                drained: dict[str, list[Drained]] = defaultdict(list)
                for _ in range(arguments.rounds):
                    for contender in contenders:
                        drained[contender.name].append(
                            throughput(site, contender, source, arguments.events)
                        )
                for name, done in drained.items():
                    print(
                        f"  {name:26}{median(d.rate for d in done):10,.0f} events/s"
                        f"{median(d.cpu for d in done) * 1e6:8.1f} µs CPU an event"
                        f"{max(d.memory for d in done):8.0f} MB",
                        flush=True,
                    )
                with site.postgres.connect() as db:
                    db.execute("SELECT pg_drop_replication_slot(%s)", (source,))
            if arguments.seconds == 0:
                return
            print("\ncommit to consumer, p50 / p99 in ms", flush=True)
            for rate in (300, 1500):
                for contender in contenders:
                    p50, p99 = latency(site, contender, rate, arguments.seconds)
                    print(
                        f"  {contender.name:26}{rate:6} events/s {p50:8.1f} /{p99:8.1f}",
                        flush=True,
                    )
        finally:
            site.kill()


if __name__ == "__main__":
    main()
