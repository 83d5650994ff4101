"""One PostgreSQL and one Kafka for all tests; a database, a slot and topics of
its own for each."""

import itertools
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from harness.kafka import Kafka, Record
from harness.outbox import TABLE
from harness.postgres import Postgres
from harness.process import run
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from psycopg import sql

# The servers, as fixtures.
pytest_plugins = ["harness.fixtures"]

_numbers = itertools.count(1)

DELIVERIES = ("at-least-once", "exactly-once")

ADD = (
    "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
    " VALUES (%s, %s, 'Happened', %s)"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-seed", type=int, help="the first; random without")
    parser.addoption("--fault-seeds", type=int, default=1)
    parser.addoption("--fault-seconds", type=int, default=20)
    parser.addoption("--fault-delivery", choices=DELIVERIES, help="each without")
    parser.addoption("--kills", type=int, default=4)
    parser.addoption("--transactions", type=int, default=200)


@pytest.fixture(scope="session")
def strict_kafka(scratch: Scratch) -> Iterator[Kafka]:
    """A broker that makes no topic by itself, and obeys ACLs."""
    kafka = Kafka(
        scratch,
        "strict_kafka",
        "auto.create.topics.enable=false\n"
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
        "allow.everyone.if.no.acl.found=true\n",
    )
    try:
        yield kafka.start()
    finally:
        kafka.kill()


class Outbox:
    """An outbox with its slot, its relays and its topic."""

    def __init__(self, postgres: Postgres, kafka: Kafka, dbname: str) -> None:
        self.postgres = postgres
        self.kafka = kafka
        self.dbname = dbname
        self.slot = f"slot_{dbname}"
        self.aggregate_type = f"{dbname}-{uuid.uuid4().hex[:8]}"
        self.topic = f"{self.aggregate_type}.events"
        self.relays: list[Relay] = []
        self.db = postgres.connect(dbname)
        self.db.execute(TABLE)

    @property
    def conninfo(self) -> str:
        return self.postgres.conninfo(self.dbname)

    def pg_outbox(self, command: str, *arguments: str) -> str:
        return run(
            [str(BINARY), command, "-d", self.conninfo, "--slot", self.slot, *arguments]
        )

    def create_slot(self) -> None:
        self.pg_outbox("create-slot")

    def relay(self, *arguments: str) -> Relay:
        """Starts a relay; it is killed at the test's end if it still runs."""
        relay = Relay(
            "-d", self.conninfo, "-b", self.kafka.brokers, "--slot", self.slot,
            *arguments,
        )
        self.relays.append(relay)
        return relay

    def streaming_relay(self, *arguments: str) -> Relay:
        relay = self.relay(*arguments)
        relay.wait_for_log("streaming")
        return relay

    def reconnect(self) -> None:
        """Connects the test again after the server was away."""
        self.db = self.postgres.connect(self.dbname)

    def fail_over(self, standby: Postgres) -> None:
        """The standby is started if need be, and promoted; it is the server now."""
        self.postgres.kill()
        if standby._process is None:
            standby.start()
        standby.promote()
        self.postgres = standby
        self.reconnect()

    def add(self, key: str = "k", payload: str = "{}") -> None:
        """Commits one event."""
        self.db.execute(ADD, (self.aggregate_type, key, payload))

    def add_many(self, count: int, keys: int = 1, start: int = 0) -> None:
        """Commits count transactions of one event; the payload is its number."""
        # In the server: in a pipeline, as executemany() has it, they would be one.
        self.db.execute(
            sql.SQL(
                "DO $$ BEGIN FOR n IN {} .. {} LOOP INSERT INTO outbox"
                " (aggregate_type, aggregate_id, event_type, payload)"
                " VALUES ({}, 'k' || n % {}, 'Happened', to_jsonb(n)); COMMIT;"
                " END LOOP; END $$"
            ).format(start, start + count - 1, self.aggregate_type, keys)
        )

    def slot_row(self, column: str, slot: str | None = None):
        return self.db.execute(
            f"SELECT {column} FROM pg_replication_slots WHERE slot_name = %s",
            (slot or self.slot,),
        ).fetchone()[0]

    def lose_wal(self, slot: str) -> None:
        """Has the server remove WAL that a slot needs."""
        self.db.execute("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
        self.db.execute("SELECT pg_reload_conf()")

        def is_lost() -> bool:
            self.db.execute("SELECT pg_switch_wal()")
            self.db.execute("CREATE TABLE IF NOT EXISTS t ()")
            self.db.execute("CHECKPOINT")
            return self.slot_row("wal_status", slot) == "lost"

        wait_until(is_lost, "a slot without its WAL")

    def confirmed(self) -> str:
        return self.slot_row("confirmed_flush_lsn")

    def wal_end(self) -> str:
        """Where the WAL ends now; what is committed is before."""
        return self.db.execute("SELECT pg_current_wal_insert_lsn()").fetchone()[0]

    def is_confirmed(self, lsn: str) -> bool:
        return self.slot_row(f"confirmed_flush_lsn >= '{lsn}'")

    def wait_all_confirmed(self) -> None:
        """Waits until all that is written by now is confirmed.

        A slot whose server does nothing may stay a page of WAL behind: so a
        page of it is written.
        """
        end = self.wal_end()
        self.db.execute(
            "SELECT pg_logical_emit_message(true, 'test', repeat('x', 9000))"
        )
        wait_until(
            lambda: self.is_confirmed(end),
            "all confirmed to PostgreSQL",
        )

    def wait_read(self) -> None:
        """Waits until the relay has read all that is written by now."""
        end = self.db.execute("SELECT pg_current_wal_flush_lsn()").fetchone()[0]
        wait_until(
            lambda: self.db.execute(
                "SELECT write_lsn >= %s FROM pg_stat_replication"
                " JOIN pg_replication_slots ON active_pid = pid WHERE slot_name = %s",
                (end, self.slot),
            ).fetchone()[0],
            "all read by the relay",
        )

    def wait_published(self, count: int) -> list[Record]:
        """Waits for that many records in the topic and reads them all."""
        wait_until(
            lambda: self.kafka.count(self.topic) >= count,
            f"{count} records in {self.topic}",
        )
        return self.kafka.read(self.topic)

    def close(self) -> None:
        for relay in self.relays:
            relay.kill()
        self.db.close()


@pytest.fixture
def outbox(postgres: Postgres, kafka: Kafka) -> Iterator[Outbox]:
    dbname = f"test{next(_numbers)}"
    with postgres.connect() as connection:
        connection.execute(f"CREATE DATABASE {dbname}")
    outbox = Outbox(postgres, kafka, dbname)
    yield outbox
    outbox.close()
    with postgres.connect() as connection:
        drop_slots(connection, dbname)
        connection.execute(f"DROP DATABASE {dbname} WITH (FORCE)")


@pytest.fixture
def own_outbox(scratch: Scratch, kafka: Kafka) -> Iterator[Outbox]:
    """An outbox on a server of its own, which a test may stop and configure."""
    postgres = Postgres(scratch, f"postgres{next(_numbers)}").start()
    outbox = Outbox(postgres, kafka, "postgres")
    yield outbox
    outbox.close()
    postgres.kill()


def drop_slots(connection: psycopg.Connection, dbname: str) -> None:
    """Drops a database's slots, as soon as they are inactive."""
    wait_until(
        lambda: not connection.execute(
            "SELECT 1 FROM pg_replication_slots WHERE database = %s AND active",
            (dbname,),
        ).fetchone(),
        "slots free",
    )
    connection.execute(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
        " WHERE database = %s",
        (dbname,),
    )
