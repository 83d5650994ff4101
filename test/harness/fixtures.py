"""Servers that all tests of a run share."""

from collections.abc import Iterator

import pytest

from .classes import share_classes
from .kafka import Kafka
from .postgres import Postgres
from .scratch import Scratch


@pytest.fixture(scope="session")
def scratch() -> Iterator[Scratch]:
    share_classes()
    with Scratch() as scratch:
        yield scratch


@pytest.fixture(scope="session")
def servers(scratch: Scratch) -> Iterator[tuple[Postgres, Kafka]]:
    postgres = Postgres(scratch)
    kafka = Kafka(scratch)
    try:
        kafka.launch()
        postgres.start()
        kafka.wait_ready()
        yield postgres, kafka
    finally:
        kafka.kill()
        postgres.kill()


@pytest.fixture(scope="session")
def postgres(servers: tuple[Postgres, Kafka]) -> Postgres:
    return servers[0]


@pytest.fixture(scope="session")
def kafka(servers: tuple[Postgres, Kafka]) -> Kafka:
    return servers[1]
