"""A PostgreSQL with the extension and a slot, which shows what is published."""

import json
from collections.abc import Iterator

import pytest
import sqlalchemy
from harness.postgres import Postgres
from harness.scratch import Scratch
from outbox import Base


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with Scratch() as scratch:
        postgres = Postgres(scratch).start()
        try:
            with postgres.connect() as connection:
                connection.execute("CREATE EXTENSION pg_outbox")
                connection.execute("SELECT outbox.create_table(headers => false)")
                connection.execute(
                    "SELECT pg_create_logical_replication_slot('tests', 'pg_outbox')"
                )
            yield postgres
        finally:
            postgres.kill()


@pytest.fixture
def engine(postgres: Postgres) -> Iterator[sqlalchemy.Engine]:
    url = sqlalchemy.make_url("postgresql+psycopg://").set(
        username="postgres", host="127.0.0.1", port=postgres.port, database="postgres"
    )
    engine = sqlalchemy.create_engine(url)
    Base.metadata.create_all(engine)  # the outbox is there, and fits
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("TRUNCATE task, outbox"))
    yield engine
    engine.dispose()


class Slot:
    """What the decoder made of the transactions since it was asked last."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def events(self) -> list[dict]:
        with self._postgres.connect() as connection:
            lines = connection.execute(
                "SELECT data FROM pg_logical_slot_get_changes('tests', NULL, NULL)"
            ).fetchall()
        parsed = [json.loads(line) for (line,) in lines]
        return [line for line in parsed if "commit" not in line]


@pytest.fixture
def slot(postgres: Postgres) -> Slot:
    slot = Slot(postgres)
    slot.events()
    return slot
