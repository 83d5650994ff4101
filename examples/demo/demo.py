"""The main job on real parts.

A PostgreSQL and a Kafka of their own, a task service that commits and rolls
back, the relay between them, and the events read back from Kafka.  On a
terminal all of it stays up until Ctrl-C; else it ends by itself.  The exit
status says whether everything that was committed, and nothing else, arrived.
"""

import os
import re
import signal
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import sqlalchemy
from harness.http import Http
from harness.kafka import Kafka, Record
from harness.postgres import Postgres
from harness.process import run
from harness.relay import BINARY, Relay
from harness.scratch import Scratch
from harness.wait import wait_until
from outbox import Base
from psycopg import ClientCursor
from task_service import TaskService, TooManyOpenTasks

TOPIC = "Task.events"
SLOT = "pg_outbox"

# What driver and ORM add to a statement: casts and RETURNING.
DRIVER_NOISE = re.compile(r"::[A-Za-z]+( [A-Z]+)*| RETURNING .*")

INTERACTIVE = sys.stdout.isatty()
COLOUR = INTERACTIVE and "NO_COLOR" not in os.environ


def paint(code: int, text: object) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOUR else str(text)


def bold(text: object) -> str:
    return paint(1, text)


def dim(text: object) -> str:
    return paint(2, text)


def green(text: object) -> str:
    return paint(32, text)


def red(text: object) -> str:
    return paint(31, text)


class Statements:
    """The SQL that the service sends, with its values."""

    def __init__(self, engine: sqlalchemy.Engine) -> None:
        self.by_event: dict[str, str] = {}
        self._new: list[str] = []
        sqlalchemy.event.listen(engine, "before_cursor_execute", self._note)

    def _note(self, connection, _cursor, statement, parameters, *_) -> None:
        driver = connection.connection.driver_connection
        sql = ClientCursor(driver).mogrify(statement, parameters)
        sql = DRIVER_NOISE.sub("", " ".join(sql.split()))
        self._new.append(sql)
        if statement.startswith("INSERT INTO outbox"):
            self.by_event[str(parameters["id"])] = sql

    def take(self) -> list[str]:
        new, self._new = self._new, []
        return new


def story(service: TaskService, statements: Statements) -> int:
    """What the service does; returns how many transactions it rolled back."""

    def show(outcome: str, what: str) -> None:
        print(f"  {outcome}  {bold(what)}")
        for sql in statements.take():
            if not sql.startswith("SELECT"):
                print(f"               {dim(sql)}")

    committed, rolled_back = green("COMMIT  "), red("ROLLBACK")
    write = service.create("Write", cost=123456789012345678901234567890)
    show(committed, "create task “Write”")
    read = service.create("Read", by="Zoë \u00e9", tags=["a", {"deep": [None, True]}])
    show(committed, "create task “Read”")
    service.create("Rest")
    show(committed, "create task “Rest”")
    try:
        service.create("Worry")
    except TooManyOpenTasks as reason:
        show(rolled_back, f"create task “Worry”: {reason}")
    service.complete(write)
    show(committed, "complete task “Write”")
    service.complete(read)
    show(committed, "complete task “Read”")
    return 1


def show_record(record: Record, sql: str | None) -> None:
    headers = "  ".join(f"{k}={(v or b'').decode()}" for k, v in record.headers)
    print(
        f"  {bold(record.topic)}  partition {record.partition}"
        f"  key {green(record.key.decode())}"
    )
    print(f"    headers  {headers}")
    print(f"    value    {record.value.decode()}")
    print(f"    {dim('from     ' + (sql or 'nothing that was committed'))}")


def find_problems(
    records: list[Record], committed: list[tuple[str, str, bytes]]
) -> list[str]:
    """What is wrong with the records, given (id, key, payload) in commit order."""
    problems = []
    published = [record.header("id") for record in records]
    by_id = {record.header("id"): record for record in records}
    for event_id, key, payload in committed:
        record = by_id.get(event_id)
        if published.count(event_id) != 1:
            problems.append(f"{event_id} is there {published.count(event_id)} times")
        elif record.value != payload:
            problems.append(f"{event_id} has another payload: {record.value!r}")
        elif record.key.decode() != key:
            problems.append(f"{event_id} has another key: {record.key!r}")
    for event_id in set(published) - {event_id for event_id, _, _ in committed}:
        problems.append(f"{event_id} was published, but not committed")

    order: dict[str, list[str]] = defaultdict(list)
    arrived: dict[str, list[str | None]] = defaultdict(list)
    for event_id, key, _ in committed:
        order[key].append(event_id)
    for record in records:
        arrived[record.key.decode()].append(record.header("id"))
    problems += [f"the events of {k} are out of order" for k in order
                 if order[k] != arrived[k]]
    return problems


def stay(postgres: Postgres, kafka: Kafka, http: Http) -> None:
    insert = (
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES ('Task', 'mine', 'TaskCreated', '{\"by\": \"me\"}')"
    )
    print(
        f"\n{bold('It all still runs.')} The status page: {http.url}\n"
        "Look around from another terminal:\n\n"
        f"  kcat -b {kafka.brokers} -t {TOPIC} -C -f '%k %h %s\\n'\n"
        f"  psql \"{postgres.conninfo()}\" -c \"{insert.replace(chr(34), chr(92) + chr(34))}\"\n"
        f"  psql \"{postgres.conninfo()}\" -c 'SELECT * FROM pg_replication_slots'\n\n"
        "Ctrl-C ends it."
    )
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()


def left_running(scratch: Path) -> list[str]:
    """The commands of processes that still use the scratch folder."""
    running = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ")
            except OSError:
                continue
            if str(scratch).encode() in command:
                running.append(command.decode(errors="replace"))
    return running


def show_main_job(postgres: Postgres, kafka: Kafka) -> list[str]:
    """Runs the story and returns what is wrong."""
    url = sqlalchemy.make_url("postgresql+psycopg://").set(
        username="postgres", host="127.0.0.1", port=postgres.port, database="postgres"
    )
    engine = sqlalchemy.create_engine(url)
    Base.metadata.create_all(engine)
    with postgres.connect() as connection:
        connection.execute("CREATE ROLE relay LOGIN REPLICATION")
    relay_conninfo = postgres.conninfo(user="relay")
    kafka.create_topic(TOPIC)

    print(f"$ pg_outbox create-slot -d \"{relay_conninfo}\"")
    print(run([str(BINARY), "create-slot", "-d", relay_conninfo, "--slot", SLOT]), end="")
    print(f"$ pg_outbox run -d \"{relay_conninfo}\" -b {kafka.brokers}\n")
    http = Http()
    relay = Relay(
        "-d", relay_conninfo, "-b", kafka.brokers, "--slot", SLOT, *http.arguments
    )
    relay.wait_for_log("streaming")

    print(bold("What the task service did, one transaction after the other"))
    statements = Statements(engine)
    service = TaskService(engine)
    rolled_back = story(service, statements)
    with postgres.connect() as connection:
        committed = [
            (event_id, key, payload.encode())
            for event_id, key, payload in connection.execute(
                "SELECT id::text, aggregate_id, payload::text FROM outbox"
                " ORDER BY pg_xact_commit_timestamp(xmin), created_at"
            )
        ]
    deleted = service.cleanup(older_than=timedelta(0))
    print(f"  {green('COMMIT  ')}  {bold('clean the outbox up')}")
    for sql in statements.take():
        print(f"               {dim(sql)}")
    engine.dispose()

    wait_until(lambda: kafka.count(TOPIC) >= len(committed), "all events in Kafka")
    wait_until(lambda: all_confirmed(postgres), "all confirmed to PostgreSQL")
    records = sorted(kafka.read(TOPIC), key=lambda r: (r.timestamp, r.offset))
    print(bold(f"\nWhat a consumer of {TOPIC} reads"))
    for record in records:
        show_record(record, statements.by_event.get(record.header("id")))
    problems = find_problems(records, committed)
    if deleted != len(committed):
        problems.append(f"{deleted} rows were deleted, not {len(committed)}")

    print(
        f"\n{len(committed)} events committed, {rolled_back} rolled back,"
        f" {deleted} rows deleted; {len(records)} events published,"
        f" {'payloads byte for byte' if not problems else 'not all as they should'}."
    )
    if INTERACTIVE and not problems:
        stay(postgres, kafka, http)
    status = relay.terminate()
    if status != 0:
        problems.append(f"the relay ended with exit status {status}")
    if problems:
        print(f"\nThe relay's log:\n{relay.log()}")
    return problems


def all_confirmed(postgres: Postgres) -> bool:
    """Whether the slot has nothing more to send."""
    with postgres.connect() as connection:
        return connection.execute(
            "SELECT pg_current_wal_flush_lsn() - confirmed_flush_lsn < 8192"
            " FROM pg_replication_slots WHERE slot_name = %s",
            (SLOT,),
        ).fetchone()[0]


def main() -> int:
    with Scratch() as scratch:
        print(bold("Starting PostgreSQL and Kafka …"))
        postgres = Postgres(scratch)
        kafka = Kafka(scratch)
        try:
            postgres.configure("track_commit_timestamp = on")
            kafka.launch()
            postgres.start()
            kafka.wait_ready()
            problems = show_main_job(postgres, kafka)
        finally:
            kafka.kill()
            postgres.stop()
        problems += [f"still running: {c}" for c in left_running(scratch.path)]
    for problem in problems:
        print(red(f"demo failed: {problem}"), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
