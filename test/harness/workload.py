"""Writers that commit and roll back, and what must become of their events."""

import random
import threading
import time
from collections import defaultdict

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


def check(records: list[Record], committed: dict[str, int]) -> int:
    """Nothing lost, nothing rolled back, first occurrences in commit order,
    repetitions only as a run from an earlier position; returns how many."""
    seen: dict[str, list[int]] = defaultdict(list)
    for record in records:
        assert record.header("eventType") == "Committed", record
        seen[record.key.decode()].append(int(record.value))
    for key, count in committed.items():
        assert list(dict.fromkeys(seen[key])) == list(range(1, count + 1)), key
        furthest = previous = 0
        for number in seen[key]:
            assert number in (previous + 1, furthest + 1) or number <= previous, key
            previous, furthest = number, max(furthest, number)
    assert set(seen) == set(committed)
    return len(records) - sum(committed.values())
