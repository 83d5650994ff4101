"""Writers that commit and roll back, and what must become of their events."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import psycopg

from .kafka import Record
from .postgres import Postgres

ADD = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " VALUES (%s, %s, %s, %s)"
)


class Writer(threading.Thread):
    """Numbers the events of its own keys; the table says what committed."""

    KEYS = 5

    def __init__(
        self, postgres: Postgres, aggregate_type: str, name: str, seed: int
    ) -> None:
        super().__init__(daemon=True)
        self._postgres = postgres
        self._aggregate_type = aggregate_type
        self._name = name
        self._random = random.Random(seed)
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()
        self.join(60)
        assert not self.is_alive()

    def run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._postgres.connect() as connection:
                    self._write(connection)
            except psycopg.OperationalError:
                time.sleep(0.05)  # the server is away

    def _write(self, connection: psycopg.Connection) -> None:
        # What of the last transaction was committed is in the table.
        rows = connection.execute(
            "SELECT aggregate_id, max(payload::int) FROM outbox"
            " WHERE starts_with(aggregate_id, %s) GROUP BY 1",
            (f"{self._name}-",),
        ).fetchall()
        last: dict[str, int] = defaultdict(int, rows)
        while not self._stopping.is_set():
            numbers = defaultdict(int, last)
            rolls_back = self._random.random() < 0.2
            with connection.transaction(force_rollback=rolls_back):
                for _ in range(self._random.choice((1, 1, 1, 5, 50))):
                    key = f"{self._name}-{self._random.randrange(self.KEYS)}"
                    numbers[key] += 1
                    kind = "RolledBack" if rolls_back else "Committed"
                    connection.execute(
                        ADD, (self._aggregate_type, key, kind, str(numbers[key]))
                    )
            if not rolls_back:
                last = numbers
            time.sleep(self._random.random() * 0.005)


@dataclass(frozen=True)
class Excuse:
    """A time in which docs/delivery.md allows copies behind newer events."""

    reason: str
    begin: int  # ms since the epoch, by the broker's clock
    end: int


@dataclass
class Verdict:
    """What became of committed events; the first three must be empty."""

    lost: list[str] = field(default_factory=list)
    overtaken: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    excused: list[str] = field(default_factory=list)
    repeated: int = 0

    def is_kept(self) -> bool:
        """Whether what is promised was kept."""
        return not (self.lost or self.overtaken or self.stale)


def judge(
    records: list[Record], committed: dict[str, int], excuses: Iterable[Excuse] = ()
) -> Verdict:
    """Compares what a reader sees with what was committed: for each key the
    numbers from 1 on, and how many.

    A number that is not there is lost; one that comes before a smaller one was
    there at all has overtaken it.  What comes again is a replay, a run from an
    earlier number on that goes on to what is new.  A run that breaks off is a
    stale copy behind newer events: an excuse has to cover when it came.
    """
    verdict = Verdict(repeated=len(records) - sum(committed.values()))
    excuses = list(excuses)
    seen: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        assert record.header("eventType") == "Committed", record
        seen[record.key.decode()].append(record)
    assert set(seen) <= set(committed), set(seen) - set(committed)
    for key, count in committed.items():
        _judge_key(key, count, seen[key], excuses, verdict)
    return verdict


def _judge_key(
    key: str, count: int, records: list[Record], excuses: list[Excuse], verdict: Verdict
) -> None:
    numbers = [int(record.value) for record in records]
    missing = set(range(1, count + 1)) - set(numbers)
    if missing:
        verdict.lost.append(f"{key}: {sorted(missing)[:10]} of {count}")
        return
    previous = furthest = run = 0
    for at, number in enumerate(numbers):
        if number > furthest + 1:
            verdict.overtaken.append(f"{key}: {number} after {previous}")
        elif number > previous + 1:
            _judge_run(key, records[run:at], furthest, excuses, verdict)
        if number != previous + 1:
            run = at
        previous, furthest = number, max(furthest, number)
    if previous != furthest:
        _judge_run(key, records[run:], furthest, excuses, verdict)


def _judge_run(
    key: str,
    run: list[Record],
    furthest: int,
    excuses: list[Excuse],
    verdict: Verdict,
) -> None:
    """A run has broken off: it is stale."""
    first, last = run[0], run[-1]
    text = f"{key}: {first.value.decode()}-{last.value.decode()} behind {furthest}"
    for excuse in excuses:
        if first.timestamp <= excuse.end and last.timestamp >= excuse.begin:
            verdict.excused.append(f"{text} ({excuse.reason})")
            return
    verdict.stale.append(f"{text} at {first.timestamp}")


def check(records: list[Record], committed: dict[str, int]) -> int:
    """Nothing is lost, overtaken or stale; returns how many are repeated."""
    verdict = judge(records, committed)
    assert verdict.is_kept(), verdict
    return verdict.repeated
