"""A database with the extension and a slot, which shows what is published.

Which database, libpq's environment says: PGHOST, PGPORT, PGUSER, PGDATABASE.
Its server has to have wal_level = logical and the extension's files.
"""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy
from outbox import Base

SLOT = "task_service_tests"


@pytest.fixture(scope="session")
def database() -> Iterator[sqlalchemy.Engine]:
    """The database, with an outbox and a slot."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE EXTENSION IF NOT EXISTS pg_outbox"))
        connection.execute(sqlalchemy.text("SELECT outbox.create_table(headers => false)"))
        connection.execute(
            sqlalchemy.text("SELECT pg_create_logical_replication_slot(:slot, 'pg_outbox')"),
            {"slot": SLOT},
        )
    yield engine
    Base.metadata.drop_all(engine)
    with engine.connect() as connection:
        connection.execute(
            sqlalchemy.text("SELECT pg_drop_replication_slot(:slot)"), {"slot": SLOT}
        )
    engine.dispose()


@pytest.fixture
def engine(database: sqlalchemy.Engine) -> Iterator[sqlalchemy.Engine]:
    engine = sqlalchemy.create_engine(database.url)
    Base.metadata.create_all(engine)  # the outbox is there, and fits
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("TRUNCATE task, outbox"))
    yield engine
    engine.dispose()


class Slot:
    """What the decoder made of the transactions since it was asked last."""

    def __init__(self, database: sqlalchemy.Engine) -> None:
        self._database = database

    def events(self) -> list[dict]:
        with self._database.connect() as connection:
            lines = connection.execute(
                sqlalchemy.text("SELECT data FROM pg_logical_slot_get_changes(:slot, NULL, NULL)"),
                {"slot": SLOT},
            ).fetchall()
        parsed = [json.loads(line) for (line,) in lines]
        return [line for line in parsed if "commit" not in line]


@pytest.fixture
def slot(database: sqlalchemy.Engine) -> Slot:
    slot = Slot(database)
    slot.events()
    return slot
