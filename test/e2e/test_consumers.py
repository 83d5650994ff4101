"""The consumers of examples/consumers: the effect of each event is exactly once, while the relay
and they themselves are killed."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Outbox
from harness.kafka import LIBS
from harness.process import ROOT, run, start
from harness.scratch import Scratch
from harness.wait import wait_until

CONSUMERS = ROOT / "examples" / "consumers"
JDBC = ROOT / "build" / "jdbc" / "libs"
WAYS = ("by-id", "by-position")
KEYS = 11


@pytest.fixture(scope="module")
def classpath(scratch: Scratch) -> str:
    """The example in Java, compiled, and what it needs."""
    classes = scratch.path / "consumer_classes"
    libraries = f"{LIBS}/*:{JDBC.resolve()}/*"
    run(["javac", "-Xlint:all", "-Werror", "-cp", libraries, "-d", str(classes),
         str(CONSUMERS / "Consumer.java")])  # fmt: skip
    return f"{classes}:{libraries}"


class Consumer:
    """A process of one of the examples, with a schema and a group of its own."""

    def __init__(self, outbox: Outbox, language: str, way: str, classpath: str, log: Path) -> None:
        self.name = f"{language}_{way}".replace("-", "_")
        outbox.db.execute(f"CREATE SCHEMA {self.name}")
        with outbox.postgres.connect(outbox.dbname) as connection:
            connection.execute(f"SET search_path = {self.name}")
            connection.execute((CONSUMERS / "schema.sql").read_text())
        group = f"{outbox.dbname}_{self.name}"
        common = [way, outbox.kafka.brokers, outbox.topic, group]
        if language == "python":
            conninfo = f"{outbox.conninfo} options='-c search_path={self.name}'"
            self._command = [
                str(ROOT / "build/venv/bin/python"), str(CONSUMERS / "consumer.py"), *common,
                conninfo,
            ]  # fmt: skip
        else:
            url = (
                f"jdbc:postgresql://127.0.0.1:{outbox.postgres.port}/{outbox.dbname}"
                f"?user=postgres&currentSchema={self.name}"
            )
            self._command = [
                "java", "-Xmx64m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classpath,
                "Consumer", *common, url,
            ]  # fmt: skip
        self._db = outbox.db
        self._log = log
        self._process: subprocess.Popen | None = None

    def start(self) -> None:
        with self._log.open("a") as log:
            self._process = start(self._command, stdout=log, stderr=log)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def counts(self) -> dict[str, int]:
        return dict(self._db.execute(f"SELECT key, events FROM {self.name}.event_count").fetchall())

    def seen(self) -> int:
        return sum(self.counts().values())

    def wait_for(self, events: int) -> None:
        def there() -> bool:
            assert self._process.poll() is None, self._log.read_text()
            return self.seen() >= events

        try:
            wait_until(there, f"{self.name} has seen {events} events", 180)
        except TimeoutError as error:
            error.add_note(f"it has seen {self.seen()}; its log:\n{self._log.read_text()}")
            raise


@pytest.fixture
def consumers(outbox: Outbox, scratch: Scratch, classpath: str) -> Iterator[list[Consumer]]:
    consumers = [
        Consumer(outbox, language, way, classpath, scratch.path / f"{language}_{way}.log")
        for language in ("python", "java")
        for way in WAYS
    ]
    yield consumers
    for consumer in consumers:
        consumer.kill()


def kill_amid(outbox: Outbox, start_at: int) -> None:
    """A relay dies when Kafka has what it sent, and nobody has confirmed it: it comes again."""
    with outbox.kafka.frozen():
        outbox.add_many(100, keys=KEYS, start=start_at)
        outbox.wait_read()
        outbox.relays[-1].kill()
    relay(outbox)


def relay(outbox: Outbox) -> None:
    outbox.streaming_relay("-X", "outbox.headers=id, event_type:eventType, $position:position")


def test_effect_exactly_once(outbox: Outbox, consumers: list[Consumer]) -> None:
    outbox.create_slot()
    outbox.kafka.create_topic(outbox.topic, 3)
    relay(outbox)
    for consumer in consumers:
        consumer.start()
    rows = 0
    chance = random.Random(7)
    while rows < 600 or outbox.kafka.count(outbox.topic) == rows:
        outbox.add_many(100, keys=KEYS, start=rows)
        # Behind the first event of each partition more may be in flight.
        outbox.wait_all_confirmed()
        kill_amid(outbox, rows + 100)
        rows += 200
        outbox.wait_all_confirmed()
        victim = chance.choice(consumers)
        victim.wait_for(rows - 150)
        victim.kill()
        victim.start()
    outbox.wait_all_confirmed()
    assert outbox.kafka.count(outbox.topic) > rows, "events came twice"
    # The last event of each key: when it is seen, all before it is.
    outbox.add_many(KEYS, keys=KEYS, start=rows)
    rows += KEYS
    outbox.wait_all_confirmed()
    expected = {f"k{n}": len(range(n, rows, KEYS)) for n in range(KEYS)}
    for consumer in consumers:
        consumer.wait_for(rows)
        assert consumer.counts() == expected, consumer.name
