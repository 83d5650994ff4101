"""A PostgreSQL server in a container, and events that its decoder shows."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from harness.container import Bind, Container, Image
from harness.outbox import TABLE
from harness.process import free_port
from harness.scratch import Scratch
from harness.wait import wait_until


class Server:
    """A server of an image that has Debian's PostgreSQL.  Its root file system is
    read-only, and its data in a folder that is mounted; extra settings win."""

    def __init__(
        self, image: Image, scratch: Scratch, major: int, settings: dict[str, str],
        binds: list[Bind] | None = None,
    ) -> None:  # fmt: skip
        self._image = image
        self._scratch = scratch
        self._programs = f"/usr/lib/postgresql/{major}/bin"
        self._user = _user_of(image, "postgres")
        self.port = free_port()
        data = scratch.path / f"data.{self.port}"
        data.mkdir()
        os.chown(data, *self._user)
        self._binds = [Bind(data, "/data", writable=True), *(binds or [])]
        initdb = self._container("initdb", "-U", "postgres", "-A", "trust", "--no-locale",
                                 "-E", "UTF8", "--no-sync")  # fmt: skip
        assert initdb.wait() == 0, initdb.log()
        settings = {
            "port": str(self.port), "listen_addresses": "127.0.0.1", "fsync": "off",
            "unix_socket_directories": "/data", "wal_level": "logical",
            "output_plugin_libraries": "pg_outbox", **settings,
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.container = self._container("postgres", *options)

    def _container(self, program: str, *arguments: str) -> Container:
        return Container(
            self._image, self._scratch, ["-D", "/data", *arguments],
            entrypoint=[f"{self._programs}/{program}"], user=self._user, binds=self._binds,
        )  # fmt: skip

    def connect(self) -> psycopg.Connection:
        """A connection, as soon as the server answers."""
        conninfo = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

        def connected() -> psycopg.Connection | None:
            try:
                return psycopg.connect(conninfo, autocommit=True)
            except psycopg.OperationalError:
                assert self.container.running(), self.container.log()
                return None

        return wait_until(connected, "PostgreSQL answers")


def _user_of(image: Image, name: str) -> tuple[int, int]:
    """Number and group of an image's user."""
    for line in (image.root / "etc/passwd").read_text().splitlines():
        user, _, uid, gid, *_ = line.split(":")
        if user == name:
            return int(uid), int(gid)
    raise LookupError(f"{image.name} has no user {name}")


@contextmanager
def running(*arguments, **options) -> Iterator[psycopg.Connection]:
    """A connection to a server that lives as long as it is used."""
    server = Server(*arguments, **options)
    try:
        with server.connect() as db:
            yield db
    finally:
        server.container.kill()


def check_events(db: psycopg.Connection, version: str) -> None:
    """Creates the extension, and decodes a row and a logical message."""
    db.execute("CREATE EXTENSION pg_outbox")
    found = db.execute("SELECT extversion FROM pg_extension WHERE extname = 'pg_outbox'")
    assert found.fetchone() == (version,)
    db.execute(TABLE)
    db.execute("SELECT pg_create_logical_replication_slot('s', 'pg_outbox')")
    db.execute(
        "INSERT INTO outbox (aggregate_type, aggregate_id, event_type, payload)"
        " VALUES ('Row', 'k', 'Happened', '{}')"
    )
    db.execute("SELECT outbox.emit('Message', 'k', 'Happened', '{}')")
    changes = db.execute("SELECT data FROM pg_logical_slot_get_changes('s', NULL, NULL)")
    lines = [json.loads(line) for (line,) in changes]
    assert [line["topic"] for line in lines if "topic" in line] == [
        "Row.events", "Message.events",
    ]  # fmt: skip
    broken = db.execute("SELECT item, detail FROM outbox.check('s') WHERE NOT ok").fetchall()
    assert not broken
